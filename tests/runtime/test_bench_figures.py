"""Percentiles, rates and their intervals."""

import pytest

from voicebot.bench.figures import Rate, groups, overlap_figures, times, turn_figures
from voicebot.bench.overlaps import MeasuredOverlap, Overlap
from voicebot.bench.turn_set import Condition, LabelledTurn, turn_set
from voicebot.bench.turns import MeasuredTurn

TURNS = turn_set(1)


def replied(latency_ms: float, turn: LabelledTurn = TURNS[0]) -> MeasuredTurn:
    return MeasuredTurn(turn, "ours", latency_ms, answered=True)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 100, 0.0, 0.037), (5, 100, 0.0215, 0.1118), (50, 100, 0.4038, 0.5962), (3, 3, 0.438, 1)],
)
def test_the_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    interval = Rate(count, of).interval

    assert interval == pytest.approx((low, high), abs=0.0005)


def test_a_rate_of_nothing_says_nothing() -> None:
    assert Rate(0, 0).share == 0
    assert Rate(0, 0).interval == (0, 1)


def test_a_percentile_is_a_value_that_occurred() -> None:
    measured = times([300.0, None, 100.0, 200.0, 400.0])

    assert [measured.percentile(each) for each in (25, 50, 95)] == [100.0, 200.0, 400.0]
    assert times([]).percentile(50) is None


def test_a_turn_that_was_cut_off_has_no_latency_and_counts() -> None:
    cut = MeasuredTurn(TURNS[0], "ours", None, cut_off=True)

    figures = turn_figures([replied(300.0), replied(320.0), cut])

    assert figures.latency.values == (300.0, 320.0)
    assert (figures.cut_off, figures.harmful) == (Rate(1, 3), Rate(0, 3))
    assert figures.answered == Rate(2, 2)


def test_recognition_counts_as_far_as_the_silence_does_not_hide_it() -> None:
    hidden = MeasuredTurn(TURNS[0], "ours", 300.0, recognition_ms=100.0, hidden_ms=140)
    longer = MeasuredTurn(TURNS[0], "ours", 300.0, recognition_ms=200.0, hidden_ms=140)

    assert hidden.full_latency_ms == 300.0
    assert longer.full_latency_ms == 360.0


def test_turns_are_summed_up_by_line_pauses_and_kind() -> None:
    found = groups([replied(300.0, each) for each in TURNS])

    lines = [figures.cut_off.of for name, figures in found.items() if name.startswith("line ")]
    assert lines == [len(TURNS) // len(Condition)] * len(Condition)
    assert found["with inner pauses"].cut_off.of == len(TURNS) // 2


def test_noise_that_takes_a_prompt_counts_by_the_minute() -> None:
    lost = MeasuredOverlap("music", None, "", 30_000, lost=True, pauses=2, resumes=(700,))
    kept = MeasuredOverlap("music", None, "", 90_000, lost=False, pauses=2, resumes=(700, 900))

    music = overlap_figures([lost, kept]).noises["music"]

    assert music.minutes == 2.0
    assert music.lost_per_minute == 0.5
    assert music.resumed == Rate(3, 4)


def test_a_barge_in_is_no_pause_that_should_have_been_resumed() -> None:
    stopped = MeasuredOverlap(
        Overlap.BARGE_IN, Condition.CLEAN, "转人工", 250, True, 1, (), stop_ms=250.0
    )
    listened = MeasuredOverlap(Overlap.BACKCHANNEL, Condition.CLEAN, "嗯", 250, False, 1, (400,))

    figures = overlap_figures([stopped, listened])

    assert figures.stop.values == (250.0,)
    assert figures.missed_barge_in == Rate(0, 1)
    assert figures.resumed == Rate(1, 1)


def test_a_prompt_that_the_line_took_before_the_caller_spoke_is_no_barge_in() -> None:
    disturbed = MeasuredOverlap(
        Overlap.BARGE_IN, Condition.NOISY, "转人工", 0, True, 0, (), disturbed=True
    )

    figures = overlap_figures([disturbed])

    assert figures.missed_barge_in == Rate(0, 0)
    assert figures.disturbed == Rate(1, 1)
