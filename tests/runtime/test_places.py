"""Who gets a place when several processes share them, and in which order; with literal times."""

from collections import Counter

import pytest

from voicebot.runtime.places import GaveUp, Places, room_of_people


def two_at_most(taken: Counter[str], holder: str) -> bool:
    return taken.total() < 2


def test_no_place_is_given_twice() -> None:
    places = Places(two_at_most, 10)

    assert [places.take(holder) for holder in ("a", "b", "a")] == [True, True, False]


def test_who_waits_gets_the_next_place_before_who_comes_now() -> None:
    places = Places(two_at_most, 10)
    places.take("a"), places.take("b")
    first = places.join("a", 10.0)
    second = places.join("b", 11.0)

    assert (places.before(first), places.before(second)) == (0, 1)
    places.free("b")
    assert not places.take("b")
    assert places.before(second) == 1
    assert places.before(first) is None
    assert places.before(second) == 0
    assert places.taken == {"a": 2, "b": 0}


def test_who_counts_as_having_come_earlier_goes_ahead() -> None:
    places = Places(two_at_most, 10)
    places.take("a"), places.take("a")
    patient, urgent = places.join("a", 10.0), places.join("b", 30.0 - 120.0)

    assert (places.before(urgent), places.before(patient)) == (0, 1)


def test_who_waits_for_a_busy_process_holds_up_nobody() -> None:
    busy = {"a"}
    places = Places(lambda taken, holder: holder not in busy, 10)
    first, second = places.join("a", 1.0), places.join("b", 2.0)

    assert places.before(first) == 0
    assert places.before(second) is None
    busy.clear()
    assert places.before(first) is None


def test_what_a_process_held_is_free_when_it_is_no_more() -> None:
    places = Places(two_at_most, 2)
    places.take("a"), places.take("a")
    places.join("a", 1.0)
    waits = places.join("b", 2.0)
    assert (places.full, places.before(waits)) == (True, 1)

    places.forget("a")

    assert places.waiting == 1
    assert places.before(waits) is None
    assert places.taken.total() == 1


def test_a_place_that_is_given_back_twice_is_one_place() -> None:
    places = Places(two_at_most, 1)
    places.take("a")
    places.free("a")
    places.free("a")

    assert [places.take("a") for _ in range(3)] == [True, True, False]


def test_who_leaves_is_before_nobody() -> None:
    places = Places(lambda taken, holder: False, 2)
    first, second = places.join("a", 1.0), places.join("a", 2.0)
    places.leave(first)

    assert places.before(second) == 0
    assert (places.waiting, places.waiting_of("a"), places.waiting_of("b")) == (1, 1, 0)


@pytest.mark.parametrize(("number", "got"), [(1, [True, False]), (None, [True, True])])
def test_as_many_are_connected_as_there_are_persons(number: int | None, got: list[bool]) -> None:
    places = Places(room_of_people(number), 5)

    assert [places.take(holder) for holder in ("a", "b")] == got


def test_that_a_caller_gave_up_counts_for_half_an_hour() -> None:
    callers = GaveUp()
    callers.note("4001", 100.0)

    assert callers.since_s("4001", 160.0) == 60.0
    assert callers.since_s("4002", 160.0) is None
    assert callers.since_s("4001", 100.0 + 1801.0) is None
