"""Keeping the contacts of a file: all of them or none, without holding up calls meanwhile.

Rows are written in short transactions, out of sight (`loading`). When all are there the batch is
`ready` and they become visible. A process that dies on the way leaves a batch that `settle` takes
back, or finishes if it was ready: whoever imports next does it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
    text,
    update,
)

from voicebot.campaign.columns import Rejected
from voicebot.campaign.contacts import Contact
from voicebot.campaign.hold_out import is_held_out
from voicebot.errors import Busy
from voicebot.store.engine import Store
from voicebot.store.instant import database_now
from voicebot.store.tables import attempt, campaign, contact, import_batch

ROWS_AT_ONCE = 5000
"""A transaction of so many rows holds up other writers to SQLite for about 50 ms."""

DEAD_AFTER_MS = 60_000
"""An import that wrote nothing for so long has died."""

STOOD_STILL = "this import stood still for so long that it was taken back; start it again"

_COLUMNS = (
    *("campaign_id", "batch_id", "line", "phone", "name", "timezone", "variables"),
    *("state", "next_at", "held_out"),
)


_ENCODE = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Target:
    """The campaign that contacts are for."""

    id: int
    name: str
    hold_out: float


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file."""

    batch: int | None
    """None when nothing was added."""
    rows: int
    added: int
    known: int
    """In the campaign already; they were left as they are."""
    rejected: int
    held_out: int


@dataclass(slots=True)
class _Counts:
    rows: int = 0
    added: int = 0
    rejected: int = 0


def import_contacts(
    store: Store,
    target: Target,
    file: tuple[str, str],
    rows: Iterable[Contact | Rejected],
    rejected: Callable[[Rejected], None],
    advance: Callable[[int], None] = lambda rows: None,
) -> Imported:
    """Keep the good rows of a file, given by its name and checksum; hand out the bad ones.

    What is in the campaign already is left as it is. Raises `Busy` while another import into the
    campaign is at work, whatever `rows` raises, and `StorageFailed`: then nothing was added.
    """
    settle(store)
    batch = _begin(store, target, file)
    counts = _Counts()
    try:
        for some in _good(rows, rejected, counts, advance):
            values = [_values(target, batch, each) for each in some]
            with store.write() as connection:
                if not _beat(connection, batch):
                    raise Busy(STOOD_STILL)
                if values:
                    counts.added += _insert(connection, values)
        if not counts.added:
            remove(store, batch)
            return Imported(None, counts.rows, 0, _known(counts), counts.rejected, 0)
        with store.write() as connection:
            ready = connection.execute(
                update(import_batch)
                .where(import_batch.c.id == batch, import_batch.c.state == "loading")
                .values(
                    state="ready",
                    rows=counts.rows,
                    added=counts.added,
                    known=_known(counts),
                    rejected=counts.rejected,
                )
            )
            if ready.rowcount == 0:
                raise Busy(STOOD_STILL)
    except BaseException:
        remove(store, batch)
        raise
    _show(store, batch)
    held_out = _held_out(store, batch)
    return Imported(batch, counts.rows, counts.added, _known(counts), counts.rejected, held_out)


def known_contacts(store: Store, target: Target, phones: Sequence[str]) -> int:
    """Return how many of these numbers are in the campaign already."""
    with store.read() as connection:
        return sum(
            connection.execute(
                select(func.count())
                .select_from(contact)
                .where(contact.c.phone.in_(some), contact.c.campaign_id == target.id)
            ).scalar_one()
            for some in _some(iter(phones), 500)
        )


def settle(store: Store) -> None:
    """Finish imports that died when all was there, and take back those that died before.

    Several processes may do so at once, and beside one that imports.
    """
    stale = import_batch.c.beat < database_now() - literal(DEAD_AFTER_MS, BigInteger())
    with store.read() as connection:
        left = connection.execute(
            select(import_batch.c.id, import_batch.c.state).where(
                import_batch.c.kind == "contacts",
                import_batch.c.state.in_(("loading", "ready", "undone")),
                import_batch.c.undone_at.is_(None),
                stale,
            )
        ).all()
    for batch, state in left:
        if state == "ready":
            _show(store, batch)
            continue
        if state == "loading":
            with store.write() as connection:
                # It may have come back to life since it was looked at.
                claimed = connection.execute(
                    update(import_batch)
                    .where(import_batch.c.id == batch, import_batch.c.state == "loading", stale)
                    .values(state="undone")
                )
            if claimed.rowcount == 0:
                continue
        remove(store, batch)


def remove(store: Store, batch: int) -> int:
    """Remove the contacts of a batch, but for any that was dialled; return how many.

    What was never shown leaves no trace; what was is kept as undone.
    """
    removed = 0
    for ids in _pages(store, batch):
        with store.write() as connection:
            done = connection.execute(
                delete(contact).where(
                    contact.c.batch_id == batch, contact.c.id.between(*ids), not_(was_dialled())
                )
            )
            removed += done.rowcount
            _beat(connection, batch)
    with store.write() as connection:
        connection.execute(
            delete(import_batch).where(import_batch.c.id == batch, import_batch.c.added == 0)
        )
        connection.execute(
            update(import_batch)
            .where(import_batch.c.id == batch)
            .values(state="undone", undone_at=database_now())
        )
    return removed


def was_dialled() -> ColumnElement[bool]:
    """Return the condition that a contact was taken for a call."""
    attempted = exists().where(attempt.c.contact_id == contact.c.id)
    return (contact.c.state == "queued") | attempted


def _begin(store: Store, target: Target, file: tuple[str, str]) -> int:
    name, sha256 = file
    with store.write() as connection:
        # One import after another looks for a second one.
        connection.execute(
            select(campaign.c.id).where(campaign.c.id == target.id).with_for_update()
        )
        other = connection.execute(
            select(import_batch.c.file).where(
                import_batch.c.campaign_id == target.id,
                import_batch.c.kind == "contacts",
                import_batch.c.state.in_(("loading", "ready")),
            )
        ).scalar()
        if other is not None:
            seconds = DEAD_AFTER_MS // 1000
            raise Busy(
                f"{other} is being imported into {target.name}; wait until that is done, or if it "
                f"died, {seconds} s"
            )
        row = insert(import_batch).values(
            kind="contacts",
            campaign_id=target.id,
            file=name,
            sha256=sha256,
            state="loading",
            created_at=database_now(),
            beat=database_now(),
        )
        return int(connection.execute(row.returning(import_batch.c.id)).scalar_one())


def _good(
    rows: Iterable[Contact | Rejected],
    rejected: Callable[[Rejected], None],
    counts: _Counts,
    advance: Callable[[int], None],
) -> Iterator[list[Contact]]:
    good: list[Contact] = []
    for each in rows:
        counts.rows += 1
        if isinstance(each, Rejected):
            counts.rejected += 1
            rejected(each)
        else:
            good.append(each)
        # Rows that are all bad must not look like an import that died.
        if len(good) == ROWS_AT_ONCE or counts.rows % (10 * ROWS_AT_ONCE) == 0:
            yield good
            good = []
        if counts.rows % 1000 == 0:
            advance(counts.rows)
    advance(counts.rows)
    if good:
        yield good


def _values(target: Target, batch: int, each: Contact) -> tuple[Any, ...]:
    held_out = bool(target.hold_out) and is_held_out(target.name, each.phone, target.hold_out)
    return (
        target.id,
        batch,
        each.line,
        each.phone,
        each.name,
        each.timezone,
        _ENCODE(each.variables),
        "loading",
        0,
        held_out,
    )


def _known(counts: _Counts) -> int:
    return counts.rows - counts.rejected - counts.added


def _insert(connection: Connection, values: Sequence[tuple[Any, ...]]) -> int:
    columns = ", ".join(_COLUMNS)
    if connection.dialect.name == "postgresql":
        return _copy(connection, columns, values)
    places = ", ".join("?" * len(_COLUMNS))
    done = connection.exec_driver_sql(
        f"INSERT INTO contact ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING", list(values)
    )
    return int(done.rowcount)


def _copy(connection: Connection, columns: str, values: Sequence[tuple[Any, ...]]) -> int:
    """Insert by COPY, which is several times quicker, through a table that has no conflicts."""
    connection.execute(
        text(
            "CREATE TEMP TABLE IF NOT EXISTS incoming_contact "
            "(LIKE contact INCLUDING DEFAULTS) ON COMMIT DROP"
        )
    )
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(f"COPY incoming_contact ({columns}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)
    done = connection.execute(
        text(
            f"INSERT INTO contact ({columns}) SELECT {columns} FROM incoming_contact "
            "ON CONFLICT DO NOTHING"
        )
    )
    return int(done.rowcount)


def _beat(connection: Connection, batch: int) -> bool:
    """Show that this import is alive; return whether nobody took it for dead."""
    done = connection.execute(
        update(import_batch)
        .where(import_batch.c.id == batch, import_batch.c.state != "undone")
        .values(beat=database_now())
    )
    return done.rowcount == 1


def _show(store: Store, batch: int) -> None:
    """Make the contacts of a batch that is ready visible."""
    for ids in _pages(store, batch):
        with store.write() as connection:
            connection.execute(
                update(contact)
                .where(
                    contact.c.batch_id == batch,
                    contact.c.id.between(*ids),
                    contact.c.state == "loading",
                )
                .values(state="wait")
            )
            _beat(connection, batch)
    with store.write() as connection:
        connection.execute(
            update(import_batch).where(import_batch.c.id == batch).values(state="done")
        )


def _pages(store: Store, batch: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last ids of a batch's contacts, a transaction's worth at a time."""
    last = 0
    while True:
        with store.read() as connection:
            ids = list(
                connection.execute(
                    select(contact.c.id)
                    .where(contact.c.batch_id == batch, contact.c.id > last)
                    .order_by(contact.c.id)
                    .limit(ROWS_AT_ONCE)
                ).scalars()
            )
        if not ids:
            return
        last = ids[-1]
        yield ids[0], last


def _held_out(store: Store, batch: int) -> int:
    with store.read() as connection:
        return int(
            connection.execute(
                select(func.count())
                .select_from(contact)
                .where(contact.c.batch_id == batch, contact.c.held_out)
            ).scalar_one()
        )


def _some(rows: Iterator[Any], number: int) -> Iterator[list[Any]]:
    while some := list(islice(rows, number)):
        yield some
