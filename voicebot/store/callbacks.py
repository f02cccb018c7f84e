"""A caller asked to be called back: they become a contact of a campaign, due when they asked for.

The gate decides about that call as about any other one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from voicebot.campaign.frequency_cap import Purpose
from voicebot.campaign.schedule import State
from voicebot.errors import BadInput, Problem
from voicebot.store import campaigns
from voicebot.store.engine import Store
from voicebot.store.tables import contact


@dataclass(frozen=True, slots=True)
class CallBack:
    """Who wants to be called, and when."""

    phone: str
    """E.164."""
    at: datetime
    variables: Mapping[str, str]
    """What the caller told, for the script that calls them."""


def check_campaign(store: Store, name: str) -> None:
    """Raise `BadInput` when callers cannot be called back by this campaign."""
    with store.read() as connection:
        found = campaigns.find(connection, name)
    if found is None:
        hint = "make it with voicebot campaign create"
        raise BadInput(Problem(name, "is no campaign of the store", path="call_back", hint=hint))
    if found.purpose != Purpose.SERVICE:
        what = f"is a {found.purpose} campaign; who asks for a call back agrees to no other one"
        hint = "name a campaign with the purpose service"
        raise BadInput(Problem(name, what, path="call_back", hint=hint))


def ask_back(connection: Connection, name: str, wanted: CallBack, now: datetime) -> bool:
    """Let the campaign call somebody; False when it is calling them at this moment.

    Who is in the campaign already is due at the new time, with what they told now. A campaign that
    was finished goes on. Raises `BadInput` when there is no such campaign.
    """
    found = campaigns.find(connection, name)
    if found is None:
        raise BadInput(Problem(name, "is no campaign of the store", path="call_back"))
    known = connection.execute(
        select(contact.c.id, contact.c.state, contact.c.variables).where(
            contact.c.phone == wanted.phone, contact.c.campaign_id == found.id
        )
    ).first()
    if known is None:
        row = {"campaign_id": found.id, "phone": wanted.phone, "next_at": wanted.at}
        row["variables"] = dict(wanted.variables)
        connection.execute(insert(contact).values(**row))
    else:
        done = connection.execute(
            update(contact)
            .where(contact.c.id == known.id, contact.c.state.in_(("wait", "done")))
            .values(
                state="wait",
                state_reason="",
                next_at=wanted.at,
                variables={**known.variables, **wanted.variables},
            )
        )
        if done.rowcount == 0:
            return False
    if found.state == State.FINISHED:
        reason = "a caller asked to be called back"
        campaigns.set_state(connection, found.id, State.RUNNING, "start", reason, now)
    return True
