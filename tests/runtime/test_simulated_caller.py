"""Simulated callers against a robot that says fixed things at fixed times."""

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from voicebot.audio.frame import frame_bytes
from voicebot.runtime.virtual_time import run_virtual
from voicebot.simulation.caller import CallerRecord, SimulatedCaller
from voicebot.simulation.persona import Patience, Persona, Reply, Span
from voicebot.simulation.utterance import Pause, Utterance, parse
from voicebot.simulation.voices import Speech
from voicebot.speech.detector import SpeechDetector
from voicebot.transports.loopback import LoopbackLeg, connect

RATE = 8000
FRAME_BYTES = frame_bytes(RATE)
SYLLABLE_MS = 200


def sound(ms: int) -> bytes:
    time_s = np.arange(RATE * ms // 1000) / RATE
    wave: NDArray[np.float64] = 8000 * np.sin(2 * np.pi * 440 * time_s)
    return wave.astype("<i2").tobytes()


def spoken(utterance: Utterance) -> Speech:
    """Say each character in 200 ms."""
    pcm = b""
    pauses = []
    for part in utterance.parts:
        if isinstance(part, Pause):
            begin = len(pcm) // 2
            pcm += bytes(2 * RATE * part.ms // 1000)
            pauses.append((begin, len(pcm) // 2))
        else:
            pcm += sound(SYLLABLE_MS * len(part))
    return Speech(pcm, tuple(pauses))


@dataclass(frozen=True, slots=True)
class Says:
    """The robot speaks from one millisecond to another, in a state of the script."""

    from_ms: int
    to_ms: int
    state: str


class FixedRobot:
    """Says the same whatever it hears."""

    def __init__(self, *plan: Says) -> None:
        self._plan = plan
        self._now_ms = 0
        self.heard = bytearray()

    def state(self) -> str:
        begun = [says.state for says in self._plan if says.from_ms <= self._now_ms]
        return begun[-1] if begun else ""

    def pull(self) -> bytes | None:
        now, self._now_ms = self._now_ms, self._now_ms + 20
        talking = any(says.from_ms <= now < says.to_ms for says in self._plan)
        return sound(20) if talking else None


def conversation(
    persona: Persona, *plan: Says, until_ms: int = 20_000, seed: int = 1
) -> tuple[CallerRecord, bytes]:
    """Let them talk; return the caller's record and what arrived of the caller."""

    async def call() -> tuple[CallerRecord, bytes]:
        robot = FixedRobot(*plan)
        near, far = LoopbackLeg(RATE), LoopbackLeg(RATE)
        near.playout = robot
        caller = SimulatedCaller(
            persona,
            far,
            detector=SpeechDetector(lambda frame: True),
            render=spoken,
            rng=np.random.default_rng(seed),
            state=robot.state,
        )
        arrived = bytearray()

        async def listen() -> None:
            async for frame in near.incoming():
                arrived.extend(frame.pcm)

        async def end() -> None:
            await asyncio.sleep(until_ms / 1000)
            await near.hang_up()

        ending = asyncio.create_task(end())
        record, *_ = await asyncio.gather(caller.run(), listen(), connect(near, far))
        ending.cancel()
        return record, bytes(arrived)

    return run_virtual(call())


def caller(replies: dict[str, Reply | tuple[Reply, ...]], **more: object) -> Persona:
    visits = {
        state: reply if isinstance(reply, tuple) else (reply,) for state, reply in replies.items()
    }
    return Persona("somebody", replies=visits, **more)  # type: ignore[arg-type]


def says(text: str, after_ms: int = 500, **more: object) -> Reply:
    return Reply((parse(text),), Span(after_ms, after_ms), **more)  # type: ignore[arg-type]


def timeline(record: CallerRecord) -> list[tuple[str, int, int]]:
    return [(said.text, said.start_ms, said.end_ms) for said in record.said]


def test_the_caller_answers_after_thinking_when_the_robot_has_stopped() -> None:
    record, _ = conversation(
        caller({"greet": says("可以"), "ask": says("不用")}),
        Says(0, 2000, "greet"),
        Says(4000, 6000, "ask"),
    )

    assert timeline(record) == [("可以", 2500, 2900), ("不用", 6500, 6900)]
    assert [said.state for said in record.said] == ["greet", "ask"]


def test_what_the_record_says_is_what_arrived_sample_by_sample() -> None:
    record, arrived = conversation(caller({"ask": says("嗯<300>好")}), Says(0, 1000, "ask"))

    samples = np.frombuffer(arrived, "<i2")
    said = record.said[0]
    start, end = (ms * RATE // 1000 for ms in (said.start_ms, said.end_ms))
    assert not samples[:start].any()
    assert not samples[end:].any()
    assert samples[start:end].tobytes() == spoken(parse("嗯<300>好")).pcm
    assert said.pauses == ((said.start_ms + 200, said.start_ms + 500),)


def test_a_breath_between_two_sentences_is_not_the_end_of_the_prompt() -> None:
    record, _ = conversation(
        caller({"ask": says("好")}), Says(0, 2000, "ask"), Says(2320, 4000, "ask")
    )

    assert timeline(record) == [("好", 4500, 4700)]


def test_a_barge_in_begins_while_the_robot_speaks() -> None:
    record, _ = conversation(
        caller({"ask": says("别打了", barge_in_ms=1500)}), Says(1000, 6000, "ask")
    )

    assert timeline(record)[0] == ("别打了", 2500, 3100)
    assert record.said[0].barge_in


def test_a_barge_in_that_comes_too_late_is_an_answer() -> None:
    record, _ = conversation(
        caller({"ask": says("好", barge_in_ms=9000)}), Says(0, 2000, "ask"), until_ms=6000
    )

    assert timeline(record) == [("好", 2500, 2700)]


def test_somebody_whose_barge_in_was_ignored_says_it_again_in_their_next_turn() -> None:
    persona = caller({"ask": (says("别打", barge_in_ms=1000), says("不要再打"))})

    record, _ = conversation(persona, Says(0, 5000, "ask"), until_ms=9000)

    assert timeline(record) == [("别打", 1000, 1400), ("不要再打", 5500, 6300)]


def test_the_caller_does_not_answer_again_when_the_robot_falls_silent_under_them() -> None:
    record, _ = conversation(
        caller({"ask": says("转人工客服", barge_in_ms=1000), "human": says("好")}),
        Says(0, 1400, "ask"),
        Says(2800, 4000, "human"),
        until_ms=6000,
    )

    assert timeline(record) == [("转人工客服", 1000, 2000), ("好", 4500, 4700)]


def test_a_greeting_is_said_over_the_opening_and_uses_up_no_turn() -> None:
    persona = caller({"open": says("你说")}, greeting=says("喂", 400))

    record, _ = conversation(persona, Says(0, 3000, "open"), until_ms=6000)

    assert timeline(record) == [("喂", 400, 600), ("你说", 3500, 3900)]


def test_hanging_up_in_the_middle_of_a_prompt_ends_the_call() -> None:
    persona = caller({"open": Reply(barge_in_ms=1800, hang_up=True)})

    record, arrived = conversation(persona, Says(0, 5000, "open"))

    assert record.hung_up_ms == 1800
    assert len(arrived) <= (1800 // 20 + 1) * FRAME_BYTES


def test_a_caller_may_hang_up_when_everything_is_said() -> None:
    persona = caller({"open": says("不用了", hang_up=True)})

    record, _ = conversation(persona, Says(0, 1000, "open"))

    assert timeline(record) == [("不用了", 1500, 2100)]
    assert record.hung_up_ms == 2100


def test_somebody_silent_says_nothing_and_stays() -> None:
    persona = caller({"open": Reply()}, patience=Patience(30_000))

    record, _ = conversation(persona, Says(0, 1000, "open"), until_ms=15_000)

    assert record.said == []
    assert record.hung_up_ms is None


def test_a_robot_that_says_nothing_is_asked_and_then_left() -> None:
    persona = caller({}, patience=Patience(3000, (parse("喂"), parse("还在吗"))))

    record, _ = conversation(persona)

    assert timeline(record) == [("喂", 3000, 3200), ("还在吗", 6200, 6800)]
    assert record.hung_up_ms == 9800


def test_the_same_question_again_and_again_makes_the_caller_hang_up() -> None:
    persona = caller({"ask": says("好")}, repeats=2)
    asks = [Says(at, at + 1000, "ask") for at in (0, 3000, 6000)]

    record, _ = conversation(persona, *asks)

    assert len(record.said) == 2
    assert record.hung_up_ms == pytest.approx(7700, abs=250)


def test_an_utterance_that_the_end_of_the_call_cuts_short_is_recorded_as_such() -> None:
    record, _ = conversation(
        caller({"ask": says("一二三四五六")}), Says(0, 1000, "ask"), until_ms=2000
    )

    assert not record.said[0].complete
    assert record.said[0].end_ms <= 2000


def test_the_same_seed_chooses_the_same_words_at_the_same_times() -> None:
    choice = tuple(parse(text) for text in ("好", "可以", "行啊没问题"))
    persona = caller({"ask": Reply(choice, Span(500, 1500))})
    asks = [Says(at, at + 1000, "ask") for at in (0, 5000, 10_000)]

    first, same, other = (conversation(persona, *asks, seed=seed)[0] for seed in (4, 4, 5))

    assert timeline(first) == timeline(same)
    assert timeline(first) != timeline(other)
