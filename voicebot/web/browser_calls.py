"""Calls from browsers: an offer comes, an answer goes, and the robot talks until either hangs up.

Limits stand here. Whoever has the link can make offers, and an offer costs sockets before a word is
said; so few may wait for their media at once, from one address fewer, and none for long.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from voicebot.call.live import LiveTranscript, News
from voicebot.call.session import CallSession
from voicebot.campaign.routes import ANY_NUMBER
from voicebot.errors import LineFailed
from voicebot.runtime.answering import Answer, Answering
from voicebot.transports.peer import PeerLeg

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BrowserLimits:
    """What one process takes from browsers. Calls at once are the business of `Answering`."""

    waiting: int = 10
    """Offers without media yet."""
    waiting_per_address: int = 3
    """The same, from one address: a household behind one router, or one attacker."""
    media_s: float = 8.0
    """From our answer to the first encrypted packet; over TURN it takes two or three seconds."""
    answer_s: float = 6.0
    """To make an answer; a STUN server that is not there takes five."""
    body_s: float = 5.0
    """For a client to send its offer."""
    gone_s: float = 3.0
    """A page that has closed its events and has not come back by then has left."""
    longest_s: float = 900.0
    """A call that its script has not ended by then is hung up."""
    watchers: int = 3
    """Who may follow one call's news."""


class Refused(Exception):
    """An offer that is not taken."""

    def __init__(self, status: int, reason: str, retry_after_s: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        """Of HTTP."""
        self.retry_after_s = retry_after_s


class BrowserCall:
    """One call and its news."""

    def __init__(self, leg: PeerLeg, called: str, address: str) -> None:
        self.id = secrets.token_urlsafe(16)
        """Not to be guessed: who knows it may end the call."""
        self.leg = leg
        self.called = called
        self.address = address
        self.news: list[News] = []
        self.over = False
        self.hung_up = asyncio.Event()
        """By the browser, or by us before anybody talked."""
        self.watchers = 0
        self._changed = asyncio.Event()

    def tell(self, *news: News) -> None:
        """Add news and wake whoever follows."""
        self.news += news
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """Let followers end after the last news."""
        self.over = True
        self.tell()

    async def follow(self) -> AsyncIterator[News]:
        """Yield all news, from the call's beginning to its end."""
        read = 0
        while True:
            changed = self._changed
            while read < len(self.news):
                read += 1
                yield self.news[read - 1]
            if self.over:
                return
            await changed.wait()


class BrowserCalls:
    """The browsers' calls of one process."""

    def __init__(
        self,
        answering: Answering,
        answers: Mapping[str, Answer],
        make_leg: Callable[[], PeerLeg],
        limits: BrowserLimits = BrowserLimits(),
    ) -> None:
        """`answers` are by called number; `make_leg` returns an unconnected leg."""
        self.answers = answers
        self.limits = limits
        self.counts: Counter[str] = Counter()
        """Offers by what became of them: `answered`, `no_media`, or an HTTP status."""
        self._answering = answering
        self.make_leg = make_leg
        self._calls: dict[str, BrowserCall] = {}
        self._waiting: list[str] = []
        """The addresses of offers that have no media yet."""
        self._tasks: set[asyncio.Task[None]] = set()

    def find(self, call_id: str) -> BrowserCall | None:
        """Return a running call."""
        return self._calls.get(call_id)

    def admit(self, called: str, address: str) -> Answer:
        """Return how `called` is answered. Raises `Refused`, before anything was spent."""
        answer = self.answers.get(called) or self.answers.get(ANY_NUMBER)
        if answer is None:
            raise Refused(404, f'nobody answers "{called}"')
        if self._waiting.count(address) >= self.limits.waiting_per_address:
            raise Refused(429, "too many offers from this address have no media yet", 5)
        if len(self._waiting) >= self.limits.waiting:
            raise Refused(503, "too many offers have no media yet", 5)
        if not self._answering.admits(coming=len(self._waiting)):
            raise Refused(503, "all lines are busy", 30)
        return answer

    async def answer(self, offer: str, called: str, address: str) -> tuple[BrowserCall, str]:
        """Begin a call; return it and our session description. Raises `Refused`."""
        how = self.admit(called, address)
        leg = self.make_leg()
        self._waiting.append(address)
        try:
            async with asyncio.timeout(self.limits.answer_s):
                answer = await leg.answer(offer)
        except BaseException as error:
            self._waiting.remove(address)
            await leg.close()
            if isinstance(error, LineFailed):
                raise Refused(400, str(error)) from error
            if isinstance(error, TimeoutError):
                raise Refused(504, "no answer could be made in time", 5) from error
            raise
        call = BrowserCall(leg, called, address)
        self._calls[call.id] = call
        self._later(self._carry(call, how))
        return call, answer

    async def end(self, call: BrowserCall) -> None:
        """Hang up from the browser's side."""
        call.hung_up.set()
        await call.leg.close()

    def hang_up_soon(self, call: BrowserCall) -> None:
        """Let the call end without waiting for it."""
        self._later(self.end(call))

    async def close(self) -> None:
        """End every call now."""
        await asyncio.gather(*(self.end(call) for call in list(self._calls.values())))
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, call: BrowserCall, how: Answer) -> None:
        try:
            if await self._media(call):
                self.counts["answered"] += 1
                await self._talk(call, how)
            else:
                self.counts["no_media"] += 1
        except Exception:
            # The call is lost; the service and its other calls are not.
            log.exception("a browser's call failed")
        finally:
            del self._calls[call.id]
            call.close()
            await call.leg.close()

    async def _media(self, call: BrowserCall) -> bool:
        """Wait until the offer has become a line; False when it did not."""
        waits = [asyncio.create_task(each.wait()) for each in (call.leg.connected, call.hung_up)]
        try:
            done, _ = await asyncio.wait(
                waits, timeout=self.limits.media_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                log.info("an offer has no media after %.0f s", self.limits.media_s)
            return call.leg.connected.is_set() and not call.leg.closed
        finally:
            self._waiting.remove(call.address)
            for task in waits:
                task.cancel()

    async def _talk(self, call: BrowserCall, how: Answer) -> None:
        transcript = LiveTranscript()

        def watch(session: CallSession) -> None:
            call.tell(*transcript.news(session))

        async def limit() -> None:
            await asyncio.sleep(self.limits.longest_s)
            log.warning("a browser's call is hung up after %.0f s", self.limits.longest_s)
            await self.end(call)

        limiting = asyncio.create_task(limit())
        try:
            await self._answering.talk(
                call.leg, how, caller="browser", called=call.called, watch=watch
            )
        finally:
            limiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await limiting
