"""What callers say, and what it means."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.intents import Understanding, understand
from voicebot.dialogue.script import Intent
from voicebot.speech.recogniser import Transcript

AFFIRM = Intent("affirm", ("好", "好的", "可以", "需要", "是的", "有", "嗯", "方便"))
DENY = Intent("deny", ("不用", "不用了", "不需要", "没有", "不要"))
PRICE = Intent("price", ("多少钱", "怎么卖"), ("这个咖啡豆现在多少钱一包",))
BATTERY = Intent("battery", ("电池",))
OPT_OUT = Intent("opt_out", ("不要给我打电话",), (), ("别打了",))
HUMAN = Intent("human", ("找个人跟我说",), (), ("转人工",))
ALL = (AFFIRM, DENY, PRICE, BATTERY, OPT_OUT, HUMAN)


def heard(text: str, *alternatives: str, confidence: float = 1.0) -> Understanding:
    transcript = Transcript(text, confidence, alternatives=alternatives)
    return understand(transcript, ALL, (OPT_OUT, HUMAN))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("好的", "affirm"),
        ("嗯，好的。", "affirm"),
        ("嗯", "affirm"),
        ("呃那个好的", "affirm"),
        ("好的好的", "affirm"),
        ("我觉得可以吧", "affirm"),
        ("我需要", "affirm"),
        ("可以没问题", "affirm"),
        ("点吃", "battery"),
        ("多少前", "price"),
        ("这个咖啡豆线在多少钱一波", "price"),
        ("我想问一下你们那个咖啡豆多少钱", "price"),
        ("好的多少钱", "price"),
        ("有没有多少钱", "price"),
        ("不用了谢谢", "deny"),
        ("我不需要", "deny"),
        ("你别打了行不行", "opt_out"),
        ("麻烦给我转仁工", "human"),
        ("今天天气怎么样", None),
        ("那个", None),
        ("", None),
    ],
)
def test_an_utterance_means(text: str, intent: str | None) -> None:
    assert heard(text).intent == intent


@pytest.mark.parametrize(
    "text",
    ["不需要", "我不需要", "现在不需要啊", "不是很需要", "需要不了", "没有", "我没有", "真的没有啊",
     "不方便", "现在不太方便", "不可以", "我不可以", "没需要", "不好", "别说好的"],
)  # fmt: skip
def test_what_is_negated_is_never_agreement(text: str) -> None:
    assert heard(text).intent in ("deny", None)


@pytest.mark.parametrize("text", ["不要转人工", "不用给我转人工", "别给我转人工"])
def test_a_negated_hot_word_is_not_taken(text: str) -> None:
    assert heard(text).intent != "human"


def test_a_refusal_is_taken_whatever_stands_before_it() -> None:
    assert heard("我不是说过了吗别打了").intent == "opt_out"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("[unk]", None),
        ("[unk]好", None),
        ("[unk]好的", "affirm"),
        ("可以[unk]", "affirm"),
        ("[unk]好的不[unk]", None),
        ("好的[unk]不用了", None),
        ("[unk]别打了[unk]", "opt_out"),
    ],
)
def test_beside_unknown_speech_only_whole_phrases_and_hot_words_count(
    text: str, intent: str | None
) -> None:
    assert heard(text).intent == intent


def test_a_phrase_beside_unknown_speech_is_less_sure_than_alone() -> None:
    assert heard("[unk]好的").confidence < heard("好的").confidence


def test_the_recognisers_doubt_lowers_the_confidence() -> None:
    assert heard("好的", confidence=0.2).confidence == pytest.approx(0.6)


def test_another_reading_is_used_for_less() -> None:
    found = heard("号地方", "好的")

    assert found.intent == "affirm"
    assert found.confidence == pytest.approx(0.85)
    assert "another reading" in found.reason


def test_another_reading_never_removes_a_negation() -> None:
    assert heard("不许要了吧", "需要").intent is None


def test_the_runner_up_is_kept() -> None:
    found = heard("好的多少钱")

    assert (found.intent, found.runner_up) == ("price", "affirm")
    assert found.confidence > found.runner_up_confidence > 0


def test_two_intents_that_sound_the_same_are_not_guessed_between() -> None:
    first, second = Intent("goods", ("查货",)), Intent("fire", ("查火",))

    found = understand(Transcript("茶或"), [first, Intent("tea", ("茶活",))], [])
    nothing = understand(Transcript("茶活儿"), [second], [])

    assert (found.intent, nothing.intent) == (None, None)
    assert "could be goods" in found.reason


def test_the_reason_is_a_sentence_with_both_phrases() -> None:
    assert heard("多少前").reason == "多少前 sounds like 多少钱 of price."


@given(st.text(alphabet="好的不没有需要用别打了转人工多少钱嗯啊那个，[unk] a1", max_size=30))
def test_any_text_is_understood_or_not_but_never_fails(text: str) -> None:
    found = heard(text, text[::-1])

    assert found.runner_up_confidence >= 0
    assert 0 <= found.confidence <= 1
    assert (found.intent is None) == (found.phrase == "")


@given(
    st.sampled_from(["需要", "可以", "方便", "有"]), st.text(alphabet="我们真的现在很", max_size=4)
)
def test_no_words_between_a_negation_and_a_phrase_make_it_agreement(
    phrase: str, between: str
) -> None:
    assert heard(f"不{between}{phrase}").intent != "affirm"


def test_an_utterance_is_understood_among_500_phrases_in_a_millisecond() -> None:
    words = "我你他想要买问咖啡豆子好喝多少钱什么时候发货送到退换客服订单地址优惠券包邮"
    phrases = [
        "".join(words[(start * step + 3 * offset) % len(words)] for offset in range(4 + step % 4))
        for step in range(1, 21)
        for start in range(25)
    ]
    intents = [Intent(f"i{number}", tuple(phrases[number::10])) for number in range(10)]
    utterances = [Transcript(f"{phrase}呢{phrase[:2]}") for phrase in phrases[:200]]
    for utterance in utterances:
        understand(utterance, intents, [])

    best = float("inf")
    for _ in range(5):
        begin = process_time()
        for utterance in utterances:
            understand(utterance, intents, [])
        best = min(best, process_time() - begin)

    assert best / len(utterances) < 0.001
