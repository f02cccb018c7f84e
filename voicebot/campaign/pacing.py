"""How many attempts may be released now, and when each of them may dial."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

LOOK_AHEAD_S = 2.0
"""Attempts are released for so long in advance: enough that no slot is lost to the dispatch, so
little that a pause or an opt-out finds hardly anything on its way."""

LEAD = timedelta(milliseconds=400)
"""From the release of an attempt to its slot, so that the dispatch does not make it late."""

LATE = timedelta(milliseconds=500)
"""A slot that passed so long ago is not used: several of them at once would be a burst."""

FARTHEST = timedelta(seconds=60)
"""A trunk's next slot farther away than this, and than its calls are apart, was set by a clock
that jumped."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What is free on the way to the telephone network."""

    cps: float
    """Calls per second of the trunk."""
    trunk_free: int
    """Calls that the trunk still carries."""
    worker_free: int
    """Calls that this worker still carries."""
    waiting: int
    """Attempts of the trunk that are released and have not dialled yet."""


def room(
    lines: Lines, campaign_free: int, budget_left: int | None = None, speed: float = 1.0
) -> int:
    """Return how many attempts of one campaign may be released.

    `speed`, here and below, is how fast the clock runs: what a machine needs is real time.
    """
    ahead = max(1, ceil(lines.cps * LOOK_AHEAD_S * speed)) - lines.waiting
    left = min(ahead, lines.trunk_free, lines.worker_free, campaign_free)
    if budget_left is not None:
        left = min(left, budget_left)
    return max(0, left)


def slots(
    next_slot: datetime, now: datetime, cps: float, count: int, speed: float = 1.0
) -> tuple[Sequence[datetime], datetime]:
    """Return the next `count` moments at which the trunk may dial, and its next free one."""
    apart = timedelta(seconds=1 / cps)
    soonest = now + LEAD * speed
    first = soonest if next_slot > now + FARTHEST * speed + 2 * apart else max(next_slot, soonest)
    taken = [first + apart * number for number in range(count)]
    return taken, first + apart * count


def is_late(slot: datetime, now: datetime, speed: float = 1.0) -> bool:
    """Tell whether a slot passed too long ago."""
    return now - slot > LATE * speed
