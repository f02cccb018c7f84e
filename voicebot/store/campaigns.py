"""Campaigns as an operator handles them: made, told to start and stop, looked at, cleared away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from voicebot.campaign.schedule import State
from voicebot.store.tables import (
    IN_FLIGHT,
    attempt,
    campaign,
    campaign_day,
    campaign_event,
    consent,
    contact,
    decision,
    import_batch,
    outbox,
    script_version,
    trunk,
    webhook,
)


@dataclass(frozen=True, slots=True)
class StoredCampaign:
    """One campaign, as kept."""

    id: int
    name: str
    title: str
    merchant: str
    folder: str
    purpose: str
    region: str
    timezone: str | None
    policy: str | None
    state: str
    state_reason: str
    starts_at: datetime | None
    ends_at: datetime | None
    priority: int
    max_concurrent: int
    max_attempts: int
    daily_budget: int | None
    caller_number: str | None
    trunk_id: int | None
    hold_out: float
    rules: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


COPIED = (
    *("title", "merchant", "folder", "purpose", "region", "timezone", "policy", "priority"),
    *("max_concurrent", "max_attempts", "daily_budget", "caller_number", "trunk_id", "hold_out"),
    "rules",
)
"""What a clone has of its original: everything but its name, its state and its dates."""


def create(connection: Connection, name: str, now: datetime, **values: Any) -> int:
    """Make a campaign as a draft and return its id. Raises `IntegrityError` for a name in use."""
    made = connection.execute(
        insert(campaign)
        .values(name=name, created_at=now, updated_at=now, **values)
        .returning(campaign.c.id)
    ).scalar_one()
    note(connection, made, "create", now)
    return int(made)


def find(connection: Connection, name: str) -> StoredCampaign | None:
    """Return a campaign by its name."""
    found = _some(connection, campaign.c.name == name)
    return found[0] if found else None


def listed(connection: Connection) -> Sequence[StoredCampaign]:
    """Return all campaigns, the newest last."""
    return _some(connection, campaign.c.id > 0)


def _some(connection: Connection, which: Any) -> list[StoredCampaign]:
    columns = (campaign.c[name] for name in StoredCampaign.__slots__)
    rows = connection.execute(select(*columns).where(which).order_by(campaign.c.id))
    return [StoredCampaign(*row) for row in rows]


def set_state(
    connection: Connection, campaign_id: int, state: State, what: str, reason: str, now: datetime
) -> None:
    """Move a campaign to a state, and note what did it."""
    connection.execute(
        update(campaign)
        .where(campaign.c.id == campaign_id)
        .values(state=str(state), state_reason=reason, updated_at=now)
    )
    note(connection, campaign_id, what, now, reason=reason)


def note(connection: Connection, campaign_id: int, what: str, now: datetime, **detail: Any) -> None:
    """Write into a campaign's history."""
    connection.execute(
        insert(campaign_event).values(campaign_id=campaign_id, at=now, what=what, detail=detail)
    )


def history(
    connection: Connection, campaign_id: int, limit: int
) -> Sequence[tuple[datetime, str, str]]:
    """Return what happened to a campaign, the latest first."""
    rows = connection.execute(
        select(campaign_event.c.at, campaign_event.c.what, campaign_event.c.detail)
        .where(campaign_event.c.campaign_id == campaign_id)
        .order_by(campaign_event.c.id.desc())
        .limit(limit)
    )
    return [(row.at, row.what, str((row.detail or {}).get("reason", ""))) for row in rows]


def to_begin(connection: Connection, now: datetime) -> Sequence[int]:
    """Return scheduled campaigns whose time has come."""
    rows = connection.execute(
        select(campaign.c.id).where(
            campaign.c.state == "scheduled",
            or_(campaign.c.starts_at.is_(None), campaign.c.starts_at <= now),
        )
    )
    return list(rows.scalars())


def running(connection: Connection) -> Sequence[StoredCampaign]:
    """Return the campaigns that run."""
    return _some(connection, campaign.c.state == "running")


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a campaign is."""

    contacts: int
    held_out: int
    waiting: int
    queued: int
    done: int
    by_result: Mapping[str, int]
    """Of the contacts that were called or refused: the last disposition, or the gate's rule."""
    next_at: datetime | None
    """When the first waiting contact is due."""
    ringing: int
    """Calls under way."""
    dialled: int
    answered: int


def counts(connection: Connection, campaign_id: int) -> Counts:
    """Count a campaign's contacts and attempts."""
    result = func.coalesce(contact.c.disposition, contact.c.state_reason)
    states: dict[str, int] = {}
    by_result: dict[str, int] = {}
    held_out = 0
    rows = connection.execute(
        select(contact.c.held_out, contact.c.state, result, func.count())
        .where(contact.c.campaign_id == campaign_id)
        .group_by(contact.c.held_out, contact.c.state, result)
    )
    for held, state, name, number in rows:
        if held:
            held_out += number
            continue
        states[state] = states.get(state, 0) + number
        if name:
            by_result[name] = by_result.get(name, 0) + number
    next_at = connection.execute(
        select(func.min(contact.c.next_at)).where(
            contact.c.campaign_id == campaign_id,
            contact.c.state == "wait",
            contact.c.held_out.is_(False),
        )
    ).scalar()
    ringing = connection.execute(
        select(func.count())
        .select_from(attempt)
        .where(IN_FLIGHT, attempt.c.campaign_id == campaign_id, attempt.c.state == "dialing")
    ).scalar_one()
    days = connection.execute(
        select(func.sum(campaign_day.c.dialled), func.sum(campaign_day.c.answered)).where(
            campaign_day.c.campaign_id == campaign_id
        )
    ).one()
    return Counts(
        contacts=sum(states.values()) + held_out,
        held_out=held_out,
        waiting=states.get("wait", 0),
        queued=states.get("queued", 0),
        done=states.get("done", 0),
        by_result=dict(sorted(by_result.items(), key=lambda each: -each[1])),
        next_at=next_at,
        ringing=ringing,
        dialled=int(days[0] or 0),
        answered=int(days[1] or 0),
    )


def remove(connection: Connection, campaign_id: int) -> None:
    """Delete a campaign with its contacts, attempts and decisions. Consent and do-not-call lists
    stay: they are about people, not about a campaign."""
    hooks = select(webhook.c.id).where(webhook.c.campaign_id == campaign_id)
    connection.execute(delete(outbox).where(outbox.c.webhook_id.in_(hooks)))
    for table in (
        webhook,
        decision,
        attempt,
        contact,
        import_batch,
        script_version,
        campaign_day,
        campaign_event,
    ):
        connection.execute(delete(table).where(table.c.campaign_id == campaign_id))
    connection.execute(delete(campaign).where(campaign.c.id == campaign_id))


def set_trunk(connection: Connection, name: str, cps: float, cap: int) -> int:
    """Make a trunk, or change what it carries; return its id."""
    known = connection.execute(
        update(trunk).where(trunk.c.name == name).values(cps=cps, cap=cap).returning(trunk.c.id)
    ).scalar()
    if known is not None:
        return int(known)
    made = connection.execute(
        insert(trunk).values(name=name, cps=cps, cap=cap).returning(trunk.c.id)
    )
    return int(made.scalar_one())


def trunk_of(connection: Connection, campaign_id: int) -> str:
    """Return the name of a campaign's trunk; empty when it has none."""
    found = connection.execute(
        select(trunk.c.name)
        .join(campaign, campaign.c.trunk_id == trunk.c.id)
        .where(campaign.c.id == campaign_id)
    ).scalar()
    return found or ""


def trunk_named(connection: Connection, name: str) -> int:
    """Return a trunk's id; one that is not there is made, and carries one call a second."""
    known = connection.execute(select(trunk.c.id).where(trunk.c.name == name)).scalar()
    if known is not None:
        return int(known)
    return set_trunk(connection, name, cps=1, cap=20)


def trunks(connection: Connection) -> Sequence[tuple[str, float, int, str]]:
    """Return each trunk's name, calls per second, calls at once and state."""
    rows = connection.execute(
        select(trunk.c.name, trunk.c.cps, trunk.c.cap, trunk.c.state).order_by(trunk.c.id)
    )
    return [(row.name, row.cps, row.cap, row.state) for row in rows]


def set_trunk_state(connection: Connection, name: str, state: str) -> bool:
    """Take a trunk out of service (`down`) or into it (`up`)."""
    changed = connection.execute(update(trunk).where(trunk.c.name == name).values(state=state))
    return changed.rowcount == 1


def has_contacts(connection: Connection, campaign_id: int) -> bool:
    """Tell whether a campaign has anybody to call."""
    found = select(contact.c.id).where(contact.c.campaign_id == campaign_id).limit(1)
    return connection.execute(found).first() is not None


def has_consent(connection: Connection, of: StoredCampaign) -> bool:
    """Tell whether anybody of a campaign ever agreed to calls of its purpose."""
    found = (
        select(contact.c.id)
        .join(consent, consent.c.phone == contact.c.phone)
        .where(
            contact.c.campaign_id == of.id,
            consent.c.merchant == of.merchant,
            consent.c.purpose == of.purpose,
            consent.c.withdrawn_at.is_(None),
        )
        .limit(1)
    )
    return connection.execute(found).first() is not None


def clone(connection: Connection, original: StoredCampaign, name: str, now: datetime) -> int:
    """Make a draft with another campaign's settings and the scripts that it speaks."""
    values = {each: getattr(original, each) for each in COPIED}
    made = create(connection, name, now, **values)
    columns = [each.key for each in script_version.c if each.key not in ("id", "campaign_id")]
    rows = connection.execute(
        select(*(script_version.c[each] for each in columns)).where(
            script_version.c.campaign_id == original.id, script_version.c.state != "retired"
        )
    ).all()
    if rows:
        connection.execute(
            insert(script_version), [{**row._mapping, "campaign_id": made} for row in rows]
        )
    return made


def rehearse(connection: Connection, campaign_id: int, max_concurrent: int) -> None:
    """Let a campaign have so many calls at once, and not stop when people want no calls: in a
    rehearsal one persona in ten refuses."""
    rules = connection.execute(
        select(campaign.c.rules).where(campaign.c.id == campaign_id)
    ).scalar_one()
    breaker = {**rules.get("breaker", {}), "unwanted_share": 1}
    connection.execute(
        update(campaign)
        .where(campaign.c.id == campaign_id)
        .values(max_concurrent=max_concurrent, rules={**rules, "breaker": breaker})
    )
