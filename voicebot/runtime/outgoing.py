"""Following an outgoing call to its answer: the leg's signalling and early media, in real time.

    verdict = await await_answer(leg, ear, executor)

The rules are `voicebot.campaign.progress`; this carries events to them. When the line says enough,
or says nothing for too long, it is hung up.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Protocol

from voicebot.audio.frame import AudioFrame
from voicebot.call.leg import CallLeg
from voicebot.campaign.early_media import Announced, EarlyMedia, Noticed
from voicebot.campaign.progress import (
    RING_MS,
    Answered,
    CallProgress,
    LineBroke,
    LineEvent,
    Refused,
    Ringing,
    Verdict,
)
from voicebot.errors import EngineFailed, LineFailed

log = logging.getLogger(__name__)

CHUNK_FRAMES = 5
"""Frames that go to the ear in one job: its own looks are as far apart."""

LAST_WORDS_MS = 300
"""A switch sends its final code in the middle of an announcement: what was heard is looked at."""


class Ended(Protocol):
    """How a call ended that was never answered."""

    @property
    def code(self) -> int:
        """Of SIP; 0 when we ended it ourselves."""
        ...

    @property
    def reason(self) -> str:
        """In words."""
        ...


class OutgoingLeg(CallLeg, Protocol):
    """A leg that is being called."""

    ringing: asyncio.Event
    early_media: asyncio.Event
    answered: asyncio.Event

    @property
    def ended(self) -> "asyncio.Future[Any]":
        """Done with an `Ended` when the call is over; fails with `LineFailed` when it broke."""
        ...


async def await_answer(
    leg: OutgoingLeg, ear: EarlyMedia | None, executor: Executor, ring_ms: int = RING_MS
) -> Verdict:
    """Follow the call until it is answered or comes to nothing; then it is hung up.

    `ear` listens on `executor`, one job at a time; without one only the signalling counts.
    """
    following = _Following(leg, ear, executor, ring_ms)
    verdict = await following.run()
    if not verdict.answered:
        await leg.hang_up()
    return verdict


class _Following:
    def __init__(
        self, leg: OutgoingLeg, ear: EarlyMedia | None, executor: Executor, ring_ms: int
    ) -> None:
        self._leg = leg
        self._ear = ear
        self._executor = executor
        self._progress = CallProgress(ring_ms)
        self._loop = asyncio.get_running_loop()
        self._begin_s = self._loop.time()
        self._events: asyncio.Queue[LineEvent] = asyncio.Queue()

    async def run(self) -> Verdict:
        tasks = [
            asyncio.ensure_future(each)
            for each in (
                self._tell(self._leg.ringing, Ringing()),
                self._tell(self._leg.answered, Answered()),
                self._listen(),
                self._end(),
            )
        ]
        try:
            while True:
                verdict = await self._next()
                if verdict is not None:
                    return verdict
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _next(self) -> Verdict | None:
        deadline = self._progress.deadline
        left_s = None if deadline is None else max(0.0, deadline / 1000 - self._now_s())
        try:
            async with asyncio.timeout(left_s):
                event = await self._events.get()
        except TimeoutError:
            return self._progress.handle_deadline(self._now_ms())
        return self._progress.handle(event, self._now_ms())

    def _now_s(self) -> float:
        return self._loop.time() - self._begin_s

    def _now_ms(self) -> int:
        return round(self._now_s() * 1000)

    async def _tell(self, happened: asyncio.Event, event: LineEvent) -> None:
        await happened.wait()
        self._events.put_nowait(event)

    async def _end(self) -> None:
        try:
            ended = await asyncio.shield(self._leg.ended)
        except LineFailed as error:
            self._events.put_nowait(LineBroke(str(error)))
            return
        last_words = None
        if self._ear is not None and self._leg.early_media.is_set():
            await asyncio.sleep(LAST_WORDS_MS / 1000)
            noticed = await self._work(self._ear.finish)
            last_words = next((each for each in noticed if isinstance(each, Announced)), None)
        self._events.put_nowait(Refused(ended.code, last_words))

    async def _listen(self) -> None:
        await self._leg.early_media.wait()
        chunk: list[AudioFrame] = []
        try:
            # What comes while the ear works waits in the leg, which keeps a second of it.
            async for frame in self._leg.incoming():
                chunk.append(frame)
                if len(chunk) >= CHUNK_FRAMES:
                    await self._hear(chunk)
                    chunk = []
        except LineFailed as error:
            self._events.put_nowait(LineBroke(str(error)))

    async def _hear(self, frames: list[AudioFrame]) -> None:
        ear = self._ear
        if ear is not None:
            noticed = await self._work(
                lambda: [each for frame in frames for each in ear.hear(frame)]
            )
            for each in noticed:
                self._events.put_nowait(each)

    async def _work(self, job: Callable[[], list[Noticed]]) -> list[Noticed]:
        """Let the ear work; without it the signalling still tells what became of the call."""
        try:
            return await asyncio.wrap_future(self._executor.submit(job))
        except EngineFailed as error:
            log.warning("early media is not understood: %s", error)
            self._ear = None
            return []
