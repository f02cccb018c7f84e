"""Callers who wait for a free line: music, their place now and then, and the offer of a call back.

Who came first is served first, but for those whose case is urgent: they count as having come
earlier than they did. The order is kept in `voicebot.runtime.places`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from voicebot.audio.frame import FRAME_MS, frame_bytes
from voicebot.call.leg import CallLeg
from voicebot.runtime.holding import Looped, until_hung_up
from voicebot.runtime.places import Queue

LOOK_S = 0.25
"""How often the first in line looks whether there is room."""
CALL_BACK_KEY = "1"
TOLD_S = 25.0
"""How often a caller is told their place when it stays the same."""


@dataclass(frozen=True, slots=True)
class WaitingSounds:
    """What callers hear while they wait, as samples at the line's rate."""

    music: bytes
    places: Mapping[int, bytes]
    """By how many are before them: 0 is the next one. Its keys are the places that there are."""
    given_up: bytes
    """After `longest_s`, before the line is closed."""
    offer: bytes = b""
    """That a key may be pressed to be called back."""
    promised: bytes = b""
    """That they will be."""


class Waited(StrEnum):
    """How waiting ended."""

    ROOM = "room"
    """It is their turn."""
    GAVE_UP = "gave_up"
    """They hung up, or waited too long and have heard why."""
    CALL_BACK = "call_back"
    """They want to be called instead, and have heard that they will be."""


class WaitingLine:
    """One service's queue."""

    def __init__(self, queue: Queue, sounds: WaitingSounds, *, longest_s: float) -> None:
        self._queue = queue
        self._sounds = sounds
        self._longest_s = longest_s
        self.gave_up = 0
        """Callers who hung up or waited too long."""

    async def wait(self, leg: CallLeg, *, ahead_s: float = 0.0, offer: bool = False) -> Waited:
        """Keep the caller company until they have a place, which is theirs to give back.

        `ahead_s` is how much earlier they count as having come. With `offer` they may press
        `CALL_BACK_KEY`. The leg is still open when we gave up or they want to be called.
        """
        loop = asyncio.get_running_loop()
        ticket = await self._queue.join(ahead_s)
        hold = _HoldSound(self._sounds, leg.sample_rate, offer=offer)
        gone = asyncio.create_task(until_hung_up(leg))
        wanted = asyncio.Event()
        called = asyncio.create_task(wanted.wait())
        leg.playout = hold
        if offer:
            leg.on_key = lambda key: wanted.set() if key == CALL_BACK_KEY else None
        until = loop.time() + self._longest_s
        try:
            while not gone.done():
                if wanted.is_set():
                    await self._say(hold, self._sounds.promised, gone)
                    return Waited.CALL_BACK
                before = await self._queue.before(ticket)
                if before is None:
                    return Waited.ROOM
                if loop.time() >= until:
                    await self._say(hold, self._sounds.given_up, gone)
                    break
                hold.place(before)
                await asyncio.wait(
                    {gone, called}, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED
                )
            self.gave_up += 1
            return Waited.GAVE_UP
        finally:
            leg.playout = leg.on_key = None
            for task in (gone, called):
                task.cancel()
            await asyncio.gather(gone, called, return_exceptions=True)
            await self._queue.leave(ticket)

    async def _say(self, hold: "_HoldSound", words: bytes, gone: asyncio.Task[None]) -> None:
        hold.say(words)
        await asyncio.wait({gone}, timeout=hold.saying_ms / 1000)


class _HoldSound:
    """Music, interrupted by words."""

    def __init__(self, sounds: WaitingSounds, sample_rate: int, *, offer: bool) -> None:
        self._sounds = sounds
        self._offer = sounds.offer if offer else b""
        self._size = frame_bytes(sample_rate)
        self._words = b""
        self._music = Looped(sounds.music, sample_rate)
        self._place: int | None = None
        self._since_ms = 0

    @property
    def saying_ms(self) -> int:
        """What is left of the words."""
        return len(self._words) // self._size * FRAME_MS

    def place(self, before: int) -> None:
        """Tell the caller how many are before them, when it is new or long ago."""
        if before != self._place or self._since_ms >= TOLD_S * 1000:
            self._place = before
            self.say(self._sounds.places[min(before, max(self._sounds.places))] + self._offer)

    def say(self, pcm: bytes) -> None:
        """Say this now, whatever sounds."""
        self._words = pcm
        self._since_ms = 0

    def pull(self) -> bytes | None:
        """Return the next frame."""
        self._since_ms += FRAME_MS
        if not self._words:
            return self._music.pull()
        frame, self._words = self._words[: self._size], self._words[self._size :]
        return frame.ljust(self._size, b"\0")
