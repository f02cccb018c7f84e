"""Callers who wait for a free line: music, their place now and then, first come first served."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from voicebot.audio.frame import FRAME_MS, frame_bytes
from voicebot.call.leg import CallLeg
from voicebot.runtime.holding import Looped, until_hung_up

LOOK_S = 0.25
"""How often the first in line looks whether there is room."""
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


class WaitingLine:
    """One service's queue."""

    def __init__(
        self, room: Callable[[], bool], sounds: WaitingSounds, *, longest_s: float
    ) -> None:
        """`room` tells whether a call may begin now."""
        self._room = room
        self._sounds = sounds
        self._longest_s = longest_s
        self._line: list[object] = []
        self.gave_up = 0
        """Callers who hung up or waited too long."""

    def __len__(self) -> int:
        return len(self._line)

    @property
    def full(self) -> bool:
        """Whether nobody else can wait."""
        return len(self._line) >= len(self._sounds.places)

    async def wait(self, leg: CallLeg) -> bool:
        """Keep the caller company until there is room; False when they or we gave up.

        The leg is still open when we gave up, and has heard why.
        """
        me = object()
        self._line.append(me)
        hold = _HoldSound(self._sounds, leg.sample_rate)
        gone = asyncio.create_task(until_hung_up(leg))
        leg.playout = hold
        loop = asyncio.get_running_loop()
        until = loop.time() + self._longest_s
        try:
            while not gone.done():
                if self._line[0] is me and self._room():
                    return True
                if loop.time() >= until:
                    hold.say(self._sounds.given_up)
                    await asyncio.wait({gone}, timeout=hold.saying_ms / 1000)
                    break
                hold.place(self._line.index(me))
                await asyncio.wait({gone}, timeout=LOOK_S)
            self.gave_up += 1
            return False
        finally:
            leg.playout = None
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            # Last, and nothing is awaited after it: who is next must see this caller's call.
            self._line.remove(me)


class _HoldSound:
    """Music, interrupted by words."""

    def __init__(self, sounds: WaitingSounds, sample_rate: int) -> None:
        self._sounds = sounds
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
            self.say(self._sounds.places[min(before, max(self._sounds.places))])

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
