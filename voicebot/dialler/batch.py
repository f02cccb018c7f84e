"""Work of one kind for many attempts in one transaction.

A hundred attempts a second each want to be found, fenced and concluded. A transaction for each is a
round trip for every statement; together they share them. Nobody waits for company: while one
transaction runs the next one's work gathers, so a lone attempt is served at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy import Connection

from voicebot.dialler.ledger import Ledger

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 50
"""In one transaction: the others of the database wait for it."""


class Batch(Generic[Item, Result]):
    """Gives each item its own result, on one event loop."""

    def __init__(
        self, ledger: Ledger, work: Callable[[Connection, Sequence[Item]], Sequence[Result]]
    ) -> None:
        """`work` returns the results in the order of its items, and must bear repeating."""
        self._ledger = ledger
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Result:
        """Return what came of an item, once that is kept. Raises what its work raised."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._do(some)
        finally:
            self._running = None

    async def _do(self, some: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        items = [item for item, _ in some]
        try:
            results = await self._ledger.write(lambda it: self._work(it, items))
        except Exception as error:
            # What one item breaks is no other's fault: nothing was kept, so each is done alone.
            if len(some) > 1:
                for each in some:
                    await self._do([each])
            else:
                _tell(some[0][1], error)
            return
        for (_, future), result in zip(some, results, strict=True):
            if not future.done():
                future.set_result(result)


def _tell(future: asyncio.Future[Result], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
