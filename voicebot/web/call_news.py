"""The news of one browser's call, for who follows it, and what the HTTP side needs of calls."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from voicebot.call.live import News


@dataclass(frozen=True, slots=True)
class BrowserLimits:
    """What one service takes from browsers. Calls at once are the business of `Answering`."""

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


USUAL_LIMITS = BrowserLimits()


class Refused(Exception):
    """An offer that is not taken."""

    def __init__(self, status: int, reason: str, retry_after_s: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        """Of HTTP."""
        self.retry_after_s = retry_after_s


class CallNews:
    """What has happened in one call."""

    def __init__(self, call_id: str = "") -> None:
        self.id = call_id or secrets.token_urlsafe(16)
        """Of the call; not to be guessed: who knows it may end the call."""
        self.news: list[News] = []
        self.over = False
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


class Calls(Protocol):
    """Browsers' calls, wherever they are carried."""

    @property
    def limits(self) -> BrowserLimits:
        """What is taken."""
        ...

    @property
    def counts(self) -> Counter[str]:
        """Offers by what became of them: `answered`, `no_media`, or an HTTP status."""
        ...

    @property
    def titles(self) -> Mapping[str, str]:
        """Of the campaigns that answer, by called number."""
        ...

    def find(self, call_id: str) -> CallNews | None:
        """Return a running call."""
        ...

    def admit(self, called: str, address: str) -> None:
        """Raise `Refused`, before anything was spent."""
        ...

    async def answer(self, offer: str, called: str, address: str) -> tuple[CallNews, str]:
        """Begin a call; return it and our session description. Raises `Refused`."""
        ...

    async def end(self, call_id: str) -> None:
        """Hang up from the browser's side; harmless when the call is over."""
        ...

    def hang_up_soon(self, call_id: str) -> None:
        """Let the call end without waiting for it."""
        ...

    async def close(self) -> None:
        """End every call now."""
        ...


class Waiting:
    """Offers that have no media yet: whoever has the link can make them."""

    def __init__(self, limits: BrowserLimits) -> None:
        self._limits = limits
        self._addresses: list[str] = []

    def __len__(self) -> int:
        return len(self._addresses)

    def check(self, address: str) -> None:
        """Raise `Refused` when one more from this address is too many."""
        if self._addresses.count(address) >= self._limits.waiting_per_address:
            raise Refused(429, "too many offers from this address have no media yet", 5)
        if len(self._addresses) >= self._limits.waiting:
            raise Refused(503, "too many offers have no media yet", 5)

    def add(self, address: str) -> None:
        """Note one."""
        self._addresses.append(address)

    def remove(self, address: str) -> None:
        """It has media, or never will."""
        self._addresses.remove(address)
