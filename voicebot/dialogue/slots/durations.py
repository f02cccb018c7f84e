"""How long something lasts: 半个小时, 两年零六个月, 三五天, 半小时到一小时, 三个工作日."""

import re
from dataclasses import dataclass
from decimal import Decimal

from voicebot.dialogue.slots import numbers
from voicebot.dialogue.slots.value import SlotValue

_ABOUT = (
    "大概|大约|差不多|将近|接近|快|估计|约|不到|不超过|超过|至少|起码|最多|顶多|也就|可能|得有"
    "|有小|小"
)

_PIECE = re.compile(
    rf"(?P<before>(?:{_ABOUT}|要|有|好)*)"
    rf"(?P<number>(?:{numbers.NUMBER}[到至])?{numbers.NUMBER}|几十|十几|几|整整?|(?=个把)|(?=把))"
    r"(?P<more>来|多|几)?(?P<whole>整)?(?P<counted>个)?(?P<few>把|来|多)?(?P<half>半)?(?:工作|自然)?"
    r"(?P<unit>分钟|秒钟?|小时|钟头|星期|礼拜|周|天|日|月|年|分(?!之)|刻钟)"
    r"(?P<tail>半(?:钟)?|多|来)?(?P<after>左右|上下|的样子)?"
)
_ABOUT_BEFORE = re.compile(f"(?:{_ABOUT})(?:等|用|花|过|放|买|喝)?(?:了|掉)?$")
_AND = re.compile("零|又|加|外加|，?再加")
_TO = re.compile("到|至|-|~|—")

_MINUTES = {"分钟": 1, "分": 1, "刻钟": 15, "小时": 60, "钟头": 60}
_DAYS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}
_MONTHS = {"月": 1, "年": 12}
HALF_MONTH_DAYS = 15
FEW = Decimal(3)
"""几天, for who has to put a number to it."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length in units that do not turn into each other."""

    months: Decimal = Decimal(0)
    days: Decimal = Decimal(0)
    minutes: Decimal = Decimal(0)
    seconds: Decimal = Decimal(0)

    def __add__(self, other: "Length") -> "Length":
        return Length(
            self.months + other.months,
            self.days + other.days,
            self.minutes + other.minutes,
            self.seconds + other.seconds,
        )

    def order(self) -> Decimal:
        """Return something by which lengths can be compared: seconds, months as 30 days."""
        return (self.months * 30 + self.days) * 86_400 + self.minutes * 60 + self.seconds

    def iso(self) -> str:
        """Return it in ISO 8601; half a month has 15 days, half a day 12 hours."""
        days = self.days + (self.months % 1) * 2 * HALF_MONTH_DAYS
        minutes = self.minutes + (days % 1) * 1440
        seconds = self.seconds + (minutes % 1) * 60
        years, months = divmod(int(self.months), 12)
        hours, rest = divmod(int(minutes), 60)
        date = _joined((years, "Y"), (months, "M"), (int(days), "D"))
        clock = _joined((hours, "H"), (rest, "M"), (int(seconds), "S"))
        return f"P{date}T{clock}" if clock else f"P{date}"


def _joined(*counted: tuple[int, str]) -> str:
    return "".join(f"{count}{letter}" for count, letter in counted if count)


@dataclass(frozen=True, slots=True)
class _Piece:
    low: Length
    high: Length | None
    start: int
    end: int
    about: bool


def duration(text: str) -> SlotValue | None:
    """Return how long: P3D, PT30M, P14D, P3D..P5D; the last one of the text."""
    last: _Piece | None = None
    at = 0
    while at < len(text):
        found = _sequence(text, at)
        if found is None:
            at += 1
            continue
        to = _TO.match(text, found.end)
        until = _sequence(text, to.end()) if to and found.high is None else None
        if until is not None and until.low.order() > found.low.order():
            found = _Piece(found.low, until.low, found.start, until.end, True)
        last, at = found, found.end
    if last is None:
        return None
    value = last.low.iso() + (f"..{last.high.iso()}" if last.high else "")
    said = text[last.start : last.end]
    return SlotValue("duration", value, said, 0.9, last.about, said)


def _sequence(text: str, at: int) -> _Piece | None:
    """Return 一年零三个月 as one length: pieces that stand next to each other, the longer first."""
    found = _piece(text, at)
    while found is not None and found.high is None:
        joint = _AND.match(text, found.end)
        more = _piece(text, joint.end() if joint else found.end)
        if more is None or more.high is not None or more.low.order() >= found.low.order():
            break
        found = _Piece(found.low + more.low, None, found.start, more.end, found.about or more.about)
    return found


def _piece(text: str, at: int) -> _Piece | None:
    match = _PIECE.match(text, at)
    if match is None:
        return None
    unit, number = match["unit"], match["number"]
    counted = match["counted"] or match["few"]
    bare_month = unit == "月" and not counted and number not in ("俩", "仨", "半")
    if bare_month:  # 三月 is a date
        return None
    about = bool(re.search(_ABOUT, match["before"])) or bool(
        match["more"] or match["few"] or match["after"] or match["tail"] in ("多", "来")
    )
    low, high, vague = _counted(number, match["more"])
    if low is None:
        return None
    about = about or vague or "好" in match["before"] or bool(_ABOUT_BEFORE.search(text[:at]))
    half = Decimal("0.5") if match["half"] or (match["tail"] or "").startswith("半") else 0
    start = at + len(match["before"])
    return _Piece(
        _length(low + half, unit),
        _length(high, unit) if high is not None else None,
        start,
        match.end(),
        about,
    )


def _counted(number: str, more: str | None) -> tuple[Decimal | None, Decimal | None, bool]:
    """Return a count, the other end where it is a span, and whether it is only about that."""
    if number in ("整", "整整", ""):
        return Decimal(1), None, not number
    if number == "几":
        return FEW, None, True
    if number in ("几十", "十几"):
        return (FEW * 10 if number == "几十" else FEW + 10), None, True
    if more == "几":
        base = numbers.read(number)
        return (base + FEW if base is not None else None), None, True
    span = re.fullmatch("([一二两三四五六七八])([二三四五六七八九十])", number)
    if span and span[2] != "十":
        ends = [numbers.read(each) for each in span.groups()]
        if ends[0] is not None and ends[1] is not None and ends[0] < ends[1]:  # 三五天
            return ends[0], ends[1], True
    found = numbers.find(number)
    if not found:
        return None, None, False
    return found[0].value, found[0].high, found[0].approximate and found[0].high is None


def _length(count: Decimal, unit: str) -> Length:
    if unit in ("秒", "秒钟"):
        return Length(seconds=count)
    if unit in _MINUTES:
        return Length(minutes=count * _MINUTES[unit])
    if unit in _DAYS:
        return Length(days=count * _DAYS[unit])
    return Length(months=count * _MONTHS[unit])
