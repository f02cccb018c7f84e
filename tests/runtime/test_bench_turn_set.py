"""The labelled set: enough of everything, the same for a seed, and sayable."""

from collections import Counter

from voicebot.bench.turn_set import (
    MOST_PAUSES,
    PAUSE_MS,
    SAID,
    Condition,
    Kind,
    turn_set,
)
from voicebot.engines.vosk import VoskModel
from voicebot.simulation.line import Noise
from voicebot.simulation.utterance import Pause


def test_every_kind_is_said_equally_often_on_every_line_with_and_without_pauses() -> None:
    turns = turn_set(1)

    cells = Counter((each.kind, each.condition, each.paused) for each in turns)
    assert len(turns) >= 300
    assert len(cells) == len(Kind) * len(Condition) * 2
    assert set(cells.values()) == {7}


def test_a_seed_gives_the_whole_set_and_another_seed_another_one() -> None:
    first, again, other = turn_set(1), turn_set(1), turn_set(2)

    assert first == again
    assert {each.written for each in first} != {each.written for each in other}


def test_pauses_are_as_long_as_people_think_and_stand_between_words() -> None:
    paused = [each for each in turn_set(3) if each.paused]

    for turn in paused:
        parts = turn.utterance.parts
        lengths = [part.ms for part in parts if isinstance(part, Pause)]
        assert all(PAUSE_MS[0] <= length <= PAUSE_MS[1] for length in lengths)
        assert len(lengths) <= MOST_PAUSES
        assert isinstance(parts[0], str)
        assert isinstance(parts[-1], str)


def test_all_voices_and_noises_take_part() -> None:
    turns = turn_set(1)

    noises = {each.line.noise for each in turns if each.condition is Condition.NOISY}
    assert len({each.voice for each in turns}) >= 8
    assert noises == {Noise.WHITE, Noise.PINK, Noise.BABBLE}


def test_the_first_part_of_the_set_is_a_sample_of_it() -> None:
    part = turn_set(1)[:96]

    assert len({each.kind for each in part}) == len(Kind)
    assert 30 < sum(each.paused for each in part) < 66


def test_the_recogniser_knows_every_word_that_callers_say(model: VoskModel) -> None:
    said = [phrase.replace("|", "") for phrases in SAID.values() for phrase in phrases]

    assert [text for text in said if model.missing(text)] == []
