from datetime import UTC, datetime, timedelta
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from voicebot.campaign.pacing import LEAD, Lines, is_late, room, slots

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def seconds(moments: list[datetime]) -> list[float]:
    return [(moment - NOON).total_seconds() for moment in moments]


def test_a_trunk_of_four_calls_per_second_dials_every_quarter_of_one() -> None:
    taken, following = slots(NOON, NOON - LEAD, 4.0, 4)

    assert seconds([*taken, following]) == [0, 0.25, 0.5, 0.75, 1]


def test_slots_go_on_where_the_last_ones_ended() -> None:
    taken, _ = slots(NOON + timedelta(seconds=1), NOON, 2.0, 2)

    assert seconds(list(taken)) == [1, 1.5]


def test_unused_time_is_not_made_up_for_by_a_burst() -> None:
    taken, _ = slots(NOON - timedelta(minutes=5), NOON - LEAD, 1.0, 2)

    assert seconds(list(taken)) == [0, 1]


def test_a_slot_from_a_clock_that_jumped_back_is_forgotten() -> None:
    taken, _ = slots(NOON + timedelta(hours=1), NOON - LEAD, 1.0, 1)

    assert seconds(list(taken)) == [0]


def test_a_slot_is_late_half_a_second_after_its_time() -> None:
    assert not is_late(NOON, NOON + timedelta(milliseconds=400))
    assert is_late(NOON, NOON + timedelta(milliseconds=600))


def test_the_scarcest_thing_decides() -> None:
    assert room(Lines(cps=10, trunk_free=50, worker_free=40, waiting=0), 30) == 20
    assert room(Lines(cps=10, trunk_free=50, worker_free=40, waiting=15), 30) == 5
    assert room(Lines(cps=10, trunk_free=3, worker_free=40, waiting=0), 30) == 3
    assert room(Lines(cps=10, trunk_free=50, worker_free=2, waiting=0), 30) == 2
    assert room(Lines(cps=10, trunk_free=50, worker_free=40, waiting=0), 1) == 1
    assert room(Lines(cps=10, trunk_free=50, worker_free=40, waiting=0), 30, 0) == 0


def test_a_slow_trunk_still_gets_a_call() -> None:
    assert room(Lines(cps=0.1, trunk_free=1, worker_free=1, waiting=0), 1) == 1


def test_more_in_flight_than_allowed_releases_nothing() -> None:
    assert room(Lines(cps=10, trunk_free=-2, worker_free=40, waiting=0), 30) == 0


@given(st.floats(0.02, 60), st.lists(st.floats(0, 3), max_size=8))
def test_no_second_has_more_calls_than_the_trunk_allows(cps: float, waits_s: list[float]) -> None:
    now, following, dials = NOON, NOON, list[datetime]()
    for wait_s in waits_s:
        now += timedelta(seconds=wait_s)
        waiting = sum(dial > now for dial in dials)
        count = room(Lines(cps, trunk_free=1000, worker_free=1000, waiting=waiting), 1000)
        taken, following = slots(following, now, cps, count)
        dials += taken

    # The call after so many more begins a second later, microseconds of rounding apart.
    more = ceil(cps) + 1
    for first, later in zip(dials, dials[more:], strict=False):
        assert later - first > timedelta(seconds=0.999)
