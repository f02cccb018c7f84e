"""Values in what callers say."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.understanding import figures
from benchmarks.understanding.load import FOLDER, read_slots
from voicebot.dialogue.slots import KINDS, SlotValue, extract

NOW = datetime(2026, 11, 27, 10, 0)
"""A Friday."""
PRODUCTS = ("云南小粒咖啡豆", "耶加雪菲", "曼特宁", "哥伦比亚")


def found(kind: str, text: str, now: datetime = NOW) -> SlotValue | None:
    return extract(kind, text, now=now, options=PRODUCTS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三百二", "320"),
        ("两个", "2"),
        ("一百零五", "105"),
        ("三点五", "3.5"),
        ("大概两三个", "2..3"),
        ("几百", "300"),
        ("十几", "13"),
        ("一千出头", "1000"),
        ("半", "0.5"),
        ("二十来个", "20"),
        ("零下十八", "-18"),
        ("三到五个", "3..5"),
    ],
)
def test_number_is_read(text: str, value: str | None) -> None:
    slot = found("number", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三百二", "320"),
        ("一千出头", "1000"),
        ("九块九", "9.9"),
        ("三块五毛", "3.5"),
        ("五毛", "0.5"),
        ("一百块钱", "100"),
        ("两百多块", "200"),
        ("二十五块八", "25.8"),
        ("一百二十八块六毛五", "128.65"),
        ("四十五不对五十四块", "54"),
        ("三百左右吧", "300"),
        ("是三百不是五百", "300"),
        ("几百块", "300"),
        ("一千多", "1000"),
        ("至少一千块", "1000.."),
        ("三百以内", "..300"),
        ("两到三百", "200..300"),
    ],
)
def test_amount_is_read(text: str, value: str | None) -> None:
    slot = found("amount", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三包", "3"),
        ("半斤", "0.5"),
        ("来两盒吧", "2"),
        ("我要一包不对两包", "2"),
        ("十五个", "15"),
        ("两三箱", "2..3"),
        ("一斤半", "1.5"),
        ("要五件", "5"),
    ],
)
def test_quantity_is_read(text: str, value: str | None) -> None:
    slot = found("quantity", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("下周三下午", "2026-12-02"),
        ("后天晚上八点", "2026-11-29"),
        ("月底", "2026-11-21/2026-11-30"),
        ("过年后", "2027-02-07/.."),
        ("十二月五号", "2026-12-05"),
        ("三号", "2026-12-03"),
        ("下个月十号", "2026-12-10"),
        ("周末", "2026-11-28/2026-11-29"),
        ("下周末", "2026-12-05/2026-12-06"),
        ("国庆节以后", "2027-10-02/.."),
        ("双十二", "2026-12-12"),
        ("明天，不对，后天", "2026-11-29"),
        ("这周五", "2026-11-27"),
        ("上周一", "2026-11-16"),
        ("大后天", "2026-11-30"),
        ("三天后", "2026-11-30"),
        ("过两天", "2026-11-29"),
        ("下个月初", "2026-12-01/2026-12-10"),
        ("明年三月", "2027-03-01/2027-03-31"),
        ("半个月以后", "2026-12-12"),
        ("元旦前", "../2026-12-31"),
        ("十二月底", "2026-12-22/2026-12-31"),
        ("年底", "2026-12-01/2026-12-31"),
        ("礼拜天", "2026-11-29"),
        ("年后吧", "2027-02-07/.."),
        ("一周以后", "2026-12-04"),
        ("十号以前", "../2026-12-10"),
        ("月底前", "../2026-11-30"),
    ],
)
def test_date_is_read(text: str, value: str | None) -> None:
    slot = found("date", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("八点", "08:00"),
        ("晚上八点半", "20:30"),
        ("下午三点一刻", "15:15"),
        ("十点四十", "10:40"),
        ("八点到九点", "08:00/09:00"),
        ("下午两点到五点", "14:00/17:00"),
        ("上午", "06:00/12:00"),
        ("中午十二点", "12:00"),
        ("早上九点多", "09:00"),
        ("二十点三十分", "20:30"),
        ("下午", "12:00/18:00"),
        ("晚上", "18:00/24:00"),
        ("下午五点以后", "17:00/.."),
        ("十点之前", "../10:00"),
    ],
)
def test_time_is_read(text: str, value: str | None) -> None:
    slot = found("time", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("下周三下午", "2026-12-02T12:00/2026-12-02T18:00"),
        ("后天晚上八点", "2026-11-29T20:00"),
        ("明天上午十点", "2026-11-28T10:00"),
        ("半小时后", "2026-11-27T10:30"),
        ("过两个小时", "2026-11-27T12:00"),
        ("晚上八点", "2026-11-27T20:00"),
        ("一会儿", "2026-11-27T10:30"),
        ("后天", "2026-11-29"),
        ("明早九点", "2026-11-28T09:00"),
        ("今晚八点半", "2026-11-27T20:30"),
        ("下周一到", "2026-11-30"),
        ("明天晚上", "2026-11-28T18:00/2026-11-29T00:00"),
    ],
)
def test_datetime_is_read(text: str, value: str | None) -> None:
    slot = found("datetime", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三天", "P3D"),
        ("两个小时", "PT2H"),
        ("半小时", "PT30M"),
        ("一个半小时", "PT1H30M"),
        ("两周", "P14D"),
        ("半个月", "P15D"),
        ("三个月", "P3M"),
        ("半年", "P6M"),
        ("一年", "P1Y"),
        ("一刻钟", "PT15M"),
        ("一小时二十分钟", "PT1H20M"),
        ("几天", "P3D"),
        ("两三天", "P2D..P3D"),
        ("一年半", "P1Y6M"),
        ("两个月", "P2M"),
        ("三个半月", "P3M15D"),
        ("三到五天", "P3D..P5D"),
    ],
)
def test_duration_is_read(text: str, value: str | None) -> None:
    slot = found("duration", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一三八零零一三八零零零", "13800138000"),
        ("幺三八，零零幺三，八零零零", "13800138000"),
        ("13800138000", "13800138000"),
        ("我的号码是一三九一二三四五六七八不对是一三九一二三四五六七九", "13912345679"),
        ("零一零八八八八六六六六", "01088886666"),
        ("四零零八二零八八二零", "4008208820"),
        ("幺三九三个八", None),
    ],
)
def test_phone_is_read(text: str, value: str | None) -> None:
    slot = found("phone", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("单号是JD一二三四五六", "JD123456"),
        ("A B 二零二六", "AB2026"),
        ("尾号是八八六六", "*8866"),
        ("二零二六一一零幺", "20261101"),
        ("o d 幺二三四", "OD1234"),
    ],
)
def test_order_number_is_read(text: str, value: str | None) -> None:
    slot = found("order_number", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "地址改到浙江省杭州市西湖区文三路三百号二单元五零一吧",
            "浙江省杭州市西湖区文三路三百号二单元五零一",
        ),
        ("送到我公司", None),
        ("我住在幸福小区三号楼", "幸福小区三号楼"),
        ("不对，改成朝阳区建国路八十八号", "朝阳区建国路八十八号"),
    ],
)
def test_address_is_read(text: str, value: str | None) -> None:
    slot = found("address", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("我要那个云南小粒的", "云南小粒咖啡豆"),
        ("耶加雪啡", "耶加雪菲"),
        ("曼特宁吧", "曼特宁"),
        ("小力咖啡", "云南小粒咖啡豆"),
    ],
)
def test_product_is_read(text: str, value: str | None) -> None:
    slot = found("product", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("八分", "8"),
        ("打九分吧", "9"),
        ("满分", "10"),
        ("十", "10"),
        ("零分", None),
        ("给个七分不对八分", "8"),
        ("七八分", "7..8"),
        ("两分", "2"),
        ("九点五分", "9.5"),
    ],
)
def test_rating_is_read(text: str, value: str | None) -> None:
    slot = found("rating", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("非常满意", "very_satisfied"),
        ("没有什么不满意的", "satisfied"),
        ("不太满意", "dissatisfied"),
        ("一般般吧", "neutral"),
        ("挺好的", "satisfied"),
        ("太差了", "very_dissatisfied"),
        ("还行", "neutral"),
    ],
)
def test_satisfaction_is_read(text: str, value: str | None) -> None:
    slot = found("satisfaction", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("不用了谢谢", "no"),
        ("没问题", "yes"),
        ("我不是不想要", "yes"),
        ("好的", "yes"),
        ("嗯", "yes"),
        ("不是", "no"),
        ("没有", "no"),
        ("先不考虑", "no"),
        ("可以啊", "yes"),
        ("行", "yes"),
        ("算了吧", "no"),
        ("不好意思不需要", "no"),
    ],
)
def test_yes_no_is_read(text: str, value: str | None) -> None:
    slot = found("yes_no", text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("kind", "text", "spoken"),
    [
        ("datetime", "后天晚上八点", "十一月二十九号，星期日，晚上八点"),
        ("amount", "九块九", "九块九毛"),
        ("amount", "三百左右", "大约三百元"),
        ("phone", "13800138000", "幺三八，零零幺三，八零零零"),
        ("quantity", "我要2包", "两包"),
        ("rating", "2分", "两分"),
    ],
)
def test_a_value_can_be_read_back(kind: str, text: str, spoken: str) -> None:
    slot = found(kind, text)

    assert slot is not None
    assert slot.spoken == spoken


@pytest.mark.parametrize("text", ["三百左右", "大概三百", "三百多", "几百", "一千出头", "两三百"])
def test_what_was_not_meant_exactly_is_approximate(text: str) -> None:
    slot = found("amount", text)

    assert slot is not None
    assert slot.approximate


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "address"])
@pytest.mark.parametrize("text", ["", "啦啦啦", "你家猫叫什么名字"])
def test_nothing_is_read_where_nothing_was_said(kind: str, text: str) -> None:
    assert found(kind, text) is None


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(KINDS),
    st.text(
        "零一二两三四五六七八九十百千万亿点半几多块毛分月号周下上天年后前到不对是A1 ，", max_size=14
    ),
)
def test_whatever_is_heard_nothing_breaks(kind: str, text: str) -> None:
    slot = found(kind, text)

    assert slot is None or slot.value


def test_today_that_has_passed_is_tomorrow() -> None:
    slot = found("datetime", "上午九点", datetime(2026, 11, 27, 15, 0))

    assert slot is not None
    assert slot.value == "2026-11-28T09:00"


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="order_number"):
        extract("colour", "红色", now=NOW)


def test_the_sentences_of_the_development_set_are_read() -> None:
    examples = read_slots(FOLDER / "dev" / "slots.tsv")

    readings = {(each.slot, each.text): (each.text,) for each in examples}
    values = figures.slots(examples, readings, ())

    wrong = [
        f"{each.text}: {value.value if value else None}, not {each.accepted}"
        for each in examples
        if not figures.is_right(each, value := extract(each.slot, each.text, now=each.now or NOW))
    ]
    assert len(values) == len(KINDS) - 2  # products and plain numbers are tested above
    assert len(wrong) <= len(examples) // 50, "\n".join(wrong)


@pytest.mark.parametrize("kind", ["address", "date", "duration", "order_number", "satisfaction"])
def test_no_comma_is_needed(kind: str) -> None:
    """A recogniser writes none."""
    examples = [each for each in read_slots(FOLDER / "dev" / "slots.tsv") if each.slot == kind]

    right = [
        figures.is_right(each, extract(kind, each.text.replace("，", ""), now=each.now or NOW))
        for each in examples
    ]

    assert sum(right) >= 0.94 * len(right)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", "晚上一百个吧", "100"),
        ("number", "上百个", "100"),
        ("number", "一共三个", "3"),
        ("quantity", "帮我看一下", None),
        ("time", "五点半下班", "17:30"),
        ("time", "早点送来", None),
        ("datetime", "今天晚些时候", "2026-11-27"),
        ("datetime", "月底最后一天下午", "2026-11-30T12:00/2026-11-30T18:00"),
        ("date", "圣诞节那天", "2026-12-25"),
        ("date", "双十一那天拍的", "2026-11-11"),
    ],
)
def test_what_only_looks_like_a_value_is_none(kind: str, text: str, value: str | None) -> None:
    slot = found(kind, text)

    assert (slot.value if slot else None) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("订单编号踢二三四五六七", "T234567"),
        ("弟弟横杠二零二六横杠五五八", "DD-2026-558"),
        ("诶逼二零二六一一零三八八", "AB2026110388"),
        ("中间有个字母，二零二六艾克斯三三八", "2026X338"),
        ("优欧零零一二", "UO0012"),
        ("歪踢九零三三二一四四", "YT90332144"),
    ],
)
def test_letters_of_an_order_number_are_read_from_what_their_names_sound_like(
    text: str, value: str
) -> None:
    slot = found("order_number", text)

    assert slot is not None
    assert slot.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("给我开一二三四那个单子", "1234"), ("我弟弟下的单，三三零八二二一", "3308221")],
)
def test_what_only_sounds_like_a_letter_elsewhere_is_none(text: str, value: str) -> None:
    slot = found("order_number", text)

    assert slot is not None
    assert slot.value == value
