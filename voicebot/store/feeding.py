"""Taking due contacts: `wait -> queued`, an `intent` attempt for each, and slots of the trunk.

A trunk's row is locked while it is fed, so that its calls, its slots and its campaigns' budgets are
counted exactly whatever number of workers feed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, literal, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from voicebot.store.tables import (
    IN_FLIGHT,
    attempt,
    campaign,
    campaign_day,
    contact,
    decision,
    trunk,
)


@dataclass(frozen=True, slots=True)
class TrunkRow:
    """A line to the network."""

    id: int
    name: str
    cps: float
    cap: int
    next_slot: datetime


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign that is running, as far as dialling needs it."""

    id: int
    name: str
    merchant: str
    purpose: str
    region: str
    timezone: str | None
    policy: str | None
    priority: int
    max_concurrent: int
    max_attempts: int
    daily_budget: int | None
    caller_number: str | None
    rules: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InFlight:
    """Attempts that are released or dialled, counted."""

    trunk_id: int
    campaign_id: int
    owner: str | None
    waiting: int
    dialing: int

    @property
    def calls(self) -> int:
        """Both: each of them holds a line."""
        return self.waiting + self.dialing


@dataclass(frozen=True, slots=True)
class Due:
    """A contact whose time has come."""

    id: int
    phone: str
    timezone: str | None
    attempts: int
    script_version_id: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a contact is not called now, and when it may be."""

    contact_id: int
    phone: str
    code: str
    detail: str
    next_at: datetime | None
    """None: never in this campaign."""


@dataclass(frozen=True, slots=True)
class Release:
    """One contact that is to be called."""

    due: Due
    slot_at: datetime
    script_version_id: int | None


def _number_of(state: str) -> Any:
    return func.sum(case((attempt.c.state == state, 1), else_=0))


# Statements of every feed, built once: to build and compare them anew takes longer than the
# database does.
_TRUNKS = (
    select(trunk.c.id)
    .join(campaign, campaign.c.trunk_id == trunk.c.id)
    .where(trunk.c.state == "up", campaign.c.state == "running")
    .distinct()
    .order_by(trunk.c.id)
)
_TRUNK = (
    select(trunk.c.id, trunk.c.name, trunk.c.cps, trunk.c.cap, trunk.c.next_slot)
    .where(trunk.c.id == bindparam("trunk"), trunk.c.state == "up")
    .with_for_update()
)
_NEXT_SLOT = update(trunk).where(trunk.c.id == bindparam("trunk")).values(next_slot=bindparam("at"))
_CAMPAIGNS = (
    select(*(campaign.c[name] for name in CampaignRow.__slots__))
    .where(
        campaign.c.trunk_id == bindparam("trunk"),
        campaign.c.state == "running",
        or_(campaign.c.starts_at.is_(None), campaign.c.starts_at <= bindparam("now")),
        or_(campaign.c.ends_at.is_(None), campaign.c.ends_at > bindparam("now")),
    )
    .order_by(campaign.c.priority.desc(), campaign.c.id)
)
_FLIGHT = (attempt.c.trunk_id, attempt.c.campaign_id, attempt.c.owner)
_IN_FLIGHT = (
    select(*_FLIGHT, _number_of("intent"), _number_of("dialing"))
    .where(IN_FLIGHT)
    .group_by(*_FLIGHT)
)
_DIALLED = select(campaign_day.c.dialled).where(
    campaign_day.c.campaign_id == bindparam("campaign"), campaign_day.c.day == bindparam("on")
)
_COUNT = (
    update(campaign_day)
    .where(
        campaign_day.c.campaign_id == bindparam("campaign"), campaign_day.c.day == bindparam("on")
    )
    .values(dialled=campaign_day.c.dialled + bindparam("number"))
)
_ANSWERED = (
    update(campaign_day)
    .where(
        campaign_day.c.campaign_id == bindparam("campaign"), campaign_day.c.day == bindparam("on")
    )
    .values(answered=campaign_day.c.answered + bindparam("number"))
)
_REFUSE = (
    update(contact)
    .where(contact.c.id == bindparam("contact"), contact.c.state != "done")
    .values(state_reason=bindparam("code"))
)
_WAIT = _REFUSE.values(state="wait", next_at=bindparam("at"))
_NEVER = _REFUSE.values(state="done")
_DUE = (
    select(
        contact.c.id,
        contact.c.phone,
        contact.c.timezone,
        contact.c.attempts,
        contact.c.script_version_id,
    )
    .where(
        contact.c.campaign_id == bindparam("campaign"),
        contact.c.state == "wait",
        contact.c.next_at <= bindparam("now"),
        contact.c.held_out.is_(False),
    )
    .order_by(contact.c.next_at)
    .limit(bindparam("most"))
)
_QUEUE = (
    update(contact)
    .where(contact.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state="queued",
        state_reason="",
        attempts=contact.c.attempts + 1,
        script_version_id=bindparam("version"),
    )
)


_ALLOWED = insert(decision).from_select(
    ["campaign_id", "contact_id", "phone", "at", "stage", "allowed", "code"],
    select(
        attempt.c.campaign_id,
        attempt.c.contact_id,
        attempt.c.phone,
        attempt.c.created_at,
        literal("feed"),
        true(),
        literal("allowed"),
    )
    .where(attempt.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(attempt.c.contact_id),
)
"""The gate's verdict on each attempt that is released, taken from the attempt itself."""


def attempt_id(campaign_id: int, contact_id: int, number: int) -> str:
    """Return the id of an attempt: of its row, its work in the queue and its call on the switch."""
    return f"{campaign_id}:{contact_id}:{number}"


def trunks_to_feed(connection: Connection) -> Sequence[int]:
    """Return the trunks that are up and have a running campaign."""
    return list(connection.execute(_TRUNKS).scalars())


def lock_trunk(connection: Connection, trunk_id: int) -> TrunkRow | None:
    """Return the trunk while nobody else feeds it; None when it is down."""
    row = connection.execute(_TRUNK, {"trunk": trunk_id}).first()
    return None if row is None else TrunkRow(*row)


def set_next_slot(connection: Connection, trunk_id: int, at: datetime) -> None:
    """Keep from when on the trunk's next call may be dialled."""
    connection.execute(_NEXT_SLOT, {"trunk": trunk_id, "at": at})


def running_campaigns(
    connection: Connection, trunk_id: int, now: datetime
) -> Sequence[CampaignRow]:
    """Return the trunk's campaigns that run now, the most urgent first."""
    rows = connection.execute(_CAMPAIGNS, {"trunk": trunk_id, "now": now})
    return [CampaignRow(*row) for row in rows]


def in_flight(connection: Connection) -> Sequence[InFlight]:
    """Count what is under way, by trunk, campaign and worker."""
    rows = connection.execute(_IN_FLIGHT)
    return [InFlight(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in rows]


def dialled_on(connection: Connection, campaign_id: int, day: str) -> int:
    """Return how many calls of a campaign were released on a day in its zone."""
    return connection.execute(_DIALLED, {"campaign": campaign_id, "on": day}).scalar() or 0


def due(connection: Connection, campaign_id: int, now: datetime, limit: int) -> Sequence[Due]:
    """Return contacts whose time has come, the longest due first."""
    rows = connection.execute(_DUE, {"campaign": campaign_id, "now": now, "most": limit})
    return [Due(*row) for row in rows]


def refuse(
    connection: Connection,
    campaign_id: int,
    refusals: Sequence[Refusal],
    now: datetime,
    stage: str = "feed",
) -> None:
    """Record what the gate refused; a contact waits for its next time, or is done for good."""
    if not refusals:
        return
    connection.execute(
        insert(decision),
        [
            {
                "campaign_id": campaign_id,
                "contact_id": each.contact_id,
                "phone": each.phone,
                "at": now,
                "stage": stage,
                "allowed": False,
                "code": each.code,
                "detail": each.detail,
                "next_at": each.next_at,
            }
            for each in refusals
        ],
    )
    ordered = sorted(refusals, key=lambda each: each.contact_id)
    later = [
        {"contact": each.contact_id, "code": each.code, "at": each.next_at}
        for each in ordered
        if each.next_at is not None
    ]
    never = [
        {"contact": each.contact_id, "code": each.code} for each in ordered if each.next_at is None
    ]
    for statement, rows in ((_WAIT, later), (_NEVER, never)):
        if rows:
            connection.execute(statement, rows)


def release(
    connection: Connection,
    campaign_row: CampaignRow,
    trunk_id: int,
    releases: Sequence[Release],
    owner: str,
    now: datetime,
    day: str,
) -> Sequence[str]:
    """Take contacts for calling; return the ids of their attempts.

    A contact whose number is in another campaign's call just now is left for a minute.
    """
    if not releases:
        return []
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    taken = {
        row.contact_id: row.id
        for row in connection.execute(
            dialect.insert(attempt)
            .on_conflict_do_nothing()
            .returning(attempt.c.id, attempt.c.contact_id),
            # Beside the statement, which is compiled once then: not once for each claim.
            [
                {
                    "id": attempt_id(campaign_row.id, each.due.id, each.due.attempts + 1),
                    "campaign_id": campaign_row.id,
                    "contact_id": each.due.id,
                    "number": each.due.attempts + 1,
                    "phone": each.due.phone,
                    "purpose": campaign_row.purpose,
                    "trunk_id": trunk_id,
                    "caller_number": campaign_row.caller_number,
                    "script_version_id": each.script_version_id,
                    "state": "intent",
                    "owner": owner,
                    "slot_at": each.slot_at,
                    "created_at": now,
                }
                for each in releases
            ],
        )
    }
    _queue(connection, [each for each in releases if each.due.id in taken])
    busy = [each.due for each in releases if each.due.id not in taken]
    refuse(connection, campaign_row.id, [_in_call(each, now) for each in busy], now)
    if taken:
        connection.execute(_ALLOWED, {"ids": list(taken.values())})
        count_dialled(connection, campaign_row.id, day, len(taken))
    return list(taken.values())


def count_dialled(connection: Connection, campaign_id: int, day: str, number: int) -> None:
    """Add to the calls of a day; a negative number takes back what was not dialled after all."""
    counted = connection.execute(_COUNT, {"campaign": campaign_id, "on": day, "number": number})
    if counted.rowcount:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(campaign_day).values(
        campaign_id=campaign_id, day=day, dialled=max(0, number)
    )
    connection.execute(
        row.on_conflict_do_update(
            index_elements=["campaign_id", "day"],
            set_={"dialled": campaign_day.c.dialled + number},
        )
    )


def count_answered(connection: Connection, answered: Mapping[tuple[int, str], int]) -> None:
    """Add calls that people answered to the days (and campaigns) of their keys."""
    if answered:
        connection.execute(
            _ANSWERED,
            [
                {"campaign": campaign_id, "on": day, "number": number}
                for (campaign_id, day), number in sorted(answered.items())
            ],
        )


def _queue(connection: Connection, releases: Sequence[Release]) -> None:
    by_version: dict[int | None, list[int]] = {}
    for each in releases:
        by_version.setdefault(each.script_version_id, []).append(each.due.id)
    for version, ids in by_version.items():
        connection.execute(_QUEUE, {"ids": ids, "version": version})


def _in_call(each: Due, now: datetime) -> Refusal:
    return Refusal(each.id, each.phone, "in_call", "", now + timedelta(minutes=1))
