"""Why a number was or was not called: what was decided, and what the gate says now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from voicebot.campaign.frequency_cap import Purpose
from voicebot.campaign.gate import Facts, Line
from voicebot.campaign.policy import Policy, load_policy
from voicebot.errors import BadPolicy
from voicebot.store.gate_facts import gate_facts
from voicebot.store.tables import attempt, caller_number, campaign, contact, decision, trunk

REMEMBERED = 10
"""So many of the latest decisions and attempts are told of each campaign."""

SIMULATED = "simulated"
"""As `kind` in a trunk's settings: it calls nobody real."""


@dataclass(frozen=True, slots=True)
class Called:
    """A number in one campaign."""

    campaign: Any
    contact: Any
    facts: Facts
    policy_fault: str
    """What is wrong of the policy's file; empty when it can be read."""
    decisions: Sequence[Any]
    """The latest ones, in their order."""
    attempts: Sequence[Any]


def campaigns_of(
    connection: Connection, phone: str, now: datetime, name: str | None = None
) -> list[Called]:
    """Return what is known of a number in every campaign that has it, or in one."""
    query = (
        select(contact, campaign.c.name.label("campaign"))
        .join(campaign, campaign.c.id == contact.c.campaign_id)
        .where(contact.c.phone == phone, contact.c.state != "loading")
        .order_by(contact.c.campaign_id)
    )
    if name is not None:
        query = query.where(campaign.c.name == name)
    return [_called(connection, row, now) for row in connection.execute(query).all()]


def _called(connection: Connection, row: Any, now: datetime) -> Called:
    owner = connection.execute(select(campaign).where(campaign.c.id == row.campaign_id)).one()
    policy: Policy | None = None
    fault = ""
    try:
        policy = load_policy(owner.policy or owner.region)
    except BadPolicy as error:
        fault = str(error)
    line = Line(_is_real(connection, owner.trunk_id), carried_by(connection, owner.caller_number))
    facts = gate_facts(connection, owner.id, [row.id], policy, line, now)[row.id]
    return Called(
        owner,
        row,
        facts,
        fault,
        _latest(connection, decision, decision.c.contact_id == row.id, decision.c.id),
        _latest(connection, attempt, attempt.c.contact_id == row.id, attempt.c.number),
    )


def carried_by(connection: Connection, phone: str | None) -> frozenset[Purpose]:
    """Return the purposes that a caller number may carry; none listed: everything."""
    listed = connection.execute(
        select(caller_number.c.purposes).where(caller_number.c.phone == phone)
    ).scalar()
    return frozenset(Purpose(each) for each in listed or ())


def _is_real(connection: Connection, trunk_id: int | None) -> bool:
    settings = connection.execute(select(trunk.c.settings).where(trunk.c.id == trunk_id)).scalar()
    return (settings or {}).get("kind") != SIMULATED


def _latest(connection: Connection, table: Any, where: Any, order: Any) -> Sequence[Any]:
    rows = connection.execute(
        select(table).where(where).order_by(order.desc()).limit(REMEMBERED)
    ).all()
    return rows[::-1]
