from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.campaign.frequency_cap import CalendarPeriod, Cap, PastCall, Purpose, cap_ends

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)


def at(text: str, where: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=where)


def call(
    text: str,
    purpose: Purpose = Purpose.MARKETING,
    *,
    answered: bool = False,
    uses_cap: bool = True,
) -> PastCall:
    return PastCall(at(text), purpose, answered, uses_cap)


def ends(cap: Cap, now: str, *past: PastCall, where: ZoneInfo = SHANGHAI) -> datetime | None:
    return cap_ends(cap, Purpose.MARKETING, past, [where], at(now, where))


def test_a_rolling_hour_is_over_an_hour_after_the_call() -> None:
    cap, past = Cap(1, HOUR), call("2026-11-27 10:30")

    assert ends(cap, "2026-11-27 10:30", past) == at("2026-11-27 11:30")
    assert ends(cap, "2026-11-27 11:29:59.999", past) == at("2026-11-27 11:30")
    assert ends(cap, "2026-11-27 11:30", past) is None


def test_a_rolling_day_goes_over_midnight() -> None:
    cap = Cap(2, timedelta(days=1))
    past = call("2026-11-27 15:00"), call("2026-11-27 19:00")

    assert ends(cap, "2026-11-28 14:59", *past) == at("2026-11-28 15:00")
    assert ends(cap, "2026-11-28 15:00", *past) is None


def test_a_calendar_day_ends_at_midnight() -> None:
    cap = Cap(3, CalendarPeriod.DAY)
    past = [call(f"2026-11-27 {hour}:00") for hour in (10, 14, 19)]

    assert ends(cap, "2026-11-27 19:30", *past[:2]) is None
    assert ends(cap, "2026-11-27 19:30", *past) == at("2026-11-28 00:00")
    assert ends(cap, "2026-11-27 23:59:59.999", *past) == at("2026-11-28 00:00")
    assert ends(cap, "2026-11-28 00:00", *past) is None


def test_a_calendar_day_is_the_callees() -> None:
    new_york = ZoneInfo("America/New_York")
    cap, past = Cap(1, CalendarPeriod.DAY), call("2026-11-27 10:00")  # 26 November, 21:00 there

    assert ends(cap, "2026-11-26 22:00", past, where=new_york) == at("2026-11-27 00:00", new_york)
    assert ends(cap, "2026-11-27 09:00", past, where=new_york) is None


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-08 10:00", "2026-03-09T04:00:00+00:00"),  # a day of 23 hours
        ("2026-11-01 10:00", "2026-11-02T05:00:00+00:00"),  # a day of 25 hours
    ],
)
def test_a_calendar_day_is_as_long_as_the_clock_makes_it(now: str, end: str) -> None:
    new_york = ZoneInfo("America/New_York")
    past = PastCall(at(now, new_york) - HOUR, Purpose.SERVICE, answered=False)

    found = cap_ends(
        Cap(1, CalendarPeriod.DAY), Purpose.SERVICE, [past], [new_york], at(now, new_york)
    )

    assert found == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("period", "now", "end"),
    [
        (CalendarPeriod.WEEK, "2026-11-27 10:00", "2026-11-30 00:00"),
        (CalendarPeriod.WEEK, "2026-11-29 23:59", "2026-11-30 00:00"),
        (CalendarPeriod.MONTH, "2028-02-29 10:00", "2028-03-01 00:00"),
        (CalendarPeriod.MONTH, "2026-12-31 10:00", "2027-01-01 00:00"),
        (CalendarPeriod.MONTH, "2026-01-31 10:00", "2026-02-01 00:00"),
        (CalendarPeriod.DAY, "2028-02-28 10:00", "2028-02-29 00:00"),
    ],
)
def test_weeks_begin_on_monday_and_months_on_the_first(
    period: CalendarPeriod, now: str, end: str
) -> None:
    past = PastCall(at(now) - timedelta(minutes=1), Purpose.MARKETING, answered=False)

    assert ends(Cap(1, period), now, past) == at(end)


def test_where_the_callee_may_be_in_two_zones_the_later_midnight_counts() -> None:
    zones = [SHANGHAI, ZoneInfo("America/New_York")]
    now = at("2026-11-27 15:00")
    past = [PastCall(now, Purpose.MARKETING, answered=False)]

    found = cap_ends(Cap(1, CalendarPeriod.DAY), Purpose.MARKETING, past, zones, now)

    assert found == at("2026-11-28 00:00", zones[1])


def test_calls_that_failed_by_the_lines_fault_do_not_count() -> None:
    past = call("2026-11-27 10:30", uses_cap=False)

    assert ends(Cap(1, HOUR), "2026-11-27 10:31", past) is None


def test_a_cap_of_answered_calls_counts_only_them() -> None:
    cap = Cap(1, timedelta(days=7), answered=True)

    assert ends(cap, "2026-11-27 10:00", call("2026-11-26 10:00")) is None
    assert ends(cap, "2026-11-27 10:00", call("2026-11-26 10:00", answered=True)) == at(
        "2026-12-03 10:00"
    )


def test_a_cap_of_one_purpose_neither_counts_nor_holds_back_another() -> None:
    cap = Cap(1, HOUR, purpose=Purpose.MARKETING)
    service, marketing = (
        call("2026-11-27 10:30", purpose) for purpose in (Purpose.SERVICE, Purpose.MARKETING)
    )
    now = at("2026-11-27 10:45")

    assert cap_ends(cap, Purpose.MARKETING, [service], [SHANGHAI], now) is None
    assert cap_ends(cap, Purpose.SERVICE, [marketing], [SHANGHAI], now) is None
    assert cap_ends(cap, Purpose.MARKETING, [marketing], [SHANGHAI], now) is not None


@pytest.mark.parametrize("period", [HOUR, CalendarPeriod.DAY])
def test_a_call_in_the_future_counts_for_a_clock_was_set_back(
    period: timedelta | CalendarPeriod,
) -> None:
    assert ends(Cap(1, period), "2026-11-27 10:30", call("2026-11-29 10:30")) is not None


moments = st.integers(0, 14 * 24 * 60).map(
    lambda minutes: datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=minutes)
)
calls = st.lists(
    st.builds(PastCall, moments, st.sampled_from(Purpose), st.booleans(), st.booleans()),
    max_size=12,
)
caps = st.builds(
    Cap,
    st.integers(1, 4),
    st.sampled_from([HOUR, timedelta(days=1), timedelta(days=7), *CalendarPeriod]),
    st.booleans(),
    st.none() | st.sampled_from(Purpose),
)


@settings(deadline=None)
@given(caps, st.sampled_from(Purpose), calls, moments)
def test_a_cap_holds_until_its_end_and_not_longer(
    cap: Cap, purpose: Purpose, past: list[PastCall], now: datetime
) -> None:
    zones = [ZoneInfo("America/New_York")]
    end = cap_ends(cap, purpose, past, zones, now)

    if end is not None:
        before = end - timedelta(milliseconds=1)
        assert end > now
        assert cap_ends(cap, purpose, past, zones, before) == end
        later = cap_ends(cap, purpose, past, zones, end)
        assert later is None or any(each.at >= end - _length(cap) for each in past)


def _length(cap: Cap) -> timedelta:
    return cap.period if isinstance(cap.period, timedelta) else timedelta(days=31)


@settings(deadline=None)
@given(
    st.integers(1, 4), st.sampled_from([HOUR, timedelta(days=1)]), st.lists(moments, max_size=30)
)
def test_whoever_asks_before_each_call_never_exceeds_a_rolling_cap(
    most: int, period: timedelta, wanted: list[datetime]
) -> None:
    made: list[PastCall] = []

    for now in sorted(wanted):
        zones = [SHANGHAI]
        if cap_ends(Cap(most, period), Purpose.SERVICE, made, zones, now) is None:
            made.append(PastCall(now, Purpose.SERVICE, answered=False))

    for each in made:
        assert sum(each.at <= other.at < each.at + period for other in made) <= most


@pytest.mark.parametrize(
    ("cap", "words"),
    [
        (Cap(1, HOUR), "1 call in 1 hour"),
        (Cap(3, CalendarPeriod.DAY), "3 calls in one calendar day"),
        (
            Cap(1, timedelta(days=7), answered=True, purpose=Purpose.MARKETING),
            "1 answered marketing call in 7 days",
        ),
        (Cap(2, timedelta(minutes=90)), "2 calls in 90 minutes"),
    ],
)
def test_a_cap_reads_as_a_sentence(cap: Cap, words: str) -> None:
    assert str(cap) == words
