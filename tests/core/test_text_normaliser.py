import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.speech.text_normaliser import cardinal, is_speakable, spoken


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("0", "零"), ("10", "十"), ("12", "十二"), ("20", "二十"), ("105", "一百零五"),
        ("110", "一百一十"), ("200", "二百"), ("1000", "一千"), ("1010", "一千零一十"),
        ("2001", "两千零一"), ("10010", "一万零一十"), ("22000", "两万两千"),
        ("100000", "十万"), ("120000", "十二万"), ("1000001", "一百万零一"),
        ("200000000", "两亿"), ("100010000", "一亿零一万"),
    ],
)  # fmt: skip
def test_a_whole_number_is_read_as_people_say_it(number: str, words: str) -> None:
    assert cardinal(number) == words


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("您的电话是13800001234", "您的电话是幺三八、零零零零、幺二三四"),
        ("请拨400-800-1234", "请拨四零零、八零零、幺二三四"),
        ("区号010-12345678", "区号零幺零、幺二三四五六七八"),
        ("尾号0105", "尾号零幺零五"),
        ("验证码是123456", "验证码是幺二三四五六"),
        ("订单号20231101", "订单号二零二三、幺幺零幺"),
        ("单号SF1234567", "单号S-F幺二三、四五六七"),
        ("120000000", "幺二零、零零零、零零零"),
        ("库房A12", "库房A十二"),
    ],
)
def test_identifiers_are_read_digit_by_digit(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("共3.5公斤", "共三点五公斤"), ("500g装", "五百克装"), ("2L", "两升"), ("-3℃", "负三度"),
        ("￥99", "九十九元"), ("￥1,299.50", "一千二百九十九点五元"), ("￥0.5", "零点五元"),
        ("￥12万", "十二万元"), ("10000000元", "一千万元"), ("9.9元", "九点九元"),
        ("打5折", "打五折"), ("优惠10%", "优惠百分之十"), ("10%-20%", "百分之十到百分之二十"),
        ("3-5天", "三到五天"), ("100-200元", "一百到二百元"), ("2/3", "三分之二"),
        ("2个订单", "两个订单"), ("12个", "十二个"), ("第2个", "第二个"), ("2月2日", "二月二日"),
        ("请按1", "请按一"), ("1.2.3版", "一点二点三版"),
    ],
)  # fmt: skip
def test_amounts_are_read_with_their_units(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2023年11月1日", "二零二三年十一月一日"), ("2023-11-01", "二零二三年十一月一日"),
        ("9:30", "九点三十分"), ("10:05", "十点零五分"), ("12:00", "十二点"),
        ("2：05", "两点零五分"), ("下午3点30分", "下午三点三十分"),
    ],
)  # fmt: skip
def test_dates_and_times_are_read_as_such(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("０１２", "零幺二"), ("①", "一"), ("VIP客户", "V-I-P客户"), ("Latte", "Latte"),
        ("(优惠)的", "优惠，的"), ("他说：“好”。", "他说：好。"), ("好😀的", "好的"),
        ("你好……请问", "你好，请问"), ("a@b.com", "a艾特b点com"), ("1+1=2", "一加一等于二"),
        ("A¥A", "A-A"),
    ],
)  # fmt: skip
def test_signs_become_words_or_pauses(written: str, said: str) -> None:
    assert spoken(written) == said


@settings(deadline=None)
@given(
    st.text(
        alphabet="0123456789０①.,:：-/~%￥¥+@#AbV度元个年月日号第电话，。 \n(“😀℃kg", max_size=24
    )
)
def test_spoken_text_has_no_digits_and_is_not_changed_again(text: str) -> None:
    said = spoken(text)

    assert not re.search(r"\d", said)
    assert spoken(said) == said


@pytest.mark.parametrize("text", ["", " ", "……", "，。", "😀", "\x00"])
def test_a_text_without_words_is_not_speakable(text: str) -> None:
    assert not is_speakable(spoken(text))
