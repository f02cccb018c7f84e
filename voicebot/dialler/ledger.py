"""Database work off the event loop, repeated until the database takes it.

A database that restarts or a disk that is full stops the dialling, not the worker: what happened on
the line is held in memory until it can be written.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from voicebot.errors import StorageFailed
from voicebot.store.engine import Store

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0

PASSING = ("40001", "40P01")
"""PostgreSQL: serialization failure, deadlock. The same work succeeds when it is done again."""


class Ledger:
    """The store, for the event loop."""

    def __init__(self, store: Store, threads: int) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(threads, "ledger")
        self._failing = False

    @property
    def failing(self) -> bool:
        """Whether the last work could not be done."""
        return self._failing

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do work in one transaction, again and again until it is kept: it must bear repeating."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                done = await self._run(self._write, work)
            except (StorageFailed, DBAPIError) as error:
                if not _passes(error):
                    raise
                if not self._failing:
                    log.error("%s; trying again until it can", _first_line(error))
                self._failing = True
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            if self._failing:
                log.warning("%s can be written again", self._store.shown)
                self._failing = False
            return done

    async def try_write(self, work: Callable[[Connection], T]) -> T:
        """Do work in one transaction, once. Raises `StorageFailed`."""
        return await self._run(self._write, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Read, once. Raises `StorageFailed`."""
        return await self._run(self._read, work)

    def close(self) -> None:
        """Let go of the threads once their work is done."""
        self._threads.shutdown(wait=True)

    async def _run(
        self, how: Callable[[Callable[[Connection], T]], T], work: Callable[[Connection], T]
    ) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, how, work)

    def _write(self, work: Callable[[Connection], T]) -> T:
        with self._store.write() as connection:
            return work(connection)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._store.read() as connection:
            return work(connection)


def _passes(error: StorageFailed | DBAPIError) -> bool:
    if isinstance(error, StorageFailed):
        return True
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in PASSING


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
