"""What a leg has received and nobody has taken yet."""

import asyncio
from collections.abc import AsyncIterator

from voicebot.audio.frame import AudioFrame

QUEUED_FRAMES = 50
"""One second. A leg that does not take its frames loses the oldest, and they are counted."""


class Inbox:
    """The frames of one leg, in order, with their places on its media clock."""

    def __init__(self, sample_rate: int) -> None:
        self.closed = False
        self.dropped = 0
        self._rate = sample_rate
        self._queue: asyncio.Queue[AudioFrame | None] = asyncio.Queue()
        self._fault: Exception | None = None
        self._position = 0

    def put(self, pcm: bytes) -> None:
        """Take one frame from the line; a closed leg takes none."""
        if self.closed:
            return
        frame = AudioFrame(pcm, self._rate, self._position)
        self._position += len(pcm) // 2
        if self._queue.qsize() >= QUEUED_FRAMES:
            self._queue.get_nowait()
            self.dropped += 1
        self._queue.put_nowait(frame)

    def close(self, fault: Exception | None = None) -> None:
        """End `frames`, after what was already received: by `fault` if the line broke."""
        if not self.closed:
            self.closed = True
            self._fault = fault
            self._queue.put_nowait(None)

    async def frames(self) -> AsyncIterator[AudioFrame]:
        """Yield what comes until the leg is closed; raise the fault if it broke."""
        while (frame := await self._queue.get()) is not None:
            yield frame
        if self._fault is not None:
            raise self._fault
