"""Which words are a whole answer, which trail off, and how long each is waited for."""

from dataclasses import replace

import pytest

from tests.builders import TIMES, Rig, said, script
from voicebot.call.events import Recognised, SpeechPaused, SpeechStarted
from voicebot.call.session import CallSettings
from voicebot.call.turn_taking import TurnSettings
from voicebot.dialogue.completeness import (
    ONE_CHARACTER_ANSWERS,
    TRAILING,
    Completeness,
    completeness,
)
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.script import ANY_ANSWER, Intent, Listen, Script, State, Transition

COMPLETE, UNKNOWN, INCOMPLETE = Completeness

OPENING_PHRASES = ("别打了", "方便", "可以", "好的", "好", "不方便", "没空")


def judged(
    text: str,
    *,
    answer: str | None = None,
    phrases: tuple[str, ...] | None = OPENING_PHRASES,
    digits: int | None = None,
    reacts: bool = False,
) -> Completeness:
    return completeness(text, answer=answer, reacts=reacts, phrases=phrases, digits=digits)


def survey() -> Script:
    """The usual script, and a state that asks for a number and one that takes any words."""
    of = script()
    bye = {ANY_ANSWER: Transition("bye")}
    number = replace(of.states["ask"], name="number", on=bye, listen=Listen.FREE, digits=11)
    opinion = replace(number, name="opinion", digits=None)
    return replace(of, states={**of.states, "number": number, "opinion": opinion})


def in_state(name: str, text: str) -> Completeness:
    """Judge words in a state of a real script, with the intent they are understood as."""
    conversation = Conversation(replace(survey(), start=name), {})
    conversation.begin()
    transcript = said(text)
    return conversation.completeness(transcript, conversation.understand(transcript))


# In the states of a script


@pytest.mark.parametrize(
    ("state", "text", "expected"),
    [
        # A choice
        ("opening", "方便", COMPLETE),
        ("opening", "嗯方便", COMPLETE),
        ("opening", "不方便", COMPLETE),
        ("opening", "好", COMPLETE),
        ("opening", "别打了", COMPLETE),
        ("opening", "不", INCOMPLETE),
        ("opening", "没", INCOMPLETE),
        ("opening", "别", INCOMPLETE),
        ("opening", "不方", INCOMPLETE),
        ("opening", "方便但是", INCOMPLETE),
        ("opening", "方便那个", INCOMPLETE),
        ("opening", "那个方便", COMPLETE),
        ("opening", "因为", INCOMPLETE),
        ("opening", "我不方便", UNKNOWN),
        ("opening", "方便[unk]", UNKNOWN),
        ("opening", "今天天气", INCOMPLETE),
        ("opening", "[unk]", INCOMPLETE),
        ("opening", "", INCOMPLETE),
        # The same words, where something else was asked
        ("ask", "方便", INCOMPLETE),
        ("ask", "很好", INCOMPLETE),
        ("ask", "很好喝", COMPLETE),
        ("ask", "不错", COMPLETE),
        ("ask", "太苦", INCOMPLETE),
        ("ask", "太苦了", COMPLETE),
        # A number of known length
        ("number", "一三八", INCOMPLETE),
        ("number", "一三八一二三四五", INCOMPLETE),
        ("number", "一三八一二三四五六", UNKNOWN),
        ("number", "一三八一二三四五六七", UNKNOWN),
        ("number", "一三八一二三四五六七八", COMPLETE),
        ("number", "幺三八零零幺三八零零零", COMPLETE),
        ("number", "13812345678", COMPLETE),
        ("number", "我的号码是幺三八", INCOMPLETE),
        ("number", "我不想说", UNKNOWN),
        ("number", "我想想", INCOMPLETE),
        ("number", "别打了", COMPLETE),
        ("number", "", INCOMPLETE),
        # Any words
        ("opinion", "有点酸", UNKNOWN),
        ("opinion", "有点酸但是", INCOMPLETE),
        ("opinion", "订单号是三五七", INCOMPLETE),
        ("opinion", "喝了三四", UNKNOWN),
        ("opinion", "[unk]", UNKNOWN),
    ],
)
def test_what_was_asked_tells_whether_an_answer_is_complete(
    state: str, text: str, expected: Completeness
) -> None:
    assert in_state(state, text) is expected


# The rules one by one


@pytest.mark.parametrize("word", TRAILING)
def test_a_sentence_does_not_end_with_a_filler_or_a_conjunction(word: str) -> None:
    assert judged(f"价钱{word}") is INCOMPLETE
    assert judged(f"价钱{word}", phrases=None) is INCOMPLETE


@pytest.mark.parametrize("word", TRAILING)
def test_a_filler_or_a_conjunction_may_begin_a_sentence(word: str) -> None:
    assert judged(f"{word}价钱", reacts=True) is UNKNOWN


@pytest.mark.parametrize("word", sorted(ONE_CHARACTER_ANSWERS))
def test_one_character_may_be_a_whole_answer(word: str) -> None:
    assert judged(word, answer=word) is COMPLETE


@pytest.mark.parametrize("word", ["不", "没", "别", "太", "喂"])
def test_another_character_may_be_the_beginning_although_it_is_an_answer(word: str) -> None:
    assert judged(word, answer=word) is UNKNOWN
    assert judged(word) is INCOMPLETE


def test_an_answer_that_is_also_the_beginning_of_another_is_complete() -> None:
    assert judged("可以", answer="可以", phrases=("可以", "可以便宜一点吗")) is COMPLETE


def test_where_only_answers_can_be_heard_what_is_none_is_the_beginning_of_one() -> None:
    assert judged("没") is INCOMPLETE
    assert judged("[unk]") is INCOMPLETE


def test_where_only_answers_can_be_heard_what_holds_one_tells_nothing() -> None:
    assert judged("没空[unk]", reacts=True) is UNKNOWN


@pytest.mark.parametrize("text", ["我想", "让我想想", "那我想想", "可以我想一下"])
def test_who_thinks_has_not_finished(text: str) -> None:
    assert judged(text, answer="可以") is INCOMPLETE


def test_a_phrase_about_thinking_may_be_an_answer_of_a_script() -> None:
    assert judged("回去再想想", answer="回去再想想") is COMPLETE
    assert judged("我想想", answer="我想想") is INCOMPLETE


@pytest.mark.parametrize(
    ("text", "expected"),
    [("三五", UNKNOWN), ("三五七", INCOMPLETE), ("三五七块", UNKNOWN), ("35元", UNKNOWN)],
)
def test_three_digits_at_the_end_of_free_words_may_go_on(text: str, expected: Completeness) -> None:
    assert judged(text, phrases=None) is expected


def test_where_the_phrases_are_known_digits_at_the_end_tell_nothing() -> None:
    assert judged("三五七", reacts=True) is UNKNOWN


@pytest.mark.parametrize(
    ("said_so_far", "expected"),
    [
        ("三五", INCOMPLETE),
        ("三五七八", COMPLETE),
        ("三五七八九", COMPLETE),
        ("三五，七八", COMPLETE),
    ],
)
def test_a_number_is_complete_with_its_last_digit(said_so_far: str, expected: Completeness) -> None:
    assert judged(said_so_far, phrases=None, digits=4) is expected


def test_a_number_counts_before_the_intent_that_any_words_are() -> None:
    assert judged("三五", answer="三五", phrases=None, digits=4) is INCOMPLETE


@pytest.mark.parametrize("text", ["他不在", "那不可能", "我要这个", "多少金额"])
def test_what_only_looks_like_a_filler_ends_a_sentence(text: str) -> None:
    assert judged(text, phrases=None) is UNKNOWN


def test_a_hesitation_after_a_whole_answer_announces_more() -> None:
    assert judged("可以那个", answer="可以") is INCOMPLETE
    assert judged("我要那个", answer="要那个") is COMPLETE


def test_punctuation_and_spaces_say_nothing() -> None:
    assert judged("因为 ……") is INCOMPLETE
    assert judged("，。") is INCOMPLETE


# What each is waited for


def ended_at(of: Script, text: str, settings: TurnSettings) -> int:
    """When a turn that was spoken from 3000 to 3400 ms, and recognised at 3570 ms, is over."""
    rig = Rig(of, CallSettings(turns=settings)).answered()
    rig.plays(20, 2000)
    rig.at(3060, SpeechStarted(3000))
    rig.at(3560, SpeechPaused(3400))
    rig.at(3570, Recognised(1, said(text)))
    turn = rig.session.record.turns[0]
    while turn.endpoint_ms is None:
        due = rig.session.deadline
        assert due is not None
        early = rig.until(due - 1)
        assert early == []
        rig.until(due)
    assert (turn.text, turn.final_ms) == (text, 3570)
    return turn.endpoint_ms


def patient(**silences: int) -> Script:
    of = script()
    opening: State = replace(of.states["opening"], **silences)  # type: ignore[arg-type]
    return replace(of, states={**of.states, "opening": opening})


@pytest.mark.parametrize(
    ("text", "silence"), [("方便", 300), ("我不方便", 700), ("[unk]", 1600), ("因为", 1600)]
)
def test_a_turn_ends_exactly_after_the_silence_its_words_need(text: str, silence: int) -> None:
    assert ended_at(script(), text, TIMES.turns) == 3400 + silence


@pytest.mark.parametrize(
    ("text", "silence"), [("方便", 420), ("我不方便", 900), ("[unk]", 2600), ("因为", 2600)]
)
def test_settings_change_the_silences(text: str, silence: int) -> None:
    settings = TurnSettings(complete_ms=420, endpoint_ms=900, incomplete_ms=2600)

    assert ended_at(script(), text, settings) == 3400 + silence


@pytest.mark.parametrize(
    ("text", "silences", "silence"),
    [
        ("方便", {"complete_ms": 500}, 500),
        ("我不方便", {"complete_ms": 500}, 700),
        ("因为", {"complete_ms": 500}, 1600),
        ("方便", {"endpoint_ms": 1000}, 300),
        ("我不方便", {"endpoint_ms": 1000}, 1000),
        ("因为", {"endpoint_ms": 1000}, 1600),
        ("方便", {"incomplete_ms": 2200}, 300),
        ("我不方便", {"incomplete_ms": 2200}, 700),
        ("因为", {"incomplete_ms": 2200}, 2200),
    ],
)
def test_a_state_changes_each_silence_alone(
    text: str, silences: dict[str, int], silence: int
) -> None:
    assert ended_at(patient(**silences), text, TIMES.turns) == 3400 + silence


def test_a_state_changes_the_silence_after_half_a_number() -> None:
    of = survey()
    asks = replace(of.states["number"], incomplete_ms=2500)
    of = replace(of, start="number", states={**of.states, "number": asks})

    assert ended_at(of, "幺三八零零", TIMES.turns) == 3400 + 2500
    assert ended_at(of, "幺三八零零幺三八零零零", TIMES.turns) == 3400 + 300


def test_an_intent_that_is_only_held_in_what_was_said_does_not_make_it_complete() -> None:
    of = script()
    price = Intent("price", ("多少钱",))
    of = replace(
        of,
        intents={**of.intents, "price": price},
        states={
            **of.states,
            "opening": replace(
                of.states["opening"],
                on={**of.states["opening"].on, "price": Transition("bye")},
            ),
        },
    )

    assert ended_at(of, "多少钱", TIMES.turns) == 3400 + 300
    assert ended_at(of, "那你们这个咖啡豆多少钱一斤呢", TIMES.turns) == 3400 + 700


def test_after_an_open_question_unknown_words_are_waited_for_longer() -> None:
    of = replace(survey(), start="opinion")

    assert ended_at(of, "有点酸", TIMES.turns) == 3400 + 1200
    assert ended_at(of, "别打了", TIMES.turns) == 3400 + 300


def test_an_open_question_may_have_its_own_silence() -> None:
    of = survey()
    asks = replace(of.states["opinion"], endpoint_ms=800)
    of = replace(of, start="opinion", states={**of.states, "opinion": asks})

    assert ended_at(of, "有点酸", TIMES.turns) == 3400 + 800


def test_the_silences_of_the_product() -> None:
    """Measured by `voicebot bench turns`; docs/script.md tells them to who writes a script."""
    times = TurnSettings()

    assert (times.complete_ms, times.endpoint_ms) == (320, 700)
    assert (times.open_ms, times.incomplete_ms) == (1200, 1600)
