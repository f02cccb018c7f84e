"""What is found again that fell between two workers."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from tests.dialler.rig import attempts, feed, new_campaign, now_of, states
from voicebot.dialler.housekeeping import STRANDED_AFTER, Housekeeping
from voicebot.dialler.lease import Watch
from voicebot.dialler.ledger import Ledger
from voicebot.store import leases
from voicebot.store.engine import Store


class Later:
    """A clock that shows a declared time."""

    speed = 1.0

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        return


class Shelves:
    """A queue that keeps what each worker has."""

    def __init__(self, held: dict[str, set[str]]) -> None:
        self.held = held

    async def start(self, handle: Callable[[str], Awaitable[None]]) -> None:
        return

    def release(self, connection: Connection, attempts: Sequence[str]) -> None:
        self.held["w2"] |= set(attempts)

    async def take_over(self, executor: str) -> int:
        moved = self.held.pop(executor, set())
        self.held["w2"] |= moved
        return len(moved)

    async def unfinished(self, attempts: Collection[str]) -> set[str]:
        return {each for held in self.held.values() for each in held} & set(attempts)

    async def purge(self) -> int:
        return 0

    async def stop(self) -> None:
        return


def reconcile(store: Store, queue: Shelves) -> None:
    """Let the worker w2 look, long after what was released should have been dialled."""
    with store.write() as connection:
        clock = Later(now_of(connection) + 2 * STRANDED_AFTER + timedelta(seconds=10))
    ledger = Ledger(store, 1)
    asyncio.run(Housekeeping("w2", ledger, queue, clock, Watch(30, 4)).reconcile())
    ledger.close()


@pytest.fixture
def released(store: Store) -> set[str]:
    """Attempts that the worker w1 released."""
    new_campaign(store, 5)
    with store.write() as connection:
        feed(connection)
    return {each.id for each in attempts(store)}


def test_what_a_worker_released_after_it_was_taken_over_is_taken_over_too(
    store: Store, released: set[str]
) -> None:
    queue = Shelves({"w1": set(released), "w2": set()})

    reconcile(store, queue)

    assert queue.held == {"w2": released}


def test_what_a_living_worker_released_is_left_to_it(store: Store, released: set[str]) -> None:
    queue = Shelves({"w1": set(released), "w2": set()})
    with store.write() as connection:
        leases.enter(connection, "w1", "here", 1)

    reconcile(store, queue)

    assert queue.held == {"w1": released, "w2": set()}


def test_what_no_queue_knows_is_put_back(store: Store, released: set[str]) -> None:
    reconcile(store, Shelves({"w2": set()}))

    assert len(released) == 5
    assert attempts(store) == []
    assert states(store, 1) == {"wait": 5}


def test_a_worker_without_a_lease_releases_nothing(store: Store) -> None:
    new_campaign(store, 5)

    with store.write() as connection:
        fed = feed(connection, alive=False)

    assert fed.released == 0
    assert states(store, 1) == {"wait": 5}


# SQLite has one writer at a time: there is no second transaction to hold back.
@pytest.mark.parametrize("store_address", ["postgresql"], indirect=True)
def test_nobody_is_declared_dead_while_it_feeds(store: Store) -> None:
    with store.write() as connection:
        leases.enter(connection, "w1", "here", 1)
    with store.read() as connection:
        (found,) = leases.seen(connection)

    with store.write() as feeding, store.write() as other:
        assert leases.hold(feeding, "w1")
        other.execute(text("SET LOCAL lock_timeout = 100"))
        with pytest.raises(OperationalError, match="lock timeout"), other.begin_nested():
            leases.declare_dead(other, found, "w2")
