"""Which words are a whole answer, which trail off, and how long each is waited for."""

from dataclasses import replace
from functools import partial

import pytest

from tests.builders import TIMES, Rig, said, script
from voicebot.call.events import Recognised, SpeechPaused, SpeechStarted
from voicebot.call.session import CallSettings
from voicebot.call.turn_settings import TurnSettings
from voicebot.dialogue.completeness import (
    COMPLETE,
    EXTENSIBLE,
    INCOMPLETE,
    MODIFIERS,
    ONE_CHARACTER_ANSWERS,
    OPEN_ENDED,
    TRAILING,
    UNKNOWN,
    completeness,
    silence_ms,
)
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.script import ANY_ANSWER, Intent, Listen, Script, State, Transition

OPENING_PHRASES = ("别打了", "方便", "可以", "好的", "好", "不方便", "没空")


def judged(
    text: str,
    *,
    answer: str | None = None,
    phrases: tuple[str, ...] | None = OPENING_PHRASES,
    digits: int | None = None,
    reacts: bool = False,
) -> float:
    return completeness(text, answer=answer, reacts=reacts, phrases=phrases, digits=digits)


def survey() -> Script:
    """The usual script, and a state that asks for a number and one that takes any words."""
    of = script()
    bye = {ANY_ANSWER: Transition("bye")}
    number = replace(of.states["ask"], name="number", on=bye, listen=Listen.FREE, digits=11)
    opinion = replace(number, name="opinion", digits=None)
    return replace(of, states={**of.states, "number": number, "opinion": opinion})


def in_state(name: str, text: str) -> float:
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
        ("opening", "我不方便", COMPLETE),
        ("opening", "今天我不方便", UNKNOWN),
        ("opening", "方便[unk]", UNKNOWN),
        ("opening", "今天天气", OPEN_ENDED),
        ("opening", "不[unk]", INCOMPLETE),
        ("opening", "一方便", COMPLETE),
        ("opening", "我想想不方", INCOMPLETE),
        ("opening", "我想想方便", COMPLETE),
        ("opening", "[unk]", INCOMPLETE),
        ("opening", "", INCOMPLETE),
        # The same words, where something else was asked
        ("ask", "方便", OPEN_ENDED),
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
        ("number", "嗯一三八一二三衣服五六", UNKNOWN),
        ("number", "衣服八一二三四", INCOMPLETE),
        ("number", "我想想", INCOMPLETE),
        ("number", "别打了", COMPLETE),
        ("number", "", INCOMPLETE),
        # Any words
        ("opinion", "有点酸", UNKNOWN),
        ("opinion", "有点酸但是", INCOMPLETE),
        ("opinion", "订单号是三五七", INCOMPLETE),
        ("opinion", "味道挺好的", UNKNOWN),
        ("opinion", "嗯", INCOMPLETE),
        ("opinion", "一", INCOMPLETE),
        ("opinion", "好", UNKNOWN),
        ("opinion", "[unk]", INCOMPLETE),
    ],
)
def test_what_was_asked_tells_whether_an_answer_is_complete(
    state: str, text: str, expected: float
) -> None:
    assert in_state(state, text) == pytest.approx(expected)


# The rules one by one


@pytest.mark.parametrize("word", TRAILING)
def test_a_sentence_does_not_end_with_a_filler_or_a_conjunction(word: str) -> None:
    assert judged(f"价钱{word}") == INCOMPLETE
    assert judged(f"价钱{word}", phrases=None) == INCOMPLETE


@pytest.mark.parametrize("word", TRAILING)
def test_a_filler_or_a_conjunction_may_begin_a_sentence(word: str) -> None:
    assert judged(f"{word}价钱", reacts=True) == UNKNOWN


@pytest.mark.parametrize("word", sorted(ONE_CHARACTER_ANSWERS))
def test_one_character_may_be_a_whole_answer(word: str) -> None:
    assert judged(word, answer=word) == COMPLETE


@pytest.mark.parametrize("word", ["不", "没", "太"])
def test_another_character_may_be_the_beginning_although_it_is_an_answer(word: str) -> None:
    assert judged(word, answer=word) == UNKNOWN
    assert judged(word) == INCOMPLETE


@pytest.mark.parametrize(("word", "expected"), [("我", INCOMPLETE), ("叫", OPEN_ENDED)])
@pytest.mark.parametrize("reacts", [True, False])
def test_one_character_is_waited_on_where_people_stop_to_think(
    word: str, expected: float, *, reacts: bool
) -> None:
    assert judged(word, phrases=("叫人", "我不要"), reacts=reacts) == expected


@pytest.mark.parametrize(("word", "expected"), [("叫", UNKNOWN), ("光", OPEN_ENDED)])
def test_one_syllable_may_be_the_answer_that_it_rhymes_with(word: str, expected: float) -> None:
    assert judged(word, phrases=("要", "不要", "我要")) == expected


@pytest.mark.parametrize(
    ("text", "longer", "expected"),
    [
        ("晚上", "晚上八点", EXTENSIBLE),
        ("明天晚上", "明天晚上八点", UNKNOWN),
        ("晚上", "晚上吧", UNKNOWN),
        ("嗯晚上", "晚上八点", EXTENSIBLE),
        ("不用了", "不用了谢谢", UNKNOWN),
        ("不用", "不用了", COMPLETE),
        ("可以", "可以可以", COMPLETE),
        ("好的", "好的可以", COMPLETE),
        ("晚上", "白天或者晚上", COMPLETE),
    ],
)
def test_an_answer_may_be_the_beginning_of_a_more_exact_one(
    text: str, longer: str, expected: float
) -> None:
    assert judged(text, answer=text, phrases=(text, longer, "可以")) == expected


@pytest.mark.parametrize("word", MODIFIERS)
def test_an_adverb_that_is_an_answer_is_more_often_the_beginning_of_one(word: str) -> None:
    assert judged(word, answer=word) == OPEN_ENDED
    assert judged(f"嗯一{word}", phrases=(word, "方便")) == OPEN_ENDED


@pytest.mark.parametrize("text", ["不", "嗯", "一"])
def test_one_held_syllable_is_thinking_whatever_it_was_taken_for(text: str) -> None:
    judge = partial(completeness, text, phrases=OPENING_PHRASES, held=True)

    assert judge(answer=text) == OPEN_ENDED
    assert judge(answer=None) <= OPEN_ENDED


def test_a_held_sound_after_an_answer_announces_more() -> None:
    held = completeness("方便不", answer="方便", phrases=OPENING_PHRASES, held=True)

    assert held == OPEN_ENDED


def test_what_no_hum_is_taken_for_was_said() -> None:
    assert completeness("好", answer="好", phrases=OPENING_PHRASES, held=True) == COMPLETE


def test_a_held_sound_is_no_digit_that_is_missing() -> None:
    judge = partial(completeness, answer=None, phrases=None, digits=4, held=True)

    assert judge("三五七一") == COMPLETE
    assert judge("三五一") == INCOMPLETE


def test_who_thinks_is_known_by_the_sound() -> None:
    assert judged("我想箱", answer="我想想") == INCOMPLETE


def test_where_only_answers_can_be_heard_what_is_none_is_the_beginning_of_one() -> None:
    assert judged("没", phrases=("没空",)) == INCOMPLETE
    assert judged("[unk]") == INCOMPLETE


def test_a_syllable_beside_what_is_no_word_may_be_an_answer() -> None:
    assert judged("[unk]对") == UNKNOWN


def test_where_only_answers_can_be_heard_what_holds_one_tells_nothing() -> None:
    assert judged("没空[unk]", reacts=True) == UNKNOWN
    assert judged("[unk]没空", reacts=True) == COMPLETE


@pytest.mark.parametrize("text", ["我想", "让我想想", "那我想想", "可以我想一下"])
def test_who_thinks_has_not_finished(text: str) -> None:
    assert judged(text, answer="可以") == INCOMPLETE


def test_a_phrase_about_thinking_may_be_an_answer_of_a_script() -> None:
    assert judged("回去再想想", answer="回去再想想") == COMPLETE
    assert judged("我想想", answer="我想想") == INCOMPLETE


@pytest.mark.parametrize("text", ["三五七", "订单号是三五七", "138"])
def test_three_digits_at_the_end_of_free_words_may_go_on(text: str) -> None:
    assert judged(text, phrases=None) == INCOMPLETE
    assert judged(f"{text}块钱", phrases=None) > INCOMPLETE


WHOLE_SENTENCES = (
    "味道挺好的",
    "发货太慢了",
    "没什么意见",
    "客服态度很好",
    "我觉得有点贵",
    "过了三天才收到",
)
BEGINNINGS = ("我家里", "你们的快递", "上次买的", "味道有点", "希望你们", "因为发货")


@pytest.mark.parametrize("text", WHOLE_SENTENCES)
def test_free_words_that_a_sentence_may_end_with_wait_no_longer_than_unknown_ones(
    text: str,
) -> None:
    assert judged(text, phrases=None) == UNKNOWN


@pytest.mark.parametrize("text", BEGINNINGS)
def test_free_words_that_no_sentence_ends_with_are_waited_for(text: str) -> None:
    assert judged(text, phrases=None) < 0.6 * UNKNOWN


def test_a_guess_is_never_as_sure_as_a_filler() -> None:
    assert min(judged(text, phrases=None) for text in BEGINNINGS) > 0


def test_where_the_phrases_are_known_digits_at_the_end_tell_nothing() -> None:
    assert judged("三五七", reacts=True) == UNKNOWN


@pytest.mark.parametrize(
    ("said_so_far", "expected"),
    [
        ("三五", INCOMPLETE),
        ("三五七八", COMPLETE),
        ("三五七八九", COMPLETE),
        ("三五，七八", COMPLETE),
    ],
)
def test_a_number_is_complete_with_its_last_digit(said_so_far: str, expected: float) -> None:
    assert judged(said_so_far, phrases=None, digits=4) == pytest.approx(expected)


def test_a_number_counts_before_the_intent_that_any_words_are() -> None:
    assert judged("三五", answer="三五", phrases=None, digits=4) == INCOMPLETE


@pytest.mark.parametrize("text", ["他不在", "那不可能", "我要这个", "多少金额"])
def test_what_only_looks_like_a_filler_ends_a_sentence(text: str) -> None:
    assert judged(text, phrases=None) == UNKNOWN


def test_a_hesitation_after_a_whole_answer_announces_more() -> None:
    assert judged("可以那个", answer="可以") == INCOMPLETE
    assert judged("我要那个", answer="要那个") == COMPLETE


def test_punctuation_and_spaces_say_nothing() -> None:
    assert judged("因为 ……") == INCOMPLETE
    assert judged("，。") == INCOMPLETE


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
    ("text", "silence"), [("方便", 300), ("今天我不方便", 700), ("[unk]", 1600), ("因为", 1600)]
)
def test_a_turn_ends_exactly_after_the_silence_its_words_need(text: str, silence: int) -> None:
    assert ended_at(script(), text, TIMES.turns) == 3400 + silence


@pytest.mark.parametrize(
    ("text", "silence"), [("方便", 420), ("今天我不方便", 900), ("[unk]", 2600), ("因为", 2600)]
)
def test_settings_change_the_silences(text: str, silence: int) -> None:
    settings = TurnSettings(complete_ms=420, endpoint_ms=900, incomplete_ms=2600)

    assert ended_at(script(), text, settings) == 3400 + silence


@pytest.mark.parametrize(
    ("text", "silences", "silence"),
    [
        ("方便", {"complete_ms": 500}, 500),
        ("今天我不方便", {"complete_ms": 500}, 700),
        ("因为", {"complete_ms": 500}, 1600),
        ("方便", {"endpoint_ms": 1000}, 300),
        ("今天我不方便", {"endpoint_ms": 1000}, 1000),
        ("因为", {"endpoint_ms": 1000}, 1600),
        ("方便", {"incomplete_ms": 2200}, 300),
        ("今天我不方便", {"incomplete_ms": 2200}, 700),
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


def test_after_an_open_question_the_silence_depends_on_the_sentence() -> None:
    of = replace(survey(), start="opinion")

    assert ended_at(of, "有点酸", TIMES.turns) == 3400 + 700
    assert 1000 < ended_at(of, "你们的客服态度", TIMES.turns) - 3400 <= 1600
    assert ended_at(of, "别打了", TIMES.turns) == 3400 + 300


def test_an_open_question_may_have_its_own_silence() -> None:
    of = survey()
    asks = replace(of.states["opinion"], endpoint_ms=800)
    of = replace(of, start="opinion", states={**of.states, "opinion": asks})

    assert ended_at(of, "有点酸", TIMES.turns) == 3400 + 800


def test_the_silences_of_the_product() -> None:
    """Measured by `voicebot bench turns`; docs/script.md tells them to who writes a script."""
    times = TurnSettings()

    assert (times.complete_ms, times.endpoint_ms, times.incomplete_ms) == (320, 650, 1600)


@pytest.mark.parametrize(
    ("likelihood", "silence"),
    [(COMPLETE, 300), (0.85, 500), (UNKNOWN, 700), (0.35, 1150), (INCOMPLETE, 1600)],
)
def test_the_silence_is_in_between_for_what_is_in_between(likelihood: float, silence: int) -> None:
    assert silence_ms(likelihood, 300, 700, 1600) == silence
