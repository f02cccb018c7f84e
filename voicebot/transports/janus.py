"""The Janus gateway's WebSocket protocol: one session, its handles, their events.

A request is answered by the message with its transaction; what happens later arrives as an event
of its handle. The session must be kept alive, and everything of it ends when its socket breaks.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from voicebot.errors import LineFailed

log = logging.getLogger(__name__)

KEEPALIVE_S = 20.0
"""Janus ends a session after 60 s without a message."""
ANSWER_S = 5.0
"""The longest wait for Janus to answer or acknowledge a request."""
QUEUED_EVENTS = 100
"""Of one handle. More means that nobody takes them: the oldest go, and it is logged."""


@dataclass(frozen=True, slots=True)
class JanusEvent:
    """Something that happened on a handle."""

    name: str
    """Of the plugin, such as `incomingcall`; or of Janus itself, such as `janus:webrtcup`; or
    `lost` when the connection to Janus broke, or Janus closed the handle."""
    data: Mapping[str, Any] = field(default_factory=dict)
    sdp: str | None = None


class Session(Protocol):
    """What a handle belongs to: `JanusSession`, or what passes on to one in another process."""

    async def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a request and return its answer. Raises `LineFailed`."""
        ...

    def forget(self, handle: "JanusHandle") -> None:
        """Route nothing to this handle any more."""
        ...


class JanusHandle:
    """One attached plugin."""

    def __init__(self, session: Session, number: int) -> None:
        self.number = number
        self._session = session
        self._events: asyncio.Queue[JanusEvent] = asyncio.Queue()

    async def request(
        self, body: Mapping[str, Any], *, sdp: str | None = None, sdp_type: str = "answer"
    ) -> None:
        """Send the plugin a request and wait until Janus has taken it; what comes of it is an
        event. Raises `LineFailed`."""
        message: dict[str, Any] = {"janus": "message", "body": dict(body)}
        if sdp is not None:
            message["jsep"] = {"type": sdp_type, "sdp": sdp, "trickle": False}
        await self.forward(message | {"handle_id": self.number})

    async def forward(self, message: Mapping[str, Any]) -> None:
        """Send a whole message of this handle, and wait until Janus has taken it. Raises
        `LineFailed`."""
        await self._session.ask(message)

    async def next_event(self) -> JanusEvent:
        """Wait for what happens next."""
        return await self._events.get()

    async def detach(self) -> None:
        """Give the handle up; harmless when it is lost."""
        with contextlib.suppress(LineFailed):
            await self._session.ask({"janus": "detach", "handle_id": self.number})
        self._session.forget(self)

    def take(self, event: JanusEvent) -> None:
        """Note an event; called by the session."""
        if self._events.qsize() >= QUEUED_EVENTS:
            log.warning("events of a Janus handle are not taken; %s is dropped", event.name)
            self._events.get_nowait()
        self._events.put_nowait(event)


class JanusSession:
    """One WebSocket to Janus. Use `open_session`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._transactions = count(1)
        self._asked: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._handles: dict[int, JanusHandle] = {}
        self._number: int | None = None
        self.lost = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Create the session."""
        self._tasks.append(asyncio.create_task(self._receive()))
        answer = await self.ask({"janus": "create"})
        self._number = int(answer["data"]["id"])
        self._tasks.append(asyncio.create_task(self._keep_alive()))

    async def attach(self, plugin: str) -> JanusHandle:
        """Attach a plugin, such as `janus.plugin.sip`."""
        answer = await self.ask({"janus": "attach", "plugin": plugin})
        handle = JanusHandle(self, int(answer["data"]["id"]))
        self._handles[handle.number] = handle
        return handle

    def forget(self, handle: JanusHandle) -> None:
        """Route nothing to this handle any more."""
        self._handles.pop(handle.number, None)

    async def close(self) -> None:
        """Destroy the session and close the socket."""
        if not self.lost.is_set():
            with contextlib.suppress(LineFailed):
                await self.ask({"janus": "destroy"})
        await self._socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a request and return its answer. Raises `LineFailed`: refused, late or lost."""
        if self.lost.is_set():
            raise LineFailed("the connection to Janus is lost")
        transaction = str(next(self._transactions))
        session = {} if self._number is None else {"session_id": self._number}
        answered: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[transaction] = answered
        try:
            async with asyncio.timeout(ANSWER_S):
                text = json.dumps({**message, **session, "transaction": transaction})
                await self._socket.send(text)
                answer = await answered
        except TimeoutError as error:
            raise LineFailed(f"Janus did not answer within {ANSWER_S:.0f} s") from error
        except WebSocketException as error:
            raise LineFailed(f"the connection to Janus is lost: {error}") from error
        finally:
            self._asked.pop(transaction, None)
        if answer.get("janus") == "error":
            fault = answer.get("error", {})
            raise LineFailed(f"Janus: {fault.get('reason')} ({fault.get('code')})")
        return answer

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_S)
            try:
                await self.ask({"janus": "keepalive"})
            except LineFailed as error:
                log.warning("%s", error)
                await self._socket.close()
                return

    async def _receive(self) -> None:
        try:
            async for text in self._socket:
                try:
                    message = json.loads(text)
                    self._route(message)
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    log.warning("Janus sent something that cannot be read: %r", error)
        except WebSocketException as error:
            log.warning("the connection to Janus broke: %s", error)
        finally:
            self._lose()

    def _route(self, message: Mapping[str, Any]) -> None:
        kind = str(message["janus"])
        handle = self._handles.get(int(message.get("sender", 0)))
        answered = self._asked.get(str(message.get("transaction", "")))
        if kind in ("success", "ack", "error"):
            if answered is not None and not answered.done():
                answered.set_result(message)
        elif kind == "timeout":
            self._lose()
        elif handle is not None and kind == "event":
            handle.take(_plugin_event(message))
        elif handle is not None and kind == "detached":
            handle.take(JanusEvent("lost", {"reason": "Janus closed the handle"}))
        elif handle is not None:
            handle.take(JanusEvent(f"janus:{kind}", message))

    def _lose(self) -> None:
        if self.lost.is_set():
            return
        self.lost.set()
        for answered in self._asked.values():
            if not answered.done():
                answered.set_exception(LineFailed("the connection to Janus is lost"))
        for handle in self._handles.values():
            handle.take(JanusEvent("lost", {"reason": "the connection to Janus is lost"}))


def _plugin_event(message: Mapping[str, Any]) -> JanusEvent:
    data = message["plugindata"]["data"]
    result = data.get("result") or {}
    sdp = (message.get("jsep") or {}).get("sdp")
    if "error" in data:
        return JanusEvent("error", {"reason": data["error"], "code": data.get("error_code")}, sdp)
    details = {**result, **{key: data[key] for key in ("call_id", "headers") if key in data}}
    return JanusEvent(str(result.get("event", "")), details, sdp)


async def open_session(url: str) -> JanusSession:
    """Connect to Janus, such as `ws://127.0.0.1:8188`. Raises `LineFailed`."""
    try:
        socket = await connect(
            url, subprotocols=[Subprotocol("janus-protocol")], open_timeout=ANSWER_S, max_queue=64
        )
    except (OSError, TimeoutError, WebSocketException) as error:
        raise LineFailed(
            f"Janus does not answer at {url}: {error or type(error).__name__}; "
            "is it running, with the WebSocket transport (voicebot janus-config)?"
        ) from error
    session = JanusSession(socket)
    try:
        await session.begin()
    except BaseException:
        await session.close()
        raise
    return session
