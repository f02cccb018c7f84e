"""What was released together is handled one by one, within the worker's lines, and outlives it."""

import asyncio
import contextlib

from tests.dialler.rig import until
from voicebot.engines.dbos_queue import TOGETHER, DbosQueue
from voicebot.store.engine import Store

RELEASED = [f"1:{number}:1" for number in range(TOGETHER * 2 + 3)]
LINES = 10


class Lines:
    """Takes what it is given, and counts how many at once."""

    def __init__(self, handled: list[str], holds: asyncio.Event) -> None:
        self._handled = handled
        self._holds = holds
        self.at_once = 0
        self.most_at_once = 0

    async def handle(self, attempt_id: str) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self._holds.wait()
        self._handled.append(attempt_id)
        self.at_once -= 1
        if attempt_id == RELEASED[5]:
            raise ValueError("a script that breaks")


def test_each_of_many_is_handled_once_and_never_more_than_there_are_lines(store: Store) -> None:
    handled: list[str] = []

    async def run() -> int:
        holds = asyncio.Event()
        lines = Lines(handled, holds)
        queue = DbosQueue(store.url, "w1", LINES)
        await queue.start(lines.handle)
        with store.write() as connection:
            queue.release(connection, RELEASED)
        await until(lambda: lines.at_once == LINES)
        holds.set()
        await until(lambda: len(handled) == len(RELEASED))
        await queue.stop()
        return lines.most_at_once

    assert asyncio.run(run()) == LINES
    assert sorted(handled) == sorted(RELEASED)


def test_what_a_dead_worker_left_is_known_and_taken_over(store: Store) -> None:
    handled: list[str] = []

    async def die() -> None:
        lines = Lines([], asyncio.Event())
        queue = DbosQueue(store.url, "w1", LINES)
        await queue.start(lines.handle)
        with store.write() as connection:
            queue.release(connection, RELEASED)
        await until(lambda: lines.at_once == LINES)
        await queue.stop()

    async def inherit() -> None:
        holds = asyncio.Event()
        holds.set()
        lines = Lines(handled, holds)
        queue = DbosQueue(store.url, "w2", LINES)
        await queue.start(lines.handle)
        assert await queue.unfinished([*RELEASED[:40], "1:999:1"]) == set(RELEASED[:40])
        assert await queue.take_over("w1") == len(RELEASED)
        await until(lambda: len(handled) == len(RELEASED))
        await queue.stop()
        assert lines.most_at_once <= LINES

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(die())
    asyncio.run(inherit())

    assert sorted(handled) == sorted(RELEASED)
