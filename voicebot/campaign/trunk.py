"""What a campaign needs of the telephone network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from voicebot.call.leg import CallLeg
from voicebot.call.session import CallSession
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.progress import Evidence


def nobody_watches(session: CallSession) -> None:
    """Take no notice of the call."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """How one attempt to reach somebody went."""

    disposition: Disposition
    ring_ms: int
    """From dialling to the answer, or to giving up."""
    leg: CallLeg | None = None
    """Open in both directions; only with `ANSWERED_HUMAN`."""
    watch: Callable[[CallSession], None] = nobody_watches
    """To be called after every event of the call: a simulated callee follows the script."""
    evidence: Evidence | None = None
    """What the disposition rests on; a simulated callee needs none."""


class Trunk(Protocol):
    """Dials out."""

    async def dial(self, contact: Contact, call_id: str) -> Dialled:
        """Ring until somebody answers or nobody will.

        `call_id` is ours and unique; the network keeps it, so that it can be asked about a call
        later.
        """
        ...
