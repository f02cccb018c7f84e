"""A telephone line with both ends in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable

from voicebot.audio.frame import FRAME_MS, AudioFrame, silence
from voicebot.call.leg import AudioSource
from voicebot.transports.inbox import Inbox

Line = Callable[[bytes], bytes]
"""What the line does to one frame in one direction: band, codec, noise."""


class LoopbackLeg:
    """One end; see `voicebot.call.leg.CallLeg`."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.playout: AudioSource | None = None
        self.on_key: Callable[[str], None] | None = None
        self._inbox = Inbox(sample_rate)

    @property
    def closed(self) -> bool:
        """Whether either end has hung up."""
        return self._inbox.closed

    @property
    def dropped_frames(self) -> int:
        """Frames that were not taken in time."""
        return self._inbox.dropped

    def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield what the other end sent, until either end hangs up."""
        return self._inbox.frames()

    async def hang_up(self) -> None:
        """Close this end; the other one notices within a frame."""
        self.close()

    def close(self) -> None:
        """End `incoming`, after what was already received."""
        self._inbox.close()

    def press(self, key: str) -> None:
        """Take a key that the other end pressed."""
        if self.on_key is not None and not self.closed:
            self.on_key(key)

    def deliver(self, pcm: bytes) -> None:
        """Take one frame from the line; a closed leg takes none."""
        self._inbox.put(pcm)


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
