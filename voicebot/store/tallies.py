"""What happened lately: the figures that stop a campaign or a canary by itself."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, exists, func, or_, select

from voicebot.campaign.breaker import BreakerRules, Tally
from voicebot.campaign.outcome import Disposition
from voicebot.dialogue.script import EndReason
from voicebot.store.tables import IN_FLIGHT, attempt, campaign_event, contact

TECHNICAL = (str(Disposition.LINE_ERROR), str(Disposition.BLOCKED))
LATEST = 2000
"""Calls that are looked at for opt-outs: a campaign's mood, not its history."""

BEGINNINGS = ("start", "resume")


def started_at(connection: Connection, campaign_id: int) -> datetime | None:
    """Return when a campaign was last started or resumed: what was before stops it no more."""
    return connection.execute(
        select(func.max(campaign_event.c.at)).where(
            campaign_event.c.campaign_id == campaign_id, campaign_event.c.what.in_(BEGINNINGS)
        )
    ).scalar()


def tally(
    connection: Connection,
    campaign_id: int,
    rules: BreakerRules,
    now: datetime,
    since: datetime | None,
    version_id: int | None = None,
) -> Tally:
    """Count a campaign's calls that ended since `since`, of one version if it is given."""
    window = now - timedelta(seconds=rules.window_s)
    of = [attempt.c.campaign_id == campaign_id, attempt.c.dialed_at.is_not(None)]
    if since is not None:
        of.append(attempt.c.ended_at >= since)
    if version_id is not None:
        of.append(attempt.c.script_version_id == version_id)
    calls = connection.execute(
        select(
            func.count(),
            func.sum(case((attempt.c.disposition.in_(TECHNICAL), 1), else_=0)),
        ).where(*of, attempt.c.ended_at > window, attempt.c.state == "done")
    ).one()
    complained = attempt.c.outcome["complaint"].as_string()
    unwanted = or_(
        attempt.c.end_reason == str(EndReason.OPTED_OUT),
        and_(complained.is_not(None), complained != ""),
    )
    latest = (
        select(case((unwanted, 1), else_=0).label("unwanted"))
        .where(
            *of,
            attempt.c.ended_at.is_not(None),
            attempt.c.disposition == str(Disposition.ANSWERED_HUMAN),
        )
        .order_by(attempt.c.ended_at.desc())
        .limit(LATEST)
        .subquery()
    )
    people = connection.execute(
        select(func.count(), func.sum(latest.c.unwanted)).select_from(latest)
    ).one()
    return Tally(calls[0], int(calls[1] or 0), people[0], int(people[1] or 0))


def last_fault(connection: Connection, campaign_id: int) -> str:
    """Return what the last call that failed technically says of its failure; empty: nothing."""
    row = connection.execute(
        select(attempt.c.evidence, attempt.c.sip_code)
        .where(
            attempt.c.campaign_id == campaign_id,
            attempt.c.ended_at.is_not(None),
            attempt.c.disposition.in_(TECHNICAL),
        )
        .order_by(attempt.c.ended_at.desc())
        .limit(1)
    ).first()
    if row is None:
        return ""
    return str(
        row.evidence.get("error", "") or ("" if row.sip_code is None else f"SIP {row.sip_code}")
    )


def is_done(connection: Connection, campaign_id: int) -> bool:
    """Tell whether a campaign has contacts and every one of them is done."""
    waits = exists().where(
        contact.c.campaign_id == campaign_id,
        contact.c.state == "wait",
        contact.c.held_out.is_(False),
    )
    called = exists().where(attempt.c.campaign_id == campaign_id, IN_FLIGHT)
    done = exists().where(contact.c.campaign_id == campaign_id, contact.c.state == "done")
    loading = exists().where(contact.c.campaign_id == campaign_id, contact.c.state == "loading")
    return bool(connection.execute(select(and_(done, ~waits, ~loading, ~called))).scalar())
