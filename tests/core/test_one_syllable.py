"""Answers of one syllable that a recogniser takes for a neighbour."""

from pathlib import Path

import pytest

from voicebot.dialogue.intents import understand
from voicebot.dialogue.one_syllable import answered
from voicebot.dialogue.script import Intent
from voicebot.dialogue.shared_intents import shared_intents
from voicebot.runtime.classifier_store import classifier as trained
from voicebot.speech.recogniser import Transcript

YES = Intent("affirm", (), ("要", "是", "好", "对", "行"))
NO = Intent("deny", (), ("不", "没", "不要"))


@pytest.mark.parametrize(
    ("heard", "meant"),
    [("叫", "affirm"), ("四", "affirm"), ("部", "deny"), ("老", "affirm"), ("美", "deny")],
)
def test_an_answer_that_the_state_expects_is_found_by_its_rhyme(heard: str, meant: str) -> None:
    found = understand(Transcript(heard), [YES, NO], [], expected=["affirm", "deny"])

    assert found.intent == meant


@pytest.mark.parametrize("heard", ["我", "你", "他", "那", "在", "光"])
def test_what_rhymes_with_no_answer_is_none(heard: str) -> None:
    found = understand(Transcript(heard), [YES, NO], [], expected=["affirm", "deny"])

    assert found.intent is None


def test_nothing_is_heard_into_a_syllable_where_nothing_is_expected() -> None:
    assert understand(Transcript("叫"), [YES, NO], []).intent is None


@pytest.mark.parametrize("heard", ["还", "海", "微"])
def test_one_syllable_is_no_greeting_because_it_sounds_like_one(heard: str) -> None:
    greet = Intent("greet", (), ("嗨", "喂", "你好"))

    assert understand(Transcript(heard), [greet], []).intent is None
    assert understand(Transcript("嗨"), [greet], []).intent == "greet"


@pytest.mark.parametrize(("heard", "meant"), [("队", "affirm"), ("药", "affirm"), ("布", "deny")])
def test_a_homophone_of_an_answer_of_one_syllable_is_the_whole_answer(
    heard: str, meant: str
) -> None:
    found = understand(Transcript(heard), [YES, NO], [])

    assert found.intent == meant
    assert found.whole


def test_a_neighbour_of_an_answer_of_one_syllable_is_not_the_answer() -> None:
    can = Intent("affirm", (), ("能",))

    assert understand(Transcript("冷"), [can], []).intent is None


def test_a_rhyme_with_two_intents_decides_nothing() -> None:
    assert answered("老", {"affirm": ["好"], "other": ["好"]}) is None


@pytest.mark.parametrize("heard", ["我", "你", "那", "给", "想", "得", "太"])
def test_no_guess_makes_an_answer_of_what_a_sentence_begins_with(
    heard: str, tmp_path: Path
) -> None:
    everything = shared_intents()
    classifier = trained({}, tmp_path)

    found = understand(
        Transcript(heard),
        list(everything.values()),
        [],
        classifier=classifier,
        expected=["affirm", "deny"],
    )

    assert found.intent is None
