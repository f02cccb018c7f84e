"""What follows calls: outcomes, the contacts' next attempts, messages to the shop's systems."""

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
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
from voicebot.store import conclusions, dialling, feeding, webhooks
from voicebot.store.conclusions import Following, Outcome, PastAttempt
from voicebot.store.dialling import Intent
from voicebot.store.tables import campaign

log = logging.getLogger(__name__)

WISH = "callback"
"""The outcome field in which a script keeps when to call again."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that is over."""

    intent: Intent
    called: Called
    at: datetime
    """When its end was seen."""


_CAMPAIGNS = select(
    campaign.c.id, campaign.c.rules, campaign.c.max_attempts, campaign.c.timezone
).where(campaign.c.id.in_(bindparam("campaigns", expanding=True)))


def conclude(
    connection: Connection, owner: str, ended: Sequence[Ended], now: datetime
) -> Sequence[bool]:
    """Keep all that came of calls, in one transaction; False for one that was kept before."""
    outcomes = [(each.intent, _outcome(each.intent, each.called, each.at)) for each in ended]
    kept = conclusions.finish(connection, owner, outcomes)
    fresh = [each for each in outcomes if each[0].id in kept]
    if fresh:
        for each in ended:
            record = each.called.record
            if each.intent.id in kept and record and record.end_reason is EndReason.OPTED_OUT:
                dialling.opt_out(connection, each.intent, now)
        _follow(connection, fresh, now)
        webhooks.announce(connection, fresh, now)
    return [each.intent.id in kept for each in ended]


def _follow(connection: Connection, fresh: Sequence[tuple[Intent, Outcome]], now: datetime) -> None:
    """Decide what the contacts of calls do next, and count who answered."""
    ids = sorted({each.campaign_id for each, _ in fresh})
    settings = {row.id: row for row in connection.execute(_CAMPAIGNS, {"campaigns": ids})}
    rules = {row.id: parse_rules(row.rules, row.max_attempts).retry for row in settings.values()}
    past = conclusions.past_attempts(connection, [each.contact_id for each, _ in fresh])
    following = []
    answered: Counter[tuple[int, str]] = Counter()
    for intent, outcome in fresh:
        zone = ZoneInfo(intent.timezone or "UTC")
        then = follow_up(
            rules[intent.campaign_id],
            [_past(each, zone) for each in past[intent.contact_id]],
            now.astimezone(zone),
            spread(intent.id),
            outcome.outcome.get(WISH, ""),
        )
        following.append(Following(intent.contact_id, outcome.disposition, then.at, then.reason))
        if outcome.disposition is Disposition.ANSWERED_HUMAN:
            day = local_day(intent.created_at, settings[intent.campaign_id].timezone)
            answered[intent.campaign_id, day] += 1
    conclusions.follow(connection, following)
    feeding.count_answered(connection, answered)


def _past(each: PastAttempt, zone: ZoneInfo) -> Past:
    reason = EndReason(each.end_reason) if each.end_reason else None
    return Past(each.dialed_at.astimezone(zone), each.disposition, reason)


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


def _outcome(intent: Intent, called: Called, ended_at: datetime) -> Outcome:
    record = called.record
    summed = summary(called.disposition, record, _grading(intent.folder))
    talk_ms = None if record is None else record.duration_ms
    return Outcome(
        disposition=called.disposition,
        ended_at=ended_at,
        ring_ms=called.ring_ms,
        answered_at=None if talk_ms is None else ended_at - timedelta(milliseconds=talk_ms),
        talk_ms=talk_ms,
        sip_code=called.sip_code,
        # Where there is a record, somebody's telephone rang.
        uses_cap=called.disposition not in USES_NO_CAP or record is not None,
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
