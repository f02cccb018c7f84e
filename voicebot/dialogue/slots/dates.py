"""Days, relative to a given now: 下周三, 后天, 月底, 过年后, 十二月五号."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from voicebot.dialogue.slots import numbers

_N = "[零〇一二两三四五六七八九十0-9]{1,3}"

_DAYS = {
    "大前天": -3,
    "前天": -2,
    **dict.fromkeys(("昨天", "昨日", "昨晚"), -1),
    **dict.fromkeys(("今天", "今儿", "今日", "今晚", "今早", "当天"), 0),
    **dict.fromkeys(("明天", "明儿", "明日", "明早", "明晚"), 1),
    **dict.fromkeys(("后天", "后儿"), 2),
    "大后天": 3,
}
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6,
             "1": 0, "2": 1, "3": 2, "4": 3, "5": 4, "6": 5, "7": 6}  # fmt: skip

_DAY = "|".join(sorted(_DAYS, key=len, reverse=True))
_WEEK = "(?:周|星期|礼拜)"
_SHIFT = "(?P<shift>(?:下下|上上|下|上|这|本)?(?:一)?个?)"

FESTIVALS = {
    "new_year": "元旦",
    "spring": "春节|过年|新年|大年初一|年初一",
    "spring_eve": "除夕|大年三十|年三十",
    "lantern": "元宵节?|正月十五",
    "women": "三八节|妇女节",
    "tomb": "清明节?",
    "labour": "五一(?:劳动节|节|假期)?|劳动节",
    "dragon": "端午节?",
    "mid_year": "六一八",
    "moon": "中秋节?|八月十五",
    "national": "十一(?:假期|长假|黄金周)|国庆节?(?:假期)?",
    "eleven": "双十一|双11",
    "twelve": "双十二|双12",
    "christmas": "圣诞节?",
}
_FESTIVAL = "|".join(f"(?P<{name}>{words})" for name, words in FESTIVALS.items())
_FIXED = {
    "new_year": (1, 1),
    "women": (3, 8),
    "labour": (5, 1),
    "mid_year": (6, 18),
    "national": (10, 1),
    "eleven": (11, 11),
    "twelve": (12, 12),
    "christmas": (12, 25),
}
_HOLIDAYS = {"spring": "Chinese New Year (Spring Festival)", "tomb": "Tomb-Sweeping Day",
             "dragon": "Dragon Boat Festival", "moon": "Mid-Autumn Festival"}  # fmt: skip

MONTH_PARTS = {"初": (1, 10), "中": (11, 20), "底": (-9, 0), "末": (-9, 0)}
"""月初, 月中, 月底: first and last day; negative ones count back from the month's last day."""


@dataclass(frozen=True, slots=True)
class Days:
    """One day, or the first and last of several."""

    first: date | None
    last: date | None
    """None: open, as 过年后 and 月底前 are."""
    start: int
    end: int
    approximate: bool = False
    bare: str = ""
    """Every `week`, `month` or `year` has such a day: 周三, 三号, 五月三号."""

    @property
    def value(self) -> str:
        """Return it as ISO 8601: a date, or first/last."""
        first, last = (day.isoformat() if day else ".." for day in (self.first, self.last))
        return first if first == last else f"{first}/{last}"

    def spoken(self) -> str:
        """Return it as one says it: 十二月二号，星期三."""
        if self.first is None or self.last is None:
            day = self.first or self.last
            way = "以后" if self.first else "以前"
            return f"{_day_spoken(day)}{way}" if day else ""
        if self.first != self.last:
            return f"{_day_spoken(self.first)}到{_day_spoken(self.last)}"
        return f"{_day_spoken(self.first)}，星期{'一二三四五六日'[self.first.weekday()]}"


def find(text: str, today: date) -> list[Days]:
    """Return every day or row of days in `text`, in order; longer readings win."""
    found: list[Days] = []
    told = _TOLD.search(text) is not None
    at = 0
    while at < len(text):
        best: Days | None = None
        for pattern, read in _READERS:
            match = pattern.match(text, at)
            if match is None:
                continue
            days = read(match, today)
            if days is not None and (best is None or days.end > best.end):
                best = days
        if best is None:
            at += 1
        else:
            best = _open(text, _past(best, today) if told else best)
            found.append(best)
            at = best.end
    return found


_TOLD = re.compile(
    "(?:买|下单?|拍|收|签收|付款?|寄|发货?|退|到货?|订|取|送|换|交|打|来)(?:的|了|过)|收到|上次|当时|那天|那会儿|已经"
)
"""The sentence tells of something that has happened."""


def _past(days: Days, today: date) -> Days:
    """Return the last such day instead of the next: 三号买的, 周一收到的."""
    if days.first is None or days.first != days.last or not days.bare or days.first <= today:
        return days
    if days.bare == "week":
        return replace(days, first=days.first - timedelta(7), last=days.first - timedelta(7))
    months = 12 if days.bare == "year" else 1
    day = _add_months(days.first, -months)
    return replace(days, first=day, last=day)


_BEFORE = re.compile("(?:之前|以前|前)(?!天)")
_AFTER = re.compile("(?:之后|以后|后|起|开始)(?!天)")


def _open(text: str, days: Days) -> Days:
    """Return 十号以前 and 下周一以后 as days that are open on one side."""
    if days.first is None or days.last is None:
        return days
    said = text[days.start : days.end]
    if said.endswith(("前", "后")):  # 三天后 is a day
        return days
    if before := _BEFORE.match(text, days.end):
        # 月底以前 is before the month's end, 周末以前 before Saturday.
        last = days.last if days.approximate else days.first
        return Days(None, last, days.start, before.end(), True)
    if after := _AFTER.match(text, days.end):
        return Days(days.last, None, days.start, after.end(), True)
    return days


def _one(day: date, match: re.Match[str]) -> Days:
    return Days(day, day, match.start(), match.end())


def _relative_day(match: re.Match[str], today: date) -> Days | None:
    return _one(today + timedelta(_DAYS[match["day"]]), match)


def _weeks(shift: str) -> int:
    return shift.count("下") - shift.count("上")


def _weekday(match: re.Match[str], today: date) -> Days | None:
    monday = today - timedelta(today.weekday())
    day = monday + timedelta(7 * _weeks(match["shift"]) + _WEEKDAYS[match["weekday"]])
    if not match["shift"] and day < today:
        day += timedelta(7)
    return replace(_one(day, match), bare="" if match["shift"] else "week")


def _weekend(match: re.Match[str], today: date) -> Days | None:
    saturday = today - timedelta(today.weekday()) + timedelta(5 + 7 * _weeks(match["shift"]))
    return Days(saturday, saturday + timedelta(1), match.start(), match.end())


def _week(match: re.Match[str], today: date) -> Days | None:
    monday = today - timedelta(today.weekday()) + timedelta(7 * _weeks(match["shift"]))
    return Days(monday, monday + timedelta(6), match.start(), match.end())


def _calendar(match: re.Match[str], today: date) -> Days | None:
    month_text, day_text = match["month"], match["day"]
    month, day = _int(month_text), _int(day_text)
    if month is None or day is None:
        return None
    year = _year(match["year"], today)
    found = _date(year or today.year, month, day)
    if found is None:
        return None
    # A day without a year is the next one, or, when it has just been, the last one.
    if year is None and (today - found).days > 90:
        found = _date(today.year + 1, month, day) or found
    return replace(_one(found, match), bare="" if year else "year")


def _day_of_month(match: re.Match[str], today: date) -> Days | None:
    day = _int(match["day"])
    if day is None:
        return None
    shift = match["month"] or ""
    first = _add_months(today.replace(day=1), _weeks(shift))
    found = _date(first.year, first.month, day)
    if found is not None and not shift and found < today:
        first = _add_months(first, 1)
        found = _date(first.year, first.month, day)
    return replace(_one(found, match), bare="" if shift else "month") if found else None


def _part_of_month(match: re.Match[str], today: date) -> Days | None:
    named = _int(match["named"]) if match["named"] else None
    if match["named"] and (named is None or not 1 <= named <= 12):
        return None
    if named is not None:
        year = _year(match["year"], today) or today.year + (named < today.month)
        first = date(year, named, 1)
    else:
        first = _add_months(today.replace(day=1), _weeks(match["shift"] or ""))
    last = _add_months(first, 1) - timedelta(1)
    part = match["part"]
    if not part:
        return Days(first, last, match.start(), match.end())
    begin, end = MONTH_PARTS[part]
    if begin < 0:
        begin_day, end_day = last + timedelta(begin), last
    else:
        begin_day, end_day = first.replace(day=begin), first.replace(day=end)
    return Days(begin_day, end_day, match.start(), match.end(), True)


def _part_of_year(match: re.Match[str], today: date) -> Days | None:
    year = _year(match["year"], today) or today.year
    if match["part"] == "初":
        if match["year"] is None and today.month > 1:
            year += 1
        return Days(date(year, 1, 1), date(year, 1, 31), match.start(), match.end(), True)
    return Days(date(year, 12, 1), date(year, 12, 31), match.start(), match.end(), True)


def _in_time(match: re.Match[str], today: date) -> Days | None:
    text = match["number"]
    if text == "几":
        count, about = 3, True
    elif text == "半":
        count, about = 0, False
    else:
        found = numbers.find(text)
        if not found or found[0].value % 1:
            return None
        count, about = int(found[0].value), found[0].approximate
        if found[0].high is not None:
            high = int(found[0].high)
            near = _shifted(today, count, match["unit"])
            far = _shifted(today, high, match["unit"])
            return Days(near, far, match.start(), match.end(), True)
    unit = match["unit"]
    if text == "半":
        if "月" not in unit:
            return None
        day = today + timedelta(15)
    else:
        day = _shifted(today, count, unit)
    if match["way"] and "前" in match["way"]:
        day = today - (day - today)
    return Days(day, day, match.start(), match.end(), about)


def _shifted(today: date, count: int, unit: str) -> date:
    if "天" in unit or "日" in unit:
        return today + timedelta(count)
    if "月" in unit:
        return _add_months(today, count)
    if "年" in unit:
        return _add_months(today, 12 * count)
    return today + timedelta(7 * count)


def _festival(match: re.Match[str], today: date) -> Days | None:
    name = next(each for each in FESTIVALS if match[each])
    year = _year(match["year"], today)
    day = _festival_day(name, year or today.year)
    if day is not None and year is None and day < today:
        day = _festival_day(name, today.year + 1)
    if day is None:
        return None
    match match["way"]:
        case None:
            return _one(day, match)
        case "前" | "之前" | "以前":
            return Days(None, day - timedelta(1), match.start(), match.end(), True)
        case _:
            return Days(day + timedelta(1), None, match.start(), match.end(), True)


def _after_the_year(match: re.Match[str], today: date) -> Days | None:
    """年后 and 年前 are said of the Spring Festival."""
    day = _festival_day("spring", today.year)
    if day is not None and day < today:
        day = _festival_day("spring", today.year + 1)
    if day is None:
        return None
    if match["way"] == "前":
        return Days(None, day - timedelta(1), match.start(), match.end(), True)
    return Days(day + timedelta(1), None, match.start(), match.end(), True)


def _festival_day(name: str, year: int) -> date | None:
    if name in _FIXED:
        return date(year, *_FIXED[name])
    found = _lunar(year)
    if name == "spring_eve":
        return found["spring"] - timedelta(1) if "spring" in found else None
    if name == "lantern":
        return found["spring"] + timedelta(14) if "spring" in found else None
    return found.get(name)


@lru_cache(maxsize=16)
def _lunar(year: int) -> dict[str, date]:
    """Return the days of a year that follow the moon or the sun."""
    # Takes 0.3 s to import, and few callers speak of a festival.
    import holidays

    calendar = holidays.country_holidays("CN", years=year, language="en_US")
    names = {label: name for name, label in _HOLIDAYS.items()}
    found: dict[str, date] = {}
    for day, label in sorted(calendar.items()):
        for part in label.split("; "):
            if part in names:
                found.setdefault(names[part], day)
    return found


def _year(text: str | None, today: date) -> int | None:
    if not text:
        return None
    relative = {"今年": 0, "明年": 1, "去年": -1, "后年": 2, "前年": -2}
    if text in relative:
        return today.year + relative[text]
    number = numbers.read(text.removesuffix("年"))
    if number is None:
        return None
    return int(number) if number > 100 else 2000 + int(number)


def _int(text: str) -> int | None:
    number = numbers.read(text)
    return int(number) if number is not None and number % 1 == 0 else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for last in range(day.day, 0, -1):
        found = _date(year, month + 1, last)
        if found is not None:
            return found
    raise ValueError(f"no day in month {month + 1} of {year}")


def _day_spoken(day: date) -> str:
    month, number = (numbers.spoken(Decimal(each)) for each in (day.month, day.day))
    return f"{month}月{number}号"


_YEAR = "(?P<year>今年|明年|去年|后年|前年|[零〇一二三四五六七八九0-9]{2,4}年)?的?"

Reader = Callable[[re.Match[str], date], Days | None]

_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (re.compile(f"(?P<day>{_DAY})"), _relative_day),
    (re.compile(f"{_SHIFT}{_WEEK}(?P<weekday>[一二三四五六日天1-7])"), _weekday),
    (re.compile(f"{_SHIFT}(?:周末|星期末|礼拜末)"), _weekend),
    (
        re.compile(
            "(?P<shift>(?:下下|上上|下|上|这|本)(?:一)?个?)(?:周|星期|礼拜)(?![一二三四五六日天末])"
        ),
        _week,
    ),
    (re.compile(f"{_YEAR}(?P<month>{_N})月份?(?P<day>{_N})(?:号|日)?"), _calendar),
    (re.compile(r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})"), _calendar),
    (
        re.compile(
            f"(?P<month>(?:下下|上上|下|上|这|本)个?月)?的?(?P<day>{_N})(?:号|日)(?!线|楼|院|门|店)"
        ),
        _day_of_month,
    ),
    (
        re.compile(
            "(?P<shift>(?:下下|上上|下|上|这|本)个?)?(?P<named>(?!))?月的?(?P<part>[底初中末])"
        ),
        _part_of_month,
    ),
    (
        re.compile(f"(?P<shift>(?!))?{_YEAR}(?P<named>{_N})月份?的?(?P<part>[底初中末])?"),
        _part_of_month,
    ),
    (
        re.compile("(?P<shift>(?:下下|上上|下|上|这|本)个?)(?P<named>(?!))?月(?P<part>(?!))?"),
        _part_of_month,
    ),
    (re.compile("(?P<year>今年|明年|去年)?年(?P<part>[底初末])"), _part_of_year),
    (re.compile("(?P<year>今年|明年|去年)(?P<part>[底初末])"), _part_of_year),
    (
        re.compile(
            f"(?:过|再过|再等|等)(?:个)?(?P<number>{_N}|几|半)(?P<unit>天|日|个?星期|周|个?礼拜|个月|年)(?P<way>之后|以后|后)?"
        ),
        _in_time,
    ),
    (
        re.compile(
            f"(?P<number>{_N}|几|半)(?P<unit>天|日|个?星期|周|个?礼拜|个月|年)(?P<way>之后|以后|后|之前|以前|前)"
        ),
        _in_time,
    ),
    (
        re.compile(
            f"(?P<year>今年|明年|去年)?(?:等|等到)?(?:过了|过完|过)?(?:{_FESTIVAL})(?P<way>之后|以后|过后|完|后|之前|以前|前)?"
        ),
        _festival,
    ),
    (re.compile("(?:等)?(?:过完|过了)?年(?P<way>后|前|以后|之后)"), _after_the_year),
    (re.compile("(?:等)?(?:过完|过了)(?P<way>年)"), _after_the_year),
)
