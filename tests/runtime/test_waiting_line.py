"""Callers in a queue, in virtual time."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from tests.builders import tone
from voicebot.runtime.places import OwnQueue, Places
from voicebot.runtime.virtual_time import run_virtual
from voicebot.runtime.waiting_line import CALL_BACK_KEY, TOLD_S, Waited, WaitingLine, WaitingSounds
from voicebot.transports.loopback import LoopbackLeg, connect

RATE = 8000
MUSIC = tone(500, hz=300)
PLACES = {0: tone(200, hz=1000), 1: tone(200, hz=1100)}
GIVEN_UP = tone(300, hz=2000)
OFFER = tone(200, hz=2500)
PROMISED = tone(300, hz=3000)


@dataclass
class Waiter:
    """A caller in the queue and what they hear."""

    robot: LoopbackLeg = field(default_factory=lambda: LoopbackLeg(RATE))
    phone: LoopbackLeg = field(default_factory=lambda: LoopbackLeg(RATE))
    heard: bytearray = field(default_factory=bytearray)

    async def listen(self) -> None:
        async for frame in self.phone.incoming():
            self.heard += frame.pcm


class Room:
    """How many calls may begin."""

    def __init__(self, free: int = 0) -> None:
        self.free = free

    def __call__(self, taken: Counter[str], holder: str) -> bool:
        return taken.total() < self.free


def line(places: Places, longest_s: float = 300) -> WaitingLine:
    sounds = WaitingSounds(MUSIC, PLACES, GIVEN_UP, OFFER, PROMISED)
    return WaitingLine(OwnQueue(places), sounds, longest_s=longest_s)


def nobody() -> Places:
    """Return places that nobody gets."""
    return Places(Room(), len(PLACES))


async def open_wire(group: asyncio.TaskGroup, waiter: Waiter) -> None:
    group.create_task(connect(waiter.robot, waiter.phone))
    group.create_task(waiter.listen())


def test_the_first_caller_gets_the_first_free_line_and_the_second_moves_up() -> None:
    async def story() -> tuple[list[str], Waiter]:
        room, order = Room(), []
        places = Places(room, len(PLACES))
        queue = line(places)
        first, second = Waiter(), Waiter()

        async def wait(waiter: Waiter, name: str) -> None:
            assert await queue.wait(waiter.robot) is Waited.ROOM
            order.append(name)
            await waiter.robot.hang_up()

        async with asyncio.TaskGroup() as group:
            for waiter, name in ((first, "first"), (second, "second")):
                await open_wire(group, waiter)
                group.create_task(wait(waiter, name))
                await asyncio.sleep(0.1)
            assert places.full
            await asyncio.sleep(5)
            room.free = 1
            await asyncio.sleep(5)
            assert places.waiting == 1
            room.free = 2
        return order, second

    order, second = run_virtual(story())

    assert order == ["first", "second"]
    assert bytes(second.heard).find(PLACES[1]) >= 0
    assert bytes(second.heard).find(PLACES[0]) > bytes(second.heard).find(PLACES[1])
    assert bytes(second.heard).find(MUSIC * 2) >= 0


def test_a_place_that_stays_the_same_is_told_again() -> None:
    async def story() -> Waiter:
        waiter = Waiter()
        queue = line(nobody())
        async with asyncio.TaskGroup() as group:
            await open_wire(group, waiter)
            task = group.create_task(queue.wait(waiter.robot))
            await asyncio.sleep(2 * TOLD_S + 5)
            await waiter.phone.hang_up()
            assert await task is Waited.GAVE_UP
        return waiter

    waiter = run_virtual(story())

    assert bytes(waiter.heard).count(PLACES[0]) == 3


def test_who_hangs_up_leaves_the_line() -> None:
    async def story() -> tuple[int, int]:
        waiter, places = Waiter(), nobody()
        queue = line(places)
        async with asyncio.TaskGroup() as group:
            await open_wire(group, waiter)
            task = group.create_task(queue.wait(waiter.robot))
            await asyncio.sleep(3)
            await waiter.phone.hang_up()
            assert await task is Waited.GAVE_UP
        return places.waiting, queue.gave_up

    assert run_virtual(story()) == (0, 1)


def test_who_waits_too_long_is_told_and_still_on_the_line() -> None:
    async def story() -> tuple[Waiter, bool]:
        waiter, queue = Waiter(), line(nobody(), longest_s=10)
        async with asyncio.TaskGroup() as group:
            await open_wire(group, waiter)
            got = await queue.wait(waiter.robot)
            open_still = not waiter.robot.closed
            await waiter.robot.hang_up()
        assert got is Waited.GAVE_UP
        return waiter, open_still

    waiter, open_still = run_virtual(story())

    assert open_still
    assert GIVEN_UP[:-640] in bytes(waiter.heard)


def test_who_is_urgent_goes_before_those_who_came_a_little_earlier() -> None:
    async def story() -> list[str]:
        room, order = Room(), []
        queue = line(Places(room, 3))

        async def wait(waiter: Waiter, name: str, ahead_s: float) -> None:
            assert await queue.wait(waiter.robot, ahead_s=ahead_s) is Waited.ROOM
            order.append(name)
            await waiter.robot.hang_up()

        async with asyncio.TaskGroup() as group:
            for name, ahead_s in (("patient", 0.0), ("customer", 0.0), ("urgent", 60.0)):
                waiter = Waiter()
                await open_wire(group, waiter)
                group.create_task(wait(waiter, name, ahead_s))
                await asyncio.sleep(50)
            for _ in range(3):
                room.free += 1
                await asyncio.sleep(1)
        return order

    # 60 s are less than the 100 s that the first one was earlier, and more than the second's 50.
    assert run_virtual(story()) == ["patient", "urgent", "customer"]


def test_who_presses_the_key_hears_that_they_will_be_called_and_leaves_the_line() -> None:
    async def story() -> tuple[Waiter, Waited, int]:
        waiter, places = Waiter(), nobody()
        queue = line(places)
        async with asyncio.TaskGroup() as group:
            await open_wire(group, waiter)
            task = group.create_task(queue.wait(waiter.robot, offer=True))
            await asyncio.sleep(2)
            assert waiter.robot.on_key is not None
            waiter.robot.on_key("5")
            await asyncio.sleep(1)
            assert not task.done()
            waiter.robot.on_key(CALL_BACK_KEY)
            how = await task
            await waiter.robot.hang_up()
        return waiter, how, places.waiting

    waiter, how, left = run_virtual(story())

    assert (how, left) == (Waited.CALL_BACK, 0)
    heard = bytes(waiter.heard)
    assert heard.find(PLACES[0] + OFFER) < heard.find(PROMISED[:-640])
    assert heard.find(PLACES[0] + OFFER) >= 0


def test_without_the_offer_keys_mean_nothing() -> None:
    async def story() -> Waiter:
        waiter, queue = Waiter(), line(nobody(), longest_s=10)
        async with asyncio.TaskGroup() as group:
            await open_wire(group, waiter)
            task = group.create_task(queue.wait(waiter.robot))
            await asyncio.sleep(2)
            assert waiter.robot.on_key is None
            assert await task is Waited.GAVE_UP
            await waiter.robot.hang_up()
        return waiter

    assert OFFER not in bytes(run_virtual(story()).heard)
