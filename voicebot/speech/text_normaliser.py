"""From written to spoken Mandarin: 您有2个订单，共￥99.5 -> 您有两个订单，共九十九点五元.

Synthesisers read digits and signs as other languages do, or as one large number, or not at all
(espeak-ng reads 105 as 一百五, 3.5 as 三千五 and a telephone number in thousands). What comes out
of here has no digits and no signs left, so that every engine says the same.
"""

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from re import Match

LONG_NUMBER = 7
"""Digits from which a number without a unit is an identifier and is read one by one."""
GROUP = 4
"""The most digits between the pauses of an identifier: as people say their telephone numbers."""

_DIGITS = "零一二三四五六七八九"
_READ_OUT = str.maketrans("0123456789", "零幺二三四五六七八九")
"""One is yāo where digits are read out: yī sounds too much like seven on the telephone."""
_YEAR = str.maketrans("0123456789", _DIGITS)
_PLACES = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万亿")

_UNITS = {
    "kg": "公斤", "g": "克", "mg": "毫克", "km": "公里", "m": "米", "cm": "厘米", "mm": "毫米",
    "l": "升", "ml": "毫升", "h": "小时", "min": "分钟", "s": "秒", "℃": "度", "°c": "度",
    "°": "度", "w": "瓦", "kw": "千瓦",
}  # fmt: skip
_UNIT = "|".join(sorted((re.escape(unit) for unit in _UNITS), key=len, reverse=True))
_COUNTED = "个件位包袋盒箱瓶杯份款张条次遍天年周小分秒块元角毛斤公千毫升克米里种单笔家间点层岁折倍"
"""Measure words before which two is liǎng. Not 月, 日, 号, 楼: those are named by number."""
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_ALONE = r"(?<![\d.A-Za-z])"
_IDENTIFIER = "(?:[单尾账工编卡]号|[号密代]码|验证码|电话|手机号?|热线|分机|房间)(?:是|为|[:：])?"
_SIGNS = {
    "&": "和", "+": "加", "×": "乘", "÷": "除以", "=": "等于", "<": "小于", ">": "大于",
    "@": "艾特", "~": "到", "～": "到", "%": "", "‰": "", "￥": "", "¥": "", "$": "", "#": "号",
    "'": "", '"': "", "“": "", "”": "", "‘": "", "’": "", "`": "", "^": "", "*": "", "_": "",
}  # fmt: skip
_PAUSES = "()（）[]【】{}「」『』《》〈〉|｜/／\\—…·•\n\r\t"
_UNSAID = frozenset({"So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode categories: pictures, modifiers, control characters and what is not a character."""
_CLOSING = "，。！？；：、,.!?;:"

MOST_READINGS = 4
"""Two are enough for all but nonsense."""

_Reader = Callable[[Match[str]], str]


def spoken(text: str) -> str:
    """Return `text` as it is to be said; what is spoken text already comes back unchanged."""
    # What stood around an unsaid sign may be read in another way without it: A¥A.
    for _ in range(MOST_READINGS):
        before, text = text, _read_once(text)
        if text == before:
            break
    return text


def _read_once(text: str) -> str:
    text = "".join(_plain(character) for character in text)
    for pattern, reader in _RULES:
        text = pattern.sub(reader, text)
    text = "".join(_SIGNS.get(character, character) for character in text)
    text = re.sub(f"[{re.escape(_PAUSES)}]+", "，", text)
    # Two pauses beside each other are one: the stronger stands first or is the later sentence end.
    text = re.sub(rf"[，、\s]+(?=[{_CLOSING}])", "", text)
    text = re.sub(rf"(?<=[{_CLOSING}])[，、]+", "", text)
    return re.sub(r"^[，、\s]+|\s+$", "", text)


def is_speakable(text: str) -> bool:
    """Whether there is anything in `text` that makes a sound."""
    return any(character.isalnum() for character in text)


def cardinal(digits: str) -> str:
    """Return a whole number in words: 2001 -> 两千零一, 12 -> 十二."""
    digits = digits.lstrip("0")
    if not digits:
        return "零"
    if len(digits) > 4 * len(_MYRIADS):
        return digits.translate(_YEAR)
    groups = [digits[max(0, end - 4) : end] for end in range(len(digits), 0, -4)]
    words = ""
    gap = False
    for index in reversed(range(len(groups))):
        group = groups[index]
        if not group.strip("0"):
            gap = True
            continue
        if words and (gap or group.startswith("0")):
            words += "零"
        gap = False
        words += _below_myriad(group.lstrip("0")) + _MYRIADS[index]
    words = re.sub("^一十", "十", words)
    return re.sub("二(?=[千万亿])(?<!十二)", "两", words)


def _below_myriad(digits: str) -> str:
    words = ""
    gap = False
    for place, digit in zip(reversed(range(len(digits))), digits, strict=True):
        if digit == "0":
            gap = True
            continue
        words += ("零" if gap else "") + _DIGITS[int(digit)] + _PLACES[place]
        gap = False
    return words


def _number(written: str) -> str:
    whole, _, fraction = written.replace(",", "").partition(".")
    return cardinal(whole) + (f"点{fraction.translate(_YEAR)}" if fraction else "")


def _counted(written: str) -> str:
    """Return a number before a measure word."""
    return "两" if written == "2" else _number(written)


def _read_out(digits: str) -> str:
    if len(digits) == 11 and digits[0] == "1":
        parts = [digits[:3], digits[3:7], digits[7:]]
    else:
        count = 1 if len(digits) < LONG_NUMBER else -(-len(digits) // GROUP)
        edges = [len(digits) * index // count for index in range(count + 1)]
        parts = [digits[start:end] for start, end in pairwise(edges)]
    return "、".join(parts).translate(_READ_OUT)


def _money(found: Match[str]) -> str:
    amount = found["amount"].replace(",", "")
    if "." in amount:
        amount = amount.rstrip("0").rstrip(".")
    return (_number(amount) if found["myriads"] else _counted(amount)) + found["myriads"] + "元"


def _date(found: Match[str]) -> str:
    month, day = cardinal(found["month"]), cardinal(found["day"])
    return f"{found['year'].translate(_YEAR)}年{month}月{day}日"


def _time(found: Match[str]) -> str:
    hour, minute, second = found["hour"], found["minute"], found["second"]
    words = _counted(hour.lstrip("0") or "0") + "点"
    if int(minute) or second:
        words += ("零" if minute[0] == "0" and int(minute) else "") + cardinal(minute) + "分"
    return words + (f"{cardinal(second)}秒" if second else "")


def _range(found: Match[str]) -> str:
    low, high = found["low"], found["high"]
    if found["percent"]:
        return f"百分之{_number(low)}到百分之{_number(high)}"
    # A unit that follows needs the upper number as digits: the rules below read it.
    return f"{_number(low)}到{high}"


def _fraction(found: Match[str]) -> str:
    return f"{cardinal(found['below'])}分之{cardinal(found['above'])}"


def _code(found: Match[str]) -> str:
    """Read what mixes letters and digits, such as SF1234567; a short number stays a number."""
    digits = found["digits"]
    return found["letters"] + (_read_out(digits) if len(digits) > 2 else cardinal(digits))


def _bare(found: Match[str]) -> str:
    written = found[0]
    if written.isdigit() and (
        len(written) >= LONG_NUMBER or (written[0] == "0" and len(written) > 1)
    ):
        return _read_out(written)
    return _number(written)


def _dotted(found: Match[str]) -> str:
    return "点".join(cardinal(part) for part in found[0].split("."))


def _spelled(found: Match[str]) -> str:
    # With hyphens espeak spells; with spaces it takes A for the article.
    return "-".join(found[0])


_RULES: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"(?<!\d)(?P<year>(?:19|20)\d\d)[-/.](?P<month>0?[1-9]|1[0-2])[-/.]"
         r"(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)", _date),
        (r"(?<!\d)(?:19|20)\d\d(?=年)", lambda found: found[0].translate(_YEAR)),
        (r"(?<![\d:])(?P<hour>[01]?\d|2[0-4])[:：](?P<minute>[0-5]\d)"
         r"(?:[:：](?P<second>[0-5]\d))?(?![\d:])", _time),
        (rf"[￥¥]\s*(?P<amount>{_NUMBER})\s*(?P<myriads>[百千万亿]*)元?", _money),
        # Several hyphens, or many digits with one: a telephone number.
        (r"(?<![\d-])\d+(?:-\d+){2,}(?![\d-])|(?<![\d-])0\d{2,3}-\d{7,8}(?![\d-])",
         lambda found: "、".join(part.translate(_READ_OUT) for part in found[0].split("-"))),
        (rf"{_ALONE}(?P<low>\d{{1,5}}(?:\.\d+)?)(?:%|％)?\s*[-~～—–]\s*"
         r"(?P<high>\d{1,5}(?:\.\d+)?)(?P<percent>%|％)?(?![\d.-])", _range),
        (rf"(?P<sign>-?)(?P<amount>{_NUMBER})\s*[%％]",
         lambda found: ("负" if found["sign"] else "") + "百分之" + _number(found["amount"])),
        (r"(?<![\d/])(?P<above>[1-9]\d?)/(?P<below>[1-9]\d{0,2})(?![\d/])", _fraction),
        (rf"(?P<what>{_IDENTIFIER}\s*)(?P<digits>\d{{3,}})(?![\d.])",
         lambda found: found["what"] + _read_out(found["digits"])),
        (r"(?P<letters>[A-Za-z]+)-?(?P<digits>\d+)(?![\d.])", _code),
        (r"\d+(?:\.\d+){2,}", _dotted),
        (rf"{_ALONE}-(?={_NUMBER})", lambda found: "负"),
        (rf"(?P<amount>{_NUMBER})\s*(?P<unit>(?i:{_UNIT}))(?![A-Za-z])",
         lambda found: _counted(found["amount"]) + _UNITS[found["unit"].lower()]),
        (rf"(?<![\d.第])(?P<amount>{_NUMBER})\s*(?=[{_COUNTED}])",
         lambda found: _counted(found["amount"])),
        (_NUMBER, _bare),
        (r"(?<=[A-Za-z])\.(?=[A-Za-z])", lambda found: "点"),
        # Only capitals are spelled: VIP and APP, but not Latte.
        (r"(?<![A-Za-z-])[A-Z]{2,5}(?![A-Za-z-])", _spelled),
    )
)  # fmt: skip


def _plain(character: str) -> str:
    """Return a plain digit or letter for a full-width or circled one; nothing for a picture."""
    if "０" <= character <= "９" or "Ａ" <= character <= "Ｚ" or "ａ" <= character <= "ｚ":
        return unicodedata.normalize("NFKC", character)
    if "①" <= character <= "⑳" or character in "％．":
        return unicodedata.normalize("NFKC", character)
    if character in "℃°\n\r\t":
        return character
    return "" if unicodedata.category(character) in _UNSAID else character
