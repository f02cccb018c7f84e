"""The guess whether a sentence could end here, with the weights that are shipped."""

from importlib import resources

import pytest

from voicebot.dialogue import sentence_end
from voicebot.dialogue.sentence_end import BUCKETS, ends, features

PAIRS = [
    ("快递员把东西扔在楼道里就走了", "快递员把东西扔在"),
    ("客服态度挺好的", "客服态度"),
    ("我觉得有点贵", "我觉得有点"),
    ("没有什么意见", "没有什么"),
    ("希望便宜一点", "希望"),
]


@pytest.mark.parametrize(("whole", "begun"), PAIRS)
def test_a_sentence_is_more_likely_to_end_where_it_does(whole: str, begun: str) -> None:
    assert ends(whole) > 0 > ends(begun)


def test_the_end_counts_as_it_sounds_too() -> None:
    assert ends("发货太蔓勒") > ends("发货太")


def test_punctuation_and_spaces_say_nothing() -> None:
    assert ends("发货，太慢了。") == ends("发货太慢了")


@pytest.mark.parametrize("text", ["", "好", "13812345678", "ABC", "我" * 200])
def test_any_text_has_features_with_a_weight(text: str) -> None:
    places = list(features(text))

    assert places
    assert all(0 <= place < BUCKETS for place in places)


def test_the_weights_are_one_byte_each() -> None:
    data = resources.files(sentence_end.__package__).joinpath(sentence_end.WEIGHTS)

    assert len(data.read_bytes()) == BUCKETS
