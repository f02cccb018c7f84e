"""What a call needs of a transport."""

from collections.abc import AsyncIterator
from typing import Protocol

from voicebot.audio.frame import AudioFrame


class AudioSource(Protocol):
    """Where a transport gets the next 20 ms to send."""

    def pull(self) -> bytes | None:
        """Return one frame of signed 16-bit samples; None when there is nothing to send."""
        ...


class CallLeg(Protocol):
    """One leg of an answered call on one transport."""

    playout: AudioSource | None
    """Pulled every 20 ms once set; nothing there is silence on the wire."""

    @property
    def sample_rate(self) -> int:
        """Hz, both directions."""
        ...

    @property
    def dropped_frames(self) -> int:
        """Incoming frames thrown away because they were not taken in time."""
        ...

    def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield the caller's audio; the end of it means that the caller hung up."""
        ...

    async def hang_up(self) -> None:
        """Close the line; harmless when it is closed."""
        ...
