"""Keeps the workers of a service running: starts, watches, ends and restarts them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from voicebot.errors import NoWorker
from voicebot.service.restarts import Restarts

log = logging.getLogger(__name__)

LOOK_S = 1.0
SILENT_LOOKS = 15
"""A worker tells its load twice a second. One that says nothing from look to look so often hangs,
or was stopped: its callers hear nothing either. Looks are counted, not seconds: when the whole
machine stood still, nobody is to blame."""
END_S = 10.0
"""The longest that a worker may take to end when it is told to."""


class Worker(Protocol):
    """A process that was started."""

    name: str
    heard_s: float | None
    """When it last said something, by the loop's clock; None before it is ready."""

    async def wait(self) -> str:
        """Wait for its end and return what ended it."""
        ...

    def end(self) -> None:
        """Tell it to end."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class Supervisor:
    """So many workers."""

    def __init__(
        self,
        number: int,
        start: Callable[[str], Awaitable[Worker]],
        *,
        lost: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """`start` starts a worker by its name; `lost` hears of one that ended by itself, and what
        ended it."""
        self._names = [f"worker-{each}" for each in range(1, number + 1)]
        self._start = start
        self._lost = lost
        self._running: dict[str, Worker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._beginning = True
        """No worker was ever ready."""
        self._ended: dict[str, str] = {}
        """What ended each worker last."""
        self._stopping = asyncio.Event()
        self.restarts = 0

    async def start(self) -> None:
        """Start the first worker, and the others when it is ready: what is wrong for one is wrong
        for all, and is said once. Return when every one is ready, or has ended and is tried again.
        Raises `NoWorker`."""
        first, *others = self._names
        await self._first(first)
        if first in self._ended:
            raise NoWorker(f"no worker could be started: {self._ended[first]}")
        self._beginning = False
        await asyncio.gather(*map(self._first, others))

    async def stop(self) -> None:
        """End all workers."""
        self._stopping.set()
        for worker in self._running.values():
            if worker.heard_s is None:
                worker.kill()
            else:
                worker.end()
        try:
            async with asyncio.timeout(END_S):
                while self._running:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            log.warning("%s did not end and are killed", ", ".join(self._running))
        finally:
            for worker in self._running.values():
                worker.kill()
            tasks = self._tasks.values()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _first(self, name: str) -> None:
        """Start a worker, and wait until it is ready or has ended."""
        self._tasks[name] = asyncio.create_task(self._run(name), name=name)
        while name not in self._ended:
            if name in self._running and self._running[name].heard_s is not None:
                return
            await asyncio.sleep(0.05)

    async def _run(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        restarts = Restarts()
        while True:
            began = loop.time()
            try:
                worker = self._running[name] = await self._start(name)
            except OSError as error:
                why = f"it cannot be started: {error}"
            else:
                try:
                    why = await self._watch(worker)
                finally:
                    worker.kill()
                del self._running[name]
            self._ended[name] = why
            if self._beginning or self._stopping.is_set():
                return
            self.restarts += 1
            wait_s = restarts.wait_s(loop.time() - began)
            log.error("%s ended: %s; it is started again in %.0f s", name, why, wait_s)
            await self._lost(name, why)
            await asyncio.sleep(wait_s)

    async def _watch(self, worker: Worker) -> str:
        """Wait for the worker's end; end it when it hangs."""
        ended = asyncio.ensure_future(worker.wait())
        heard, silent = worker.heard_s, 0
        while True:
            await asyncio.wait((ended,), timeout=LOOK_S)
            if ended.done():
                hung = silent >= SILENT_LOOKS
                return f"it hung and was killed: {ended.result()}" if hung else ended.result()
            silent = silent + 1 if heard is not None and heard == worker.heard_s else 0
            heard = worker.heard_s
            if silent >= SILENT_LOOKS:
                worker.kill()
