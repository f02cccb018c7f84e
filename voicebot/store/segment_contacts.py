"""The contacts of a campaign that come from another one's outcomes."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from voicebot.store.segments import Picked
from voicebot.store.tables import contact, import_batch

ROWS_AT_ONCE = 500


def add(
    connection: Connection,
    campaign_id: int,
    segment: str,
    picked: Iterable[Picked],
    now: datetime,
) -> int:
    """Keep who was picked as contacts of a campaign, with what their last call noted; say how many.

    What the script noted becomes a variable unless the contact has one of that name.
    """
    batch = connection.execute(
        insert(import_batch)
        .values(
            kind="segment",
            campaign_id=campaign_id,
            file=segment,
            sha256="",
            state="done",
            beat=now,
            created_at=now,
        )
        .returning(import_batch.c.id)
    ).scalar_one()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = number = 0
    for some in _some(picked):
        rows = [
            {
                "campaign_id": campaign_id,
                "batch_id": batch,
                "line": number + place,
                "phone": each.phone,
                "name": each.name,
                "timezone": each.timezone,
                "variables": {**each.outcome, **each.variables},
                "source_attempt_id": each.attempt_id,
                "next_at": now,
            }
            for place, each in enumerate(some, 1)
        ]
        number += len(rows)
        kept = connection.execute(
            dialect.insert(contact).values(rows).on_conflict_do_nothing().returning(contact.c.id)
        )
        added += len(kept.all())
    connection.execute(
        update(import_batch)
        .where(import_batch.c.id == batch)
        .values(rows=number, added=added, known=number - added)
    )
    return added


def _some(picked: Iterable[Picked]) -> Iterator[list[Picked]]:
    rest = iter(picked)
    while some := list(islice(rest, ROWS_AT_ONCE)):
        yield some
