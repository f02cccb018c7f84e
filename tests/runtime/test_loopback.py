import asyncio

import pytest

from tests.builders import tone
from voicebot.audio.frame import AudioFrame
from voicebot.runtime.virtual_time import run_virtual
from voicebot.transports.inbox import QUEUED_FRAMES
from voicebot.transports.loopback import LoopbackLeg, connect

FRAME = 320


class Tape:
    """Sends a recording."""

    def __init__(self, pcm: bytes) -> None:
        self._left = pcm

    def pull(self) -> bytes | None:
        frame, self._left = self._left[:FRAME], self._left[FRAME:]
        return frame or None


class BrokenTape:
    """Breaks when it is asked for audio."""

    def pull(self) -> bytes | None:
        raise OSError("torn")


async def listen(leg: LoopbackLeg, frames: list[AudioFrame]) -> None:
    async for frame in leg.incoming():
        frames.append(frame)


def test_each_end_hears_what_the_other_sends() -> None:
    async def story() -> tuple[bytes, bytes]:
        robot, caller = LoopbackLeg(8000), LoopbackLeg(8000)
        robot.playout, caller.playout = Tape(tone(60)), Tape(tone(60, hz=800))
        at_robot: list[AudioFrame] = []
        at_caller: list[AudioFrame] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(connect(robot, caller))
            group.create_task(listen(robot, at_robot))
            group.create_task(listen(caller, at_caller))
            await asyncio.sleep(0.09)
            await caller.hang_up()
        return b"".join(f.pcm for f in at_robot), b"".join(f.pcm for f in at_caller)

    at_robot, at_caller = run_virtual(story())

    assert at_robot[:960] == tone(60, hz=800)
    assert at_caller[:960] == tone(60)


def test_a_line_is_pulled_every_twenty_milliseconds_and_silent_where_nothing_is_sent() -> None:
    async def story() -> tuple[list[AudioFrame], float]:
        robot, caller = LoopbackLeg(8000), LoopbackLeg(8000)
        frames: list[AudioFrame] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(connect(robot, caller))
            group.create_task(listen(robot, frames))
            await asyncio.sleep(1.005)
            await robot.hang_up()
        return frames, asyncio.get_running_loop().time()

    frames, ended_s = run_virtual(story())

    assert len(frames) == 50
    assert {frame.pcm for frame in frames} == {bytes(FRAME)}
    assert [frame.start_ms for frame in frames[:3]] == [0, 20, 40]
    assert ended_s == pytest.approx(1.02)


@pytest.mark.parametrize("who", ["robot", "caller"])
def test_a_hang_up_at_either_end_reaches_the_other(who: str) -> None:
    async def story() -> bool:
        robot, caller = LoopbackLeg(8000), LoopbackLeg(8000)
        async with asyncio.TaskGroup() as group:
            group.create_task(connect(robot, caller))
            group.create_task(listen(robot, []))
            group.create_task(listen(caller, []))
            await asyncio.sleep(0.5)
            await (robot if who == "robot" else caller).hang_up()
        return robot.closed and caller.closed

    assert run_virtual(story())


def test_each_direction_has_a_line_of_its_own() -> None:
    async def story() -> tuple[bytes, bytes]:
        robot, caller = LoopbackLeg(8000), LoopbackLeg(8000)
        at_robot: list[AudioFrame] = []
        at_caller: list[AudioFrame] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(
                connect(
                    robot,
                    caller,
                    to_robot=lambda pcm: b"\1" * len(pcm),
                    to_caller=lambda pcm: b"\2" * len(pcm),
                )
            )
            group.create_task(listen(robot, at_robot))
            group.create_task(listen(caller, at_caller))
            await asyncio.sleep(0.03)
            await caller.hang_up()
        return at_robot[0].pcm, at_caller[0].pcm

    assert run_virtual(story()) == (b"\1" * FRAME, b"\2" * FRAME)


def test_a_leg_that_does_not_take_its_frames_loses_the_oldest_and_counts_them() -> None:
    async def story() -> tuple[list[AudioFrame], int]:
        leg = LoopbackLeg(8000)
        for _ in range(QUEUED_FRAMES + 7):
            leg.deliver(bytes(FRAME))
        leg.close()
        frames: list[AudioFrame] = []
        await listen(leg, frames)
        return frames, leg.dropped_frames

    frames, dropped = run_virtual(story())

    assert dropped == 7
    assert len(frames) == QUEUED_FRAMES
    assert frames[0].position == 7 * 160


def test_a_closed_leg_takes_nothing_more_and_still_ends() -> None:
    async def story() -> list[AudioFrame]:
        leg = LoopbackLeg(8000)
        leg.close()
        leg.close()
        for _ in range(QUEUED_FRAMES + 1):
            leg.deliver(bytes(FRAME))
        frames: list[AudioFrame] = []
        await listen(leg, frames)
        return frames

    assert run_virtual(story()) == []


def test_a_line_whose_one_end_breaks_is_closed_at_both() -> None:
    async def story() -> list[bool]:
        robot, caller = LoopbackLeg(8000), LoopbackLeg(8000)
        caller.playout = BrokenTape()
        line = asyncio.create_task(connect(robot, caller))
        await listen(robot, [])
        await listen(caller, [])
        with pytest.raises(OSError, match="torn"):
            await line
        return [robot.closed, caller.closed]

    assert run_virtual(story()) == [True, True]
