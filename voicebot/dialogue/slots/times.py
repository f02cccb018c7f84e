"""Times of the day: 晚上八点半, 下午, 半个小时后."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

from voicebot.dialogue.slots import dates, numbers
from voicebot.dialogue.slots.correction import meant
from voicebot.dialogue.slots.days import LATEST, Days
from voicebot.dialogue.slots.durations import duration
from voicebot.dialogue.slots.value import SlotValue

MIDNIGHT = time(0)
"""As the end of an interval: the midnight after it, 24:00."""

PARTS = {
    "凌晨": (time(0), time(6)),
    "早上": (time(6), time(12)),
    "上午": (time(6), time(12)),
    "中午": (time(11), time(13)),
    "下午": (time(12), time(18)),
    "傍晚": (time(17), time(19)),
    "晚上": (time(18), MIDNIGHT),
    "半夜": (time(22), MIDNIGHT),
}
"""What a part of the day is, as an interval."""
_ALIASES = {
    **dict.fromkeys(
        ("清晨", "早晨", "早起", "一早", "一大早", "大早上", "早", "今早", "明早"), "早上"
    ),
    **dict.fromkeys(("晌午", "饭点", "中昼"), "中午"),
    **dict.fromkeys(("头晌", "头午", "前晌", "上半天"), "上午"),
    **dict.fromkeys(("午后", "后晌", "下半天", "下昼", "下晚儿"), "下午"),
    "黄昏": "傍晚",
    **dict.fromkeys(
        ("下班后", "下班以后", "下班之后", "下了班以后", "下了班", "晚间", "夜晚", "黑夜", "晚"),
        "晚上",
    ),
    **dict.fromkeys(("今晚", "明晚", "昨晚"), "晚上"),
    **dict.fromkeys(("夜里头", "夜里", "深夜"), "半夜"),
}

_NOT_ALONE = {
    "早": "(?<![太忒多更再])早(?![些点就已一晚了])",
    "晚": "(?<![再太忒多最])晚(?![些点一了自])",
}
"""早点, 晚些 and 再晚 are no part of the day."""
_PART = "|".join(
    _NOT_ALONE.get(part, part) for part in sorted((*PARTS, *_ALIASES), key=len, reverse=True)
)
_N = "[零〇一二两三四五六七八九十0-9]{1,3}"
_HOUR = f"(?<![周期拜])(?P<hour>{_N})"
"""The first number of 下周一八点 is no part of the hour."""
_CLOCK = re.compile(
    f"(?P<part>{_PART})?(?:的)?{_HOUR}(?:点钟|点|时(?!候|间)|[:：])"
    f"(?P<rest>半|整|[一三]刻|过?(?P<minute>{_N})分?)?(?P<about>左右|前后|来钟|多)?"
)
_LESS = re.compile(
    f"(?P<part>{_PART})?差(?P<minutes>一刻|{_N})分?(?:钟)?(?:到)?(?P<half>{_PART})?(?P<hour>{_N})点"
)
"""差十分八点."""
_SHORT_OF = re.compile(
    f"(?P<part>{_PART})?(?P<hour>{_N})点(?:钟)?差(?P<minutes>一刻|{_N})分?(?:钟)?"
)
"""八点差十分."""
_PAIR = re.compile(
    f"(?P<part>{_PART})?(?<![周期拜])(?P<tens>十)?(?P<one>[一二两三四五六七八九])(?P<two>[二两三四五六七八九十])点(?:钟)?"
)
"""三四点, 晚上七八点."""
_PART_ALONE = re.compile(f"(?P<part>{_PART})")
_TO = re.compile("(?:钟)?(?:到|至|-|~)")
_WAY = re.compile("(?:钟)?(?P<word>以后|之后|过后|往后|后|起|开始|以前|之前|前)(?!床)")

MORNING_BEGINS = 7
"""A bare 七点 to 十一点 is in the morning, 一点 to 六点 in the afternoon: when shops call."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A time or an interval of one day."""

    first: time
    last: time | None
    """The end of an interval."""
    start: int
    end: int
    sure: bool = True
    """Whether the half of the day was said."""
    approximate: bool = False
    way: str = ""
    """`after` for 五点以后, `before` for 十点以前."""

    @property
    def value(self) -> str:
        """Return it as ISO 8601: 20:30, 18:00/24:00, 17:00/.., ../10:00."""
        if self.way:
            return f"{_iso(self.first)}/.." if self.way == "after" else f"../{_until(self.first)}"
        if self.last is None:
            return _iso(self.first)
        return f"{_iso(self.first)}/{_until(self.last)}"

    def spoken(self) -> str:
        """Return it as one says it: 晚上八点半."""
        if self.way:
            return f"{_time_spoken(self.first)}{'以后' if self.way == 'after' else '以前'}"
        if self.last is not None:
            for name, interval in PARTS.items():
                if interval == (self.first, self.last):
                    return name
            return f"{_time_spoken(self.first)}到{_time_spoken(self.last)}"
        return _time_spoken(self.first)


def find(text: str) -> list[Clock]:
    """Return every time or part of the day in `text`, in order."""
    found: list[Clock] = []
    at = 0
    while at < len(text):
        clock = _clock(text, at)
        if clock is None and (part := _PART_ALONE.match(text, at)):
            first, last = PARTS[_ALIASES.get(part["part"], part["part"])]
            clock = Clock(first, last, at, part.end())
        if clock is None:
            at += 1
            continue
        between = _TO.match(text, clock.end)
        until = _clock(text, between.end()) if between and clock.last is None else None
        if until is not None:
            last = until.first
            afternoon = last <= clock.first or (clock.sure and clock.first.hour >= 12)
            if not until.sure and afternoon and last.hour < 12:
                last = last.replace(hour=last.hour + 12)
            clock = Clock(clock.first, last, clock.start, until.end, clock.sure)
        way = _WAY.match(text, clock.end)
        if way and clock.last is None:
            named = "before" if "前" in way["word"] else "after"
            clock = replace(clock, end=way.end(), way=named)
        if clock.last is None and not clock.way and (word := LATEST.search(text, 0, at)):
            clock = replace(clock, start=word.start(), way="before")
        found.append(clock)
        at = clock.end
    return found


def _clock(text: str, at: int) -> Clock | None:
    before = _LESS.match(text, at) or _SHORT_OF.match(text, at)
    if before is not None:
        half = before["part"] or before.groupdict().get("half") or ""
        text = f"{half}{before['hour']}点"
        clock = _clock(text, 0)
        minutes = numbers.read(before["minutes"].replace("一刻", "十五"))
        if clock is None or minutes is None:
            return None
        when = datetime.combine(datetime.min + timedelta(1), clock.first)
        when -= timedelta(minutes=int(minutes))
        return replace(clock, first=when.time(), start=at, end=before.end())
    pair = _PAIR.match(text, at)
    if pair is not None:
        part = pair["part"] or ""
        first, last = (_clock(f"{part}{pair['tens'] or ''}{pair[n]}点", 0) for n in ("one", "two"))
        if first is not None and last is not None and first.first < last.first:
            return Clock(first.first, last.first, at, pair.end(), first.sure, True)
    match = _CLOCK.match(text, at)
    if match is None:
        return None
    hour = numbers.read(match["hour"])
    if hour is None or hour > 24:
        return None
    minute = _minutes(match)
    if minute is None:
        return None
    part = match["part"]
    h = int(hour) % 24
    name = _ALIASES.get(part, part) if part else None
    sure = True
    if name in ("下午", "傍晚", "晚上", "半夜") and h < 12:
        late = (name == "半夜" and h < 6) or (name == "晚上" and h == 0)
        h = h if late else h + 12
    elif name in ("晚上", "半夜") and h == 12:
        h = 0
    elif name == "中午" and h < 10:
        h += 12
    elif name is None and h < 13:
        sure = False
        if h and h < MORNING_BEGINS:
            h += 12
    return Clock(time(h, minute), None, at, match.end(), sure, bool(match["about"]))


def _minutes(match: re.Match[str]) -> int | None:
    rest = match["rest"]
    if not rest or rest == "整":
        return 0
    if rest == "半":
        return 30
    if rest.endswith("刻"):
        return 15 if rest[0] == "一" else 45
    minute = numbers.read(match["minute"])
    return int(minute) if minute is not None and minute < 60 else None


def _meant(clocks: list[Clock], text: str) -> Clock:
    """Return the clock that counts, in the half of the day that was said of one before it.

    晚上六点半，还是七点半稳当 is 19:30.
    """
    clock = meant(clocks, text)
    earlier = [each for each in clocks if each.start < clock.start and each.sure]
    afternoon = earlier and (earlier[-1].first.hour >= 12 and earlier[-1].last is None)
    if clock.sure or not afternoon or clock.last is not None or not 0 < clock.first.hour < 12:
        return clock
    return replace(clock, first=clock.first.replace(hour=clock.first.hour + 12), sure=True)


def completed(text: str, before: str, now: datetime) -> str:
    """Return a correction with what it leaves as it was said before.

    Of 周日上午九点，改成中午十二点 the day stays, of 明天下午三点，不对，后天 the time.
    """
    days, clocks = dates.find(text, now.date()), find(text)
    old_days, old_clocks = dates.find(before, now.date()), find(before)
    if days and not clocks and old_clocks:
        return text[: days[-1].end] + before[old_clocks[-1].start : old_clocks[-1].end]
    if not clocks:
        return text
    parts = [part for each in old_clocks if (part := _PART_ALONE.match(before, each.start))]
    part = parts[-1] if parts else None
    if part and not clocks[-1].sure:
        at = clocks[-1].start
        text = text[:at] + part[0] + text[at:]
    if old_days and not days:
        text = before[old_days[-1].start : old_days[-1].end] + text
    return text


def time_of_day(text: str, now: datetime) -> SlotValue | None:
    """Return the last time of the text: 20:30, or an interval for a part of the day.

    半小时以后 is counted from `now`.
    """
    found = find(text)
    if not found:
        soon = _soon(text, now)
        if soon is None or soon.text.startswith(_NO_TIME):
            return None
        return replace(soon, kind="time", value=soon.value[-5:])
    last = _meant(found, text)
    confidence = 0.95 if last.sure else 0.7
    said = text[last.start : last.end]
    return SlotValue("time", last.value, said, confidence, last.approximate, last.spoken())


def moment(text: str, now: datetime) -> SlotValue | None:
    """Return a day with its time: 后天晚上八点; as much of it as was said.

    A day alone is a date; a time alone is today's, tomorrow's when that has passed.
    """
    soon = _soon(text, now)
    if soon is not None:
        return soon
    days, clocks = dates.find(text, now.date()), find(text)
    if not days and not clocks:
        return None
    day = meant(days, text) if days else None
    if day and clocks and _until_then(text, day) and clocks[-1].last is None:
        # 最迟后天上午十一点
        latest = _meant(clocks, text)
        value = f"../{day.last}T{_iso(latest.first)}"
        said = text[min(day.start, latest.start) : max(day.end, latest.end)]
        spoken = f"{day.spoken()}，{latest.spoken()}"
        return SlotValue("datetime", value, said, 0.9, True, spoken)
    if day and (not clocks or None in (day.first, day.last)):
        return SlotValue(
            "datetime", day.value, text[day.start : day.end], 0.9, day.approximate, day.spoken()
        )
    if row := _row(days, clocks, text):
        return row
    clock = _meant(clocks, text)
    if days:
        day = meant(days, text)
        assert day.first is not None
        assert day.last is not None
        first_day, last_day = day.first, day.last
        said = text[min(day.start, clock.start) : max(day.end, clock.end)]
        spoken, about = f"{day.spoken()}，{clock.spoken()}", day.approximate
    else:
        first_day = now.date()
        last = clock.last or clock.first
        passed = datetime.combine(first_day, last) <= now.replace(tzinfo=None)
        if passed and clock.last != MIDNIGHT:
            first_day += timedelta(1)
        last_day = first_day
        said = text[clock.start : clock.end]
        named = "今天" if first_day == now.date() else "明天"
        spoken, about = f"{named}{clock.spoken()}", clock.approximate
    begin = f"{first_day.isoformat()}T{_iso(clock.first)}"
    value = begin
    if clock.way:
        end = first_day + timedelta(clock.first == MIDNIGHT)
        before = f"../{end.isoformat()}T{_iso(clock.first)}"
        value = f"{begin}/.." if clock.way == "after" else before
    elif clock.last is not None or first_day != last_day:
        until = clock.last or clock.first
        end_day = last_day + timedelta(1) if clock.last == MIDNIGHT else last_day
        value = f"{begin}/{end_day.isoformat()}T{_iso(until)}"
    return SlotValue("datetime", value, said, 0.95 if clock.sure else 0.75, about, spoken)


def _until_then(text: str, day: Days) -> bool:
    """Tell whether the day begins with 最迟: a Days that is open holds that word."""
    return day.first is None and text[day.start] in "最不顶"


def _row(days: list[Days], clocks: list[Clock], text: str) -> SlotValue | None:
    """Return 周五下午五点到周日晚上十点 as one interval."""
    for before, after in pairwise(days):
        begin = next((each for each in clocks if before.end <= each.start < after.start), None)
        end = next((each for each in clocks if each.start >= after.end), None)
        if (
            begin is None
            or end is None
            or begin.last
            or end.last
            or None in (before.first, after.first)
        ):
            continue
        if _TO.fullmatch(text[begin.end : after.start]):
            value = f"{before.first}T{_iso(begin.first)}/{after.first}T{_iso(end.first)}"
            spoken = f"{before.spoken()}，{begin.spoken()}到{after.spoken()}，{end.spoken()}"
            return SlotValue("datetime", value, text[before.start : end.end], 0.9, False, spoken)
    return None


_SOON = re.compile(
    f"(?:过|再过|等)?(?P<length>(?:{numbers.NUMBER}|几|一会)[^，。]{{0,6}}?)(?:之后|以后|过后|后)|过(?P<passed>(?:{numbers.NUMBER}|几)[^，。]{{0,6}})|(?P<while>一会儿?|等会儿?|待会儿?|等一下)"
)
_NO_TIME = ("一会", "等会", "待会", "等一下")
"""一会儿再看 puts off, and names no time of the day."""
WHILE_MINUTES = 30
"""一会儿, for who has to choose a time."""


def _soon(text: str, now: datetime) -> SlotValue | None:
    """半小时后, 过两个小时: a moment counted from now; days are left to the dates."""
    for match in reversed(list(_SOON.finditer(text))):
        if match["while"]:
            if dates.find(text, now.date()) or find(text):
                return None
            when = now + timedelta(minutes=WHILE_MINUTES)
            return _at(when, match[0], True)
        length = duration(match["length"] or match["passed"])
        if length is None or "T" not in length.value:
            continue
        parts = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?", length.value)
        if parts is None:
            continue
        when = now + timedelta(hours=int(parts[1] or 0), minutes=int(parts[2] or 0))
        return _at(when, match[0], length.approximate)
    return None


def _at(when: datetime, said: str, about: bool) -> SlotValue:
    value = when.strftime("%Y-%m-%dT%H:%M")
    spoken = f"{_time_spoken(when.time())}左右"
    return SlotValue("datetime", value, said, 0.8, about, spoken)


def _until(moment: time) -> str:
    return "24:00" if moment == MIDNIGHT else _iso(moment)


def _iso(moment: time) -> str:
    return moment.strftime("%H:%M")


def _time_spoken(moment: time) -> str:
    hour = moment.hour
    if hour < 6:
        part = "凌晨"
    elif hour < 9:
        part = "早上"
    elif hour < 12:
        part = "上午"
    elif hour < 13:
        part = "中午"
    elif hour < 18:
        part = "下午"
    else:
        part = "晚上"
    shown = hour - 12 if hour > 12 else hour
    said = "两" if shown == 2 else numbers.spoken(Decimal(shown)) if shown else "零"
    minutes = moment.minute
    rest = (
        "半"
        if minutes == 30
        else f"{'零' if minutes < 10 else ''}{numbers.spoken(Decimal(minutes))}分"
        if minutes
        else ""
    )
    return f"{part}{said}点{rest}"
