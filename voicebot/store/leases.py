"""Who is alive: one row for each worker, beaten while it works.

A lease is never judged by comparing clocks: whoever looks notices whether the beat moves
(`voicebot.dialler.lease`). What is here only writes and compares what was seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from voicebot.store.instant import database_now
from voicebot.store.tables import lease


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker, as it was when somebody looked."""

    executor: str
    beat: datetime
    dead: bool
    recoverer: str | None


def enter(connection: Connection, executor: str, host: str, pid: int) -> None:
    """Take a lease. Raises `IntegrityError` when the executor has one already."""
    connection.execute(
        insert(lease).values(
            executor=executor,
            state="up",
            beat=database_now(),
            started_at=database_now(),
            host=host,
            pid=pid,
        )
    )


def beat(connection: Connection, executor: str) -> datetime | None:
    """Beat, and return the database's clock; None when the lease is no longer ours."""
    return connection.execute(
        update(lease)
        .where(lease.c.executor == executor, lease.c.state == "up")
        .values(beat=database_now())
        .returning(lease.c.beat)
    ).scalar()


def leave(connection: Connection, executor: str) -> None:
    """Give the lease back: the worker has nothing left to do."""
    connection.execute(delete(lease).where(lease.c.executor == executor))


def hold(connection: Connection, executor: str) -> bool:
    """Tell whether a worker is alive, and keep it so until the transaction ends: who would declare
    it dead waits, and then finds what the transaction did."""
    return connection.execute(_HOLD, {"executor": executor}).first() is not None


_HOLD = (
    select(lease.c.executor)
    .where(lease.c.executor == bindparam("executor"), lease.c.state == "up")
    .with_for_update(read=True)
)


def seen(connection: Connection) -> Sequence[Lease]:
    """Return all leases."""
    rows = connection.execute(
        select(lease.c.executor, lease.c.beat, lease.c.state, lease.c.recoverer)
    )
    return [Lease(row.executor, row.beat, row.state == "dead", row.recoverer) for row in rows]


def declare_dead(connection: Connection, found: Lease, recoverer: str) -> bool:
    """Declare a worker dead if its beat has not moved since `found`; True for one caller only."""
    declared = connection.execute(
        update(lease)
        .where(
            lease.c.executor == found.executor,
            lease.c.state == "up",
            lease.c.beat == found.beat,
        )
        .values(state="dead", recoverer=recoverer)
    )
    return declared.rowcount == 1


def inherit(connection: Connection, found: Lease, recoverer: str) -> bool:
    """Become the recoverer of a dead worker whose recoverer died or vanished."""
    living = select(lease.c.executor).where(lease.c.state == "up")
    inherited = connection.execute(
        update(lease)
        .where(
            lease.c.executor == found.executor,
            lease.c.state == "dead",
            or_(lease.c.recoverer.is_(None), lease.c.recoverer.not_in(living.scalar_subquery())),
        )
        .values(recoverer=recoverer)
    )
    return inherited.rowcount == 1
