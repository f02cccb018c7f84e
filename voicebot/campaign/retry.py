"""When is a contact called again after an attempt, if at all?

A retry goes to another part of the day where the rule says so: who did not answer in the morning
may in the evening. The gate has the last word: a retry that falls outside the calling window, or on
a frequency cap, waits for the gate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from voicebot.campaign.outcome import Disposition
from voicebot.dialogue.script import EndReason

PARTS = (time(9), time(12), time(18))
"""When morning, afternoon and evening begin; the night belongs to the evening."""

SOON = timedelta(minutes=15)
"""Who did not want to wait on the line waits so long; the next free moment of the trunk is later
anyway."""

PART_NAMES = ("morning", "afternoon", "evening")


@dataclass(frozen=True, slots=True)
class Again:
    """How a disposition is retried."""

    least: timedelta
    most: timedelta
    """The delay lies between the two, so that a batch that failed together comes back spread."""
    other_part: bool = False
    """In a part of the day that was not tried yet."""
    next_day: bool = False
    times: int | None = None
    """How often in a campaign; as often as attempts are left when None."""


def _minutes(least: int, most: int) -> tuple[timedelta, timedelta]:
    return timedelta(minutes=least), timedelta(minutes=most)


_NO_ANSWER = Again(*_minutes(120, 240), other_part=True)

AGAIN: Mapping[Disposition, Again] = {
    Disposition.ANSWERED_MACHINE: Again(*_minutes(120, 240), other_part=True, times=1),
    Disposition.POWER_OFF: Again(*_minutes(240, 240)),
    Disposition.BUSY: Again(*_minutes(10, 30)),
    Disposition.NO_ANSWER: _NO_ANSWER,
    Disposition.REMINDER: _NO_ANSWER,
    Disposition.FORWARDED: _NO_ANSWER,
    Disposition.REJECTED: Again(timedelta(0), timedelta(0), next_day=True, times=1),
    Disposition.UNREACHABLE: Again(*_minutes(60, 120)),
    Disposition.BLOCKED: Again(*_minutes(60, 120), times=2),
    Disposition.LINE_ERROR: Again(*_minutes(5, 15), times=5),
}
"""By disposition; one that is not here is not retried. Delays are those of the field: a busy line
is free in minutes, a phone that is off stays off for hours."""

USES_NO_CAP = frozenset({Disposition.LINE_ERROR, Disposition.BLOCKED, Disposition.FILTERED})
"""The callee's phone did not ring: such an attempt uses up neither a cap nor one of the campaign's
attempts."""


@dataclass(frozen=True, slots=True)
class RetryRules:
    """What a campaign retries."""

    max_attempts: int = 3
    again: Mapping[Disposition, Again] = field(default_factory=lambda: AGAIN)


@dataclass(frozen=True, slots=True)
class Past:
    """One finished attempt of this campaign."""

    at: datetime
    """In the callee's zone."""
    disposition: Disposition
    end_reason: EndReason | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """What follows an attempt."""

    at: datetime | None
    """None: never in this campaign."""
    reason: str
    """Such as `NO_ANSWER: another part of the day`, for the operator."""


def follow_up(
    rules: RetryRules, past: Sequence[Past], now: datetime, spread: float, wish: str = ""
) -> Next:
    """Decide what follows the last of `past`.

    `now` is in the callee's zone; `spread`, from 0 to 1, chooses within the delays; `wish` is when
    a callee who asked to be called later wants it (`evening`, `tomorrow` ...).
    """
    last = past[-1]
    if last.end_reason is EndReason.CALL_LATER:
        used = sum(each.disposition not in USES_NO_CAP for each in past)
        if used >= rules.max_attempts:
            return Next(None, "asked to be called later, but no attempt is left")
        return Next(callback_at(wish, now), f"asked to be called later: {wish or 'any time'}")
    rule = rules.again.get(last.disposition)
    if rule is None:
        return Next(None, f"{last.disposition} is not retried")
    same = sum(each.disposition is last.disposition for each in past)
    if rule.times is not None and same > rule.times:
        return Next(None, f"{last.disposition} {same} times")
    used = sum(each.disposition not in USES_NO_CAP for each in past)
    if used >= rules.max_attempts:
        return Next(None, f"all {rules.max_attempts} attempts are used")
    delay = rule.least + (rule.most - rule.least) * spread
    at = _next_day(now) if rule.next_day else now + delay
    if rule.other_part:
        at = _another_part(at, (each.at for each in past if each.disposition not in USES_NO_CAP))
        return Next(at, f"{last.disposition}: another part of the day")
    return Next(at, f"{last.disposition}: after {_told(at - now)}")


def callback_at(wish: str, now: datetime) -> datetime:
    """Return when to call who asked for another time; two hours from now when they named none.

    A part of the day is the next one of that name that has not begun yet. A wish may also be the
    value of a slot: `2026-12-02`, `2026-12-02T20:30`, `2026-12-02T12:00/18:00`; what has passed
    already is as good as none.
    """
    named = _named_moment(wish, now)
    if named is not None and named > now:
        return named
    if wish in PART_NAMES:
        begins = PARTS[PART_NAMES.index(wish)]
        at = _on(now, begins)
        return at if at > now else _on(now + timedelta(days=1), begins)
    if wish == "tomorrow":
        return _on(now + timedelta(days=1), max(PARTS[0], now.time().replace(microsecond=0)))
    if wish == "soon":
        return now + SOON
    if wish == "weekend":
        days = (5 - now.weekday()) % 7 or 7
        return _on(now + timedelta(days=days), time(10))
    return now + timedelta(hours=2)


def _named_moment(wish: str, now: datetime) -> datetime | None:
    begins, _, _ = wish.partition("/")
    day, _, clock = begins.partition("T")
    try:
        at = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock or "09:00"))
    except ValueError:
        return None
    return at.replace(tzinfo=now.tzinfo)


def part_of_day(moment: datetime) -> int:
    """Return 0 in the morning, 1 in the afternoon, 2 in the evening and at night."""
    if moment.time() < PARTS[0]:
        return 2
    return max(number for number, begins in enumerate(PARTS) if moment.time() >= begins)


def _another_part(at: datetime, tried_at: Iterable[datetime]) -> datetime:
    """Move `at` to the next part of the day that was not tried; leave it when all were."""
    tried = {part_of_day(each) for each in tried_at}
    if len(tried) >= len(PARTS):
        return at
    while part_of_day(at) in tried:
        at = _next_part(at)
    return at


def _next_part(at: datetime) -> datetime:
    later = [begins for begins in PARTS if begins > at.time()]
    return _on(at, later[0]) if later else _next_day(at)


def _next_day(at: datetime) -> datetime:
    return _on(at + timedelta(days=1), PARTS[0])


def _on(day: datetime, clock: time) -> datetime:
    """Return that wall time on that day, in its zone."""
    return datetime.combine(day.date(), clock, tzinfo=day.tzinfo)


def _told(delay: timedelta) -> str:
    minutes = round(delay.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.3g} h"
