"""What is kept no longer: recordings, what was said, who it was. The counts stay.

An attempt that is forgotten keeps its times, its disposition and its states, so that a report says
next year what it says today; number, words, outcome and evidence are gone. A contact keeps its row
under a name that is nobody's. Consent, do-not-call lists and what is known of numbers stay as they
are: they protect people, and prove that somebody agreed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    null,
    or_,
    select,
    tuple_,
    update,
)

from voicebot.store.tables import (
    attempt,
    contact,
    decision,
    import_batch,
    outbox,
    shop_order,
    webhook,
)

NOBODY = "anonymous-"
"""Begins the number of a forgotten contact; its id follows, since numbers are unique. No number in
the store begins like it: they begin with a plus."""

FORGOTTEN = ""
"""The number of a forgotten attempt."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What of one campaign is due."""

    campaign_id: int
    created_at: datetime
    over: bool
    """The campaign is finished: contacts that wait are called no more."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording that is kept no longer."""

    attempt_id: str
    path: str
    ended_at: datetime


def sounds(
    connection: Connection, of: Scope, before: datetime, after: Sound | None, limit: int
) -> Sequence[Sound]:
    """Return recordings of calls that ended before, those after another one, the oldest first."""
    place = tuple_(attempt.c.ended_at, attempt.c.id)
    query = (
        select(attempt.c.id, attempt.c.recording, attempt.c.ended_at)
        .where(_sounds(of, before))
        .order_by(attempt.c.ended_at, attempt.c.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(place > tuple_(after.ended_at, after.attempt_id))
    return [Sound(*row) for row in connection.execute(query)]


def _sounds(of: Scope, before: datetime) -> ColumnElement[bool]:
    return and_(
        attempt.c.campaign_id == of.campaign_id,
        attempt.c.ended_at < before,
        attempt.c.recording.is_not(None),
    )


def forget_sounds(connection: Connection, attempts: Sequence[str]) -> None:
    """Note that recordings are gone."""
    connection.execute(update(attempt).where(attempt.c.id.in_(attempts)).values(recording=None))


def forget_attempts(connection: Connection, of: Scope, before: datetime, limit: int) -> int:
    """Forget who was called and what was said in calls that ended before, and the messages to
    webhooks about them; return how many."""
    ids = list(
        connection.execute(select(attempt.c.id).where(_attempts(of, before)).limit(limit)).scalars()
    )
    if not ids:
        return 0
    hooks = list(connection.execute(select(webhook.c.id)).scalars())
    if hooks:
        connection.execute(
            delete(outbox).where(
                outbox.c.webhook_id.in_(hooks),
                outbox.c.event_id.in_([f"call.finished:{each}" for each in ids]),
                outbox.c.state != "wait",
            )
        )
    connection.execute(
        update(attempt)
        .where(attempt.c.id.in_(ids))
        .values(
            phone=FORGOTTEN,
            record=null(),
            record_path=None,
            outcome={},
            evidence={},
            uses_cap=False,
        )
    )
    return len(ids)


def _attempts(of: Scope, before: datetime) -> ColumnElement[bool]:
    return and_(
        attempt.c.campaign_id == of.campaign_id,
        attempt.c.ended_at < before,
        attempt.c.state == "done",
        attempt.c.phone != FORGOTTEN,
    )


def forget_contacts(connection: Connection, of: Scope, before: datetime, limit: int) -> int:
    """Forget contacts that are done with and whose import and last call lie before; return how
    many."""
    ids = list(
        connection.execute(select(contact.c.id).where(_contacts(of, before)).limit(limit)).scalars()
    )
    if ids:
        reason = case((contact.c.state == "done", contact.c.state_reason), else_="retention")
        connection.execute(
            update(contact)
            .where(contact.c.id.in_(ids))
            .values(
                phone=NOBODY + cast(contact.c.id, Text),
                name="",
                variables={},
                state_reason=reason,
                state="done",
            )
        )
    return len(ids)


def _contacts(of: Scope, before: datetime) -> ColumnElement[bool]:
    later = exists().where(
        attempt.c.contact_id == contact.c.id,
        or_(attempt.c.ended_at.is_(None), attempt.c.ended_at >= before),
    )
    fresh = exists().where(
        import_batch.c.id == contact.c.batch_id, import_batch.c.created_at >= before
    )
    return and_(
        contact.c.campaign_id == of.campaign_id,
        contact.c.state.in_(("done", "wait") if of.over else ("done",)),
        ~contact.c.phone.startswith(NOBODY),
        ~later,
        ~fresh,
    )


def forget_decisions(connection: Connection, of: Scope, before: datetime, limit: int) -> int:
    """Delete the gate's verdicts before; return how many."""
    ids = list(
        connection.execute(
            select(decision.c.id).where(_decisions(of, before)).order_by(decision.c.id).limit(limit)
        ).scalars()
    )
    if ids:
        connection.execute(delete(decision).where(decision.c.id.in_(ids)))
    return len(ids)


def _decisions(of: Scope, before: datetime) -> ColumnElement[bool]:
    return and_(decision.c.campaign_id == of.campaign_id, decision.c.at < before)


def forget_orders(connection: Connection, merchant: str, before: datetime, limit: int) -> int:
    """Delete a merchant's orders that were placed before; return how many."""
    ids = list(
        connection.execute(
            select(shop_order.c.id).where(_orders(merchant, before)).limit(limit)
        ).scalars()
    )
    if ids:
        connection.execute(delete(shop_order).where(shop_order.c.id.in_(ids)))
    return len(ids)


def orders_due(connection: Connection, merchant: str, before: datetime) -> int:
    """Count the orders that would be deleted."""
    which = _orders(merchant, before)
    return connection.execute(
        select(func.count()).select_from(shop_order).where(which)
    ).scalar_one()


def _orders(merchant: str, before: datetime) -> ColumnElement[bool]:
    return and_(shop_order.c.merchant == merchant, shop_order.c.placed_at < before)


@dataclass(frozen=True, slots=True)
class Due:
    """How much of a campaign is kept too long."""

    sounds: int
    attempts: int
    contacts: int
    decisions: int


def due(connection: Connection, of: Scope, sounds_before: datetime, before: datetime) -> Due:
    """Count what would be forgotten."""

    def count(table: Any, which: ColumnElement[bool]) -> int:
        return int(
            connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()
        )

    return Due(
        count(attempt, _sounds(of, sounds_before)),
        count(attempt, _attempts(of, before)),
        count(contact, _contacts(of, before)),
        count(decision, _decisions(of, before)),
    )
