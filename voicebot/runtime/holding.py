"""Keeping a caller company while nothing else is said to them."""

import asyncio

from voicebot.audio.frame import SAMPLE_BYTES, frame_bytes
from voicebot.call.leg import CallLeg
from voicebot.runtime.media import audio


class Looped:
    """Plays the same sound over and over; see `voicebot.call.leg.AudioSource`."""

    def __init__(self, pcm: bytes, sample_rate: int) -> None:
        self._pcm = pcm
        self._size = frame_bytes(sample_rate)
        self._at = 0

    def pull(self) -> bytes | None:
        """Return the next frame; None only when there is no sound at all."""
        if not self._pcm:
            return None
        frame = self._pcm[self._at : self._at + self._size]
        self._at += self._size
        while len(frame) < self._size:
            self._at = self._size - len(frame)
            frame += self._pcm[: self._at]
        return frame


async def until_hung_up(leg: CallLeg) -> None:
    """Take the caller's audio, which nobody needs, so that their hanging up is noticed."""
    async for _ in audio(leg):
        pass


async def say(leg: CallLeg, pcm: bytes) -> None:
    """Say this to its end, or until the caller hangs up."""
    # What is pulled after the end, before the wait is over, is silence.
    leg.playout = Looped(pcm + bytes(leg.sample_rate), leg.sample_rate)
    gone = asyncio.create_task(until_hung_up(leg))
    try:
        await asyncio.wait({gone}, timeout=len(pcm) / SAMPLE_BYTES / leg.sample_rate)
    finally:
        leg.playout = None
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
