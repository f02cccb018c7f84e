"""What the gate must know of contacts, read for many of them at once.

Read them in the transaction that then releases the calls: what is read under that lock cannot
change before the decision is kept.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, and_, bindparam, func, or_, select

from voicebot.campaign.frequency_cap import PastCall, Purpose
from voicebot.campaign.gate import Block, Consent, Facts, Line
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.policy import Policy
from voicebot.store.instant import EPOCH
from voicebot.store.tables import attempt, campaign, consent, contact, decision, dnc, number_flag

REMEMBERED = timedelta(days=35)
"""Calls further back count for no cap but those with a longer period of their own."""

CHUNK = 500
"""Numbers asked for in one statement: databases limit how many values one may have."""

Key = TypeVar("Key", int, str)

# Statements that every claim asks stand here, built once: to build and compare them anew takes
# longer than the database does.
_PHONES: BindParameter[Any] = bindparam("phones", expanding=True)
_OWNER = select(
    campaign.c.name,
    campaign.c.merchant,
    campaign.c.purpose,
    campaign.c.state,
    campaign.c.starts_at,
    campaign.c.ends_at,
    campaign.c.timezone,
).where(campaign.c.id == bindparam("id"))
_CALLEES = select(contact.c.id, contact.c.phone, contact.c.timezone, contact.c.held_out).where(
    contact.c.id.in_(bindparam("ids", expanding=True))
)
_NEWEST = select(decision.c.at).order_by(decision.c.id.desc()).limit(1)
_CONSENTS = (
    select(
        consent.c.phone,
        consent.c.purpose,
        consent.c.given_at,
        consent.c.expires_at,
        consent.c.withdrawn_at,
    )
    .where(consent.c.phone.in_(_PHONES), consent.c.merchant == bindparam("merchant"))
    .order_by(consent.c.given_at)
)
_BLOCKS = select(dnc.c.phone, dnc.c.scope, dnc.c.expires_at, dnc.c.reason).where(
    dnc.c.phone.in_(_PHONES),
    dnc.c.removed_at.is_(None),
    or_(
        dnc.c.scope == "platform",
        and_(dnc.c.scope == "merchant", dnc.c.owner == bindparam("merchant")),
        and_(dnc.c.scope == "campaign", dnc.c.owner == bindparam("campaign")),
    ),
)
_FLAGS = select(number_flag.c.phone, number_flag.c.flag).where(number_flag.c.phone.in_(_PHONES))
_PAST = (
    select(
        attempt.c.phone,
        attempt.c.dialed_at,
        attempt.c.purpose,
        attempt.c.uses_cap,
        or_(
            attempt.c.answered_at.is_not(None),
            func.coalesce(attempt.c.disposition, "") == Disposition.UNKNOWN,
        ).label("answered"),
    )
    .where(attempt.c.phone.in_(_PHONES), attempt.c.dialed_at >= bindparam("since"))
    .order_by(attempt.c.dialed_at)
)


def gate_facts(
    connection: Connection,
    campaign_id: int,
    contact_ids: Sequence[int],
    policy: Policy | None,
    line: Line,
    now: datetime,
) -> dict[int, Facts]:
    """Return the facts about contacts of one campaign by their ids."""
    owner = connection.execute(_OWNER, {"id": campaign_id}).one()
    callees = [
        row for some in _chunks(contact_ids) for row in connection.execute(_CALLEES, {"ids": some})
    ]
    phones = list({row.phone for row in callees})
    known_at = latest_record(connection)
    consents = consents_of(connection, phones, owner.merchant)
    blocks = blocks_of(connection, phones, owner.merchant, owner.name)
    flags = flags_of(connection, phones)
    past = past_calls(connection, phones, now - _remembered(policy))
    return {
        row.id: Facts(
            now=now,
            known_at=known_at,
            phone=row.phone,
            purpose=Purpose(owner.purpose),
            state=owner.state,
            policy=policy,
            starts_at=owner.starts_at,
            ends_at=owner.ends_at,
            campaign_zone=owner.timezone,
            contact_zone=row.timezone,
            held_out=row.held_out,
            flags=flags[row.phone],
            consents=consents[row.phone],
            blocks=blocks[row.phone],
            past=past[row.phone],
            line=line,
        )
        for row in callees
    }


def latest_record(connection: Connection) -> datetime:
    """Return when the gate last decided anything: a clock that is before it was set back."""
    return connection.execute(_NEWEST).scalar() or EPOCH


def consents_of(
    connection: Connection, phones: Sequence[str], merchant: str
) -> defaultdict[str, list[Consent]]:
    """Return what each number agreed to with a merchant, the oldest first."""
    found: defaultdict[str, list[Consent]] = defaultdict(list)
    for some in _chunks(phones):
        rows = connection.execute(_CONSENTS, {"phones": some, "merchant": merchant})
        for row in rows:
            found[row.phone].append(
                Consent(Purpose(row.purpose), row.given_at, row.expires_at, row.withdrawn_at)
            )
    return found


def blocks_of(
    connection: Connection, phones: Sequence[str], merchant: str, campaign_name: str
) -> defaultdict[str, list[Block]]:
    """Return the entries of the do-not-call lists that concern a campaign."""
    found: defaultdict[str, list[Block]] = defaultdict(list)
    for some in _chunks(phones):
        rows = connection.execute(
            _BLOCKS, {"phones": some, "merchant": merchant, "campaign": campaign_name}
        )
        for row in rows:
            found[row.phone].append(Block(row.scope, row.expires_at, row.reason))
    return found


def flags_of(connection: Connection, phones: Sequence[str]) -> defaultdict[str, list[str]]:
    """Return what calls taught about each number."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for some in _chunks(phones):
        rows = connection.execute(_FLAGS, {"phones": some})
        for row in rows:
            found[row.phone].append(row.flag)
    return found


def past_calls(
    connection: Connection, phones: Sequence[str], since: datetime
) -> defaultdict[str, list[PastCall]]:
    """Return the calls to each number by whatever campaign, the oldest first.

    One whose end nobody saw may have been answered, and counts so.
    """
    found: defaultdict[str, list[PastCall]] = defaultdict(list)
    for some in _chunks(phones):
        rows = connection.execute(_PAST, {"phones": some, "since": since})
        for row in rows:
            found[row.phone].append(
                PastCall(row.dialed_at, Purpose(row.purpose), bool(row.answered), row.uses_cap)
            )
    return found


def _remembered(policy: Policy | None) -> timedelta:
    periods = [cap.period for cap in policy.caps] if policy is not None else []
    return max([REMEMBERED, *(each for each in periods if isinstance(each, timedelta))])


def _chunks(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    return (keys[at : at + CHUNK] for at in range(0, len(keys), CHUNK))
