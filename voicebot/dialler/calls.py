"""What the dialler needs of whoever makes the calls."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from voicebot.call.record import CallRecord
from voicebot.campaign.outcome import Disposition
from voicebot.store.dialling import Intent

OptedOut = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Called:
    """How one call went."""

    disposition: Disposition
    ring_ms: int
    record: CallRecord | None = None
    """None when there was no conversation."""
    sip_code: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    recording: str | None = None


class Calls(Protocol):
    """Makes one call from dialling to hanging up."""

    async def prepare(self, intent: Intent) -> None:
        """Get ready what will be said. It comes before the attempt's slot, so that a script that is
        loaded and a prompt that is rendered for the first time hold up nobody's call. What fails
        here fails in `make` again."""
        ...

    async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
        """Dial and talk. `opted_out` is awaited as soon as the callee wants no more calls, while
        the goodbye is still to be said."""
        ...
