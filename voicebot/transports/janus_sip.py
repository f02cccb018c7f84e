"""A SIP account on Janus: registered, kept registered, with a handle for each concurrent call."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from voicebot.errors import LineFailed
from voicebot.transports.janus import JanusEvent, JanusHandle, JanusSession, open_session
from voicebot.transports.janus_calls import Incoming, SipCalls
from voicebot.transports.janus_leg import JanusLeg

log = logging.getLogger(__name__)

PLUGIN = "janus.plugin.sip"
REGISTER_S = 10.0
"""The longest wait for a registrar."""
WRONG_PASSWORD = (401, 403, 407, 904)
"""904 is the SIP stack's own: it was challenged twice."""
FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 30.0
REST_S = 1.2
"""From a handle's last call to its next one of ours. The thread that relayed the last call's sound
looks up once a second; ending later, it closes the next one's ports (seen in Janus 1.1.2: the offer
goes out with `m=audio 0` and is answered 488). Calls that come in are kept off by Janus itself."""


@dataclass(frozen=True, slots=True)
class SipAccount:
    """Who we are on the telephone network."""

    uri: str
    """Such as `sip:robot@192.0.2.10`."""
    secret: str | None = None
    """None: nothing is registered; the PBX or trunk knows us by our address."""
    proxy: str | None = None
    """The registrar or outbound proxy, such as `sip:192.0.2.20`; that of the uri when None."""
    lines: int = 20
    """Calls at once."""


class JanusLines:
    """The handles of one account; `run` keeps it connected and registered."""

    def __init__(
        self, url: str, account: SipAccount, take: Callable[[JanusHandle, JanusEvent], None]
    ) -> None:
        """`take` gets what happens on every handle, the loss of Janus too."""
        self.ready = asyncio.Event()
        """Set while the account can take and make calls."""
        self.reconnected = 0
        self._url = url
        self._account = account
        self._take = take
        self._session: JanusSession | None = None
        self._handles: list[JanusHandle] = []
        self._idle: dict[JanusHandle, float] = {}
        """From when on each may call, by the loop's clock; the longest idle first."""
        self._following: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Stay connected and registered until cancelled. The first connection's fault is raised
        as `LineFailed`; later ones are logged and tried again."""
        retry_s = FIRST_RETRY_S
        first = True
        try:
            while True:
                try:
                    await self._connect()
                except LineFailed as error:
                    await self._disconnect()
                    if first:
                        raise
                    log.warning("%s; trying again in %.0f s", error, retry_s)
                    await asyncio.sleep(retry_s)
                    retry_s = min(2 * retry_s, LONGEST_RETRY_S)
                    continue
                first, retry_s = False, FIRST_RETRY_S
                self.ready.set()
                log.info("registered as %s with %d lines", self._account.uri, self._account.lines)
                assert self._session is not None
                await self._session.lost.wait()
                self.ready.clear()
                self.reconnected += 1
                log.warning("Janus is lost; its calls have ended")
                await self._disconnect()
        finally:
            self.ready.clear()
            await self._disconnect()

    async def borrow(self) -> JanusHandle:
        """Return a handle for a call, once it has rested; `give_back` it. Raises `LineFailed` when
        there is no line free or Janus is away."""
        while True:
            if not self.ready.is_set():
                raise LineFailed("not connected to Janus")
            if not self._idle:
                raise LineFailed(f"all {self._account.lines} lines are busy")
            handle, rested_s = next(iter(self._idle.items()))
            wait_s = rested_s - asyncio.get_running_loop().time()
            if wait_s <= 0:
                del self._idle[handle]
                return handle
            await asyncio.sleep(wait_s)

    def give_back(self, handle: JanusHandle) -> None:
        """Let the handle have other calls; harmless when it is lost."""
        if handle in self._handles and handle not in self._idle:
            self._idle[handle] = asyncio.get_running_loop().time() + REST_S

    async def _connect(self) -> None:
        self._session = await open_session(self._url)
        master = await self._session.attach(PLUGIN)
        registered = await self._register(master, self._body())
        master_id = registered.data["master_id"]
        self._serve(master)
        for _ in range(self._account.lines - 1):
            helper = await self._session.attach(PLUGIN)
            body = {"type": "helper", "username": self._account.uri, "master_id": master_id}
            await self._register(helper, body)
            self._serve(helper)

    def _body(self) -> dict[str, Any]:
        account = self._account
        body: dict[str, Any] = {"username": account.uri}
        if account.secret is None:
            body["type"] = "guest"
        else:
            body["secret"] = account.secret
        if account.proxy is not None:
            body["proxy" if account.secret is not None else "outbound_proxy"] = account.proxy
        return body

    async def _register(self, handle: JanusHandle, body: Mapping[str, Any]) -> JanusEvent:
        await handle.request({"request": "register", **body})
        try:
            async with asyncio.timeout(REGISTER_S):
                while True:
                    event = await handle.next_event()
                    match event.name:
                        case "registered":
                            return event
                        case "registration_failed" | "error" | "lost":
                            raise LineFailed(_refused(self._account.uri, event))
                        case _:
                            pass
        except TimeoutError as error:
            raise LineFailed(
                f"the registrar of {self._account.uri} did not answer within {REGISTER_S:.0f} s"
            ) from error

    async def _disconnect(self) -> None:
        session, self._session = self._session, None
        handles, self._handles = self._handles, []
        self._idle.clear()
        for handle in handles:
            self._take(handle, JanusEvent("lost", {"reason": "the connection to Janus is lost"}))
        if session is not None:
            await session.close()
        following, self._following = self._following, []
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    def _serve(self, handle: JanusHandle) -> None:
        self._handles.append(handle)
        self._idle[handle] = asyncio.get_running_loop().time()
        self._following.append(asyncio.create_task(self._follow(handle)))

    async def _follow(self, handle: JanusHandle) -> None:
        while True:
            event = await handle.next_event()
            if event.name == "incomingcall" and handle in self._idle:
                del self._idle[handle]
            if event.name == "registration_failed":
                log.warning("the registration was lost: %s", event.data.get("reason"))
            else:
                self._take(handle, event)


class JanusGateway:
    """Calls in and out on one account; `run` keeps it connected."""

    def __init__(self, url: str, account: SipAccount, incoming: Incoming | None = None) -> None:
        """`incoming` gets every call that rings, in a task of its own; without it all are refused
        as busy."""
        self._calls = SipCalls(incoming, lambda handle: self._lines.give_back(handle))
        self._lines = JanusLines(url, account, self._calls.take)

    @property
    def ready(self) -> asyncio.Event:
        """Set while the account can take and make calls."""
        return self._lines.ready

    @property
    def reconnected(self) -> int:
        """How often Janus was lost."""
        return self._lines.reconnected

    @property
    def calls(self) -> int:
        """How many calls there are now."""
        return len(self._calls)

    async def run(self) -> None:
        """See `JanusLines.run`."""
        await self._lines.run()

    async def call(self, uri: str, headers: Mapping[str, str] | None = None) -> JanusLeg:
        """Call a SIP address and return at once; the leg tells what comes of it.

        Raises `LineFailed` when there is no line free or Janus is away.
        """
        return await self._calls.call(await self._lines.borrow(), uri, headers)


def _refused(uri: str, event: JanusEvent) -> str:
    code = event.data.get("code")
    hint = "; is the password right?" if code in WRONG_PASSWORD else ""
    return f"{uri} is not registered: {event.data.get('reason')} ({code}){hint}"
