"""The measured caller: when they speak, and what they hear of the robot."""

from collections import deque

from tests.builders import tone
from voicebot.audio.frame import frame_bytes, silence
from voicebot.bench.leg import CallerLeg, Echo, Speaking
from voicebot.runtime.virtual_time import run_virtual
from voicebot.simulation.line import DELAY_MS
from voicebot.transports.loopback import unchanged

RATE = 8000
SIZE = frame_bytes(RATE)
QUIET = silence(RATE)


class Source:
    """Sends a tone and then nothing."""

    def __init__(self, frames: int) -> None:
        pcm = tone(frames * 20)
        self._frames = deque(pcm[at : at + SIZE] for at in range(0, len(pcm), SIZE))

    def pull(self) -> bytes | None:
        return self._frames.popleft() if self._frames else None


def listened(leg: CallerLeg, robot_frames: int) -> list[bytes]:
    async def listen() -> list[bytes]:
        leg.playout = Source(robot_frames)
        return [frame.pcm async for frame in leg.incoming()]

    return run_virtual(listen())


def until(second: float) -> CallerLeg:
    speaking = Speaking(tone(100), into_prompt_ms=200, offset_samples=40)
    return CallerLeg(RATE, unchanged, speaking, lambda leg, now: now >= second)


def test_who_speaks_over_the_prompt_counts_from_its_first_sample() -> None:
    leg = until(1.0)

    arrived = listened(leg, robot_frames=30)

    spoken = [number for number, pcm in enumerate(arrived) if any(pcm)]
    assert leg.begin_s is not None
    assert leg.end_s is not None
    assert spoken[0] == 11
    assert abs(leg.begin_s - (0.22 + 0.005 + DELAY_MS / 1000)) < 1e-9
    assert abs(leg.end_s - leg.begin_s - 0.1) < 1e-9


def test_every_audible_frame_is_noted_when_it_leaves() -> None:
    leg = until(1.0)

    listened(leg, robot_frames=3)

    assert [round(sent, 3) for sent in leg.heard] == [0.02, 0.04, 0.06]


def test_silence_that_is_sent_is_not_heard() -> None:
    leg = until(0.2)

    class Silent:
        def pull(self) -> bytes:
            return QUIET

    async def listen() -> None:
        leg.playout = Silent()
        async for _ in leg.incoming():
            pass

    run_virtual(listen())

    assert leg.heard == []


def test_an_echo_comes_back_later_and_quieter() -> None:
    leg = CallerLeg(
        RATE,
        unchanged,
        Speaking(b"", after_prompt_ms=0),
        lambda leg, now: now >= 0.5,
        echo=Echo(delay_ms=100, level_db=-20.0),
    )

    arrived = listened(leg, robot_frames=2)

    echoes = [number for number, pcm in enumerate(arrived) if any(pcm)]
    assert echoes == [5, 6]
    first = arrived[5]
    assert abs(max(first, default=0)) > 0
    loudest = max(abs(int.from_bytes(first[at : at + 2], "little", signed=True)) for at in (10, 12))
    assert loudest < 900
