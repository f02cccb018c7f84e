"""What was heard by the grammar, without being sure of it, is heard once more freely."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.understanding import asked
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.intents import understand
from voicebot.dialogue.loader import load_script
from voicebot.dialogue.script import Intent
from voicebot.speech.recogniser import Transcript
from voicebot.speech.second_hearing import SURE, finish

YES = Intent("affirm", (), ("可以可以", "没问题"))
PRICE = Intent("ask_price", (), ("这个多少钱", "怎么卖的"))
INTENTS = [YES, PRICE]


class Ear:
    """A recogniser that has one answer by its grammar and one without."""

    def __init__(self, by_grammar: Transcript, freely: str) -> None:
        self._by_grammar, self._freely = by_grammar, Transcript(freely)
        self._free = False
        self.heard = b""

    def listen(self, phrases: Sequence[str] | None) -> None:
        """Begin an utterance."""
        self._free = phrases is None

    def accept(self, pcm: bytes) -> str:
        """Take a piece."""
        self.heard = pcm
        return ""

    def finish(self) -> Transcript:
        """Close it."""
        return self._freely if self._free else self._by_grammar


@pytest.mark.parametrize(
    ("text", "confidence", "freely"),
    [
        ("怎么卖的", SURE, ""),
        ("怎么卖的", SURE - 0.01, "怎么买的"),
        ("怎么[unk]", 1.0, "怎么买的"),
        ("", 0.0, ""),
    ],
)
def test_what_is_not_sure_is_heard_again_whole(text: str, confidence: float, freely: str) -> None:
    ear = Ear(Transcript(text, confidence), "怎么买的")

    transcript = finish(ear, b"all of it", ("怎么卖的",))

    assert (transcript.text, transcript.freely) == (text, freely)
    assert ear.heard == (b"all of it" if freely else b"")


def test_without_a_grammar_nothing_is_heard_twice() -> None:
    ear = Ear(Transcript("never"), "")
    ear.listen(None)

    assert finish(ear, b"", None).freely == ""


def test_what_is_meant_by_words_that_are_doubtful_is_told_by_what_was_heard_freely() -> None:
    heard = Transcript("没卖的", 0.9, freely="这个多少钱")

    assert understand(heard, INTENTS, []).intent == "ask_price"
    assert understand(Transcript("没卖的", 0.9), INTENTS, []).intent != "ask_price"


def test_an_answer_that_is_expected_gives_way_only_to_another_one() -> None:
    heard = Transcript("可可以", 0.9, freely="这个多少钱")

    kept = understand(heard, INTENTS, [], expected=["affirm"])
    given_way = understand(heard, INTENTS, [], expected=["affirm", "ask_price"])

    assert (kept.intent, given_way.intent) == ("affirm", "ask_price")


def test_a_wish_that_was_heard_by_the_grammar_counts_beside_words_that_mean_nothing() -> None:
    person = Intent("transfer_human", ("转人工",), ("我要转人工",), ("转人工",))

    heard = Transcript("转人工", 0.5, freely="赚银公啊")
    found = understand(heard, [person, PRICE], [person])

    assert found.intent == "transfer_human"


def test_other_readings_of_what_was_heard_freely_count() -> None:
    heard = Transcript("没卖的", 0.9, freely="这个多少前", freely_alternatives=("这个多少钱",))

    assert understand(heard, INTENTS, []).intent == "ask_price"


def test_words_that_are_clear_stay_and_count_for_less_the_more_they_sound_otherwise_freely() -> (
    None
):
    alone = understand(Transcript("这个多少钱", 0.95), INTENTS, [])
    alike = understand(Transcript("这个多少钱", 0.95, freely="这个多少前"), INTENTS, [])
    unlike = understand(Transcript("这个多少钱", 0.95, freely="我明天去上海"), INTENTS, [])

    assert alone.intent == alike.intent == unlike.intent == "ask_price"
    assert alone.confidence > alike.confidence > unlike.confidence
    assert "Without the grammar" in unlike.reason


def test_who_is_heard_in_the_same_words_twice_is_understood_as_surely_as_once() -> None:
    once = understand(Transcript("这个多少钱", 0.9), INTENTS, [])
    twice = understand(Transcript("这个 多少 钱", 0.9, freely="这个多少 钱"), INTENTS, [])

    assert (twice.intent, twice.confidence) == (once.intent, once.confidence)


@pytest.mark.parametrize(
    ("kind", "by_grammar", "freely", "value"),
    [
        ("rating", "旧粉吧", "九分吧", "9"),
        ("rating", "九分吧", "旧粉吧", "9"),
        ("phone", "幺三八零零一三八零零零", "幺三八零零一三八零零一", "13800138000"),
        ("phone", "我忘了", "幺三八零零一三八零零一", "13800138001"),
    ],
)
def test_a_value_is_taken_from_the_reading_that_has_one(
    tmp_path: Path, kind: str, by_grammar: str, freely: str, value: str
) -> None:
    file = tmp_path / "asked.yaml"
    file.write_text(asked.SCRIPT.format(kind=kind, options=""), encoding="utf-8")
    conversation = Conversation(load_script(file), {})
    conversation.begin()

    heard = Transcript(by_grammar, 0.97, freely=freely)
    conversation.answer(heard, conversation.understand(heard))

    assert conversation.memory.slots["value"].value == value
