"""How often one number may be called.

Rolling periods and calendar days are different things: three calls a day allow two before midnight
and three after it, one in 24 hours does not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Purpose(StrEnum):
    """What a call is for."""

    MARKETING = "marketing"
    SERVICE = "service"
    SURVEY = "survey"


class CalendarPeriod(StrEnum):
    """As the callee's calendar has it; a week begins on Monday."""

    DAY = "calendar day"
    WEEK = "calendar week"
    MONTH = "calendar month"


@dataclass(frozen=True, slots=True)
class PastCall:
    """One attempt to call a number, by whatever campaign."""

    at: datetime
    """When it was dialled."""
    purpose: Purpose
    answered: bool
    uses_cap: bool = True
    """False when it failed by our fault or the line's."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many calls to one number within a period."""

    calls: int
    period: timedelta | CalendarPeriod
    answered: bool = False
    """Only calls that were answered count."""
    purpose: Purpose | None = None
    """Only calls for this purpose count, and only they are held back; None: all."""

    def __str__(self) -> str:
        kind = " answered" if self.answered else ""
        purpose = f" {self.purpose}" if self.purpose else ""
        calls = "call" if self.calls == 1 else "calls"
        return f"{self.calls}{kind}{purpose} {calls} in {_words(self.period)}"


def reach(cap: Cap) -> timedelta:
    """Return how far back a cap looks at most, in whatever zone."""
    if isinstance(cap.period, timedelta):
        return cap.period
    days = {CalendarPeriod.DAY: 1, CalendarPeriod.WEEK: 7, CalendarPeriod.MONTH: 31}
    return timedelta(days=days[cap.period] + 1)


def cap_ends(
    cap: Cap, purpose: Purpose, past: Iterable[PastCall], zones: Sequence[ZoneInfo], now: datetime
) -> datetime | None:
    """Return when this cap allows a call again; None when it does now.

    A call that seems to lie in the future, because a clock was set back, counts as one of today.
    """
    if cap.purpose not in (None, purpose):
        return None
    counted = sorted(
        call.at
        for call in past
        if call.uses_cap
        and (call.answered or not cap.answered)
        and cap.purpose in (None, call.purpose)
    )
    if isinstance(cap.period, timedelta):
        within = [at for at in counted if at + cap.period > now]
        return within[-cap.calls] + cap.period if len(within) >= cap.calls else None
    ends = [
        _calendar(cap.period, each, now, +1)
        for each in zones
        if sum(at >= _calendar(cap.period, each, now, 0) for at in counted) >= cap.calls
    ]
    return max(ends, default=None)


def _calendar(period: CalendarPeriod, at: ZoneInfo, now: datetime, ahead: int) -> datetime:
    """Return the beginning of this calendar period, or with `ahead=1` of the next, in UTC."""
    day = now.astimezone(at).date()
    match period:
        case CalendarPeriod.DAY:
            first = day + timedelta(days=ahead)
        case CalendarPeriod.WEEK:
            first = day - timedelta(days=day.weekday()) + timedelta(weeks=ahead)
        case CalendarPeriod.MONTH:
            first = day.replace(day=1)
            if ahead:
                first = (first + timedelta(days=31)).replace(day=1)
    return datetime.combine(first, time(0), tzinfo=at).astimezone(UTC)


def _words(period: timedelta | CalendarPeriod) -> str:
    if isinstance(period, CalendarPeriod):
        return f"one {period}"
    seconds = int(period.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"
