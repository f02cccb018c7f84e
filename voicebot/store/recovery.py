"""What a dead worker leaves: calls whose end nobody saw, attempts that nobody handles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from voicebot.campaign.outcome import Disposition
from voicebot.store.conclusions import Following, follow
from voicebot.store.tables import IN_FLIGHT, attempt, campaign, lease

END_NOT_SEEN = "end not seen"
"""Why a contact is done whose last call has an unknown end."""


def lose(connection: Connection, owner: str, now: datetime) -> Sequence[str]:
    """Mark what a dead worker was dialling as `UNKNOWN`: it is never dialled again by itself."""
    lost = connection.execute(
        update(attempt)
        .where(IN_FLIGHT, attempt.c.owner == owner, attempt.c.state == "dialing")
        .values(state="done", disposition=str(Disposition.UNKNOWN), ended_at=now)
        .returning(attempt.c.id, attempt.c.contact_id)
    ).all()
    follow(
        connection,
        [Following(row.contact_id, Disposition.UNKNOWN, None, END_NOT_SEEN) for row in lost],
    )
    return [row.id for row in lost]


def stranded(connection: Connection, before: datetime) -> Sequence[tuple[str, str | None]]:
    """Return attempts, with their owners, whose slot passed before and that nobody dialled."""
    rows = connection.execute(
        select(attempt.c.id, attempt.c.owner)
        .where(IN_FLIGHT, attempt.c.state == "intent", attempt.c.slot_at < before)
        .limit(1000)
    )
    return [(row[0], row[1]) for row in rows]


def orphans(connection: Connection) -> Sequence[str]:
    """Return owners of attempts being dialled that hold no living lease."""
    living = select(lease.c.executor).where(lease.c.state == "up")
    rows = connection.execute(
        select(attempt.c.owner)
        .where(
            IN_FLIGHT,
            attempt.c.state == "dialing",
            attempt.c.owner.not_in(living.scalar_subquery()),
        )
        .distinct()
    )
    return list(rows.scalars())


@dataclass(frozen=True, slots=True)
class Unknown:
    """A call whose end nobody saw."""

    id: str
    """The call's id on the switch as well."""
    campaign: str
    phone: str
    caller_number: str | None
    dialed_at: datetime
    owner: str | None
    timezone: str | None


def unknown(connection: Connection, campaign_id: int | None) -> Sequence[Unknown]:
    """Return the calls of a campaign, or of all, whose end nobody saw, the oldest first."""
    query = (
        select(
            attempt.c.id,
            campaign.c.name,
            attempt.c.phone,
            attempt.c.caller_number,
            attempt.c.dialed_at,
            attempt.c.owner,
            campaign.c.timezone,
        )
        .join(campaign, campaign.c.id == attempt.c.campaign_id)
        .where(attempt.c.state == "done", attempt.c.disposition == str(Disposition.UNKNOWN))
        .order_by(attempt.c.dialed_at, attempt.c.id)
    )
    if campaign_id is not None:
        query = query.where(attempt.c.campaign_id == campaign_id)
    return [Unknown(*row) for row in connection.execute(query)]
