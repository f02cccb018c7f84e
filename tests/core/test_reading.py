"""What of an utterance says what it means."""

import pytest

from voicebot.dialogue.patterns import compiled
from voicebot.dialogue.reading import core


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("不用了谢谢", "不用了"),
        ("谢谢", "谢谢"),
        ("我想想，没", "没"),
        ("嗯我想一下，行", "行"),
        ("我想想办法", "我想办法"),
        ("喂你好我想查一下订单", "我想查一下订单"),
        ("喂你好", "喂你好"),
        ("嗯那个我我我想退货", "我想退货"),
        ("没有什么不满意的", "满意的"),
        ("我不是不想要", "想要"),
        ("好的，啊不对，不要了", "不要了"),
        ("不对", "不对"),
        ("要，不对，不要", "不要"),
        ("不是本人", "不是本人"),
        ("不对不对", "不对不对"),
        ("你们价格不对吧", "你们价格不对吧"),
    ],
)
def test_the_core_is_what_carries_the_meaning(said: str, meant: str) -> None:
    assert core(said) in (meant, meant.removeprefix("喂"))


@pytest.mark.parametrize(
    ("written", "said", "found"),
    [
        ("(别|不要) * (打|来电)", "以后不要再给我打了", "不要再给我打"),
        ("(别|不要) * (打|来电)", "以后打给我", None),
        ("[请] 转 [一下] 人工", "转人工", "转人工"),
        ("[请] 转 [一下] 人工", "请转一下人工", "请转一下人工"),
        ("别 * 打", "别说了我这就去给你打", None),
    ],
)
def test_a_pattern_stands_for_many_sentences(written: str, said: str, found: str | None) -> None:
    span = compiled(written).search(said)

    assert (said[span[0] : span[1]] if span else None) == found


def test_a_pattern_is_heard_in_what_sounds_like_it() -> None:
    span = compiled("(不要|别) * (打电话|来电)").search_sound("你们不药给我大电话")

    assert span == (2, 9)


def test_a_single_character_of_a_pattern_is_not_heard_in_its_homophones() -> None:
    assert compiled("我 * (删|删掉)").search_sound("谁把我的伞") is None


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("(别|不要", "never closed"),
        ("别) 打", "closes nothing"),
        ("别 | 打", "outside brackets"),
        ("[别] *", "no word"),
    ],
)
def test_a_broken_pattern_says_what_is_wrong(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        compiled(written)


def test_two_negations_that_leave_nothing_are_left_as_they_are() -> None:
    assert core("没不") == "没不"
