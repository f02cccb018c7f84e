"""A worker for `benchmarks.chaos`: the real one, on a network that writes down who is dialled.

    python -m benchmarks.chaos_worker STORE FILE LEASE_S NAME

SIGTERM lets it drain and end, SIGUSR1 and SIGUSR2 move its clock by an hour. Whoever starts it
blocks these two, so that they wait until it has begun: unhandled, they would end it. It exits with
3 when it could not begin because the database is away or the disk full.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from voicebot.campaign.outcome import Disposition
from voicebot.dialler.calls import Called, OptedOut
from voicebot.dialler.clock import DatabaseClock
from voicebot.dialler.worker import Worker, WorkerSettings, keep_working
from voicebot.engines.dbos_queue import DbosQueue
from voicebot.errors import StorageFailed
from voicebot.store.dialling import Intent
from voicebot.store.engine import open_store
from voicebot.store.feeding import CampaignRow, Due, Refusal

ENDS = (
    *[Disposition.ANSWERED_HUMAN] * 4,
    *[Disposition.BUSY] * 3,
    *[Disposition.NO_ANSWER] * 2,
    Disposition.EMPTY,
)

CLOCK_SIGNALS = (signal.SIGUSR1, signal.SIGUSR2)
COULD_NOT_BEGIN = 3


class CountedNetwork:
    """Writes each call down before it happens."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def prepare(self, intent: Intent) -> None:
        """Need nothing."""

    async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
        """Write down, ring, and answer by chance."""
        os.write(self._file, f"{intent.id} {intent.phone} {os.getpid()}\n".encode())
        await asyncio.sleep(random.uniform(0.05, 1.0))
        return Called(random.choice(ENDS), 500)


class JumpingClock(DatabaseClock):
    """A clock that somebody sets."""

    jump = timedelta(0)

    def now(self) -> datetime:
        """Return what it shows."""
        return super().now() + self.jump

    def move(self, by: timedelta) -> None:
        """Set it."""
        self.jump += by


def anybody(
    connection: Connection, campaign: CampaignRow, due: Sequence[Due], now: datetime
) -> Sequence[Refusal]:
    """Let everybody be called."""
    return []


async def work(address: str, path: str, lease_s: float, name: str) -> None:
    """Run workers until SIGTERM; one that was thought dead is followed by another."""
    loop = asyncio.get_running_loop()
    network = CountedNetwork(path)
    clock = JumpingClock()
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    # Not the loop's: it takes its own away when it closes.
    signal.signal(signal.SIGUSR1, lambda *_: clock.move(timedelta(hours=1)))
    signal.signal(signal.SIGUSR2, lambda *_: clock.move(timedelta(hours=-1)))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, CLOCK_SIGNALS)
    settings = WorkerSettings(concurrency=40, lease_s=lease_s, drain_s=15, name=name)

    @contextmanager
    def worker() -> Iterator[Worker]:
        store = open_store(address)
        try:
            yield Worker(store, network, anybody, DbosQueue, settings, clock)
        finally:
            store.close()

    await keep_working(worker, stopping)


if __name__ == "__main__":
    try:
        asyncio.run(work(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]))
    except (StorageFailed, DBAPIError) as error:
        print(error, file=sys.stderr)
        sys.exit(COULD_NOT_BEGIN)
    finally:
        # The interpreter takes handlers away when it ends, and a signal would then change how.
        for each in CLOCK_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
