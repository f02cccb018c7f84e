from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.campaign.calling_window import Hours, Week, is_open, next_open, zone
from voicebot.campaign.day_kind import NoCalendar, chinese_announced, day_kind

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")

NOON_BREAK = (Hours(time(9), time(12)), Hours(time(14), time(20)))
NO_HOLIDAYS = Week(workday=NOON_BREAK, weekend=NOON_BREAK)


def always(*hours: Hours) -> Week:
    return Week(hours, hours, hours)


def at(text: str, where: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=where)


# Kinds of day


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-02-13", "workday"),
        ("2026-02-14", "workday"),  # a Saturday worked for the Spring Festival
        ("2026-02-15", "holiday"),  # a Sunday within it
        ("2026-02-23", "holiday"),
        ("2026-02-24", "workday"),
        ("2026-02-28", "workday"),  # another Saturday worked
        ("2026-03-01", "weekend"),
        ("2026-09-20", "workday"),  # a Sunday worked
        ("2026-10-07", "holiday"),
        ("2026-10-10", "workday"),
        ("2026-11-27", "workday"),
        ("2026-11-28", "weekend"),
        ("2024-02-29", "workday"),
    ],
)
def test_china_moves_workdays(day: str, kind: str) -> None:
    assert day_kind(date.fromisoformat(day), "CN") == kind


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2031-01-18", "weekend"),
        ("2031-01-19", "holiday"),  # New Year's Eve is on 22 January
        ("2031-01-23", "holiday"),
        ("2031-07-16", "workday"),
        ("2031-07-19", "weekend"),
        ("2031-09-28", "holiday"),
        ("2031-10-01", "holiday"),
    ],
)
def test_a_chinese_year_that_is_not_announced_yet_spares_the_days_around_its_holidays(
    day: str, kind: str
) -> None:
    assert not chinese_announced(2031)
    assert day_kind(date.fromisoformat(day), "CN") == kind


@pytest.mark.parametrize(
    ("day", "country", "kind"),
    [
        ("2026-07-03", "US", "holiday"),  # Independence Day, observed
        ("2026-11-26", "US", "holiday"),
        ("2026-07-14", "FR", "holiday"),
        ("2026-07-14", "DE", "workday"),
        ("2026-10-03", "DE", "holiday"),
        ("2027-10-03", "DE", "holiday"),
    ],
)
def test_other_countries_have_their_own(day: str, country: str, kind: str) -> None:
    assert day_kind(date.fromisoformat(day), country) == kind


@pytest.mark.parametrize("country", ["", "ZZ", "001"])
def test_a_country_without_a_calendar_is_told(country: str) -> None:
    with pytest.raises(NoCalendar):
        day_kind(date(2026, 7, 14), country)


# Hours


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2026-11-27 08:59:59.999999", False),
        ("2026-11-27 09:00", True),
        ("2026-11-27 11:59:59.999999", True),
        ("2026-11-27 12:00", False),
        ("2026-11-27 13:59", False),
        ("2026-11-27 14:00", True),
        ("2026-11-27 20:00", False),
        ("2026-11-28 10:00", True),
        ("2026-10-01 10:00", False),
    ],
)
def test_hours_begin_on_the_minute_and_end_before_it(moment: str, opened: bool) -> None:
    assert is_open(NO_HOLIDAYS, "CN", SHANGHAI, at(moment)) is opened


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-27 03:00", "2026-11-27 09:00"),
        ("2026-11-27 10:30", "2026-11-27 10:30"),
        ("2026-11-27 12:30", "2026-11-27 14:00"),
        ("2026-11-27 20:00", "2026-11-28 09:00"),
        ("2026-12-31 21:00", "2027-01-05 09:00"),  # 2027 is not announced: three days are spared
        ("2026-09-30 21:00", "2026-10-08 09:00"),  # over the National Day
        ("2026-02-14 20:00", "2026-02-24 09:00"),  # over the Spring Festival
        ("2028-02-28 21:00", "2028-02-29 09:00"),  # a leap day
    ],
)
def test_the_next_open_hour_is_found(now: str, opens: str) -> None:
    assert next_open(NO_HOLIDAYS, "CN", (SHANGHAI,), at(now)) == at(opens)


def test_hours_until_midnight_end_with_the_day() -> None:
    week = always(Hours(time(18), time(0)))

    assert is_open(week, "CN", SHANGHAI, at("2026-11-27 23:59:59"))
    assert not is_open(week, "CN", SHANGHAI, at("2026-11-28 00:00"))
    assert next_open(week, "CN", (SHANGHAI,), at("2026-11-28 00:00")) == at("2026-11-28 18:00")


def test_a_callee_in_another_zone_has_hours_of_their_own() -> None:
    week = always(Hours(time(9), time(21)))
    now = at("2026-11-27 12:00")

    opens = next_open(week, "US", (NEW_YORK,), now)

    assert not is_open(week, "US", NEW_YORK, now)
    assert opens == at("2026-11-27 09:00", NEW_YORK)


def test_a_callee_who_may_be_in_several_zones_is_called_when_all_are_awake() -> None:
    week = always(Hours(time(9), time(12)), Hours(time(14), time(20)))
    zones = (NEW_YORK, LOS_ANGELES)

    opens = next_open(week, "US", zones, at("2026-11-27 00:00", NEW_YORK))

    # 12:00 in New York is the break there, 14:00 there is 11:00 in Los Angeles.
    assert opens == at("2026-11-27 14:00", NEW_YORK)


def test_zones_that_are_never_awake_together_are_never_called() -> None:
    week = always(Hours(time(9), time(12)))

    assert next_open(week, "US", (NEW_YORK, SHANGHAI), at("2026-11-27 00:00")) is None


def test_a_week_without_hours_never_opens() -> None:
    assert next_open(always(), "CN", (SHANGHAI,), at("2026-11-27 10:00")) is None


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        # In New York 02:00 becomes 03:00 on 8 March, and 01:00 on 1 November.
        ("2026-03-08T06:59:00+00:00", True),  # 01:59
        ("2026-03-08T07:00:00+00:00", False),  # 03:00
        ("2026-11-01T05:30:00+00:00", True),  # 01:30, the first time
        ("2026-11-01T06:30:00+00:00", True),  # 01:30, the second time
        ("2026-11-01T07:00:00+00:00", False),  # 02:30 is past
    ],
)
def test_hours_follow_the_clock_on_the_wall_when_it_is_changed(moment: str, opened: bool) -> None:
    week = always(Hours(time(1), time(2)))

    assert is_open(week, "US", NEW_YORK, datetime.fromisoformat(moment)) is opened


def test_an_hour_that_comes_twice_opens_twice() -> None:
    week = always(Hours(time(1, 30), time(2)))
    between = datetime.fromisoformat("2026-11-01T06:10:00+00:00")  # 01:10, the second time

    opens = next_open(week, "US", (NEW_YORK,), between)

    assert opens == datetime.fromisoformat("2026-11-01T06:30:00+00:00")


def test_an_hour_that_is_left_out_opens_on_the_next_day() -> None:
    week = always(Hours(time(2), time(2, 30)))
    before = at("2026-03-08 00:00", NEW_YORK)

    assert next_open(week, "US", (NEW_YORK,), before) == at("2026-03-09 02:00", NEW_YORK)


quarters = st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True).map(sorted)
hour_lists = quarters.map(
    lambda marks: tuple(
        Hours(_quarter(begin), _quarter(end)) for begin, end in list(pairwise(marks))[::2]
    )
)
weeks = st.builds(Week, hour_lists, hour_lists, hour_lists | st.just(()))
zone_lists = st.lists(
    st.sampled_from(
        ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
    ).map(ZoneInfo),
    min_size=1,
    max_size=3,
).map(tuple)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)


def _quarter(number: int) -> time:
    return time(number // 4 % 24, number % 4 * 15)


@settings(max_examples=150, deadline=None)
@given(weeks, zone_lists, moments)
def test_the_next_open_moment_is_open_and_none_before_it_is(
    week: Week, zones: tuple[ZoneInfo, ...], now: datetime
) -> None:
    opens = next_open(week, "CN", zones, now)

    def opened(moment: datetime) -> bool:
        return all(is_open(week, "CN", each, moment) for each in zones)

    if opens is not None:
        assert opens >= now
        assert opened(opens)
    until = min(opens or now + timedelta(days=60), now + timedelta(days=4))
    step = timedelta(minutes=15)
    ticks = int((until - now) / step)
    assert not any(opened(now + step * tick) for tick in range(ticks))


@pytest.mark.parametrize(
    "name", ["", "Beijing", "../etc/passwd", "Asia", "UTC+8", "Asia/Shanghai\0"]
)
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone(name) is None


@pytest.mark.parametrize("name", ["Asia/Shanghai", "北京时间", "中国标准时间"])
def test_zones_have_the_names_of_the_trade(name: str) -> None:
    assert zone(name) == SHANGHAI
