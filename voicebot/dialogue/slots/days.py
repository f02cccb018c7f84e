"""One day or several, and steps through the calendar."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from voicebot.dialogue.slots import numbers

LATEST = re.compile("(?:最迟|最晚|不晚于|不迟于|顶多到|最多到)(?:是|到|在|要)?$")
"""What stands before the last day or time that suits."""


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


def year_of(text: str | None, today: date) -> int | None:
    """Return the year that 明年 or 二六年 is."""
    if not text:
        return None
    relative = {"今年": 0, "明年": 1, "去年": -1, "后年": 2, "前年": -2}
    if text in relative:
        return today.year + relative[text]
    number = numbers.read(text.removesuffix("年"))
    if number is None:
        return None
    return int(number) if number > 100 else 2000 + int(number)


def whole(text: str) -> int | None:
    """Return the whole number that `text` is."""
    number = numbers.read(text)
    return int(number) if number is not None and number % 1 == 0 else None


def date_or_none(year: int, month: int, day: int) -> date | None:
    """Return a date, None where the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, or the last one of that month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for last in range(day.day, 0, -1):
        found = date_or_none(year, month + 1, last)
        if found is not None:
            return found
    raise ValueError(f"no day in month {month + 1} of {year}")


def _day_spoken(day: date) -> str:
    month, number = (numbers.spoken(Decimal(each)) for each in (day.month, day.day))
    return f"{month}月{number}号"
