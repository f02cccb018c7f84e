"""Which attempt follows which, on literal days."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.campaign.outcome import Disposition
from voicebot.campaign.retry import (
    USES_NO_CAP,
    Next,
    Past,
    RetryRules,
    callback_at,
    follow_up,
    part_of_day,
)
from voicebot.dialogue.script import EndReason

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = RetryRules()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def after(*past: tuple[datetime, Disposition], spread: float = 0.0) -> Next:
    attempts = [Past(moment, disposition) for moment, disposition in past]
    return follow_up(RULES, attempts, past[-1][0], spread)


def test_who_answered_is_not_called_again() -> None:
    assert after((at(27, 10), Disposition.ANSWERED_HUMAN)).at is None


@pytest.mark.parametrize(
    "disposition",
    [
        Disposition.EMPTY,
        Disposition.SUSPENDED,
        Disposition.BARRED,
        Disposition.FILTERED,
        Disposition.UNKNOWN,
    ],
)
def test_what_cannot_be_reached_or_was_not_seen_is_never_dialled_by_itself(
    disposition: Disposition,
) -> None:
    assert after((at(27, 10), disposition)).at is None


def test_a_busy_line_is_tried_after_ten_to_thirty_minutes() -> None:
    soon = after((at(27, 10), Disposition.BUSY), spread=0.0)
    late = after((at(27, 10), Disposition.BUSY), spread=1.0)

    assert (soon.at, late.at) == (at(27, 10, 10), at(27, 10, 30))
    assert soon.reason == "BUSY: after 10 min"


def test_a_phone_that_is_off_is_tried_after_four_hours() -> None:
    assert after((at(27, 10), Disposition.POWER_OFF)).at == at(27, 14)


def test_no_answer_in_the_morning_is_tried_in_the_afternoon() -> None:
    assert after((at(27, 9, 30), Disposition.NO_ANSWER)).at == at(27, 12)


def test_no_answer_in_the_morning_and_the_afternoon_is_tried_in_the_evening() -> None:
    found = after((at(27, 9, 30), Disposition.NO_ANSWER), (at(27, 14), Disposition.NO_ANSWER))

    assert found.at == at(27, 18)
    assert found.reason == "NO_ANSWER: another part of the day"


def test_no_answer_in_the_evening_is_tried_next_morning() -> None:
    assert after((at(27, 19), Disposition.NO_ANSWER)).at == at(28, 9)


def test_a_rejected_call_is_tried_the_next_day_and_then_no_more() -> None:
    once = after((at(27, 15), Disposition.REJECTED))
    twice = after((at(27, 15), Disposition.REJECTED), (at(28, 9), Disposition.REJECTED))

    assert once.at == at(28, 9)
    assert twice.at is None


def test_a_machine_is_called_once_more_in_another_part_of_the_day() -> None:
    once = after((at(27, 10), Disposition.ANSWERED_MACHINE))
    twice = after(
        (at(27, 10), Disposition.ANSWERED_MACHINE), (at(27, 13), Disposition.ANSWERED_MACHINE)
    )

    assert once.at == at(27, 12)
    assert twice.at is None


def test_a_fault_of_the_line_uses_up_no_attempt() -> None:
    faults = [(at(27, 10, minute), Disposition.LINE_ERROR) for minute in (0, 10, 20)]

    assert after(*faults).at == at(27, 10, 25)


def test_a_line_that_always_fails_is_given_up() -> None:
    faults = [(at(27, 10, minute), Disposition.LINE_ERROR) for minute in range(0, 60, 10)]

    assert after(*faults).at is None


def test_three_attempts_are_all() -> None:
    past = [(at(27, hour), Disposition.BUSY) for hour in (10, 11, 12)]

    assert after(*past).reason == "all 3 attempts are used"


def test_who_asked_to_be_called_in_the_evening_is_called_then() -> None:
    past = [Past(at(27, 10), Disposition.ANSWERED_HUMAN, EndReason.CALL_LATER)]

    found = follow_up(RULES, past, at(27, 10, 2), 0.0, "evening")

    assert found == Next(at(27, 18), "asked to be called later: evening")


@pytest.mark.parametrize(
    ("wish", "now", "expected"),
    [
        ("morning", at(27, 10), at(28, 9)),
        ("afternoon", at(27, 10), at(27, 12)),
        ("tomorrow", at(27, 15, 30), at(28, 15, 30)),
        ("tomorrow", at(27, 7), at(28, 9)),
        ("weekend", at(27, 10), at(28, 10)),  # the 27th is a Friday
        ("weekend", at(28, 10), datetime(2026, 12, 5, 10, tzinfo=SHANGHAI)),
        ("any_time", at(27, 10), at(27, 12)),
        ("", at(27, 10), at(27, 12)),
        ("soon", at(27, 10), at(27, 10, 15)),
        ("2026-11-29", at(27, 10), at(29, 9)),
        ("2026-11-29T15:30", at(27, 10), at(29, 15, 30)),
        ("2026-11-28T12:00/18:00", at(27, 10), at(28, 12)),
        ("2026-11-29/2026-11-30", at(27, 10), at(29, 9)),
        ("2026-11-27T09:30", at(27, 10), at(27, 12)),  # that has passed
        ("2026-11-39", at(27, 10), at(27, 12)),
    ],
)
def test_a_wish_names_a_time(wish: str, now: datetime, expected: datetime) -> None:
    assert callback_at(wish, now) == expected


def test_a_leap_day_is_a_day_like_others() -> None:
    now = datetime(2028, 2, 28, 15, tzinfo=SHANGHAI)

    found = follow_up(RULES, [Past(now, Disposition.REJECTED)], now, 0.0)

    assert found.at == datetime(2028, 2, 29, 9, tzinfo=SHANGHAI)


ENDS = st.sampled_from(sorted(Disposition))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=SHANGHAI)
)


@given(st.lists(ENDS, min_size=1, max_size=12), MOMENTS, st.floats(0, 1))
def test_a_contact_is_never_called_for_ever_nor_in_the_past(
    ends: list[Disposition], now: datetime, spread: float
) -> None:
    past = [Past(now - timedelta(hours=2 * back), end) for back, end in enumerate(reversed(ends))][
        ::-1
    ]

    found = follow_up(RULES, past, now, spread)

    if found.at is not None:
        assert found.at >= now
        assert sum(end not in USES_NO_CAP for end in ends) < RULES.max_attempts


@given(MOMENTS, st.floats(0, 1))
def test_no_answer_comes_back_in_another_part_of_the_day(now: datetime, spread: float) -> None:
    found = follow_up(RULES, [Past(now, Disposition.NO_ANSWER)], now, spread)

    assert found.at is not None
    assert part_of_day(found.at) != part_of_day(now)
    assert timedelta(hours=2) <= found.at - now <= timedelta(hours=24)
