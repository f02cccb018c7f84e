"""Two legs that hear each other: the caller and the person who took over."""

import asyncio
from collections import deque

from voicebot.call.leg import CallLeg

RELAYED_FRAMES = 10
"""The most that waits on its way, 200 ms: more is a clock that runs away, and the oldest go."""


class _Relay:
    """What one leg heard and the other one has not said yet."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque(maxlen=RELAYED_FRAMES)

    def put(self, pcm: bytes) -> None:
        self._frames.append(pcm)

    def pull(self) -> bytes | None:
        return self._frames.popleft() if self._frames else None


async def bridge(caller: CallLeg, person: CallLeg) -> None:
    """Carry audio both ways until one side hangs up, and then close the other one too.

    Both legs have the same sample rate.
    """
    to_person, to_caller = _Relay(), _Relay()
    person.playout, caller.playout = to_person, to_caller

    async def carry(leg: CallLeg, relay: _Relay) -> None:
        async for frame in leg.incoming():
            relay.put(frame.pcm)

    directions = [
        asyncio.create_task(carry(caller, to_person)),
        asyncio.create_task(carry(person, to_caller)),
    ]
    try:
        done, _ = await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in directions:
            task.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
        caller.playout = person.playout = None
        await asyncio.gather(caller.hang_up(), person.hang_up())
