"""Numbers as they are said: 三百二, 一千出头, 两三个, 半, 幺."""

import re
import warnings
from dataclasses import dataclass
from decimal import Decimal

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cn2an

NUMERAL = "[零〇一二两俩三仨四五六七八九十廿卅百千万亿0-9]"
"""A character of a whole number."""

NUMBER = rf"(?:{NUMERAL}+(?:点[零〇一二两三四五六七八九]+|\.\d+)?|半)"

AT_LEAST = (
    "(?:至少|最少|起码|少说)也?(?:得|要)?(?:赔|给|退|付)?我?"
    "|不少于|不低于|(?<![不莫别没])超过|多于|大于"
)
AT_MOST = "最多|顶多|撑死|顶天|[不莫别没]超过|不到|不多于|不高于|少于|低于|小于"
_ABOUT_BEFORE = f"(?:大概|大约|差不多|将近|接近|快|估计|可能|也就|约|{AT_LEAST}|{AT_MOST})*"
_ABOUT_AFTER = "(?:左右|上下|出头|冒头|挂零|多一点|多点|的样子|来|多|好几|几)"
_FEW = re.compile("(?P<scale>[十百千万])?好?几(?P<unit>[十百千万])?")
_NEIGHBOURS = re.compile(
    "(?P<first>[一二两三四五六七八])(?P<second>[二两三四五六七八九])(?P<unit>[十百千万])?"
)
_DIGITS = {"零": 0, "〇": 0, "一": 1, "幺": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6,
           "七": 7, "八": 8, "九": 9, "俩": 2, "仨": 3}  # fmt: skip
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}

PHRASE = re.compile(
    rf"(?P<before>{_ABOUT_BEFORE})(?P<sign>负|零下)?(?P<number>{NUMBER})(?P<after>{_ABOUT_AFTER}*)"
)
_LAST_PAIR = re.compile(
    "(?P<base>[零一二两三四五六七八九十百千万]*[十百千万])"
    "(?P<first>[一二三四五六七八])(?P<second>[二三四五六七八九])(?P<unit>[十百千]?)"
)
"""两千五六, 两百五六十: the last place is not sure."""
_TO = re.compile(f"(?:块钱?|元|个)?(?:到|至|-|~)(?P<number>{NUMBER})")
_BOUNDED_AFTER = re.compile(
    "(?:块钱?|元|个|分)?(?P<word>以上|往上|起步|以下|往下|以内|之内|封顶|到头|不到)"
)
_LEAST_WORDS = ("以上", "往上", "起步")
_NO_NUMBER = re.compile(
    "(?<![零〇一二两三四五六七八九十百千万])一(?:[下些会直样般定起共切旦边路向致律同]|点(?![零〇一二两三四五六七八九0-9]))|(?<=[唯统万])一"
)
"""一下, 一点, 统一: a one that counts nothing."""
_SO = re.compile(
    "(?P<small>(?<![加晚早以再])上(?=[百千万])|近(?=[一两]?[百千万])|小(?=[一两][百千万]))?"
    "(?P<one>[一两]?(?P<unit>[百千万]))(?P<so>把|来|儿?八十)?(?=块|元|个|斤|$)"
)
"""千把块, 小一千, 上百个, 百八十块."""

_OTHER = {"〇": "零", "俩": "两", "仨": "三", "廿": "二十", "卅": "三十"}
_READING = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was found in a text."""

    value: Decimal
    start: int
    end: int
    approximate: bool = False
    high: Decimal | None = None
    """The other end of 两三 and 两百到三百."""
    bound: str = ""
    """`least` for 至少, `most` for 最多."""

    def canonical(self, value: Decimal | None = None) -> str:
        """Return 320, 2..3, 1000.. or ..300; `value` replaces the number's own."""
        low = plain(self.value if value is None else value)
        if self.high is not None:
            return f"{low}..{plain(self.high)}"
        return {"": low, "least": f"{low}..", "most": f"..{low}"}[self.bound]


def read(text: str) -> Decimal | None:
    """Return the number that the whole of `text` is, or None."""
    for character, meant in _OTHER.items():
        text = text.replace(character, meant)
    if text == "半":
        return Decimal("0.5")
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return Decimal(text)
    if re.fullmatch("[百千万]", text[:1]):
        text = "一" + text
    if re.fullmatch("[零一二两三四五六七八九]{2,}", text):
        return Decimal("".join(str(_DIGITS[each]) for each in text))
    try:
        found = cn2an.cn2an(text, "smart")
    except (ValueError, KeyError):  # 百二千: a KeyError of cn2an 0.5 for units in no order
        return None
    return Decimal(str(found))


def find(text: str) -> list[Number]:
    """Return the numbers in `text`, in the order in which they stand."""
    found: list[Number] = []
    at = 0
    while at < len(text):
        number = _at(text, at)
        if number is None:
            at += 1
        else:
            found.append(number)
            at = number.end
    return found


def _at(text: str, at: int) -> Number | None:
    if _NO_NUMBER.match(text, at):
        return None
    few = _few(text, at) or _or_so(text, at)
    if few is not None:
        return few
    phrase = PHRASE.match(text, at)
    if phrase is None:
        return None
    about = bool(phrase["before"]) or bool(phrase["after"])
    pair = _NEIGHBOURS.fullmatch(phrase["number"])
    if pair and _DIGITS[pair["second"]] == _DIGITS[pair["first"]] + 1:
        unit = _UNITS.get(pair["unit"] or "", 1)
        first, second = (Decimal(_DIGITS[pair[name]] * unit) for name in ("first", "second"))
        return Number(first, at, phrase.end(), True, second)
    last = _LAST_PAIR.fullmatch(phrase["number"])
    if last and _DIGITS[last["second"]] == _DIGITS[last["first"]] + 1:
        ends = [read(last["base"] + last[name] + last["unit"]) for name in ("first", "second")]
        if ends[0] is not None and ends[1] is not None:
            return Number(ends[0], at, phrase.end(), True, ends[1])
    value = read(phrase["number"])
    if value is None:
        return None
    to = _TO.match(text, phrase.end())
    high = read(to["number"]) if to else None
    if to is not None and high is not None and high > value:
        low = _same_unit(phrase["number"], to["number"], value)
        return Number(low, at, to.end(), True, high)
    value = -value if phrase["sign"] else value
    bound = ""
    if re.search(AT_LEAST, phrase["before"]):
        bound = "least"
    if re.search(AT_MOST, phrase["before"]):
        bound = "most"
    after = _BOUNDED_AFTER.match(text, phrase.end())
    if after is not None:
        bound = "least" if after["word"] in _LEAST_WORDS else "most"
    return Number(value, at, phrase.end(), about or bool(bound), None, bound)


def _same_unit(low: str, high: str, value: Decimal) -> Decimal:
    """Return the lower end of 两到三百, which is 200."""
    unit = _UNITS.get(high[-1:], 1)
    return value * unit if len(low) == 1 and value < 10 and unit > 10 else value


def _or_so(text: str, at: int) -> Number | None:
    """千把, 小一千, 百八十: about so many."""
    so = _SO.match(text, at)
    if so is None or not (so["small"] or so["so"]) or (at and re.match(NUMERAL, text[at - 1])):
        return None
    unit = Decimal(_UNITS[so["unit"]])
    if so["so"] and so["so"].endswith("八十"):
        return Number(unit * Decimal("0.8"), at, so.end(), True, unit) if unit == 100 else None
    count = 2 if so["one"][0] == "两" else 1
    return Number(count * unit, at, so.end(), True)


def _few(text: str, at: int) -> Number | None:
    """几百, 十几: read as three of it, or thirteen."""
    few = _FEW.match(text, at)
    if few is None or (not few["scale"] and not few["unit"]):
        return None
    value = Decimal(3 * _UNITS.get(few["unit"] or "", 1) + _UNITS.get(few["scale"] or "", 0))
    return Number(value, at, few.end(), True)


def plain(value: Decimal) -> str:
    """Return the number without exponent and needless zeros: 320, 9.9."""
    text = format(value.normalize(), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def spoken(value: Decimal) -> str:
    """Return how the number is said: 三百二十, 九点九, 两千."""
    said = str(cn2an.an2cn(plain(value), "low"))
    said = re.sub("^一十", "十", said)
    return re.sub("二(?=[千万])", "两", said)


def each_digit(digits: str) -> str:
    """Return digits one by one as they are read out: 138 -> 幺三八."""
    return "".join("幺" if each == "1" else _READING[int(each)] if each.isdecimal() else each
                   for each in digits)  # fmt: skip
