"""The dial queue on `dbos`: attempts that were released, dispatched to this process and kept.

What is in here are only the attempts of the next seconds and those being dialled; the truth is in
the store. Each worker has a queue of its own, named after its executor, so that it is given no more
than it can carry; the queue of a dead worker is emptied into a living one's.

`dbos` keeps its tables in the store's database, so that an attempt is released in the transaction
that takes its contact. What is released together is one piece of work of `dbos`, up to `TOGETHER`:
to keep, dispatch and conclude a piece is half a dozen statements, and what became of each attempt
stands in the store anyway. There is one such queue a process, as there is one `DBOS`.
"""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Collection, Sequence
from uuid import uuid4

from dbos import DBOS, DBOSClient, DBOSConfig, WorkflowStatus
from sqlalchemy import Connection, Engine, create_engine, event, make_url

# Its messages are ours to show: without a handler it would write to standard error itself.
logging.getLogger("dbos").addHandler(logging.NullHandler())

log = logging.getLogger(__name__)

APPLICATION = "voicebot"
VERSION = "1"
"""Pinned: by default it is a hash of the code, and workers take only their own version's work."""

WORKFLOW = "attempt"
POLL_S = 0.3
"""How often the queue is looked at. Attempts are released some seconds ahead of their slots."""

THREADS = 8
"""For the database's work; by default there are as many as calls."""

UNFINISHED = ["ENQUEUED", "PENDING", "DELAYED"]
FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
START_LOOKS = 60
BATCH = 500
TOGETHER = 25
"""Attempts in one workflow at most."""


class DbosQueue:
    """See `voicebot.dialler.queue.Queue`."""

    def __init__(self, url: str, executor: str, concurrency: int) -> None:
        """`url` is the store's; `executor` is no other living process's; `concurrency` is how many
        attempts may be under way at once."""
        self._url = url
        self._executor = executor
        self._concurrency = concurrency
        self._engine = _engine(url)
        self._client: DBOSClient | None = None
        self._free = asyncio.Semaphore(concurrency)
        """What was taken over comes on top of what was released for the free lines."""

    async def start(self, handle: Callable[[str], Awaitable[None]]) -> None:
        """Begin to give released attempts to `handle`, on the running event loop."""
        DBOS.destroy(destroy_registry=True)
        DBOS(
            config=DBOSConfig(
                name=APPLICATION,
                system_database_engine=self._engine,
                application_version=VERSION,
                executor_id=self._executor,
                use_listen_notify=False,
                max_executor_threads=THREADS,
                log_level="WARNING",
            )
        )

        async def handle_one(attempt_id: str) -> None:
            async with self._free:
                await handle(attempt_id)

        async def attempt(released: str | list[str]) -> None:
            ids = _ids(released)
            told = await asyncio.gather(*map(handle_one, ids), return_exceptions=True)
            for attempt_id, each in zip(ids, told, strict=True):
                if isinstance(each, Exception):
                    # It ends no other; the reconciler finds what it left.
                    log.error("attempt %s failed", attempt_id, exc_info=each)

        DBOS.workflow(name=WORKFLOW)(attempt)
        DBOS.listen_queues([self._executor])
        # In the loop's own thread: `dbos` runs workflows on the loop that launches it.
        DBOS.launch()
        self._client = DBOSClient(system_database_engine=self._engine)
        await DBOS.register_queue_async(
            self._executor, worker_concurrency=self._concurrency, polling_interval_sec=POLL_S
        )
        await self._listening()

    async def _listening(self) -> None:
        """Wait for the thread that looks at the queue: it begins up to a second later, and what was
        released before would miss its slot."""
        for _ in range(START_LOOKS):
            if any(each.name == f"queue-worker-{self._executor}" for each in threading.enumerate()):
                return
            await asyncio.sleep(0.05)

    def release(self, connection: Connection, attempts: Sequence[str]) -> None:
        """Enqueue attempts in the caller's transaction, by their ids."""
        assert self._client is not None, "the queue is not started"
        for first in range(0, len(attempts), TOGETHER):
            self._client.enqueue_in_transaction(
                connection,
                {
                    "workflow_name": WORKFLOW,
                    "queue_name": self._executor,
                    "workflow_id": uuid4().hex,
                    "app_version": VERSION,
                    "application_name": APPLICATION,
                },
                list(attempts[first : first + TOGETHER]),
            )

    async def take_over(self, executor: str) -> int:
        """Move everything unfinished of a dead worker into this one's queue; say how much it was.

        May be repeated: what is moved is no longer the dead one's.
        """
        moved = 0
        for found in (
            {"executor_id": executor, "status": "PENDING"},
            {"queue_name": executor, "status": UNFINISHED},
        ):
            while True:
                page = await DBOS.list_workflows_async(**found, limit=BATCH, load_output=False)
                ids = [each.workflow_id for each in page]
                if ids:
                    await DBOS.resume_workflows_async(ids, queue_name=self._executor)
                    moved += sum(len(_attempts(each)) for each in page)
                if len(page) < BATCH:
                    break
        await DBOS.delete_queue_async(executor)
        return moved

    async def unfinished(self, attempts: Collection[str]) -> set[str]:
        """Return which of these attempts are still to be handled or being handled."""
        held = await DBOS.list_workflows_async(status=UNFINISHED, load_output=False)
        return {each for work in held for each in _attempts(work)}.intersection(attempts)

    async def purge(self) -> int:
        """Delete what is finished: the store has the outcome. Returns how much it was."""
        page = await DBOS.list_workflows_async(
            status=FINISHED,
            limit=BATCH,
            load_input=False,
            load_output=False,
        )
        if page:
            await DBOS.delete_workflows_async([each.workflow_id for each in page])
        return len(page)

    async def stop(self) -> None:
        """End the dispatch; what is unfinished stays for `take_over`."""
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        if self._client is not None:
            self._client.destroy()
            self._client = None
        self._engine.dispose()


def _attempts(work: WorkflowStatus) -> Sequence[str]:
    """Return the attempts that were released as one."""
    return _ids(work.input["args"][0]) if work.input else []


def _ids(released: str | list[str]) -> Sequence[str]:
    # What an older voicebot released may still wait in the queue, each attempt by itself.
    return [released] if isinstance(released, str) else released


def _engine(url: str) -> Engine:
    """Return connections of the engine's own: it begins its transactions in its own way.

    They are not asked whether they are alive before each use, which would double the round trips:
    `dbos` itself repeats what a lost connection broke, and the first one that is found dead
    empties the pool.
    """
    made = make_url(url)
    if made.get_backend_name() != "sqlite":
        return create_engine(
            made,
            pool_size=THREADS + 4,
            max_overflow=4,
            connect_args={"prepare_threshold": None, "connect_timeout": 10},
        )
    engine = create_engine(made, pool_size=THREADS + 4, max_overflow=4)

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout = 30000", "journal_mode = WAL", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
