"""The contacts of a campaign that come from another one's outcomes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from voicebot.campaign.hold_out import is_held_out
from voicebot.store.contact_import import Target
from voicebot.store.segments import Picked
from voicebot.store.tables import contact, import_batch

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Added:
    """How many contacts a segment brought."""

    contacts: int
    held_out: int
    """Of them: never called, to measure the others against."""


def add(
    connection: Connection,
    target: Target,
    segment: str,
    picked: Iterable[Picked],
    now: datetime,
) -> Added:
    """Keep who was picked as contacts of a campaign, with what their last call noted.

    What the script noted becomes a variable unless the contact has one of that name. The
    campaign's share of them is held out, as it is of a file's.
    """
    batch = connection.execute(
        insert(import_batch)
        .values(
            kind="segment",
            campaign_id=target.id,
            file=segment,
            sha256="",
            state="done",
            beat=now,
            created_at=now,
        )
        .returning(import_batch.c.id)
    ).scalar_one()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = held_out = number = 0
    for some in _some(picked):
        rows = [
            {
                "campaign_id": target.id,
                "batch_id": batch,
                "line": number + place,
                "phone": each.phone,
                "name": each.name,
                "timezone": each.timezone,
                "variables": {**each.outcome, **each.variables},
                "source_attempt_id": each.attempt_id,
                "next_at": now,
                "held_out": is_held_out(target.name, each.phone, target.hold_out),
            }
            for place, each in enumerate(some, 1)
        ]
        number += len(rows)
        kept = connection.execute(
            dialect.insert(contact)
            .values(rows)
            .on_conflict_do_nothing()
            .returning(contact.c.held_out)
        )
        marks = kept.scalars().all()
        added += len(marks)
        held_out += sum(marks)
    connection.execute(
        update(import_batch)
        .where(import_batch.c.id == batch)
        .values(rows=number, added=added, known=number - added)
    )
    return Added(added, held_out)


def _some(picked: Iterable[Picked]) -> Iterator[list[Picked]]:
    rest = iter(picked)
    while some := list(islice(rest, ROWS_AT_ONCE)):
        yield some
