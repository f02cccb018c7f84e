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
)


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
    LATE = "late"
    """The slot has passed: take another one."""
    NOT_OURS = "not ours"
    """Somebody else dialled it, or it was put back: leave it."""
    LEASE_LOST = "lease lost"
    """This worker was declared dead: it must dial nothing any more."""
    HELD = "held"
    """The campaign does not run any more."""
    DO_NOT_CALL = "do_not_call"


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
    .where(attempt.c.id.in_(bindparam("ids", expanding=True)))
)


def find(connection: Connection, attempt_ids: Sequence[str]) -> Sequence[Intent | None]:
    """Return attempts with their contacts; None for one that was put back or never was."""
    found: dict[str, Intent] = {}
    for row in connection.execute(_FIND, {"ids": attempt_ids}):
        values = dict(row._mapping)
        own = values.pop("own_timezone")
        values |= {"timezone": own or row.timezone, "line": row.line or 0}
        found[row.id] = Intent(**values)
    return [found.get(each) for each in attempt_ids]


def set_slots(connection: Connection, slots: Mapping[str, datetime]) -> None:
    """Keep other slots for attempts that missed theirs."""
    connection.execute(_SLOT, [{"attempt": each, "at": at} for each, at in slots.items()])


_SLOT = update(attempt).where(attempt.c.id == bindparam("attempt")).values(slot_at=bindparam("at"))


def fence(
    connection: Connection, asking: Sequence[Intent], owner: str, now: datetime
) -> Sequence[Fenced]:
    """Ask for the right to dial each. `GO` is given to one caller once, and is kept.

    Asking again after an answer that did not arrive is right: who has it gets `GO` again, so that
    the caller itself must see that it dials once.
    """
    given = {"executor": owner, "now": now, "ids": [each.id for each in asking]}
    gone = set(connection.execute(_FENCE, given).scalars())
    given["ids"] = [each.id for each in asking if each.id not in gone]
    left = {row.id: row for row in connection.execute(_REFUSED, given)} if given["ids"] else {}
    return [Fenced.GO if each.id in gone else _why_not(left.get(each.id), owner) for each in asking]


def _why_not(row: Any, owner: str) -> Fenced:
    if row is None:
        return Fenced.NOT_OURS
    if row.state != "intent":
        return Fenced.GO if (row.state, row.owner) == ("dialing", owner) else Fenced.NOT_OURS
    if not row.alive:
        return Fenced.LEASE_LOST
    return Fenced.DO_NOT_CALL if row.barred else Fenced.HELD


_ALIVE = exists().where(lease.c.executor == bindparam("executor"), lease.c.state == "up")
_RUNS = (
    exists()
    .where(
        campaign.c.id == attempt.c.campaign_id,
        campaign.c.state == "running",
        or_(campaign.c.ends_at.is_(None), campaign.c.ends_at > bindparam("now")),
    )
    .correlate(attempt)
)
_BARRED = (
    exists()
    .where(
        dnc.c.phone == attempt.c.phone,
        dnc.c.removed_at.is_(None),
        or_(dnc.c.expires_at.is_(None), dnc.c.expires_at > bindparam("now")),
        campaign.c.id == attempt.c.campaign_id,
        or_(
            dnc.c.scope == "platform",
            and_(dnc.c.scope == "merchant", dnc.c.owner == campaign.c.merchant),
            and_(dnc.c.scope == "campaign", dnc.c.owner == campaign.c.name),
        ),
    )
    .correlate(attempt)
)
_ASKING = attempt.c.id.in_(bindparam("ids", expanding=True))
_FENCE = (
    update(attempt)
    .where(_ASKING, attempt.c.state == "intent", _ALIVE, _RUNS, ~_BARRED)
    .values(state="dialing", owner=bindparam("executor"), dialed_at=bindparam("now"))
    .returning(attempt.c.id)
)
_REFUSED = select(
    attempt.c.id,
    attempt.c.state,
    attempt.c.owner,
    _ALIVE.label("alive"),
    _BARRED.label("barred"),
).where(_ASKING)


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
