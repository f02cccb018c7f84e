"""Calls from browsers: an offer comes, an answer goes, and the robot talks until either hangs up.

Limits stand here. Whoever has the link can make offers, and an offer costs sockets before a word is
said; so few may wait for their media at once, from one address fewer, and none for long.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from voicebot.call.live import LiveTranscript
from voicebot.call.session import CallSession
from voicebot.campaign.routes import ANY_NUMBER
from voicebot.errors import LineFailed
from voicebot.runtime.answering import Answer, Answering
from voicebot.transports.peer import PeerLeg
from voicebot.web.call_news import USUAL_LIMITS, BrowserLimits, CallNews, Refused, Waiting

log = logging.getLogger(__name__)


class BrowserCall:
    """One call and its news."""

    def __init__(self, leg: PeerLeg, called: str, address: str) -> None:
        self.news = CallNews()
        self.leg = leg
        self.called = called
        self.address = address
        self.hung_up = asyncio.Event()
        """By the browser, or by us before anybody talked."""
        self.settled = asyncio.Event()
        """It has media, or never will."""


class BrowserCalls:
    """The browsers' calls of one process."""

    def __init__(
        self,
        answering: Answering,
        answers: Mapping[str, Answer],
        make_leg: Callable[[], PeerLeg],
        limits: BrowserLimits = USUAL_LIMITS,
    ) -> None:
        """`answers` are by called number; `make_leg` returns an unconnected leg."""
        self.answers = answers
        self.limits = limits
        self.counts: Counter[str] = Counter()
        """Offers by what became of them: `answered`, `no_media`, or an HTTP status."""
        self._answering = answering
        self.make_leg = make_leg
        self._calls: dict[str, BrowserCall] = {}
        self._waiting = Waiting(limits)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def titles(self) -> dict[str, str]:
        """Of the campaigns that answer, by called number."""
        return {called: how.script.title for called, how in self.answers.items()}

    def find(self, call_id: str) -> CallNews | None:
        """Return a running call."""
        call = self._calls.get(call_id)
        return None if call is None else call.news

    def admit(self, called: str, address: str) -> None:
        """Raise `Refused`, before anything was spent."""
        self._how(called)
        self._waiting.check(address)
        if not self._answering.admits(coming=len(self._waiting)):
            raise Refused(503, "all lines are busy", 30)

    def _how(self, called: str) -> Answer:
        answer = self.answers.get(called) or self.answers.get(ANY_NUMBER)
        if answer is None:
            raise Refused(404, f'nobody answers "{called}"')
        return answer

    async def answer(self, offer: str, called: str, address: str) -> tuple[CallNews, str]:
        """Begin a call; return it and our session description. Raises `Refused`."""
        self.admit(called, address)
        leg = self.make_leg()
        self._waiting.add(address)
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
        self._calls[call.news.id] = call
        self._later(self._carry(call, self._how(called)))
        return call.news, answer

    async def end(self, call_id: str) -> None:
        """Hang up from the browser's side; harmless when the call is over."""
        call = self._calls.get(call_id)
        if call is not None:
            call.hung_up.set()
            await call.leg.close()

    def hang_up_soon(self, call_id: str) -> None:
        """Let the call end without waiting for it."""
        self._later(self.end(call_id))

    async def has_media(self, call_id: str) -> bool:
        """Wait until the call has media or is over, and tell which."""
        call = self._calls.get(call_id)
        if call is None:
            return False
        await call.settled.wait()
        return call.leg.connected.is_set()

    async def close(self) -> None:
        """End every call now."""
        await asyncio.gather(*(self.end(each) for each in list(self._calls)))
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
            del self._calls[call.news.id]
            call.news.close()
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
            call.settled.set()
            for task in waits:
                task.cancel()

    async def _talk(self, call: BrowserCall, how: Answer) -> None:
        transcript = LiveTranscript()

        def watch(session: CallSession) -> None:
            call.news.tell(*transcript.news(session))

        async def limit() -> None:
            await asyncio.sleep(self.limits.longest_s)
            log.warning("a browser's call is hung up after %.0f s", self.limits.longest_s)
            await self.end(call.news.id)

        limiting = asyncio.create_task(limit())
        try:
            await self._answering.talk(
                call.leg, how, caller="browser", called=call.called, watch=watch
            )
        finally:
            limiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await limiting
