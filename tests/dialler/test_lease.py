"""Who is thought dead: drawn as a row of looks, one a second, with a lease of three."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialler.lease import Watch
from voicebot.store.leases import Lease

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def dead_at(beats: str, looks_s: list[float] | None = None) -> float | None:
    """Return when the watched worker is thought dead; `beats` has one mark a look: ^ a beat."""
    watch = Watch(lease_s=3, every_s=1)
    beat = 0
    for number, mark in enumerate(beats):
        beat += mark == "^"
        now_s = looks_s[number] if looks_s else float(number)
        if watch.look([Lease("other", NOON + timedelta(seconds=beat), False, None)], now_s):
            return now_s
    return None


@pytest.mark.parametrize(
    ("beats", "dead"),
    [
        ("^^^^^^^^", None),
        ("^.^.^.^.", None),
        ("^..^..^..", None),
        ("^...", 3),
        ("^^^....", 5),
        ("....", 3),
    ],
)
def test_a_worker_whose_beat_stands_still_for_a_lease_is_dead(
    beats: str, dead: float | None
) -> None:
    assert dead_at(beats) == dead


def test_who_looks_for_the_first_time_after_a_freeze_kills_nobody() -> None:
    # Both were frozen for a minute: the looker cannot know whether the other one will beat.
    assert dead_at("^.", [0, 60]) is None


def test_a_looker_that_was_frozen_still_finds_the_dead_in_the_end() -> None:
    assert dead_at("^....", [0, 60, 61, 62, 63]) == 61


def test_a_beat_that_goes_back_is_a_beat() -> None:
    watch = Watch(lease_s=3, every_s=1)
    found = []
    for number in range(8):
        beat = NOON - timedelta(hours=number)
        found += watch.look([Lease("other", beat, False, None)], float(number))

    assert found == []


def test_who_is_declared_dead_already_is_not_declared_again() -> None:
    watch = Watch(lease_s=3, every_s=1)
    lease = Lease("other", NOON, True, None)

    assert not any(watch.look([lease], float(number)) for number in range(9))


@given(st.lists(st.floats(0, 100), min_size=2, max_size=30))
def test_nobody_who_beats_between_two_looks_is_ever_dead(waits_s: list[float]) -> None:
    watch = Watch(lease_s=3, every_s=1)
    now_s = 0.0
    for number, wait_s in enumerate(waits_s):
        now_s += wait_s
        assert watch.look([Lease("other", NOON + timedelta(number), False, None)], now_s) == []
