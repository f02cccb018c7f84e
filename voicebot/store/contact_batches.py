"""The contacts of a campaign as an operator sees them: counted, listed, undone, let in again."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, update

from voicebot.errors import BadInput, Busy, Problem
from voicebot.store.contact_import import ROWS_AT_ONCE, Target, remove, was_dialled
from voicebot.store.engine import Store
from voicebot.store.instant import database_now
from voicebot.store.tables import campaign, contact, import_batch, trunk


@dataclass(frozen=True, slots=True)
class CampaignOfContacts:
    """What importing into a campaign needs to know of it."""

    id: int
    name: str
    merchant: str
    folder: str
    region: str
    hold_out: float
    state: str

    @property
    def target(self) -> Target:
        """The campaign as an import takes it."""
        return Target(self.id, self.name, self.hold_out)


@dataclass(frozen=True, slots=True)
class Batch:
    """One file that was imported."""

    id: int
    kind: str
    file: str
    state: str
    added: int
    known: int
    rejected: int
    created_at: datetime


def find_campaign(store: Store, name: str) -> CampaignOfContacts:
    """Return a campaign by its name. Raises `BadInput` when there is none."""
    columns = [campaign.c[each] for each in CampaignOfContacts.__slots__]
    with store.read() as connection:
        row = connection.execute(select(*columns).where(campaign.c.name == name)).first()
        if row is not None:
            return CampaignOfContacts(*row)
        names = list(
            connection.execute(select(campaign.c.name).order_by(campaign.c.name)).scalars()
        )
    hint = f"there are: {', '.join(names)}" if names else "make one: voicebot campaign create"
    raise BadInput(Problem(store.shown, f'has no campaign "{name}"', hint=hint))


def batches(store: Store, campaign_id: int) -> list[Batch]:
    """Return what was imported into a campaign, the oldest first."""
    columns = [import_batch.c[each] for each in Batch.__slots__]
    with store.read() as connection:
        rows = connection.execute(
            select(*columns)
            .where(import_batch.c.campaign_id == campaign_id)
            .order_by(import_batch.c.id)
        )
        return [Batch(*row) for row in rows]


def count_states(store: Store, campaign_id: int) -> Counter[tuple[str, str]]:
    """Count a campaign's contacts by state and its reason."""
    by = (contact.c.state, contact.c.state_reason)
    with store.read() as connection:
        rows = connection.execute(
            select(*by, func.count()).where(contact.c.campaign_id == campaign_id).group_by(*by)
        )
        return Counter({(state, reason): number for state, reason, number in rows})


def contacts_of(
    store: Store, campaign_id: int, state: str | None = None, limit: int | None = None
) -> Iterator[Any]:
    """Yield a campaign's contacts in the order of their arrival, without those still loading."""
    last, left = 0, limit
    while left is None or left > 0:
        query = (
            select(contact)
            .where(
                contact.c.campaign_id == campaign_id,
                contact.c.id > last,
                contact.c.state == state if state else contact.c.state != "loading",
            )
            .order_by(contact.c.id)
            .limit(ROWS_AT_ONCE if left is None else min(left, ROWS_AT_ONCE))
        )
        with store.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id
        left = None if left is None else left - len(rows)


def undo(store: Store, of: CampaignOfContacts, batch_id: int | None) -> tuple[Batch, int]:
    """Take back a batch, the last one when None; return it and the number of its contacts.

    Raises `BadInput` when there is none or somebody of it was dialled, and `Busy` while the
    campaign runs: its workers could dial what is just being taken back.
    """
    standing = [each for each in batches(store, of.id) if each.state == "done"]
    found = [each for each in standing if batch_id is None or each.id == batch_id]
    if not found:
        known = ", ".join(str(each.id) for each in standing) or "none"
        wanted = "no import to undo" if batch_id is None else f"no import {batch_id} to undo"
        raise BadInput(Problem(of.name, f"has {wanted}", hint=f"imports that stand: {known}"))
    batch = found[-1]
    with store.write() as connection:
        # Workers hold this lock while they take contacts.
        connection.execute(
            select(trunk.c.id)
            .join(campaign, campaign.c.trunk_id == trunk.c.id)
            .where(campaign.c.id == of.id)
            .with_for_update(of=trunk)
        )
        state = connection.execute(
            select(campaign.c.state).where(campaign.c.id == of.id)
        ).scalar_one()
        if state == "running":
            raise Busy(f"{of.name} is running; pause it first: voicebot campaign pause {of.name}")
        dialled = connection.execute(
            select(func.count())
            .select_from(contact)
            .where(contact.c.batch_id == batch.id, was_dialled())
        ).scalar_one()
        if dialled:
            what = f"cannot be undone: {dialled} of its contacts were dialled already"
            hint = "stop the campaign instead"
            raise BadInput(Problem(f"import {batch.id} ({batch.file})", what, hint=hint))
        connection.execute(
            update(import_batch)
            .where(import_batch.c.id == batch.id)
            .values(state="undone", beat=database_now())
        )
    return batch, remove(store, batch.id)


def reopen(store: Store, campaign_id: int, reasons: Sequence[str]) -> int:
    """Let contacts in again that the gate had refused for good; return how many.

    Those whose attempts are used up, or who said no, have no such reason and stay done.
    """
    with store.write() as connection:
        done = connection.execute(
            update(contact)
            .where(
                and_(
                    contact.c.campaign_id == campaign_id,
                    contact.c.state == "done",
                    contact.c.state_reason.in_(reasons),
                )
            )
            .values(state="wait", state_reason="", next_at=database_now())
        )
        return done.rowcount
