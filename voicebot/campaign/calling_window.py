"""When a day may be called on: wall-clock hours where the callee is.

All arithmetic is on moments in UTC that are looked at in the callee's zone, so that a day with 23
or 25 hours needs no rule of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from voicebot.campaign.day_kind import DayKind, day_kind

SEARCHED_DAYS = 62
"""So far ahead an open hour is looked for: longer than any festival."""

ZONE_NAMES = {"北京时间": "Asia/Shanghai", "中国标准时间": "Asia/Shanghai"}
"""What contacts files say besides the names of the IANA database."""


@dataclass(frozen=True, slots=True)
class Hours:
    """From `begin` until just before `end`, on one day."""

    begin: time
    end: time
    """00:00 means midnight at the end of the day."""

    def __contains__(self, clock: time) -> bool:
        return self.begin <= clock and (clock < self.end or self.end == time(0))

    def __str__(self) -> str:
        end = "24:00" if self.end == time(0) else f"{self.end:%H:%M}"
        return f"{self.begin:%H:%M}-{end}"


@dataclass(frozen=True, slots=True)
class Week:
    """The hours of each kind of day, in order and apart; none: nobody is called on such days."""

    workday: tuple[Hours, ...] = ()
    weekend: tuple[Hours, ...] = ()
    holiday: tuple[Hours, ...] = ()

    def on(self, kind: DayKind) -> tuple[Hours, ...]:
        """Return the hours of one kind of day."""
        match kind:
            case DayKind.WORKDAY:
                return self.workday
            case DayKind.WEEKEND:
                return self.weekend
            case DayKind.HOLIDAY:
                return self.holiday


def zone(name: str) -> ZoneInfo | None:
    """Return a time zone by its IANA name, such as `Asia/Shanghai`; None when there is none."""
    try:
        return ZoneInfo(ZONE_NAMES.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_open(week: Week, country: str, at: ZoneInfo, now: datetime) -> bool:
    """Tell whether `now` is within the hours there."""
    local = now.astimezone(at)
    clock = local.time()
    return any(clock in hours for hours in week.on(day_kind(local.date(), country)))


def next_open(
    week: Week, country: str, zones: tuple[ZoneInfo, ...], now: datetime
) -> datetime | None:
    """Return the first moment from `now` on that is within the hours in every one of `zones`.

    None when there is none within two months. A zone is not known exactly when a number tells only
    its country; then it must be a decent hour all over it.
    """
    today = now.astimezone(UTC).date()
    for offset in range(SEARCHED_DAYS):
        for begin, end in _open_hours(week, country, zones, today + timedelta(days=offset)):
            if end > now:
                return max(begin, now)
    return None


@lru_cache(maxsize=4096)
def _open_hours(
    week: Week, country: str, zones: tuple[ZoneInfo, ...], day: date
) -> tuple[tuple[datetime, datetime], ...]:
    """Return when all zones are open within a day of UTC, as beginnings and ends.

    Between two neighbouring edges nothing changes, so it is looked at once there.
    """
    begin = datetime.combine(day, time(0), tzinfo=UTC)
    end = begin + timedelta(days=1)
    edges = {begin, end}
    for each in zones:
        edges |= _clock_changes(each, begin)
        edges |= {edge for edge in _wall_edges(week, each, day) if begin < edge < end}
    return tuple(
        (one, other)
        for one, other in pairwise(sorted(edges))
        if all(is_open(week, country, each, one) for each in zones)
    )


def _wall_edges(week: Week, at: ZoneInfo, day: date) -> Iterator[datetime]:
    """Yield when hours of any kind begin or end around a day; twice where the clock goes back."""
    clocks = {
        clock
        for kind in DayKind
        for hours in week.on(kind)
        for clock in (time(0), hours.begin, hours.end)
    }
    for offset in (-1, 0, 1):
        local = day + timedelta(days=offset)
        for clock in clocks:
            for fold in (0, 1):
                wall = datetime.combine(local, clock.replace(fold=fold), tzinfo=at)
                yield wall.astimezone(UTC)


def _clock_changes(at: ZoneInfo, begin: datetime) -> set[datetime]:
    """Return when summer time begins or ends within a day: everywhere on a quarter of an hour."""
    quarters = [begin + timedelta(minutes=15 * number) for number in range(97)]
    offsets = [quarter.astimezone(at).utcoffset() for quarter in quarters]
    return {quarters[number] for number in range(1, 97) if offsets[number] != offsets[number - 1]}
