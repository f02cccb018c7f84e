"""What a recogniser with a grammar must be able to hear where a slot is asked for.

Values are given as whole sequences (三百五十块, 下礼拜五): what follows what is all that the
recogniser's language model learns from a grammar, and numerals one by one, beside thousands of
sentences, were heard worse than with no grammar at all. Then come the words that people put around
a value (大概, 尾号是). The simplest stand first.
"""

from collections.abc import Iterable
from itertools import product

from voicebot.dialogue.script import Slot
from voicebot.dialogue.slots.letters import SPOKEN


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _each(*parts: Iterable[str]) -> tuple[str, ...]:
    """Return every way to say one of each part after the other."""
    return tuple("".join(words) for words in product(*parts))


DIGITS = tuple("零一幺二两三四五六七八九")
ONES = tuple("一二三四五六七八九")
COUNTS = _words("一 两 三 四 五 六 七 八 九 十")
NUMERALS = (*DIGITS, *"十百千万半点")
TENS = tuple(f"{ten}十" for ten in ("", *ONES[1:]))
TO_NINETY_NINE = (*ONES, *TENS, *_each(TENS, ONES))
HUNDREDS = _each((*ONES, "两"), ("百",))
THOUSANDS = _each((*ONES, "两"), "千万")
ABOUT = _words("大概 差不多 不到 不超过 最多 至少 起码 顶多 也就")
MORE_OR_LESS = _words("左右 以上 以下 以内 往上 上下 出头 封顶")

NUMBERS = (
    *TO_NINETY_NINE,
    *_each(HUNDREDS, ("", *ONES, *TENS)),
    *_each(("一百", "两百"), TENS, ONES),
    *_each(HUNDREDS, ("零",), ONES),
    *_each(THOUSANDS, ("", *ONES)),
    *_each(("一千", "两千", "三千"), HUNDREDS),
    *_each(ONES, ("点",), ONES),
    *_words("半 几百 几十 十几 一百多 两三百 三四百 百八十 上百 好几百"),
)
MONEY = (
    *_words("块 元 块钱 毛 多"),
    *_each((*TO_NINETY_NINE, *HUNDREDS, *THOUSANDS), ("块", "块钱")),
    *_each(HUNDREDS, TENS, ("块",)),
    *_each((*COUNTS, *TENS), ("块",), ONES),
    *_each(COUNTS, ("毛",)),
    *_each(ABOUT, (*HUNDREDS, *THOUSANDS, *TENS), ("", "块")),
    *_each((*HUNDREDS, *THOUSANDS, *TENS), ("", "块"), MORE_OR_LESS),
    *_words(
        "百来块 百八十块 一百多块 十几块 几十块 两三百块 十五六块 千把块 三百多 小一千 撑死三百"
    ),
    *_words("两百到三百 一百到两百 五十到一百 一千到两千"),
)

PEOPLE = _words("上午 下午 晚上 早上 中午 傍晚")
WEEKS = ("周", "星期", "礼拜")
WEEKDAYS = (
    *_each(("", "这", "下", "上", "这个", "下个", "上个"), WEEKS, "一二三四五六日"),
    *_each(("", "这", "下"), ("星期天", "礼拜天", "周末")),
    *_each(("这", "下", "上"), ("", "个"), WEEKS),
)
DAYS = _each(
    (*TO_NINETY_NINE[:10], *_each(("十", "二十"), ONES), "二十", "三十", "三十一"), ("号",)
)
MONTHS = _each((*ONES, "十", "十一", "十二"), ("月",))
FESTIVALS = (
    *_words("元旦 春节 过年 除夕 大年三十 大年初一 元宵节 正月十五 清明节 五一 劳动节 儿童节 六一"),
    *_words("端午节 六一八 教师节 中秋节 国庆节 十一 双十一 双十二 圣诞节 平安夜 情人节 妇女节"),
    *_words("母亲节 父亲节"),
)
DATES = (
    *_words(
        "今天 明天 后天 大后天 昨天 前天 大前天 今儿 明儿 后儿 昨儿个 今明两天 明后天 改天 当天"
    ),
    *_words("月底 月初 月中 年底 年初 下个月 上个月 这个月 下月 过两天 过几天 前几天 这两天"),
    *_words("周末 本周 下周 上周"),
    *_each((*MONTHS, "下个月", "上个月", "这个月"), ("", "初", "底", "上旬", "中旬", "下旬")),
    *DAYS,
    *_each(("", *MONTHS, "下个月", "上个月"), _words("一号 十号 十五号 二十号 二十五号")),
    *_each((*MONTHS[9:], *MONTHS[:2]), DAYS),
    *_each(DAYS[:10:3], ("到",), DAYS[4:20:5]),
    *WEEKDAYS,
    *FESTIVALS,
    *_each((*FESTIVALS, *DAYS[::5], "明天", "后天", "周末"), _words("之前 以前 之后 以后 前 后")),
    *_each(FESTIVALS, _words("那天 前一天 第二天 的时候")),
    *_each(("初",), (*ONES, "十")),
    *_each(("初三", "初八", "十五"), ("以后", "之前", "上班以后")),
    *_each(
        (*COUNTS, "十五", "半个"),
        ("天", "个月", "个星期", "周"),
        ("前", "后", "以前", "以后", "之内"),
    ),
    *_each(("明年", "今年", "去年"), ("", *MONTHS[:3], "三月份", "年初", "年底")),
    *_each(MONTHS, ("份",)),
)
HOURS = _each((*COUNTS, "十一", "十二"), ("点", "点半", "点钟"))
TWO_HOURS = _words("七八点 八九点 九十点 两三点 三四点 四五点 五六点 六七点")
TIMES = (
    *PEOPLE,
    *_words("凌晨 早晨 大清早 晌午 半夜 夜里 午后"),
    *HOURS,
    *_each("八九十两三四七", ("点",), _words("十分 一刻 二十 四十 三刻")),
    *_each(PEOPLE[:5], HOURS),
    *_each(TWO_HOURS, ("", "钟")),
    *_each(("上午", "下午", "晚上"), TWO_HOURS),
    *_each(HOURS[::3], ("", *_words("左右 以后 之前 以前 之后 前 后 整 多"))),
    *_each(HOURS[:24:6], ("到",), HOURS[3:33:6]),
    *_words("都可以 以后 之前 左右 现在 随时 差一刻八点 差五分十点 差十分九点 上班时间"),
    *_words("下班以后 下了班以后 吃完饭以后"),
)
DAY_PARTS = (
    *_each(_words("今天 明天 后天 周六 周日 下周一 昨天"), PEOPLE),
    *_each(("今天", "明天", "后天"), ("上午", "下午", "晚上"), HOURS[:30:3]),
    *_each((*COUNTS, "半"), _words("个小时 小时 分钟 个钟头"), ("后", "以后", "之后")),
)
MEASURES = tuple("个件包袋瓶盒箱斤双条台只杯罐桶套支提根块把张本份捆听碗片对克")
QUANTITIES = (
    *_each((*COUNTS, *_words("半 十二 二十 几 两三 三四 五六")), MEASURES),
    *_each(_words("来 要 就 再来 最多 至少"), ("一", "两", "三", "五"), MEASURES[:12]),
    *_each(("二十", "十", "三十", "一百"), ("来", "多", "几"), MEASURES[:10]),
    *_each(TENS, MEASURES[:8]),
    *_words("俩 仨 要俩 要仨 一对 一打 半打 一两个"),
)
LENGTHS = _words("天 个月 个星期 个礼拜 周 年 个小时 小时 个钟头 分钟 个工作日")
DURATIONS = (
    *_each((*COUNTS, *_words("半 几 十五 二十 三十 十几 几十")), LENGTHS),
    *_each(_words("两三 三四 三五 五六 七八"), LENGTHS),
    *_each(COUNTS, _words("个半月 个半小时 年半 周半 刻钟 天半 个多月 个多小时 分半钟")),
    *_each(_words("四十 五十 九十 一百 一百二十 七十二 二十四"), ("天", "分钟", "小时")),
    *_each(COUNTS, ("年零",), ("一个月", "三个月", "六个月", "半个月")),
    *_each(COUNTS, ("个月零", "小时"), ("五天", "十天", "二十分", "十分钟")),
    *_each((*ABOUT, *_words("等了 快 用了 买了")), ("一", "两", "三", "十"), LENGTHS),
    *_each(("一", "两", "三", "五"), LENGTHS, ("左右", "多", "了", "以内", "之内", "吧")),
    *_words(
        "三到五天 五到七天 两到三天 一到两周 半小时到一小时 一年到两年 十到十五天 个把月 个把小时"
    ),
    *_words("半个月 半天 一整天 一整年 整整一个月 俩小时 俩月 半年 大半年 小半年 一年多 没多久"),
    *_words("好几天 好几个月 十来天 百来天"),
)
DIGIT_PAIRS = _each(DIGITS, DIGITS)
"""Any digit may follow any other."""
REPEATED = (*_each("一两三四五六", ("个",), DIGITS), *_each(DIGITS[3:], ("个",)))
PHONES = (
    *REPEATED,
    *_words("号码是 电话是 手机号是 我的号码是 打这个 四零零 尾号 尾号是 最后四位是"),
    *_each(_words("号码是 电话是 区号 转 加八六"), DIGITS),
    *_each("一幺", "三五七八九", DIGITS),
)
TAILS = (
    *_each(_words("尾号 尾数 末尾 结尾"), ("", "是")),
    *_each(_words("后 最后 末尾 倒数 前 开头"), ("三位", "四位", "六位"), ("", "是")),
)
ORDER_NUMBERS = (
    *_words("订单号是 单号是 我的单号是 订单编号 运单号 订单尾号 前面是 后面是 中间是 然后是"),
    *_words("字母 字母是 大写的 小写的 开头的 开头 横杠 杠 加"),
    *_words("二零二六 二零二五 二零二六一一 二零二六一零 二零二六一二 二零二六零"),
    *REPEATED,
    *_each(("", "横杠", "杠", *TAILS, *SPOKEN), DIGITS),
    *SPOKEN,
    *(2 * letter for letter in SPOKEN),
    *_each(SPOKEN[::3], SPOKEN[1::4]),
    *_each(SPOKEN, ("横杠", "杠")),
)
SATISFACTION = (
    *_words(
        "非常满意 很满意 满意 挺满意 挺满意的 比较满意 十分满意 特别满意 还算满意 不能更满意了"
    ),
    *_words(
        "挺好 挺好的 很好 很好的 非常好 蛮好的 不错 还不错 挺不错的 很不错 味道不错 满意得不得了"
    ),
    *_words(
        "太好了 太喜欢了 很喜欢 没毛病 没问题 没话说 没的说 没得挑 没啥可挑剔的 爱了爱了 棒极了"
    ),
    *_words(
        "满分 好评 完美 惊喜 物超所值 超出预期 比预想的要好 比想象的好 无可挑剔 好极了 好到爆 贼好"
    ),
    *_words("五颗星 四颗星 三颗星 零差评 就是贵了点 就是慢了点 差一点 差了点 无感"),
    *_words(
        "还可以 还行 还行吧 还成 还凑合 一般 一般般 一般吧 马马虎虎 说不上 不好不坏 中不溜 中等"
    ),
    *_words("中等偏上 中规中矩 就那样 也就那样吧 凑合 差不多 差强人意 过得去 说得过去 勉强吧 难说"),
    *_words("没什么感觉 普普通通 平平淡淡 无功无过 有待提高 有待改进 一言难尽"),
    *_words("不满意 不太满意 很不满意 非常不满意 不是很满意 不怎么满意 一点都不满意 极度不满 不满"),
    *_words(
        "不怎么样 不咋地 不行 不好 不太好 有点失望 很失望 太失望了 失望透顶 太差了 很差 差劲 差评"
    ),
    *_words("糟透了 垃圾 烂货 一肚子气 再也不买了 气死我了 不值 质量不行"),
)
RATING = (
    *_each(("", "打", "给", "打个", "给个", "我打", "我给", "就"), COUNTS, ("分", "分吧")),
    *_each(("七", "八", "九", "六"), ("分半", "点五分", "点五")),
    *_words("七八分 八九分 六七分 满分 给满分 打满分 十分满分 零分 一分都不给"),
    *COUNTS,
)
YES_NO = (
    *_words("是 是的 对 对的 好 好的 可以 行 要 没错 对对 是啊 需要 有"),
    *_words("不是 不 不用 不要 没有 不对 不行 不需要 不是的 没 不用了 不好"),
)

PHRASES: dict[str, tuple[str, ...]] = {
    "number": (*NUMERALS, *NUMBERS),
    "amount": (*NUMERALS, *NUMBERS, *MONEY, *MORE_OR_LESS),
    "quantity": (*NUMERALS, *QUANTITIES),
    "date": DATES,
    "time": TIMES,
    "datetime": (*DATES, *TIMES, *DAY_PARTS),
    "duration": (*NUMERALS, *DURATIONS),
    "phone": (*DIGITS, *DIGIT_PAIRS, *PHONES),
    "order_number": (*DIGITS, *DIGIT_PAIRS, *TAILS, *ORDER_NUMBERS),
    "rating": RATING,
    "satisfaction": SATISFACTION,
    "yes_no": YES_NO,
}
"""By kind; what is missing is heard freely or by its own options."""


def phrases(slot: Slot) -> tuple[str, ...]:
    """Return what the answer to a slot's question may hold."""
    return tuple(dict.fromkeys((*slot.options, *slot.hear, *PHRASES.get(slot.kind, ()))))
