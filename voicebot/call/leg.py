"""What a call needs of a transport."""

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from voicebot.audio.frame import AudioFrame
from voicebot.audio.jitter import LineStatistics


class AudioSource(Protocol):
    """Where a transport gets the next 20 ms to send."""

    def pull(self) -> bytes | None:
        """Return one frame of signed 16-bit samples; None when there is nothing to send."""
        ...


class CallLeg(Protocol):
    """One leg of an answered call on one transport."""

    playout: AudioSource | None
    """Pulled every 20 ms once set; nothing there is silence on the wire."""

    on_key: Callable[[str], None] | None
    """Called with each key that the other side presses, once set."""

    @property
    def sample_rate(self) -> int:
        """Hz, both directions."""
        ...

    @property
    def dropped_frames(self) -> int:
        """Incoming frames thrown away because they were not taken in time."""
        ...

    def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield the caller's audio; the end of it means that the caller hung up.

        Raises `LineFailed` when the line broke instead."""
        ...

    async def hang_up(self) -> None:
        """Close the line; harmless when it is closed."""
        ...


class PhoneLeg(CallLeg, Protocol):
    """A leg with a telephone at its other end."""

    @property
    def closed(self) -> bool:
        """Whether either side has hung up."""
        ...

    @property
    def statistics(self) -> LineStatistics:
        """What happened on the way to us so far."""
        ...

    async def transfer(self, target: str) -> bool:
        """Let the other side call `target` instead (blind transfer); tell whether it did.

        The leg is still to be hung up.
        """
        ...

    async def send_keys(self, keys: str) -> None:
        """Press keys (0-9, *, #, A-D). Raises `LineFailed` when the line cannot."""
        ...
