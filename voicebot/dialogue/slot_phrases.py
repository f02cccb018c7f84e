"""What a recogniser with a grammar must be able to hear where a slot is asked for.

Words of a value are given one by one (its language model lets them follow one another), with some
usual sequences, which are then heard better.
"""

import itertools
from collections.abc import Sequence

from voicebot.dialogue.script import Slot

DIGITS = tuple("零一幺二两三四五六七八九")
NUMERALS = (*DIGITS, "十", "百", "千", "万", "半", "点")
PEOPLE = ("上午", "下午", "晚上", "早上", "中午", "傍晚")
WEEKS = itertools.product(("", "这", "下"), ("周", "星期"), "一二三四五六")
WEEKDAYS = (
    *(f"{week}{name}{day}" for week, name, day in WEEKS),
    *("周日", "星期天", "下周日", "下星期天", "周末", "这周末", "下周末"),
)
DATES = (
    *("今天", "明天", "后天", "大后天", "月底", "下个月", "过两天", "过几天", "下周", "月初"),
    *(f"{month}月" for month in (*"一二三四五六七八九十", "十一", "十二")),
    *(f"{day}号" for day in (*"一二三四五六七八九十", "十五", "二十", "三十")),
    *WEEKDAYS,
)
HOURS = tuple(
    f"{hour}点{half}" for hour in (*"一两三四五六七八九十", "十一", "十二") for half in ("", "半")
)
TIMES = (
    *PEOPLE,
    *HOURS,
    *(f"{part}{hour}" for part, hour in itertools.product(("上午", "下午", "晚上"), HOURS)),
    *("都可以", "以后", "之前", "左右", "现在", "随时"),
)
DAY_PARTS = tuple(
    f"{day}{part}" for day, part in itertools.product(("今天", "明天", "后天"), PEOPLE)
)
MEASURES = tuple("个件包袋瓶盒箱斤双条台只杯罐")
LETTERS = tuple("abcdefghjklmnpqrstuvwxyz")

SATISFACTION = (
    *(
        "非常满意",
        "很满意",
        "满意",
        "挺满意",
        "比较满意",
        "挺好",
        "挺好的",
        "很好",
        "不错",
        "还不错",
    ),
    *("还可以", "还行", "一般", "一般般", "马马虎虎", "说不上", "不好不坏"),
    *(
        "不满意",
        "不太满意",
        "很不满意",
        "非常不满意",
        "不怎么样",
        "很失望",
        "太差了",
        "不好",
        "不太好",
    ),
)
NUMBERS_TO_TEN = (*"一二三四五六七八九", "十")
RATING = (
    *(f"{number}分" for number in NUMBERS_TO_TEN),
    *(f"打{number}分" for number in NUMBERS_TO_TEN),
    *(f"给{number}分" for number in NUMBERS_TO_TEN),
    *(f"{number}分吧" for number in NUMBERS_TO_TEN),
    *("两分", "打两分", "满分", "给满分", "打满分", "十分满分", *NUMBERS_TO_TEN),
)
YES_NO = (
    "是",
    "是的",
    "对",
    "对的",
    "好",
    "好的",
    "可以",
    "行",
    "要",
    "不是",
    "不",
    "不用",
    "不要",
    "没有",
)

PHRASES: dict[str, tuple[str, ...]] = {
    "number": NUMERALS,
    "amount": (*NUMERALS, "块", "元", "块钱", "毛", "多", "左右", "出头"),
    "quantity": (
        *NUMERALS,
        *(
            f"{number}{measure}"
            for number, measure in itertools.product("一两三四五六十", MEASURES)
        ),
    ),
    "date": DATES,
    "time": TIMES,
    "datetime": (*DATES, *TIMES, *DAY_PARTS),
    "duration": (
        *NUMERALS,
        *("天", "个月", "个星期", "周", "小时", "分钟", "半个月", "半天", "一个月", "两三天"),
    ),
    "phone": DIGITS,
    "order_number": (*DIGITS, *LETTERS),
    "rating": RATING,
    "satisfaction": SATISFACTION,
    "yes_no": YES_NO,
}
"""By kind; what is missing is heard freely or by its own options."""


def phrases(slot: Slot) -> tuple[str, ...]:
    """Return what the answer to a slot's question may hold."""
    options: Sequence[str] = slot.options
    return tuple(dict.fromkeys((*PHRASES.get(slot.kind, ()), *options, *slot.hear)))
