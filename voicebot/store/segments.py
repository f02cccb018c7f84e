"""Picking a segment: the contacts of a campaign whose last call came to what was asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, and_, case, exists, func, or_, select

from voicebot.campaign.segment import Candidate, Segment
from voicebot.store.retention import NOBODY
from voicebot.store.tables import attempt, campaign, contact, dnc, script_version, shop_order

ROWS_AT_ONCE = 5000

DEFAULT_ZONE = "Asia/Shanghai"
"""Of a campaign that names none."""


@dataclass(frozen=True, slots=True)
class Picked:
    """One contact of the segment, with what the next campaign needs of it."""

    contact_id: int
    phone: str
    name: str
    timezone: str | None
    variables: dict[str, str]
    attempt_id: str | None
    """The last call to it."""
    outcome: dict[str, str]
    """What the script noted in that call."""


def pick(connection: Connection, campaign_id: int, segment: Segment) -> Iterator[Picked]:
    """Yield who belongs to the segment, in the order of import; a million rows are streamed.

    `bought` looks for an order of the same merchant since the last call, or since the campaign was
    made for who was not called. `opted_out` is what a call or any do-not-call list says that holds
    for this campaign. Dates are days in the campaign's own zone.
    """
    zone = connection.execute(
        select(campaign.c.timezone).where(campaign.c.id == campaign_id)
    ).scalar_one()
    rows = connection.execute(_query(campaign_id).execution_options(yield_per=ROWS_AT_ONCE))
    days = ZoneInfo(zone or DEFAULT_ZONE)
    for row in rows:
        candidate = Candidate(
            name=row.name,
            variables=_texts(row.variables),
            attempts=row.attempts,
            disposition=row.disposition or "",
            intention=row.intention or "",
            end_reason=row.end_reason or "",
            version=row.version or "",
            talk_s=(row.talk_ms or 0) / 1000,
            turns=row.replies or 0,
            ended_at=row.ended_at,
            outcome=_texts(row.outcome or {}),
            bought=bool(row.bought),
            opted_out=bool(row.opted_out),
        )
        if segment.matches(candidate, days):
            yield Picked(
                row.id,
                row.phone,
                row.name,
                row.timezone,
                dict(candidate.variables),
                row.attempt_id,
                dict(candidate.outcome),
            )


def _query(campaign_id: int) -> Select[tuple[object, ...]]:
    newest = (
        select(func.max(attempt.c.number))
        .where(attempt.c.contact_id == contact.c.id, attempt.c.state == "done")
        .correlate(contact)
        .scalar_subquery()
    )
    bought = exists().where(
        shop_order.c.phone == contact.c.phone,
        shop_order.c.merchant == campaign.c.merchant,
        shop_order.c.placed_at
        >= func.coalesce(attempt.c.dialed_at, attempt.c.created_at, campaign.c.created_at),
    )
    listed = exists().where(
        dnc.c.phone == contact.c.phone,
        dnc.c.removed_at.is_(None),
        or_(
            dnc.c.scope == "platform",
            and_(dnc.c.scope == "merchant", dnc.c.owner == campaign.c.merchant),
            and_(dnc.c.scope == "campaign", dnc.c.owner == campaign.c.name),
        ),
    )
    return (
        select(
            contact.c.id,
            contact.c.phone,
            contact.c.name,
            contact.c.timezone,
            contact.c.variables,
            contact.c.attempts,
            attempt.c.id.label("attempt_id"),
            attempt.c.disposition,
            attempt.c.intention,
            attempt.c.end_reason,
            attempt.c.talk_ms,
            attempt.c.replies,
            attempt.c.ended_at,
            attempt.c.outcome,
            script_version.c.label.label("version"),
            bought.label("bought"),
            case((attempt.c.end_reason == "opted_out", True), else_=listed).label("opted_out"),
        )
        .select_from(
            contact.join(campaign, campaign.c.id == contact.c.campaign_id)
            .outerjoin(
                attempt,
                and_(attempt.c.contact_id == contact.c.id, attempt.c.number == newest),
            )
            .outerjoin(script_version, script_version.c.id == attempt.c.script_version_id)
        )
        .where(contact.c.campaign_id == campaign_id, ~contact.c.phone.startswith(NOBODY))
        .order_by(contact.c.id)
    )


def _texts(values: dict[str, object]) -> dict[str, str]:
    return {str(key): "" if value is None else str(value) for key, value in values.items()}
