import asyncio
import time

import pytest

from voicebot.runtime.virtual_time import Deadlock, InlineExecutor, run_virtual


def test_an_hour_passes_in_no_time() -> None:
    async def wait() -> float:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(3600)
        return loop.time()

    begin = time.monotonic()
    virtual_s = run_virtual(wait())
    real_s = time.monotonic() - begin

    assert virtual_s == pytest.approx(3600)
    assert real_s < 1


def test_timers_come_in_their_order() -> None:
    async def story() -> list[tuple[str, int]]:
        loop = asyncio.get_running_loop()
        told: list[tuple[str, int]] = []

        async def tell(what: str, after_s: float) -> None:
            await asyncio.sleep(after_s)
            told.append((what, round(loop.time() * 1000)))

        await asyncio.gather(tell("second", 0.2), tell("first", 0.02), tell("third", 5))
        return told

    assert run_virtual(story()) == [("first", 20), ("second", 200), ("third", 5000)]


def test_waiting_for_what_can_never_happen_is_a_deadlock() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match="no timer is set"):
        run_virtual(wait())


def test_a_timeout_ends_a_wait_that_would_be_a_deadlock() -> None:
    async def wait() -> None:
        async with asyncio.timeout(10):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run_virtual(wait())


def test_a_wake_up_through_the_loops_own_pipe_is_no_deadlock() -> None:
    async def wake() -> str:
        loop = asyncio.get_running_loop()
        event = asyncio.Event()
        loop.call_soon_threadsafe(event.set)
        await event.wait()
        return "woken"

    assert run_virtual(wake()) == "woken"


def test_inline_work_is_done_when_it_is_submitted() -> None:
    future = InlineExecutor().submit(lambda: 6 * 7)

    assert future.done()
    assert future.result() == 42


def test_inline_work_that_fails_leaves_its_exception() -> None:
    def fail() -> None:
        raise KeyError("x")

    future = InlineExecutor().submit(fail)

    assert isinstance(future.exception(), KeyError)
