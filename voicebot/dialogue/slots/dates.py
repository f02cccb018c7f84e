"""Days, relative to a given now: 下周三, 后天, 月底, 过年后, 十二月五号."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from voicebot.dialogue.slots import festivals, numbers
from voicebot.dialogue.slots.days import LATEST, Days, add_months, date_or_none, whole, year_of

_N = "[零〇一二两三四五六七八九十0-9]{1,3}"

_DAYS = {
    **dict.fromkeys(("大前天", "大前儿个", "大前儿"), -3),
    **dict.fromkeys(("前天", "前日", "前儿个", "前儿"), -2),
    **dict.fromkeys(("昨天", "昨日", "昨晚", "昨儿个", "昨儿", "夜来"), -1),
    **dict.fromkeys(("今天", "今儿个", "今儿", "今日", "今晚", "今早", "当天"), 0),
    **dict.fromkeys(("明天", "明儿个", "明儿", "明个儿", "明朝", "明日", "明早", "明晚"), 1),
    **dict.fromkeys(("后天", "后日", "后儿个", "后儿", "后个儿"), 2),
    **dict.fromkeys(("大后天", "大后儿个", "大后儿", "大后个儿"), 3),
}
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6,
             "1": 0, "2": 1, "3": 2, "4": 3, "5": 4, "6": 5, "7": 6}  # fmt: skip

_DAY = "|".join(sorted(_DAYS, key=len, reverse=True))
_WEEK = "(?:周|星期|礼拜)"
_SHIFT = "(?P<shift>(?:下下|上上|下|上|这|本)?(?:一)?个?)"

MONTH_PARTS = {"初": (1, 10), "上旬": (1, 10), "中": (11, 20), "中旬": (11, 20),
               "下旬": (21, 0), "底": (-9, 0), "末": (-9, 0)}  # fmt: skip
"""月初, 月中, 月底, 上旬: first and last day; 0 and less count back from the last."""


def find(text: str, today: date) -> list[Days]:
    """Return every day or row of days in `text`, in order; longer readings win."""
    found: list[Days] = []
    at = 0
    while at < len(text):
        best: Days | None = None
        for pattern, read in _READERS:
            match = pattern.match(text, at)
            if match is None:
                continue
            days = read(match, today)
            if days and read is _festival and _told(text, days) and _to_come(days, today):
                days = read(match, add_months(today, -12))
            if days is not None and (best is None or days.end > best.end):
                best = days
        if best is None:
            at += 1
        else:
            best = _open(text, _past(best, today) if _told(text, best) else best)
            if found and (row := _row(text, found[-1], best)):
                best = row
                found.pop()
            if not (found and _only_names(found[-1], best)):
                found.append(best)
            at = best.end
    return [days for days in found if not _NOT_THESE.search(text[: days.start])]


_JOINED = re.compile("的?(?:到|至|-|~|—|和|跟|与|、|，)?")
_NOT_THESE = re.compile("(?:除了|除开|除去|农历|阴历|旧历|腊月)$")
"""Days that are left out, or of the moon's calendar, which is asked about again."""


def _only_names(before: Days, weekday: Days) -> bool:
    """Tell whether a weekday only says which one a day is: 一月九号，星期六."""
    day = before.first if before.first == before.last else None
    named = weekday.first if weekday.bare == "week" else None
    return bool(day and named and before.bare != "week" and day.weekday() == named.weekday())


def _to_come(days: Days, today: date) -> bool:
    return (days.first or days.last or today) > today


def _row(text: str, before: Days, after: Days) -> Days | None:
    """Return 下周一到周三 and 周六周日 as one row of days.

    What is counted from today elsewhere is counted from the first day here: 下周三到周五.
    """
    if before.first is None or after.first is None or after.last is None:
        return None
    between = text[before.end : after.start]
    if not _JOINED.fullmatch(between):
        return None
    first, last = before.first, after.last
    if after.first == after.last:
        if after.bare == "week":
            last = first + timedelta((last - first).days % 7)
        elif after.bare == "month" and last < first:
            last = date_or_none(first.year, first.month, last.day) or last
    adjacent = last - (before.last or first) <= timedelta(1)
    spanned = between.strip("的") in ("到", "至", "-", "~", "—")
    if last <= first or not (spanned or adjacent):
        return None
    return Days(first, last, before.start, after.end, before.approximate or after.approximate)


_TOLD = re.compile(
    "(?:买|下单?|拍|收|签收|付款?|寄|发货?|退|到货?|订|取|送|换|交|打|来|抢到?)(?:的|了|过(?![来去]))|收到|上次|当时|那会儿|已经"
)
"""The sentence tells of something that has happened."""


def _told(text: str, days: Days) -> bool:
    """Tell whether the clause of a day tells of something that has happened."""
    begin = max(text.rfind("，", 0, days.start), 0)
    end = text.find("，", days.end)
    return bool(_TOLD.search(text, begin, end if end >= 0 else len(text)))


def _past(days: Days, today: date) -> Days:
    """Return the last such day instead of the next: 三号买的, 周一收到的."""
    if days.first is None or days.first != days.last or not days.bare or days.first <= today:
        return days
    if days.bare == "week":
        return replace(days, first=days.first - timedelta(7), last=days.first - timedelta(7))
    months = 12 if days.bare == "year" else 1
    day = add_months(days.first, -months)
    return replace(days, first=day, last=day)


_BEFORE = re.compile("(?:之前|以前|前)(?![天晌])")
_AFTER = re.compile("(?:之后|以后|往后|后|起|开始)(?![天晌])")


_WORKING = re.compile("(?:上班|开工|开业|回来|返工|复工)(?:之后|以后|后)")


def _open(text: str, days: Days) -> Days:
    """Return 十号以前 and 下周一以后 as days that are open on one side."""
    if days.first is None or days.last is None:
        return days
    if before := LATEST.search(text[: days.start]):
        return Days(None, days.last, before.start(), days.end, True)
    said = text[days.start : days.end]
    if said.endswith(("前", "后")):  # 三天后 is a day
        return days
    if worked := _WORKING.match(text, days.end):
        return Days(days.last, None, days.start, worked.end(), True)
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
    month, day = whole(month_text), whole(day_text)
    if month is None or day is None:
        return None
    year = year_of(match["year"], today)
    found = date_or_none(year or today.year, month, day)
    if found is None:
        return None
    # A day without a year is the next one, or, when it has just been, the last one.
    if year is None and (today - found).days > 90:
        found = date_or_none(today.year + 1, month, day) or found
    return replace(_one(found, match), bare="" if year else "year")


def _day_of_month(match: re.Match[str], today: date) -> Days | None:
    day = whole(match["day"])
    if day is None:
        return None
    shift = match["month"] or ""
    first = add_months(today.replace(day=1), _weeks(shift))
    found = date_or_none(first.year, first.month, day)
    if found is not None and not shift and found < today:
        first = add_months(first, 1)
        found = date_or_none(first.year, first.month, day)
    return replace(_one(found, match), bare="" if shift else "month") if found else None


def _part_of_month(match: re.Match[str], today: date) -> Days | None:
    named = whole(match["named"]) if match["named"] else None
    if match["named"] and (named is None or not 1 <= named <= 12):
        return None
    if named is not None:
        year = year_of(match["year"], today) or today.year + (named < today.month)
        first = date(year, named, 1)
    else:
        first = add_months(today.replace(day=1), _weeks(match["shift"] or ""))
    last = add_months(first, 1) - timedelta(1)
    part = match["part"]
    if not part:
        return Days(first, last, match.start(), match.end())
    begin, end = MONTH_PARTS[part]
    begin_day = first.replace(day=begin) if begin > 0 else last + timedelta(begin)
    end_day = first.replace(day=end) if end > 0 else last
    return Days(begin_day, end_day, match.start(), match.end(), True)


def _last_of_month(match: re.Match[str], today: date) -> Days | None:
    first = add_months(today.replace(day=1), _weeks(match["shift"] or "") + 1)
    return _one(first - timedelta(1), match)


def _part_of_year(match: re.Match[str], today: date) -> Days | None:
    year = year_of(match["year"], today) or today.year
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
        return add_months(today, count)
    if "年" in unit:
        return add_months(today, 12 * count)
    return today + timedelta(7 * count)


def _festival(match: re.Match[str], today: date) -> Days | None:
    name = next(each for each in festivals.WORDS if match[each])
    year = year_of(match["year"], today)
    day = festivals.day(name, year or today.year)
    if day is not None and year is None and day < today:
        day = festivals.day(name, today.year + 1)
    if day is None:
        return None
    way = match["way"] or ""
    if shift := re.fullmatch("(?P<before>[前头])?第?(?P<count>.)天", way):
        count = 2 if shift["count"] == "两" else int(numbers.read(shift["count"]) or 1)
        return _one(day + timedelta(-count if shift["before"] else count - 1), match)
    if way in ("前一天", "后一天"):
        return _one(day + timedelta(1 if way == "后一天" else -1), match)
    if not way and match["over"]:
        return Days(day + timedelta(1), None, match.start(), match.end(), True)
    if way in ("", "当天", "那天"):
        return _one(day, match)
    if "前" in way:
        return Days(None, day - timedelta(1), match.start(), match.end(), True)
    return Days(day + timedelta(1), None, match.start(), match.end(), True)


def _first_month(match: re.Match[str], today: date) -> Days | None:
    """大年初三, 正月初八, 初六: days of the Spring Festival's month."""
    number = whole((match["day"] or match["bare"]).removeprefix("初"))
    day = festivals.day("spring", today.year)
    if day is None or number is None:
        return None
    if day + timedelta(number - 1) < today:
        day = festivals.day("spring", today.year + 1)
    return _one(day + timedelta(number - 1), match) if day else None


def _days_near(match: re.Match[str], today: date) -> Days | None:
    """今明两天, 明后天."""
    first = "今明后".index(match["first"])
    return Days(today + timedelta(first), today + timedelta(first + 1), match.start(), match.end())


def _two_of_month(match: re.Match[str], today: date) -> Days | None:
    """三四号, 十二月二十四五号."""
    tens = match["tens"] or ""
    first, last = whole(tens + match["day"]), whole(tens + match["last"])
    return _days_of_month(match, first, last, today) if last == (first or 0) + 1 else None


def _row_of_month(match: re.Match[str], today: date) -> Days | None:
    """十二月三到八号, 三到五号."""
    return _days_of_month(match, whole(match["day"]), whole(match["last"]), today)


def _days_of_month(
    match: re.Match[str], first: int | None, last: int | None, today: date
) -> Days | None:
    if first is None or last is None or first >= last:
        return None
    if match["month"]:
        month = whole(match["month"])
        begin = date_or_none(today.year, month, first) if month else None
        if begin is not None and (today - begin).days > 90:
            begin = date_or_none(today.year + 1, begin.month, first)
    else:
        begin = date_or_none(today.year, today.month, first)
        if begin is None or begin < today:
            begin = add_months(today.replace(day=1), 1).replace(day=min(first, 28))
    end = date_or_none(begin.year, begin.month, last) if begin else None
    if begin is None or end is None:
        return None
    return Days(begin, end, match.start(), match.end())


def _after_the_year(match: re.Match[str], today: date) -> Days | None:
    """年后 and 年前 are said of the Spring Festival."""
    day = festivals.day("spring", today.year)
    if day is not None and day < today:
        day = festivals.day("spring", today.year + 1)
    if day is None:
        return None
    if match["way"] == "前":
        return Days(None, day - timedelta(1), match.start(), match.end(), True)
    return Days(day + timedelta(1), None, match.start(), match.end(), True)


_YEAR = "(?P<year>今年|明年|去年|后年|前年|[零〇一二三四五六七八九0-9]{2,4}年)?的?"

Reader = Callable[[re.Match[str], date], Days | None]

_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (re.compile(f"(?P<day>{_DAY})"), _relative_day),
    (re.compile("(?P<first>[今明])[明后](?:两天|天)"), _days_near),
    (
        re.compile(
            f"(?:(?P<month>{_N})月份?)?(?P<day>{_N})(?:号|日)?(?:到|至|-)(?P<last>{_N})(?:号|日)"
        ),
        _row_of_month,
    ),
    (
        re.compile(
            f"(?:(?P<month>{_N})月份?)?(?P<tens>[二三]?十)?(?P<day>[一二三四五六七八])(?P<last>[二三四五六七八九])(?:号|日)"
        ),
        _two_of_month,
    ),
    (
        re.compile(
            "(?:大年|年|正月|过年|春节)(?P<day>初[一二三四五六七八九十])|(?<![月年])(?P<bare>初[二三五六七八九十])(?![中高期])"
        ),
        _first_month,
    ),
    (re.compile(f"{_SHIFT}{_WEEK}的?{_WEEK}?(?P<weekday>[一二三四五六日天1-7])"), _weekday),
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
        re.compile("(?P<shift>(?:下下|上上|下|上|这|本)个?)?月[底末]?的?最后一天"),
        _last_of_month,
    ),
    (
        re.compile(
            "(?P<shift>(?:下下|上上|下|上|这|本)个?)?(?P<named>(?!))?月的?月?(?P<part>[上中下]旬|[底初中末])"
        ),
        _part_of_month,
    ),
    (
        re.compile(
            f"(?P<shift>(?!))?{_YEAR}(?P<named>{_N})月份?的?(?P<part>[上中下]旬|[底初中末])?"
        ),
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
            f"(?P<year>今年|明年|去年)?(?:等|等到)?(?P<over>过了|过完|过)?(?:{festivals.PATTERN})"
            "的?(?P<way>[前头][一两三]天|[前后]一天|第[二三四五]天|当天|那天|之后|以后|过后|过完|过了|完|后|之前|以前|前)?"
        ),
        _festival,
    ),
    (re.compile("(?:等)?(?:过完|过了)?年(?P<way>后|前|以后|之后)"), _after_the_year),
    (re.compile("(?:等)?(?:过完|过了)(?P<way>年)"), _after_the_year),
)
