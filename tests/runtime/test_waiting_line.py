"""Callers in a queue, in virtual time."""

import asyncio
from dataclasses import dataclass, field

from tests.builders import tone
from voicebot.runtime.virtual_time import run_virtual
from voicebot.runtime.waiting_line import TOLD_S, WaitingLine, WaitingSounds
from voicebot.transports.loopback import LoopbackLeg, connect

RATE = 8000
MUSIC = tone(500, hz=300)
PLACES = {0: tone(200, hz=1000), 1: tone(200, hz=1100)}
GIVEN_UP = tone(300, hz=2000)


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

    def __call__(self) -> bool:
        if self.free == 0:
            return False
        self.free -= 1
        return True


def line(room: Room, longest_s: float = 300) -> WaitingLine:
    return WaitingLine(room, WaitingSounds(MUSIC, PLACES, GIVEN_UP), longest_s=longest_s)


async def open_wire(group: asyncio.TaskGroup, waiter: Waiter) -> None:
    group.create_task(connect(waiter.robot, waiter.phone))
    group.create_task(waiter.listen())


def test_the_first_caller_gets_the_first_free_line_and_the_second_moves_up() -> None:
    async def story() -> tuple[list[str], Waiter]:
        room, order = Room(), []
        queue = line(room)
        first, second = Waiter(), Waiter()

        async def wait(waiter: Waiter, name: str) -> None:
            assert await queue.wait(waiter.robot)
            order.append(name)
            await waiter.robot.hang_up()

        async with asyncio.TaskGroup() as group:
            for waiter, name in ((first, "first"), (second, "second")):
                await open_wire(group, waiter)
                group.create_task(wait(waiter, name))
                await asyncio.sleep(0.1)
            assert queue.full
            await asyncio.sleep(5)
            room.free = 1
            await asyncio.sleep(5)
            assert len(queue) == 1
            room.free = 1
        return order, second

    order, second = run_virtual(story())

    assert order == ["first", "second"]
    assert bytes(second.heard).find(PLACES[1]) >= 0
    assert bytes(second.heard).find(PLACES[0]) > bytes(second.heard).find(PLACES[1])
    assert bytes(second.heard).find(MUSIC * 2) >= 0


def test_a_place_that_stays_the_same_is_told_again() -> None:
    async def story() -> Waiter:
        waiter = Waiter()
        queue = line(Room())
        async with asyncio.TaskGroup() as group:
            await open_wire(group, waiter)
            task = group.create_task(queue.wait(waiter.robot))
            await asyncio.sleep(2 * TOLD_S + 5)
            await waiter.phone.hang_up()
            assert not await task
        return waiter

    waiter = run_virtual(story())

    assert bytes(waiter.heard).count(PLACES[0]) == 3


def test_who_hangs_up_leaves_the_line() -> None:
    async def story() -> WaitingLine:
        waiter, queue = Waiter(), line(Room())
        async with asyncio.TaskGroup() as group:
            await open_wire(group, waiter)
            task = group.create_task(queue.wait(waiter.robot))
            await asyncio.sleep(3)
            await waiter.phone.hang_up()
            assert not await task
        return queue

    queue = run_virtual(story())

    assert (len(queue), queue.gave_up) == (0, 1)


def test_who_waits_too_long_is_told_and_still_on_the_line() -> None:
    async def story() -> tuple[Waiter, bool]:
        waiter, queue = Waiter(), line(Room(), longest_s=10)
        async with asyncio.TaskGroup() as group:
            await open_wire(group, waiter)
            got = await queue.wait(waiter.robot)
            open_still = not waiter.robot.closed
            await waiter.robot.hang_up()
        assert not got
        return waiter, open_still

    waiter, open_still = run_virtual(story())

    assert open_still
    assert GIVEN_UP[:-640] in bytes(waiter.heard)
