"""What a recogniser is given while a value is asked for."""

from itertools import pairwise

import pytest

from benchmarks.understanding.asked import phrases as asked_for
from voicebot.dialogue.listener import LIKE_DIGITS
from voicebot.dialogue.slot_phrases import PHRASES


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("amount", "三百五十块"),
        ("amount", "一千二"),
        ("amount", "两百块左右"),
        ("amount", "不超过两千"),
        ("amount", "三十九块九"),
        ("number", "一百零五"),
        ("quantity", "最多五盒"),
        ("quantity", "两件"),
        ("date", "下礼拜五"),
        ("date", "十二月二十五号"),
        ("date", "国庆节之前"),
        ("time", "晚上七八点"),
        ("time", "九点一刻"),
        ("datetime", "后天下午三点半"),
        ("duration", "两年零六个月"),
        ("duration", "一个钟头"),
        ("duration", "个把月"),
        ("phone", "一三八五五六六七七零零"),
        ("order_number", "尾号是三八二七"),
        ("order_number", "弟弟横杠二零二六"),
        ("rating", "打九分"),
    ],
)
def test_what_follows_what_in_a_value_is_in_its_grammar(kind: str, value: str) -> None:
    """A recogniser's language model knows of a grammar which character follows which."""
    known = {pair for phrase in PHRASES[kind] for pair in pairwise(phrase)}

    assert [pair for pair in pairwise(value) if pair not in known] == []


@pytest.mark.parametrize("kind", ["phone", "order_number", "number", "rating"])
def test_beside_digits_nothing_is_heard_that_eight_is_taken_for(kind: str) -> None:
    besides = set(asked_for(kind, ()) or ()) - set(PHRASES[kind])

    assert besides
    assert not [phrase for phrase in besides if LIKE_DIGITS & {*phrase}]


@pytest.mark.parametrize("kind", ["phone", "order_number"])
def test_beside_a_row_of_digits_no_sentences_are_heard_but_hot_words(kind: str) -> None:
    """What else is said is unknown to the grammar, and heard again freely."""
    besides = set(asked_for(kind, ()) or ()) - set(PHRASES[kind])

    assert "转人工" in besides
    assert len(besides) < 100


def test_an_address_is_heard_freely() -> None:
    assert asked_for("address", ()) is None


def test_products_are_heard_by_their_names() -> None:
    assert {"云南小粒", "曼特宁"} <= set(asked_for("product", ("云南小粒", "曼特宁")) or ())
