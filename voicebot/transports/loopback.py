"""A telephone line with both ends in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable

from voicebot.audio.frame import FRAME_MS, AudioFrame, silence
from voicebot.call.leg import AudioSource

QUEUED_FRAMES = 50
"""One second. A leg that does not take its frames loses the oldest, and they are counted."""

Line = Callable[[bytes], bytes]
"""What the line does to one frame in one direction: band, codec, noise."""


class LoopbackLeg:
    """One end; see `voicebot.call.leg.CallLeg`."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.playout: AudioSource | None = None
        self.dropped_frames = 0
        self.closed = False
        self._queue: asyncio.Queue[AudioFrame | None] = asyncio.Queue()
        self._position = 0

    async def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield what the other end sent, until either end hangs up."""
        while (frame := await self._queue.get()) is not None:
            yield frame

    async def hang_up(self) -> None:
        """Close this end; the other one notices within a frame."""
        self.close()

    def close(self) -> None:
        """End `incoming`, after what was already received."""
        if not self.closed:
            self.closed = True
            self._queue.put_nowait(None)

    def deliver(self, pcm: bytes) -> None:
        """Take one frame from the line; a closed leg takes none."""
        if self.closed:
            return
        frame = AudioFrame(pcm, self.sample_rate, self._position)
        self._position += len(pcm) // 2
        if self._queue.qsize() >= QUEUED_FRAMES:
            self._queue.get_nowait()
            self.dropped_frames += 1
        self._queue.put_nowait(frame)


def unchanged(pcm: bytes) -> bytes:
    """A line that changes nothing."""
    return pcm


async def connect(
    robot: LoopbackLeg,
    caller: LoopbackLeg,
    *,
    to_robot: Line = unchanged,
    to_caller: Line = unchanged,
) -> None:
    """Carry audio both ways, a frame every 20 ms, until one end hangs up; then close the other."""
    loop = asyncio.get_running_loop()
    quiet = silence(robot.sample_rate)
    due = loop.time()
    try:
        while not (robot.closed or caller.closed):
            due += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - loop.time()))
            spoken = (robot.playout.pull() if robot.playout else None) or quiet
            answered = (caller.playout.pull() if caller.playout else None) or quiet
            caller.deliver(to_caller(spoken))
            robot.deliver(to_robot(answered))
    finally:
        # A line that breaks is closed too, or both ends would wait for ever.
        robot.close()
        caller.close()
