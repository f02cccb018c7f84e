"""A leg whose caller is a recording: the recording is the clock."""

import asyncio
from collections.abc import AsyncIterator, Callable

from voicebot.audio.frame import FRAME_MS, AudioFrame, frame_bytes
from voicebot.call.leg import AudioSource

TAIL_MS = 2000
"""Silence after the recording, before the caller hangs up: the last answer is still heard."""


class ReplayLeg:
    """The caller's side of a call from memory; see `voicebot.call.leg.CallLeg`."""

    def __init__(self, pcm: bytes, sample_rate: int, *, tail_ms: int = TAIL_MS) -> None:
        self.playout: AudioSource | None = None
        self.on_key: Callable[[str], None] | None = None
        self.dropped_frames = 0
        self.sample_rate = sample_rate
        size = frame_bytes(sample_rate)
        tail = bytes(size * (tail_ms // FRAME_MS))
        padded = pcm + bytes(-len(pcm) % size) + tail
        self._frames = [padded[at : at + size] for at in range(0, len(padded), size)]
        self._closed = False

    async def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield the recording at its own pace, by the event loop's clock."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for number, pcm in enumerate(self._frames):
            due = begin + (number + 1) * FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - loop.time()))
            if self._closed:
                return
            if self.playout is not None:
                self.playout.pull()
            yield AudioFrame(pcm, self.sample_rate, number * len(pcm) // 2)

    async def hang_up(self) -> None:
        """Stop the recording."""
        self._closed = True
