"""What calls leave behind: outcomes, flags of numbers, and the contacts' next attempts.

Everything is done for several calls at once: a busy worker concludes many a second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from voicebot.campaign.outcome import Disposition
from voicebot.store.dialling import Intent
from voicebot.store.tables import attempt, contact, number_flag

FLAGS = {
    Disposition.EMPTY: "empty",
    Disposition.SUSPENDED: "suspended",
    Disposition.BARRED: "barred",
}
"""What a disposition teaches about the number itself."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, as it is kept."""

    disposition: Disposition
    ended_at: datetime
    ring_ms: int
    answered_at: datetime | None = None
    talk_ms: int | None = None
    replies: int | None = None
    states: Sequence[str] | None = None
    sip_code: int | None = None
    uses_cap: bool = True
    end_reason: str | None = None
    intention: str | None = None
    intention_rule: str | None = None
    next_action: str | None = None
    outcome: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] | None = None
    recording: str | None = None


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """A finished attempt of a contact."""

    dialed_at: datetime
    disposition: Disposition
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class Following:
    """What a contact does after an attempt."""

    contact_id: int
    disposition: Disposition
    at: datetime | None
    """When it is due again; None: it is done."""
    reason: str


# Statements of every attempt, built once: to build and compare them anew takes longer than the
# database does.
_ENDING = (
    select(attempt.c.id)
    .where(
        attempt.c.id.in_(bindparam("ids", expanding=True)),
        attempt.c.owner == bindparam("by"),
        or_(
            attempt.c.state == "dialing",
            and_(attempt.c.state == "done", attempt.c.disposition == str(Disposition.UNKNOWN)),
        ),
    )
    .order_by(attempt.c.id)
    .with_for_update()
)
_END = update(attempt).where(attempt.c.id == bindparam("attempt")).values(state="done")
"""The columns that an outcome fills come with its parameters."""
_PAST = (
    select(attempt.c.contact_id, attempt.c.dialed_at, attempt.c.disposition, attempt.c.end_reason)
    .where(
        attempt.c.contact_id.in_(bindparam("contacts", expanding=True)),
        attempt.c.state == "done",
        attempt.c.dialed_at.is_not(None),
    )
    .order_by(attempt.c.contact_id, attempt.c.number)
)
_FOLLOW = (
    update(contact)
    .where(contact.c.id == bindparam("contact"))
    .values(disposition=bindparam("came"), state_reason=bindparam("reason"))
)
_DONE = _FOLLOW.values(state="done")
_AGAIN = _FOLLOW.values(state="wait", next_at=bindparam("at"))


def finish(
    connection: Connection, owner: str, ended: Sequence[tuple[Intent, Outcome]]
) -> frozenset[str]:
    """Keep the outcomes of calls that this owner dialled; return the ids of those that were not
    kept already.

    An outcome that comes late, after the worker was thought dead, replaces `UNKNOWN`.
    """
    ids = [each.id for each, _ in ended]
    open_ids = frozenset(connection.execute(_ENDING, {"ids": ids, "by": owner}).scalars())
    kept = sorted((each for each in ended if each[0].id in open_ids), key=lambda each: each[0].id)
    if not kept:
        return open_ids
    connection.execute(_END, [_columns(each, outcome) for each, outcome in kept])
    flags = [
        {
            "phone": each.phone,
            "flag": FLAGS[outcome.disposition],
            "since": outcome.ended_at,
            "attempt_id": each.id,
        }
        for each, outcome in kept
        if outcome.disposition in FLAGS
    ]
    if flags:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(number_flag).on_conflict_do_nothing(), flags)
    return open_ids


def _columns(each: Intent, outcome: Outcome) -> dict[str, Any]:
    return {
        "attempt": each.id,
        "disposition": str(outcome.disposition),
        "ended_at": outcome.ended_at,
        "answered_at": outcome.answered_at,
        "ring_ms": outcome.ring_ms,
        "talk_ms": outcome.talk_ms,
        "replies": outcome.replies,
        "states": outcome.states,
        "sip_code": outcome.sip_code,
        "uses_cap": outcome.uses_cap,
        "end_reason": outcome.end_reason,
        "intention": outcome.intention,
        "intention_rule": outcome.intention_rule,
        "next_action": outcome.next_action,
        "outcome": dict(outcome.outcome),
        "evidence": dict(outcome.evidence),
        "record": outcome.record,
        "recording": outcome.recording,
    }


def past_attempts(
    connection: Connection, contact_ids: Sequence[int]
) -> Mapping[int, Sequence[PastAttempt]]:
    """Return the finished attempts of contacts that were dialled, oldest first."""
    found: dict[int, list[PastAttempt]] = {each: [] for each in contact_ids}
    for row in connection.execute(_PAST, {"contacts": list(found)}):
        found[row[0]].append(PastAttempt(row[1], Disposition(row[2]), row[3]))
    return found


def follow(connection: Connection, following: Sequence[Following]) -> None:
    """Let contacts wait for their next attempts, or be done."""
    # In one order everywhere, so that no two transactions wait for each other.
    ordered = sorted(following, key=lambda each: each.contact_id)
    again = [{**_follows(each), "at": each.at} for each in ordered if each.at is not None]
    done = [_follows(each) for each in ordered if each.at is None]
    for statement, rows in ((_AGAIN, again), (_DONE, done)):
        if rows:
            connection.execute(statement, rows)


def _follows(each: Following) -> dict[str, Any]:
    return {
        "contact": each.contact_id,
        "came": str(each.disposition),
        "reason": each.reason,
    }
