"""One attempt: `intent -> dialing -> done`, and the way back for what was not dialled.

Whoever moves the row from `intent` to `dialing` dials, and nobody else ever will: docs/dialler.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from voicebot.campaign.outcome import Disposition
from voicebot.campaign.schedule import local_day
from voicebot.store.feeding import count_dialled
from voicebot.store.tables import (
    attempt,
    campaign,
    contact,
    decision,
    dnc,
    lease,
    number_flag,
)

FLAGS = {
    Disposition.EMPTY: "empty",
    Disposition.SUSPENDED: "suspended",
    Disposition.BARRED: "barred",
}
"""What a disposition teaches about the number itself."""


@dataclass(frozen=True, slots=True)
class Intent:
    """An attempt that is released, with what its call needs."""

    id: str
    campaign_id: int
    campaign: str
    merchant: str
    folder: str
    purpose: str
    region: str
    timezone: str | None
    """The contact's own, else the campaign's."""
    contact_id: int
    number: int
    phone: str
    name: str
    variables: Mapping[str, str]
    line: int
    trunk_id: int
    caller_number: str | None
    script_version_id: int | None
    state: str
    owner: str | None
    slot_at: datetime
    created_at: datetime
    rules: Mapping[str, Any] = field(default_factory=dict)
    """What the campaign changes of the rules of dialling."""


class Fenced(StrEnum):
    """What a fence says."""

    GO = "go"
    NOT_OURS = "not ours"
    """Somebody else dialled it, or it was put back: leave it."""
    LEASE_LOST = "lease lost"
    """This worker was declared dead: it must dial nothing any more."""
    HELD = "held"
    """The campaign does not run any more."""
    DO_NOT_CALL = "do_not_call"


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


# Statements of every attempt, built once: to build and compare them anew takes longer than the
# database does.
_FIND = (
    select(
        attempt.c.id,
        attempt.c.campaign_id,
        campaign.c.name.label("campaign"),
        campaign.c.merchant,
        campaign.c.folder,
        attempt.c.purpose,
        campaign.c.region,
        contact.c.timezone.label("own_timezone"),
        campaign.c.timezone,
        attempt.c.contact_id,
        attempt.c.number,
        attempt.c.phone,
        contact.c.name,
        contact.c.variables,
        contact.c.line,
        attempt.c.trunk_id,
        attempt.c.caller_number,
        attempt.c.script_version_id,
        attempt.c.state,
        attempt.c.owner,
        attempt.c.slot_at,
        attempt.c.created_at,
        campaign.c.rules,
    )
    .join(campaign, campaign.c.id == attempt.c.campaign_id)
    .join(contact, contact.c.id == attempt.c.contact_id)
    .where(attempt.c.id == bindparam("id"))
)


def find(connection: Connection, attempt_id: str) -> Intent | None:
    """Return an attempt with its contact; None when it was put back or never was."""
    row = connection.execute(_FIND, {"id": attempt_id}).first()
    if row is None:
        return None
    found = dict(row._mapping)
    own = found.pop("own_timezone")
    return Intent(**{**found, "timezone": own or row.timezone, "line": row.line or 0})


def set_slot(connection: Connection, attempt_id: str, at: datetime) -> None:
    """Keep another slot for an attempt that missed its own."""
    connection.execute(update(attempt).where(attempt.c.id == attempt_id).values(slot_at=at))


def fence(connection: Connection, each: Intent, owner: str, now: datetime) -> Fenced:
    """Ask for the right to dial. `GO` is given to one caller once, and is kept.

    Asking again after an answer that did not arrive is right: who has it gets `GO` again, so that
    the caller itself must see that it dials once.
    """
    given = {
        "attempt": each.id,
        "executor": owner,
        "campaign": each.campaign_id,
        "named": each.campaign,
        "of_merchant": each.merchant,
        "callee": each.phone,
        "now": now,
    }
    if connection.execute(_FENCE, given).rowcount == 1:
        return Fenced.GO
    state = connection.execute(
        select(attempt.c.state, attempt.c.owner).where(attempt.c.id == each.id)
    ).first()
    if state is None:
        return Fenced.NOT_OURS
    if state.state != "intent":
        return Fenced.GO if tuple(state) == ("dialing", owner) else Fenced.NOT_OURS
    if not connection.execute(select(_ALIVE), given).scalar():
        return Fenced.LEASE_LOST
    if connection.execute(select(_BARRED), given).scalar():
        return Fenced.DO_NOT_CALL
    return Fenced.HELD


_ALIVE = exists().where(lease.c.executor == bindparam("executor"), lease.c.state == "up")
_RUNS = exists().where(
    campaign.c.id == bindparam("campaign"),
    campaign.c.state == "running",
    or_(campaign.c.ends_at.is_(None), campaign.c.ends_at > bindparam("now")),
)
_BARRED = exists().where(
    dnc.c.phone == bindparam("callee"),
    dnc.c.removed_at.is_(None),
    or_(dnc.c.expires_at.is_(None), dnc.c.expires_at > bindparam("now")),
    or_(
        dnc.c.scope == "platform",
        and_(dnc.c.scope == "merchant", dnc.c.owner == bindparam("of_merchant")),
        and_(dnc.c.scope == "campaign", dnc.c.owner == bindparam("named")),
    ),
)
_FENCE = (
    update(attempt)
    .where(
        attempt.c.id == bindparam("attempt"), attempt.c.state == "intent", _ALIVE, _RUNS, ~_BARRED
    )
    .values(state="dialing", owner=bindparam("executor"), dialed_at=bindparam("now"))
)


def put_back(connection: Connection, attempt_id: str, at: datetime) -> bool:
    """Undo the feed of an attempt that was not dialled; its contact is due `at`."""
    gone = connection.execute(
        delete(attempt)
        .where(attempt.c.id == attempt_id, attempt.c.state == "intent")
        .returning(attempt.c.contact_id, attempt.c.campaign_id, attempt.c.created_at)
    ).first()
    if gone is None:
        return False
    connection.execute(
        update(contact)
        .where(contact.c.id == gone.contact_id, contact.c.state == "queued")
        .values(state="wait", next_at=at, attempts=contact.c.attempts - 1)
    )
    zone = connection.execute(
        select(campaign.c.timezone).where(campaign.c.id == gone.campaign_id)
    ).scalar()
    # The budget of the day it was taken from.
    count_dialled(connection, gone.campaign_id, local_day(gone.created_at, zone), -1)
    return True


def filter_out(connection: Connection, each: Intent, code: str, now: datetime) -> bool:
    """End an attempt that the fence refused for good; its contact is done."""
    ended = connection.execute(
        update(attempt)
        .where(attempt.c.id == each.id, attempt.c.state == "intent")
        .values(
            state="done",
            disposition=str(Disposition.FILTERED),
            ended_at=now,
            uses_cap=False,
            evidence={"rule": code},
        )
    )
    if ended.rowcount != 1:
        return False
    connection.execute(
        update(contact)
        .where(contact.c.id == each.contact_id)
        .values(state="done", state_reason=code, disposition=str(Disposition.FILTERED))
    )
    connection.execute(
        decision.insert().values(
            campaign_id=each.campaign_id,
            contact_id=each.contact_id,
            phone=each.phone,
            at=now,
            stage="fence",
            allowed=False,
            code=code,
        )
    )
    return True


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """A finished attempt of a contact."""

    dialed_at: datetime
    disposition: Disposition
    end_reason: str | None


_PAST = (
    select(attempt.c.dialed_at, attempt.c.disposition, attempt.c.end_reason)
    .where(
        attempt.c.contact_id == bindparam("contact"),
        attempt.c.state == "done",
        attempt.c.dialed_at.is_not(None),
    )
    .order_by(attempt.c.number)
)


def past_attempts(connection: Connection, contact_id: int) -> Sequence[PastAttempt]:
    """Return the finished attempts of a contact that were dialled, oldest first."""
    rows = connection.execute(_PAST, {"contact": contact_id})
    return [PastAttempt(row[0], Disposition(row[1]), row[2]) for row in rows]


_FINISH = (
    update(attempt)
    .where(
        attempt.c.id == bindparam("attempt"),
        attempt.c.owner == bindparam("by"),
        or_(
            attempt.c.state == "dialing",
            and_(attempt.c.state == "done", attempt.c.disposition == str(Disposition.UNKNOWN)),
        ),
    )
    .values(state="done")
)
"""The columns that an outcome fills come with its parameters."""


def finish(connection: Connection, each: Intent, owner: str, outcome: Outcome) -> bool:
    """Keep the outcome of a call that this owner dialled; False when it is kept already.

    An outcome that comes late, after the worker was thought dead, replaces `UNKNOWN`.
    """
    ended = connection.execute(
        _FINISH,
        {
            "attempt": each.id,
            "by": owner,
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
        },
    )
    if ended.rowcount != 1:
        return False
    if outcome.disposition in FLAGS:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(number_flag)
            .values(
                phone=each.phone,
                flag=FLAGS[outcome.disposition],
                since=outcome.ended_at,
                attempt_id=each.id,
            )
            .on_conflict_do_nothing()
        )
    return True


def follow(
    connection: Connection,
    contact_id: int,
    disposition: Disposition,
    at: datetime | None,
    reason: str,
) -> None:
    """Let a contact wait for its next attempt, or be done when `at` is None."""
    values: dict[str, Any] = {"disposition": str(disposition), "state_reason": reason}
    values |= {"state": "done"} if at is None else {"state": "wait", "next_at": at}
    connection.execute(update(contact).where(contact.c.id == contact_id).values(values))


def opt_out(connection: Connection, each: Intent, now: datetime) -> None:
    """Write that the callee wants no more calls of this merchant; harmless when repeated."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        dialect.insert(dnc)
        .values(
            phone=each.phone,
            scope="merchant",
            owner=each.merchant,
            reason="opted out in a call",
            source="call",
            created_at=now,
            attempt_id=each.id,
        )
        .on_conflict_do_nothing()
    )
