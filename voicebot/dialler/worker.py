"""One worker process: it feeds, dials, beats, and looks after what others left."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from uuid import uuid4

from sqlalchemy.exc import DBAPIError

from voicebot.dialler.attempt import Dialler
from voicebot.dialler.calls import Calls
from voicebot.dialler.clock import Clock, DatabaseClock
from voicebot.dialler.feeder import Feeder, Judge
from voicebot.dialler.housekeeping import Housekeeping
from voicebot.dialler.lease import BEATS, LEASE_S, Heartbeat, Watch
from voicebot.dialler.ledger import Ledger
from voicebot.dialler.queue import Queue
from voicebot.dialler.retention import Retention
from voicebot.dialler.webhook_address import Allowed
from voicebot.dialler.webhook_sender import WebhookSender
from voicebot.errors import StorageFailed
from voicebot.store import feeding, leases, recovery
from voicebot.store.contact_import import settle
from voicebot.store.engine import Store

log = logging.getLogger(__name__)

BUSY_S = 0.2
"""Between two looks for due contacts while there are some."""

IDLE_S = 1.0
TEND_S = 1.0
RECONCILE_S = 15.0
PURGE_S = 5.0
SEND_S = 1.0
RETENTION_S = 3600.0
DRAIN_S = 300.0
"""A call is over by then."""

SQLITE_THREADS = 2
POSTGRESQL_THREADS = 8
"""For the store: SQLite has one writer at a time anyway."""

MakeQueue = Callable[[str, str, int], Queue]
"""From the store's URL, the executor and the calls at once."""


class Ended(StrEnum):
    """Why a worker ended."""

    STOPPED = "stopped"
    """It was told to, or had nothing left to do; its calls are over."""
    LEASE_LOST = "lease lost"
    """It was thought dead, and must go on under another name."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker carries."""

    concurrency: int = 20
    lease_s: float = LEASE_S
    drain_s: float = DRAIN_S
    name: str = ""
    """For people, beside what makes it unique."""
    webhook_hosts: Allowed = field(default_factory=Allowed)
    """Within our own network."""


def new_executor(name: str) -> str:
    """Return a name that no other process has ever had."""
    shown = name or f"{socket.gethostname()}-{os.getpid()}"
    return f"{shown}-{uuid4().hex[:8]}"


async def keep_working(
    make: Callable[[], AbstractContextManager["Worker"]], stopping: asyncio.Event
) -> None:
    """Run one worker after the other until `stopping`: one that was thought dead, after a long
    freeze for example, is followed by another under another name.

    What keeps the first one from beginning is raised; a later one is tried again.
    """
    begun = False
    while not stopping.is_set():
        try:
            with make() as worker:
                told = asyncio.create_task(_tell(worker, stopping))
                try:
                    ended = await worker.run()
                finally:
                    told.cancel()
        except (StorageFailed, DBAPIError) as error:
            if not begun:
                raise
            log.error("%s; beginning again", str(error).splitlines()[0])
            await asyncio.sleep(IDLE_S)
            continue
        begun = True
        if ended is Ended.STOPPED:
            return
        log.warning("going on under another name")


async def _tell(worker: "Worker", stopping: asyncio.Event) -> None:
    await stopping.wait()
    worker.stop()


class Worker:
    """Runs until it is stopped."""

    def __init__(
        self,
        store: Store,
        calls: Calls,
        judge: Judge,
        make_queue: MakeQueue,
        settings: WorkerSettings,
        clock: Clock | None = None,
    ) -> None:
        """`clock` is the database's when None."""
        self._store = store
        self._settings = settings
        self.executor = new_executor(settings.name)
        threads = SQLITE_THREADS if store.engine.dialect.name == "sqlite" else POSTGRESQL_THREADS
        self._ledger = Ledger(store, threads)
        measured = DatabaseClock()
        self._clock: Clock = measured if clock is None else clock
        self._queue = make_queue(store.url, self.executor, settings.concurrency)
        self.dialler = Dialler(self.executor, self._ledger, calls, self._clock)
        self._feeder = Feeder(
            self.executor, settings.concurrency, self._queue, judge, self._clock.speed
        )
        every_s = settings.lease_s / BEATS
        self._heart = Heartbeat(store, self.executor, every_s, measured.measured)
        self._every_s = every_s
        self._housekeeping = Housekeeping(
            self.executor,
            self._ledger,
            self._queue,
            self._clock,
            Watch(settings.lease_s, every_s),
        )
        self._retention = Retention(store, self._clock)
        self._sender = WebhookSender(self._ledger, self._clock, settings.webhook_hosts)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Dial nobody new, let the calls end, and end."""
        self._stop.set()

    async def run(self) -> Ended:
        """Work until `stop`, or until the lease is lost."""
        await self._ledger.try_write(
            lambda it: leases.enter(it, self.executor, socket.gethostname(), os.getpid())
        )
        await self._queue.start(self.dialler.handle)
        self._heart.start()
        log.info("worker %s carries %d calls", self.executor, self._settings.concurrency)
        loops = [
            asyncio.create_task(self._repeat(self._feed_s)),
            asyncio.create_task(self._every(self._every_s, self._housekeeping.recover)),
            asyncio.create_task(self._every(RECONCILE_S, self._housekeeping.reconcile)),
            asyncio.create_task(self._every(TEND_S, self._tend)),
            asyncio.create_task(self._every(PURGE_S, self._purge)),
            asyncio.create_task(self._every(RECONCILE_S, self._settle)),
            asyncio.create_task(self._every(SEND_S, self._send)),
            asyncio.create_task(self._every(RETENTION_S, self._retention.run)),
        ]
        try:
            await self._until_told(loops)
        finally:
            for each in loops:
                each.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
        return await self._end()

    async def _until_told(self, loops: list[asyncio.Task[None]]) -> None:
        stopped = asyncio.create_task(self._stop.wait())
        while not (stopped.done() or self._heart.lost):
            done, _ = await asyncio.wait(
                [stopped, *loops], timeout=self._every_s, return_when=asyncio.FIRST_COMPLETED
            )
            for each in done - {stopped}:
                each.result()
        stopped.cancel()

    async def _end(self) -> Ended:
        """Let the calls end; what they leave is kept before the lease is given back."""
        self.dialler.draining = True
        lost = self._heart.lost
        if lost:
            log.error("worker %s was declared dead while it did not beat", self.executor)
        try:
            async with asyncio.timeout(self._settings.drain_s):
                while self.dialler.busy:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            log.error("%d calls did not end in time", self.dialler.talking)
        self._heart.stop()
        await self._queue.stop()
        if not lost:
            now = self._clock.now()
            with contextlib.suppress(StorageFailed, DBAPIError):
                await self._ledger.try_write(lambda it: recovery.lose(it, self.executor, now))
                await self._ledger.try_write(lambda it: leases.leave(it, self.executor))
        self._ledger.close()
        return Ended.LEASE_LOST if lost else Ended.STOPPED

    async def _feed_s(self) -> float:
        """Feed every trunk once; return how long to wait for the next time."""
        released = refused = 0
        for trunk_id in await self._ledger.read(feeding.trunks_to_feed):
            feed = partial(self._feeder.feed, trunk_id=trunk_id, now=self._clock.now())
            fed = await self._ledger.try_write(feed)
            released += fed.released
            refused += fed.refused
        return BUSY_S if released or refused or self.dialler.busy else IDLE_S

    async def _tend(self) -> None:
        await self._ledger.try_write(self._housekeeping.tend)

    async def _settle(self) -> None:
        """See to contacts whose import died: they are in no state to be called or counted."""
        await asyncio.to_thread(settle, self._store)

    async def _send(self) -> None:
        await self._sender.send_due()

    async def _purge(self) -> None:
        while await self._queue.purge():
            pass

    async def _repeat(self, work: Callable[[], Awaitable[float]]) -> None:
        """Do work again after as many seconds as it says; a database that fails stops nothing."""
        while True:
            try:
                pause_s = await work()
            except (StorageFailed, DBAPIError) as error:
                log.error("%s", str(error).splitlines()[0])
                pause_s = IDLE_S
            except Exception:
                # The worker's one supervisor: a fault in one of its loops ends neither the calls
                # nor the other loops.
                log.exception("%s failed", getattr(work, "__name__", "a loop"))
                pause_s = IDLE_S
            await asyncio.sleep(pause_s)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        async def once() -> float:
            await work()
            return seconds

        await self._repeat(once)
