"""Values beside other values, reasons and asides: which of them is the answer."""

from datetime import datetime

import pytest

from benchmarks.understanding import figures
from benchmarks.understanding.load import FOLDER, read_slots
from voicebot.dialogue.slots import extract

NOW = datetime(2026, 11, 27, 10, 0)
"""A Friday."""


def value(kind: str, text: str) -> str | None:
    slot = extract(kind, text, now=NOW)
    return slot.value if slot else None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("半个钟头以后", "10:30"),
        ("再过两个小时吧", "12:00"),
        ("一会儿再说吧", None),
        ("夜里十二点以前都行", "../24:00"),
        ("下午三点往后", "15:00/.."),
        ("头晌九点", "09:00"),
        ("后晌四点", "16:00"),
        ("差十分钟下午六点", "17:50"),
        ("晚上九点一刻，不对，九点三刻", "21:45"),
        ("晚上六点半，怕堵车，还是七点半吧", "19:30"),
        ("下昼五点钟，莫太早了", "17:00"),
        ("六点吧，最晚六点", "../18:00"),
        ("夜里头差十分十二点", "23:50"),
        ("早上八点半，我九点有个会", "08:30"),
        ("晚上八点，再晚我就睡了", "20:00"),
        ("十点，上回你们十一点才来", "10:00"),
        ("上午十点没空，下午三点可以", "15:00"),
    ],
)
def test_the_time_that_counts(text: str, meant: str | None) -> None:
    assert value("time", text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("下周一八点", "2026-11-30T08:00"),
        ("周日上午九点，算了，改成中午十二点", "2026-11-29T12:00"),
        ("明天下午三点，不对，后天", "2026-11-29T15:00"),
        ("二零二七年一月九号，星期六，下午两点整", "2027-01-09T14:00"),
        ("明天上午十点起都有人", "2026-11-28T10:00/.."),
        ("今天半夜十二点以前", "../2026-11-28T00:00"),
        ("明儿前晌九点", "2026-11-28T09:00"),
        ("最迟后日上午十一点", "../2026-11-29T11:00"),
        ("二十八号晚上，八点，不对，八点店里盘货，九点", "2026-11-28T21:00"),
        ("从周五下午五点到周日晚上十点", "2026-11-27T17:00/2026-11-29T22:00"),
        ("周日后晌可以，周六我不在", "2026-11-29T12:00/2026-11-29T18:00"),
    ],
)
def test_day_and_time_complete_each_other(text: str, meant: str | None) -> None:
    assert value("datetime", text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("最迟二十九号要到", "../2026-11-29"),
        ("下个月月底", "2026-12-22/2026-12-31"),
        ("这个月三十号，哦不，二十八号，三十号我要去医院", "2026-11-28"),
        ("大年三十之前得到，过年要穿的", "../2027-02-04"),
        ("明朝来得及伐", "2026-11-28"),
        ("一月三号往后都行", "2027-01-03/.."),
        ("明天不行，后天吧", "2026-11-29"),
        ("明天不急，后天用", "2026-11-29"),
        ("农历八月初三", None),
        ("清明头一天", "2027-04-04"),
        ("我妈生日刚好是冬至那天", "2026-12-22"),
        ("昨日，哦不是，是前日下的单", "2026-11-25"),
        ("双十一那天抢的", "2026-11-11"),
        ("过了端午再送吧", "2027-06-10/.."),
        ("三十号有人收，上次的早就收到了", "2026-11-30"),
    ],
)
def test_the_day_that_counts(text: str, meant: str | None) -> None:
    assert value("date", text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("上回送错了，这次是青羊区人民中路十八号，你到了打电话", "青羊区人民中路十八号"),
        ("青羊区人民中路，几号来着，十八号，对，十八号", "青羊区人民中路十八号"),
        ("成都，成都市青羊区人民中路十八号", "成都市青羊区人民中路十八号"),
        (
            "无锡，滨湖区梁溪路七号，三栋，幺零一，放快递柜也行",
            "无锡滨湖区梁溪路七号三栋幺零一",
        ),
        ("成都市青羊区东街，哦不对，是东大路三十六号三号楼", "成都市青羊区东大路三十六号三号楼"),
        ("青羊区人民中路十八号，不是人民南路", "青羊区人民中路十八号"),
        ("寄到成都是青羊区人民中路十八号", "成都市青羊区人民中路十八号"),
        ("地址是青羊区人民中路十八号", "青羊区人民中路十八号"),
        (
            "三单元，讲错了，是二单元，青羊区人民中路十八号二单元四零三",
            "青羊区人民中路十八号二单元四零三",
        ),
        (
            "青羊区人民中路十八号五门三零二，不是，三零幺",
            "青羊区人民中路十八号五门三零幺",
        ),
    ],
)
def test_an_address_is_taken_out_of_what_was_said_around_it(text: str, meant: str) -> None:
    assert value("address", text) == meant


@pytest.mark.parametrize(
    ("kind", "text", "meant"),
    [
        ("order_number", "二零四六二零四六", "2046"),
        ("order_number", "后头几位是七七二四", "*7724"),
        ("order_number", "八八八八八八八八", "88888888"),
        ("amount", "莫超过五百", "..500"),
        ("amount", "少说两千吧", "2000.."),
        ("amount", "起码得赔我五百", "500.."),
        ("number", "我脚是四十二码半的", "42.5"),
        ("number", "水要调到三十六度八", "36.8"),
        ("number", "廿四", "24"),
        ("amount", "八百到一千之间，给我推一个", "800..1000"),
        ("order_number", "前面一长串我就不念了，后头是七四五六", "*7456"),
        ("order_number", "苹果的A，宝贝的B，三四七七零幺", "AB347701"),
        ("order_number", "单号接的幺二三四五六", "JD123456"),
        ("order_number", "二零二六的A七七八", "A778"),
        ("order_number", "的的七七四零九幺", "DD774091"),
        ("order_number", "是的一二三四五六", "123456"),
        ("order_number", "外替九零三三二一", "YT903321"),
        ("order_number", "一个W，再一个H，后边是幺五七零零九", "WH157009"),
        ("phone", "零五三幺，后边是六七零四二五幺八", "053167042518"),
        ("rating", "七八分之间", "7..8"),
        ("rating", "我从来不打满分的，九分就是最高了", "9"),
        ("rating", "满分不给了，就九分", "9"),
        ("rating", "八到九分之间", "8..9"),
        ("rating", "八分，扣两分在物流上", "8"),
        ("rating", "本来想给十分的，快递太慢，扣两分", "8"),
        ("rating", "六分吧，哎，加一分", "7"),
        ("rating", "一分，没有零分是吧", "1"),
        ("yes_no", "我没听清，你再说一遍", None),
        ("yes_no", "太吵了我没听到", None),
        ("yes_no", "似的", "yes"),
        ("rating", "吧", "8"),
        ("yes_no", "不要紧的，你帮我换就是", "yes"),
        ("yes_no", "已经收到了", "yes"),
        ("yes_no", "得先问问我老公", None),
        ("yes_no", "没见到货", "no"),
        ("yes_no", "不要问了", "no"),
        ("yes_no", "不需要考虑了", "no"),
        ("yes_no", "怎么可能不同意呢", "yes"),
        ("satisfaction", "东西不错，就是客服差劲，总的来说我不满意", "dissatisfied"),
        ("satisfaction", "第一次不好，这回改进了，挺满意", "satisfied"),
        ("satisfaction", "实在没得挑", "very_satisfied"),
        ("satisfaction", "我都介绍给同事了", "very_satisfied"),
        ("satisfaction", "我不会推荐给别人", "dissatisfied"),
        ("satisfaction", "你是哪家店来着", None),
        ("satisfaction", "中午才送到", None),
        ("satisfaction", "中啊", "satisfied"),
        ("satisfaction", "邻居看了都来问我链接", "very_satisfied"),
        ("satisfaction", "你们可真行啊，等了半个月", "very_dissatisfied"),
        ("satisfaction", "啦啦啦", None),
        ("satisfaction", "说满意那是假话", "dissatisfied"),
        ("satisfaction", "好的地方也有，差的地方也有", "neutral"),
    ],
)
def test_the_verdict_counts(kind: str, text: str, meant: str | None) -> None:
    assert value(kind, text) == meant


@pytest.mark.parametrize(
    ("file", "share"), [("slots_difficult.tsv", 0.88), ("slots_mixed.tsv", 0.92)]
)
def test_most_of_what_is_said_in_difficult_ways_is_read(file: str, share: float) -> None:
    examples = read_slots(FOLDER / "dev" / file)

    right = [
        figures.is_right(each, extract(each.slot, each.text, now=each.now or NOW))
        for each in examples
    ]

    assert sum(right) >= share * len(right)
