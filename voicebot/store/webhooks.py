"""The outbox: messages to the shop's systems, kept with what they tell of and sent afterwards.

A message is written in the transaction of the outcome, so neither is ever there without the other.
Messages about one contact reach one address in their order: only the first unsent one is due.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from voicebot.store.conclusions import Outcome
from voicebot.store.dialling import Intent
from voicebot.store.tables import campaign, outbox, webhook

FINISHED = "call.finished"


@dataclass(frozen=True, slots=True)
class Hook:
    """Who is told."""

    id: int
    url: str
    secret: str
    campaign: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One message that is to be sent, or was not."""

    id: int
    event_id: str
    kind: str
    url: str
    secret: str
    payload: Mapping[str, Any]
    attempts: int
    state: str
    next_at: datetime
    last_error: str


def add_hook(connection: Connection, url: str, campaign_id: int | None, now: datetime) -> Hook:
    """Tell a URL of finished calls from now on, all campaigns' when `campaign_id` is None."""
    secret = secrets.token_hex(32)
    made = connection.execute(
        insert(webhook)
        .values(url=url, secret=secret, campaign_id=campaign_id, created_at=now)
        .returning(webhook.c.id)
    ).scalar_one()
    return Hook(made, url, secret, None, True)


def remove_hook(connection: Connection, hook_id: int) -> bool:
    """Tell a URL nothing more; what is not sent yet is dead."""
    found = connection.execute(
        update(webhook).where(webhook.c.id == hook_id).values(active=False)
    ).rowcount
    connection.execute(
        update(outbox)
        .where(outbox.c.webhook_id == hook_id, outbox.c.state == "wait")
        .values(state="dead", last_error="the webhook was removed")
    )
    return found == 1


def hooks(connection: Connection) -> Sequence[tuple[Hook, Mapping[str, int]]]:
    """Return all webhooks with their messages, counted by state."""
    rows = connection.execute(
        select(webhook.c.id, webhook.c.url, webhook.c.secret, campaign.c.name, webhook.c.active)
        .join(campaign, campaign.c.id == webhook.c.campaign_id, isouter=True)
        .order_by(webhook.c.id)
    )
    counted: dict[int, dict[str, int]] = {}
    for hook_id, state, number in connection.execute(
        select(outbox.c.webhook_id, outbox.c.state, func.count()).group_by(
            outbox.c.webhook_id, outbox.c.state
        )
    ):
        counted.setdefault(hook_id, {})[state] = number
    return [(Hook(*row), counted.get(row.id, {})) for row in rows]


_WANTED = select(webhook.c.id, webhook.c.campaign_id).where(
    webhook.c.active.is_(True),
    or_(
        webhook.c.campaign_id.is_(None),
        webhook.c.campaign_id.in_(bindparam("campaigns", expanding=True)),
    ),
)


def announce(connection: Connection, ended: Sequence[tuple[Intent, Outcome]], now: datetime) -> int:
    """Keep a message of each finished call for everyone who wants to know; say how many."""
    campaigns = sorted({each.campaign_id for each, _ in ended})
    wanted = connection.execute(_WANTED, {"campaigns": campaigns}).all()
    messages = [
        {
            "event_id": f"{FINISHED}:{each.id}",
            "webhook_id": hook_id,
            "kind": FINISHED,
            "contact_id": each.contact_id,
            "attempt_id": each.id,
            "payload": _payload(f"{FINISHED}:{each.id}", each, outcome),
            "next_at": now,
            "created_at": now,
        }
        for each, outcome in ended
        for hook_id, of in wanted
        if of is None or of == each.campaign_id
    ]
    if messages:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(outbox).on_conflict_do_nothing(), messages)
    return len(messages)


def _payload(event_id: str, intent: Intent, outcome: Outcome) -> dict[str, Any]:
    def moment(at: datetime | None) -> str | None:
        return None if at is None else at.isoformat(timespec="milliseconds")

    return {
        "id": event_id,
        "event": FINISHED,
        "campaign": intent.campaign,
        "contact": {
            "phone": intent.phone,
            "name": intent.name,
            "variables": dict(intent.variables),
        },
        "attempt": {
            "id": intent.id,
            "number": intent.number,
            "disposition": str(outcome.disposition),
            "ended_at": moment(outcome.ended_at),
            "answered_at": moment(outcome.answered_at),
            "ring_ms": outcome.ring_ms,
            "talk_ms": outcome.talk_ms,
            "sip_code": outcome.sip_code,
            "end_reason": outcome.end_reason,
            "intention": outcome.intention,
            "intention_rule": outcome.intention_rule,
        },
        "outcome": dict(outcome.outcome),
    }


def take_due(
    connection: Connection, now: datetime, until: datetime, limit: int
) -> Sequence[Message]:
    """Take messages for sending; nobody else is given them until `until`."""
    earlier = outbox.alias("earlier")
    first = ~exists().where(
        earlier.c.webhook_id == outbox.c.webhook_id,
        earlier.c.contact_id == outbox.c.contact_id,
        earlier.c.id < outbox.c.id,
        earlier.c.state == "wait",
    )
    ids = list(
        connection.execute(
            select(outbox.c.id)
            .where(outbox.c.state == "wait", outbox.c.next_at <= now, first)
            .order_by(outbox.c.next_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).scalars()
    )
    if not ids:
        return []
    connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(next_at=until))
    return _messages(connection, outbox.c.id.in_(ids), limit)


def sent(connection: Connection, message_id: int, now: datetime) -> None:
    """Note that a message arrived."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id == message_id)
        .values(state="sent", sent_at=now, attempts=outbox.c.attempts + 1, last_error="")
    )


def failed(connection: Connection, message_id: int, error: str, next_at: datetime | None) -> None:
    """Note that a message did not arrive; it is dead when `next_at` is None."""
    values: dict[str, Any] = {"attempts": outbox.c.attempts + 1, "last_error": error[:500]}
    values |= {"state": "dead"} if next_at is None else {"next_at": next_at}
    connection.execute(
        update(outbox).where(outbox.c.id == message_id, outbox.c.state == "wait").values(values)
    )


def dead(connection: Connection, limit: int) -> Sequence[Message]:
    """Return messages that were given up, the latest first."""
    return _messages(connection, outbox.c.state == "dead", limit)


def retry(connection: Connection, ids: Sequence[int] | None, now: datetime) -> int:
    """Send dead messages again, all of them when `ids` is None; say how many."""
    which = [outbox.c.state == "dead"]
    if ids is not None:
        which.append(outbox.c.id.in_(ids))
    return connection.execute(
        update(outbox).where(*which).values(state="wait", attempts=0, next_at=now)
    ).rowcount


def _messages(connection: Connection, which: Any, limit: int) -> Sequence[Message]:
    rows = connection.execute(
        select(
            outbox.c.id,
            outbox.c.event_id,
            outbox.c.kind,
            webhook.c.url,
            webhook.c.secret,
            outbox.c.payload,
            outbox.c.attempts,
            outbox.c.state,
            outbox.c.next_at,
            outbox.c.last_error,
        )
        .join(webhook, webhook.c.id == outbox.c.webhook_id)
        .where(which)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [Message(**row._mapping) for row in rows]
