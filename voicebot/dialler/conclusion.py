"""What follows a call: its outcome, the contact's next attempt, messages to the shop's systems."""

import hashlib
import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select

from voicebot.campaign.grade import Rule, default_rules, rules_of
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.retry import USES_NO_CAP, Past, follow_up
from voicebot.campaign.rules import parse_rules
from voicebot.campaign.schedule import local_day
from voicebot.campaign.summary import summary
from voicebot.dialler.calls import Called
from voicebot.dialogue.script import EndReason
from voicebot.errors import BadRules
from voicebot.store import dialling, feeding, webhooks
from voicebot.store.dialling import Intent, Outcome
from voicebot.store.tables import campaign

log = logging.getLogger(__name__)

WISH = "callback"
"""The outcome field in which a script keeps when to call again."""


_CAMPAIGN = select(campaign.c.rules, campaign.c.max_attempts, campaign.c.timezone).where(
    campaign.c.id == bindparam("campaign")
)


def conclude(
    connection: Connection,
    intent: Intent,
    owner: str,
    called: Called,
    now: datetime,
    ended_at: datetime | None = None,
) -> bool:
    """Keep all that came of a call, in one transaction; False when it was kept before.

    `ended_at` is now when None.
    """
    outcome = _outcome(intent, called, ended_at or now)
    if not dialling.finish(connection, intent, owner, outcome):
        return False
    if called.record is not None and called.record.end_reason is EndReason.OPTED_OUT:
        dialling.opt_out(connection, intent, now)
    kept = connection.execute(_CAMPAIGN, {"campaign": intent.campaign_id}).one()
    zone = ZoneInfo(intent.timezone or "UTC")
    past = [
        Past(
            each.dialed_at.astimezone(zone),
            each.disposition,
            EndReason(each.end_reason) if each.end_reason else None,
        )
        for each in dialling.past_attempts(connection, intent.contact_id)
    ]
    rules = parse_rules(kept.rules, kept.max_attempts).retry
    wish = outcome.outcome.get(WISH, "")
    following = follow_up(rules, past, now.astimezone(zone), spread(intent.id), wish)
    dialling.follow(
        connection, intent.contact_id, called.disposition, following.at, following.reason
    )
    if called.disposition is Disposition.ANSWERED_HUMAN:
        day = local_day(intent.created_at, kept.timezone)
        feeding.count_answered(connection, intent.campaign_id, day)
    webhooks.announce(connection, intent, outcome, now)
    return True


def spread(attempt_id: str) -> float:
    """Return a number from 0 to 1 that is an attempt's own, on every machine."""
    digest = hashlib.sha256(attempt_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _grading(folder: str) -> tuple[Rule, ...]:
    """Return a campaign's own grading rules; the defaults rather than lose an outcome to a fault in
    a file that was changed while the campaign runs."""
    try:
        return rules_of(Path(folder)) if folder else default_rules()
    except BadRules as error:
        log.error("%s; graded by the default rules", error)
        return default_rules()


def _outcome(intent: Intent, called: Called, now: datetime) -> Outcome:
    record = called.record
    summed = summary(called.disposition, record, _grading(intent.folder))
    talk_ms = None if record is None else record.duration_ms
    return Outcome(
        disposition=called.disposition,
        ended_at=now,
        ring_ms=called.ring_ms,
        answered_at=None if talk_ms is None else now - timedelta(milliseconds=talk_ms),
        talk_ms=talk_ms,
        sip_code=called.sip_code,
        uses_cap=called.disposition not in USES_NO_CAP,
        end_reason=None if record is None else str(record.end_reason),
        replies=summed.replies,
        states=summed.states,
        intention=str(summed.grade.intention),
        intention_rule=summed.grade.rule,
        next_action=summed.grade.next_action,
        outcome={} if record is None else record.outcome,
        evidence=called.evidence,
        record=None if record is None else _brief(record.as_dict()),
        recording=called.recording,
    )


def _brief(record: dict[str, Any]) -> dict[str, Any]:
    """Leave out the timeline: it is ten times the rest, and lies beside the recording."""
    return {key: value for key, value in record.items() if key not in ("timeline", "variables")}
