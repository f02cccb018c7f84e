"""Reading finished attempts out of the store, however many there are."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from voicebot.campaign.outcome_row import OutcomeRow
from voicebot.errors import BadStore, Problem
from voicebot.store.tables import attempt, campaign, contact, script_version

ROWS_AT_ONCE = 2000


def campaign_id(connection: Connection, name: str) -> int:
    """Return a campaign's number. Raises `BadStore` when there is none of this name."""
    found = connection.execute(select(campaign.c.id).where(campaign.c.name == name)).scalar()
    if found is None:
        names = connection.execute(select(campaign.c.name).order_by(campaign.c.name)).scalars()
        known = ", ".join(names) or "none yet"
        raise BadStore(Problem(f'campaign "{name}"', "is not known", hint=f"campaigns: {known}"))
    return int(found)


def outcome_rows(
    connection: Connection,
    campaign_key: int | None = None,
    since: datetime | None = None,
    *,
    records: bool = False,
) -> Iterator[OutcomeRow]:
    """Yield finished attempts by campaign, contact and number; all campaigns' when None.

    `since` is compared with the end of the attempt. With `records` each row brings the whole
    conversation, which is some kilobytes. Rows are streamed: a million need no memory.
    """
    query = _query(records)
    if campaign_key is not None:
        query = query.where(attempt.c.campaign_id == campaign_key)
    if since is not None:
        query = query.where(attempt.c.ended_at >= since)
    for row in connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        yield OutcomeRow(
            attempt_id=row.id,
            campaign=row.campaign,
            contact_id=row.contact_id,
            phone=row.phone,
            name=row.name or "",
            number=row.number,
            purpose=row.purpose,
            caller_number=row.caller_number or "",
            dialed_at=row.dialed_at,
            answered_at=row.answered_at,
            ended_at=row.ended_at,
            ring_ms=row.ring_ms,
            talk_ms=row.talk_ms,
            sip_code=row.sip_code,
            disposition=row.disposition or "",
            end_reason=row.end_reason or "",
            intention=row.intention or "",
            intention_rule=row.intention_rule or "",
            next_action=row.next_action or "",
            script_version=row.version or "",
            replies=row.replies,
            recording=row.recording or "",
            variables=_texts(row.variables),
            outcome=_texts(row.outcome),
            evidence=row.evidence or {},
            record=row.record if records else None,
        )


def outcome_fields(
    connection: Connection, campaign_key: int | None = None, since: datetime | None = None
) -> Sequence[str]:
    """Return the names of all outcome fields that scripts set, sorted."""
    query = select(attempt.c.outcome).where(attempt.c.state == "done", attempt.c.replies >= 0)
    if campaign_key is not None:
        query = query.where(attempt.c.campaign_id == campaign_key)
    if since is not None:
        query = query.where(attempt.c.ended_at >= since)
    names: set[str] = set()
    for outcome in connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE)).scalars():
        names.update(outcome)
    return sorted(names)


def _query(records: bool) -> Select[Any]:
    columns: list[Any] = [
        *(each for each in attempt.c if each.name not in ("record", "states", "owner", "slot_at")),
        campaign.c.name.label("campaign"),
        contact.c.name,
        contact.c.variables,
        script_version.c.label.label("version"),
    ]
    if records:
        columns.append(attempt.c.record)
    return (
        select(*columns)
        .select_from(
            attempt.join(campaign, campaign.c.id == attempt.c.campaign_id)
            .outerjoin(contact, contact.c.id == attempt.c.contact_id)
            .outerjoin(script_version, script_version.c.id == attempt.c.script_version_id)
        )
        .where(attempt.c.state == "done")
        .order_by(attempt.c.campaign_id, attempt.c.contact_id, attempt.c.number)
    )


def _texts(values: dict[str, Any] | None) -> dict[str, str]:
    return {key: "" if each is None else str(each) for key, each in (values or {}).items()}
