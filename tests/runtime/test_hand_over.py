"""A caller and a person, connected by us."""

import asyncio
from collections.abc import Callable

import pytest

from tests.builders import tone
from voicebot.audio.frame import AudioFrame
from voicebot.errors import LineFailed
from voicebot.runtime.hand_over import connect_person
from voicebot.runtime.virtual_time import run_virtual
from voicebot.transports.loopback import LoopbackLeg, connect

RATE = 8000
MUSIC = tone(400, hz=300)


class Tape:
    """Sends a tone."""

    def __init__(self, hz: int) -> None:
        self._tone = tone(20, hz=hz)

    def pull(self) -> bytes:
        return self._tone


class PersonLeg(LoopbackLeg):
    """The second call, with its signalling."""

    def __init__(self) -> None:
        super().__init__(RATE)
        self.ringing, self.early_media, self.answered = (asyncio.Event() for _ in range(3))
        self.ended: asyncio.Future[object] = asyncio.get_running_loop().create_future()


class Gateway:
    """Calls one person, who picks up after `answers_s`, or not at all."""

    def __init__(self, answers_s: float | None, busy: bool = False) -> None:
        self.answers_s = answers_s
        self.busy = busy
        self.leg: PersonLeg | None = None

    async def call(self, uri: str) -> PersonLeg:
        if self.busy:
            raise LineFailed("all lines are busy")
        self.leg = PersonLeg()
        if self.answers_s is not None:
            asyncio.get_running_loop().call_later(self.answers_s, self.leg.answered.set)
        return self.leg


async def heard_by(leg: LoopbackLeg, into: list[AudioFrame]) -> None:
    async for frame in leg.incoming():
        into.append(frame)


def test_the_caller_hears_music_and_then_the_person_and_the_person_the_caller() -> None:
    async def story() -> tuple[bool, bytes, bytes]:
        caller, phone = LoopbackLeg(RATE), LoopbackLeg(RATE)
        desk = LoopbackLeg(RATE)
        phone.playout, desk.playout = Tape(600), Tape(900)
        gateway = Gateway(2.0)
        at_phone: list[AudioFrame] = []
        at_desk: list[AudioFrame] = []

        async with asyncio.TaskGroup() as group:
            group.create_task(connect(caller, phone))
            group.create_task(heard_by(phone, at_phone))
            group.create_task(heard_by(desk, at_desk))
            talk = group.create_task(connect_person(caller, gateway, "sip:1@desk", MUSIC))
            await asyncio.sleep(1)
            assert gateway.leg is not None
            group.create_task(connect(gateway.leg, desk))
            await asyncio.sleep(4)
            await desk.hang_up()
            connected = await talk
        return (
            connected,
            b"".join(f.pcm for f in at_phone),
            b"".join(f.pcm for f in at_desk),
        )

    connected, at_phone, at_desk = run_virtual(story())

    assert connected
    assert MUSIC in at_phone
    assert tone(20, hz=900) * 50 in at_phone
    assert tone(20, hz=600) * 50 in at_desk


@pytest.mark.parametrize(
    "gateway",
    [lambda: Gateway(None), lambda: Gateway(1.0, busy=True)],
    ids=["nobody answers", "no line is free"],
)
def test_when_no_person_can_be_reached_the_caller_is_still_there(
    gateway: Callable[[], Gateway],
) -> None:
    async def story() -> tuple[bool, bool, float]:
        caller, phone = LoopbackLeg(RATE), LoopbackLeg(RATE)
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            group.create_task(connect(caller, phone))
            connected = await connect_person(caller, gateway(), "sip:1@desk", MUSIC, ring_s=20)
            waited = loop.time()
            there = not caller.closed
            await caller.hang_up()
        return connected, there, waited

    connected, there, waited = run_virtual(story())

    assert (connected, there) == (False, True)
    assert waited <= 20.1


def test_a_caller_who_hangs_up_ends_the_second_call() -> None:
    async def story() -> tuple[bool, bool]:
        caller, phone = LoopbackLeg(RATE), LoopbackLeg(RATE)
        gateway = Gateway(None)
        async with asyncio.TaskGroup() as group:
            group.create_task(connect(caller, phone))
            talk = group.create_task(connect_person(caller, gateway, "sip:1@desk", MUSIC))
            await asyncio.sleep(2)
            await phone.hang_up()
            connected = await talk
        assert gateway.leg is not None
        return connected, gateway.leg.closed

    assert run_virtual(story()) == (False, True)
