import asyncio

from tests.builders import tone
from voicebot.audio.frame import AudioFrame
from voicebot.runtime.virtual_time import run_virtual
from voicebot.transports.replay import ReplayLeg


class Counter:
    """Counts how often it is pulled."""

    pulled = 0

    def pull(self) -> bytes | None:
        self.pulled += 1
        return None


async def taken(leg: ReplayLeg) -> list[tuple[int, AudioFrame]]:
    loop = asyncio.get_running_loop()
    return [(round(loop.time() * 1000), frame) async for frame in leg.incoming()]


def test_a_recording_is_its_own_clock_and_ends_in_silence() -> None:
    leg = ReplayLeg(tone(60), 8000, tail_ms=40)

    frames = run_virtual(taken(leg))

    assert [at for at, _ in frames] == [20, 40, 60, 80, 100]
    assert [frame.start_ms for _, frame in frames] == [0, 20, 40, 60, 80]
    assert b"".join(frame.pcm for _, frame in frames) == tone(60) + bytes(640)


def test_a_recording_that_is_no_whole_number_of_frames_is_filled_up() -> None:
    leg = ReplayLeg(tone(30, rate=16000), 16000, tail_ms=0)

    frames = run_virtual(taken(leg))

    assert b"".join(frame.pcm for _, frame in frames) == tone(30, rate=16000) + bytes(320)


def test_an_empty_recording_is_only_the_tail() -> None:
    leg = ReplayLeg(b"", 8000)

    frames = run_virtual(taken(leg))

    assert len(frames) == 100


def test_the_robot_is_pulled_once_a_frame() -> None:
    leg = ReplayLeg(tone(100), 8000, tail_ms=0)
    robot = Counter()
    leg.playout = robot

    run_virtual(taken(leg))

    assert robot.pulled == 5


def test_a_hang_up_stops_the_recording() -> None:
    async def story() -> list[tuple[int, AudioFrame]]:
        leg = ReplayLeg(tone(1000), 8000)
        asyncio.get_running_loop().call_later(0.11, lambda: asyncio.ensure_future(leg.hang_up()))
        return await taken(leg)

    assert len(run_virtual(story())) == 5
