"""What kind of day a date is in a country: a workday, a weekend or a holiday.

Mainland China moves workdays: a Saturday may be one, and a Tuesday of the Spring Festival not.
`chinesecalendar` has the days that the State Council announced, each autumn for the next year.
For other countries, and for Chinese years not yet announced, `holidays` counts them out.
"""

from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

import chinese_calendar
import holidays

NOT_ANNOUNCED_DAYS = 3
"""Around each Chinese holiday of a year whose moved workdays are not known yet, so many days on
either side count as a holiday too: rather a call too few than one into somebody's festival."""

SATURDAY = 5
_FIRST: date = min(chinese_calendar.holidays)
_LAST: date = max(chinese_calendar.holidays)


class DayKind(StrEnum):
    """As calling windows tell days apart."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


class NoCalendar(LookupError):
    """A country whose holidays are not known: nothing is called there on any day."""


@lru_cache(maxsize=4096)
def day_kind(day: date, country: str) -> DayKind:
    """Return the kind of a day in a country such as `CN`. Raises `NoCalendar`."""
    if country == "CN":
        # Moved workdays first: one of them may lie within a festival of the counted calendar.
        if day in chinese_calendar.workdays:
            return DayKind.WORKDAY
        if day in chinese_calendar.holidays:
            return DayKind.HOLIDAY
        if chinese_announced(day.year):
            return _week(day)
    around = NOT_ANNOUNCED_DAYS if country == "CN" else 0
    days = (day + timedelta(days=offset) for offset in range(-around, around + 1))
    if any(each in _counted(country, each.year) for each in days):
        return DayKind.HOLIDAY
    return _week(day)


def _week(day: date) -> DayKind:
    return DayKind.WEEKEND if day.weekday() >= SATURDAY else DayKind.WORKDAY


def chinese_announced(year: int) -> bool:
    """Tell whether the moved workdays of a year are in the library."""
    return _FIRST.year <= year <= _LAST.year


@lru_cache(maxsize=256)
def _counted(country: str, year: int) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError as error:
        raise NoCalendar(country) from error
