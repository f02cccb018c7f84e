"""A caller is connected to a person: we call the person, and step out of the middle."""

import asyncio
from typing import Protocol

from voicebot.call.leg import CallLeg
from voicebot.errors import LineFailed
from voicebot.runtime.bridge import bridge
from voicebot.runtime.holding import Looped, until_hung_up
from voicebot.runtime.outgoing import OutgoingLeg

RING_S = 30.0
"""How long a person's telephone rings."""


class Calls(Protocol):
    """What places the second call."""

    async def call(self, uri: str) -> OutgoingLeg:
        """Begin to call a SIP address. Raises `LineFailed`."""
        ...


async def connect_person(
    caller: CallLeg, gateway: Calls, person: str, music: bytes, *, ring_s: float = RING_S
) -> bool:
    """Call `person`, play music to the caller meanwhile, and connect both until one hangs up.

    False when nobody answered or the caller gave up; the caller's line is then as it was.
    """
    try:
        leg = await gateway.call(person)
    except LineFailed:
        return False
    caller.playout = Looped(music, caller.sample_rate)
    waiting = asyncio.create_task(until_hung_up(caller))
    answered = asyncio.create_task(leg.answered.wait())
    try:
        await asyncio.wait(
            (answered, waiting, leg.ended), timeout=ring_s, return_when=asyncio.FIRST_COMPLETED
        )
        connected = answered.done() and not waiting.done()
    finally:
        for task in (answered, waiting):
            task.cancel()
        await asyncio.gather(answered, waiting, return_exceptions=True)
        caller.playout = None
    if not connected:
        await leg.hang_up()
        return False
    await bridge(caller, leg)
    return True
