"""Workers are started, watched, restarted and ended; in virtual time, without processes."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from voicebot.errors import NoWorker
from voicebot.runtime.virtual_time import run_virtual
from voicebot.service.restarts import STEADY_S, Restarts
from voicebot.service.supervisor import END_S, SILENT_LOOKS, Supervisor


class PaperWorker:
    """A worker that does what its test says."""

    def __init__(self, name: str, *, ready: bool = True, obeys: bool = True) -> None:
        loop = asyncio.get_running_loop()
        self.name = name
        self.heard_s = loop.time() if ready else None
        self.killed = False
        self._obeys = obeys
        self._ended: asyncio.Future[str] = loop.create_future()

    async def wait(self) -> str:
        return await self._ended

    def end(self) -> None:
        if self._obeys:
            self.die("exit code 0")

    def kill(self) -> None:
        self.killed = self.killed or not self._ended.done()
        self.die("signal SIGKILL")

    def die(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_result(why)

    def say(self) -> None:
        self.heard_s = asyncio.get_running_loop().time()


@dataclass
class Office:
    """Starts workers, and remembers them."""

    started: list[tuple[float, PaperWorker]] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    make: Callable[[str], PaperWorker] = PaperWorker

    async def start(self, name: str) -> PaperWorker:
        worker = self.make(name)
        self.started.append((asyncio.get_running_loop().time(), worker))
        return worker

    async def lose(self, name: str, why: str) -> None:
        self.lost.append((name, why))

    def supervisor(self, number: int) -> Supervisor:
        return Supervisor(number, self.start, lost=self.lose)

    def killed(self) -> list[bool]:
        return [worker.killed for _, worker in self.started]

    def names(self) -> list[str]:
        return [worker.name for _, worker in self.started]


def run(story: Coroutine[Any, Any, None]) -> None:
    run_virtual(story)


async def keep_talking(office: Office, seconds: float) -> None:
    """Let all workers say something every half second."""
    for _ in range(round(seconds * 2)):
        await asyncio.sleep(0.5)
        for _, worker in office.started:
            worker.say()


def test_waits_double_up_to_half_a_minute_and_begin_anew_after_a_steady_run() -> None:
    restarts = Restarts()

    assert [restarts.wait_s(0.5) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert restarts.wait_s(STEADY_S) == 1
    assert restarts.wait_s(STEADY_S - 1) == 2
    assert restarts.number == 9


def test_the_others_are_started_when_the_first_one_is_ready() -> None:
    async def story() -> None:
        office = Office(make=lambda name: PaperWorker(name, ready=False))
        supervisor = office.supervisor(3)
        starting = asyncio.create_task(supervisor.start())
        await asyncio.sleep(5)
        assert office.names() == ["worker-1"]
        office.started[0][1].say()
        await asyncio.sleep(1)
        assert office.names() == ["worker-1", "worker-2", "worker-3"]
        office.started[1][1].say()
        await asyncio.sleep(1)
        assert not starting.done()
        # Who fails later than the first one holds nothing up, and is tried again.
        office.started[2][1].die("exit code 1")
        await starting
        assert office.lost == [("worker-3", "exit code 1")]
        await supervisor.stop()

    run(story())


def test_when_the_first_one_ends_before_it_is_ready_there_is_no_service() -> None:
    async def story() -> None:
        office = Office(make=lambda name: PaperWorker(name, ready=False))
        supervisor = office.supervisor(2)
        starting = asyncio.create_task(supervisor.start())
        await asyncio.sleep(2)
        office.started[0][1].die("exit code 2")
        with pytest.raises(NoWorker, match="exit code 2"):
            await starting
        await supervisor.stop()
        assert (office.names(), office.lost, supervisor.restarts) == (["worker-1"], [], 0)

    run(story())


def test_a_worker_that_dies_is_started_again_and_the_others_never_notice() -> None:
    async def story() -> None:
        office = Office()
        supervisor = office.supervisor(2)
        await supervisor.start()
        await keep_talking(office, 2)
        office.started[0][1].die("signal SIGSEGV")
        await keep_talking(office, 3)

        assert office.lost == [("worker-1", "signal SIGSEGV")]
        assert office.names() == ["worker-1", "worker-2", "worker-1"]
        assert office.started[2][0] == pytest.approx(3, abs=0.2)
        assert not office.started[1][1].killed
        assert supervisor.restarts == 1
        await supervisor.stop()

    run(story())


def test_a_worker_that_dies_again_and_again_is_started_less_and_less_often() -> None:
    async def story() -> None:
        office = Office()
        supervisor = office.supervisor(1)
        await supervisor.start()
        for _ in range(4):
            office.started[-1][1].die("exit code 1")
            before = len(office.started)
            while len(office.started) == before:
                await asyncio.sleep(0.1)
        at = [began for began, _ in office.started]
        waits = [later - earlier for earlier, later in pairwise(at)]
        assert waits == pytest.approx([1, 2, 4, 8], abs=0.3)
        await supervisor.stop()

    run(story())


def test_a_worker_that_cannot_be_started_is_tried_again() -> None:
    async def story() -> None:
        office = Office()
        fails = [False, True, False]

        async def start(name: str) -> PaperWorker:
            if fails.pop(0):
                raise OSError("no memory")
            return await office.start(name)

        supervisor = Supervisor(1, start, lost=office.lose)
        await supervisor.start()
        office.started[0][1].die("exit code 1")
        await asyncio.sleep(5)
        assert office.lost[1] == ("worker-1", "it cannot be started: no memory")
        assert len(office.started) == 2
        await supervisor.stop()

    run(story())


def test_a_worker_that_says_nothing_is_killed_and_started_again() -> None:
    async def story() -> None:
        office = Office()
        supervisor = office.supervisor(1)
        await supervisor.start()
        await keep_talking(office, 20)
        assert office.killed() == [False]
        await asyncio.sleep(SILENT_LOOKS + 3)

        assert office.killed() == [True, False]
        assert office.lost == [("worker-1", "it hung and was killed: signal SIGKILL")]
        await supervisor.stop()

    run(story())


def test_a_worker_may_take_its_time_to_load() -> None:
    async def story() -> None:
        office = Office(make=lambda name: PaperWorker(name, ready=False))
        supervisor = office.supervisor(1)
        starting = asyncio.create_task(supervisor.start())
        await asyncio.sleep(10 * SILENT_LOOKS)
        assert not office.started[0][1].killed
        office.started[0][1].say()
        await starting
        await supervisor.stop()

    run(story())


def test_who_does_not_end_when_told_is_killed_and_nobody_is_started_any_more() -> None:
    async def story() -> None:
        office = Office(make=lambda name: PaperWorker(name, obeys=name != "worker-2"))
        supervisor = office.supervisor(2)
        await supervisor.start()
        await asyncio.sleep(1)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await supervisor.stop()

        assert loop.time() - began == pytest.approx(END_S, abs=0.2)
        assert office.killed() == [False, True]
        await asyncio.sleep(60)
        assert len(office.started) == 2
        assert office.lost == []

    run(story())
