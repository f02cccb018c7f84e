"""A campaign's states and days.

    draft -> scheduled -> running <-> paused -> finished
    draft -> running        finished -> running (more contacts, or another day)

A campaign that is scheduled runs from `starts_at` on, by itself; one that runs is finished at
`ends_at`, or when every contact is done.
"""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class State(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class Order(StrEnum):
    """What an operator tells a campaign."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


def obey(state: State, order: Order, starts_at: datetime | None, now: datetime) -> State | None:
    """Return the state that follows; None when the order makes no sense in this state."""
    later = starts_at is not None and starts_at > now
    running = State.SCHEDULED if later else State.RUNNING
    match order, state:
        case Order.START, State.DRAFT | State.FINISHED:
            return running
        case Order.START, State.SCHEDULED:
            return State.RUNNING
        case Order.PAUSE, State.RUNNING | State.SCHEDULED:
            return State.PAUSED
        case Order.RESUME, State.PAUSED:
            return running
        case Order.STOP, State.SCHEDULED | State.RUNNING | State.PAUSED:
            return State.FINISHED
        case _:
            return None


def local_day(moment: datetime, timezone: str | None) -> str:
    """Return the calendar day of a moment in a zone, such as `2026-11-27`; UTC's without one."""
    zone = ZoneInfo(timezone) if timezone else ZoneInfo("UTC")
    return moment.astimezone(zone).date().isoformat()
