"""A SIP account on Janus: registered, kept registered, with a handle for each concurrent call."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from voicebot.errors import LineFailed
from voicebot.transports.janus import JanusEvent, JanusHandle, JanusSession, open_session
from voicebot.transports.janus_leg import IncomingCall, JanusLeg
from voicebot.transports.peer import TELEPHONE_CODECS, PeerLeg

log = logging.getLogger(__name__)

PLUGIN = "janus.plugin.sip"
REGISTER_S = 10.0
"""The longest wait for a registrar."""
WRONG_PASSWORD = (401, 403, 407, 904)
"""904 is the SIP stack's own: it was challenged twice."""
FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 30.0


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


class JanusGateway:
    """Calls in and out on one account; `run` keeps it connected."""

    def __init__(
        self,
        url: str,
        account: SipAccount,
        incoming: Callable[[IncomingCall], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """`incoming` gets every call that rings, in a task of its own; without it all are refused
        as busy."""
        self.ready = asyncio.Event()
        """Set while the account can take and make calls."""
        self.reconnected = 0
        self._url = url
        self._account = account
        self._incoming = incoming
        self._session: JanusSession | None = None
        self._idle: list[JanusHandle] = []
        self._legs: dict[int, JanusLeg] = {}
        """By handle."""
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def calls(self) -> int:
        """How many calls there are now."""
        return len(self._legs)

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

    async def call(self, uri: str, headers: Mapping[str, str] | None = None) -> JanusLeg:
        """Call a SIP address and return at once; the leg tells what comes of it.

        Raises `LineFailed` when there is no line free or Janus is away.
        """
        if not self.ready.is_set():
            raise LineFailed("not connected to Janus")
        if not self._idle:
            raise LineFailed(f"all {self._account.lines} lines are busy")
        handle = self._idle.pop()
        leg, peer = self._leg(handle)
        try:
            offer = await peer.offer()
            body: dict[str, Any] = {"request": "call", "uri": uri}
            if headers:
                body["headers"] = dict(headers)
            await handle.request(body, sdp=offer, sdp_type="offer")
        except LineFailed as error:
            leg.take(JanusEvent("lost", {"reason": str(error)}))
            raise
        return leg

    # Connection

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
        for leg in list(self._legs.values()):
            leg.take(JanusEvent("lost", {"reason": "the connection to Janus is lost"}))
        self._idle.clear()
        if session is not None:
            await session.close()
        serving = [task for task in self._tasks if task.get_name() == _SERVING]
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    # Handles

    def _serve(self, handle: JanusHandle) -> None:
        self._idle.insert(0, handle)
        self._later(self._follow(handle), _SERVING)

    async def _follow(self, handle: JanusHandle) -> None:
        """Give the handle's events to its call, or begin one."""
        while True:
            event = await handle.next_event()
            leg = self._legs.get(handle.number)
            if event.name == "incomingcall":
                self._ring(handle, event)
            elif event.name == "registration_failed":
                log.warning("the registration was lost: %s", event.data.get("reason"))
            elif leg is not None:
                leg.take(event)

    def _ring(self, handle: JanusHandle, event: JanusEvent) -> None:
        if handle in self._idle:
            self._idle.remove(handle)
        leg, peer = self._leg(handle)
        leg.call_id = str(event.data.get("call_id", ""))
        call = IncomingCall(
            caller=str(event.data.get("username", "")),
            display_name=str(event.data.get("displayname", "")).strip('"'),
            callee=str(event.data.get("callee", "")),
            call_id=leg.call_id,
            headers={str(k): str(v) for k, v in dict(event.data.get("headers") or {}).items()},
            offer=event.sdp or "",
            leg=leg,
            handle=handle,
            peer=peer,
        )
        self._later(call.reject() if self._incoming is None else self._incoming(call), "call")

    def _leg(self, handle: JanusHandle) -> tuple[JanusLeg, PeerLeg]:
        def freed(ended: JanusLeg) -> None:
            if self._legs.get(handle.number) is ended:
                del self._legs[handle.number]
                if self._session is not None and not self._session.lost.is_set():
                    self._idle.append(handle)

        peer = PeerLeg(TELEPHONE_CODECS)
        leg = self._legs[handle.number] = JanusLeg(handle, peer, freed)
        return leg, peer

    def _later(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a call's task failed", exc_info=task.exception())


def _refused(uri: str, event: JanusEvent) -> str:
    code = event.data.get("code")
    hint = "; is the password right?" if code in WRONG_PASSWORD else ""
    return f"{uri} is not registered: {event.data.get('reason')} ({code}){hint}"


_SERVING = "serving a Janus handle"
