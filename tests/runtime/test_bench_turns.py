"""One labelled turn and one sound over a prompt, measured on the wire, in virtual time."""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import replace

import pytest

from tests.builders import ScriptedRecogniser, ToneVoice, loud, script, tone
from voicebot.bench.overlaps import measure_barge_in
from voicebot.bench.rig import Rig, fixed
from voicebot.bench.turn_set import Condition, Kind, LabelledTurn
from voicebot.bench.turns import MeasuredTurn, measure_turn
from voicebot.dialogue.script import Listen
from voicebot.runtime.call_runner import Parts
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.simulation.line import LineSettings
from voicebot.simulation.utterance import Utterance, parse
from voicebot.simulation.voices import VOICES, CallerVoice
from voicebot.speech.detector import SpeechDetector

FRAME_MS = 20


class Hum:
    """Speaks every text in two tones for each character, 120 ms in all: one alone were 嗯."""

    sample_rate = 8000
    identity = "hum"

    def __init__(self, voice: CallerVoice) -> None:
        pass

    def synthesise(self, text: str) -> Iterator[bytes]:
        yield (tone(60) + tone(60, hz=250.0)) * len(text)


def rig(*texts: str, character_ms: int = 200) -> Rig:
    made = script()
    asked = {name: replace(made.states["ask"], name=name) for name in ("yes_no", "story")}
    return Rig(
        replace(made, states={**made.states, **asked}),
        Parts(
            lambda: SpeechDetector(loud),
            lambda rate: ScriptedRecogniser(*texts),
            ToneVoice(character_ms),
            InlineExecutor,
            _inline(),
        ),
        Hum,
        8000,
        realtime=False,
    )


def _inline() -> Executor:
    return InlineExecutor()


def turn(written: str) -> LabelledTurn:
    quiet = LineSettings(codec=None)
    return LabelledTurn(
        1, Kind.YES_NO, Condition.CLEAN, parse(written), "chen", quiet, thinking_ms=300, seed=1
    )


def measured(written: str, silence_ms: int, *texts: str) -> MeasuredTurn:
    return run_virtual(measure_turn(rig(*texts), turn(written), fixed(silence_ms)))


@pytest.mark.parametrize("silence_ms", [300, 700, 1200])
def test_the_reply_comes_when_the_silence_and_at_most_two_frames_are_over(silence_ms: int) -> None:
    found = measured("很好喝", silence_ms, "很好喝")

    assert found.latency_ms is not None
    assert silence_ms - FRAME_MS < found.latency_ms <= silence_ms + 2 * FRAME_MS
    assert found.answered


def test_a_pause_longer_than_the_silence_is_a_false_cut_off() -> None:
    found = measured("很好喝<600>谢谢", 400, "很好喝")

    assert found.cut_off
    assert found.latency_ms is None


@pytest.mark.parametrize(
    ("written", "heard", "harmful"),
    [("很好喝<600>谢谢", "很好喝", False), ("不错<600>太苦了", "不错", True)],
)
def test_a_cut_off_is_harmful_when_it_changes_the_answer(
    written: str, heard: str, *, harmful: bool
) -> None:
    found = measured(written, 400, heard)

    assert (found.cut_off, found.harmful) == (True, harmful)


def test_where_any_words_are_the_answer_every_cut_off_is_harmful() -> None:
    made = rig("很好喝")
    free = replace(made.script.states["yes_no"], listen=Listen.FREE)
    made.script = replace(made.script, states={**made.script.states, "yes_no": free})

    found = run_virtual(measure_turn(made, turn("很好喝<600>谢谢"), fixed(400)))

    assert (found.cut_off, found.harmful) == (True, True)


def test_a_pause_shorter_than_the_silence_is_waited_for() -> None:
    found = measured("很好喝<600>谢谢", 800, "很好喝", "很好喝")

    assert not found.cut_off
    assert found.latency_ms == pytest.approx(800, abs=2 * FRAME_MS)


def test_a_turn_in_which_nothing_is_heard_is_missed() -> None:
    found = measured("很好喝", 300, "")

    assert found.missed
    assert found.latency_ms is None


def test_an_answer_to_nothing_that_was_asked_is_not_answered() -> None:
    found = measured("很好喝", 300, "北京")

    assert found.latency_ms is not None
    assert not found.answered


def test_a_barge_in_stops_the_prompt_and_the_time_counts_from_the_callers_first_sample() -> None:
    long_prompt = rig("太苦了太苦了", character_ms=1500)

    found = run_virtual(measure_barge_in(long_prompt, fixed(700), 0))

    assert found.lost
    assert not found.disturbed
    assert found.stop_ms == pytest.approx(100 + FRAME_MS, abs=2 * FRAME_MS)


def test_an_utterance_is_as_long_as_its_words_and_pauses() -> None:
    with_pause = rig().speech("chen", parse("好好好<500>好好"))
    without = rig().speech("chen", Utterance(("好好好", "好好")))

    assert "chen" in VOICES
    assert len(with_pause) - len(without) == 8000 * 500 // 1000 * 2
