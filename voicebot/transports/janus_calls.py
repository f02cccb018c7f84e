"""The SIP calls of one process: which handle has which call, and what happens on them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from voicebot.errors import LineFailed
from voicebot.transports.janus import JanusEvent, JanusHandle
from voicebot.transports.janus_leg import IncomingCall, JanusLeg
from voicebot.transports.peer import TELEPHONE_CODECS, PeerLeg

log = logging.getLogger(__name__)

Incoming = Callable[[IncomingCall], Coroutine[Any, Any, None]]


class SipCalls:
    """Calls on handles that come from elsewhere and go back there."""

    def __init__(self, incoming: Incoming | None, free: Callable[[JanusHandle], None]) -> None:
        """`incoming` gets every call that rings, in a task of its own; without it all are refused
        as busy. `free` gets a handle when its call is over."""
        self._incoming = incoming
        self._free = free
        self._legs: dict[int, JanusLeg] = {}
        """By handle."""
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._legs)

    async def call(
        self, handle: JanusHandle, uri: str, headers: Mapping[str, str] | None = None
    ) -> JanusLeg:
        """Call a SIP address on a free handle and return at once. Raises `LineFailed`."""
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

    def take(self, handle: JanusHandle, event: JanusEvent) -> None:
        """Give an event to the handle's call, or begin one."""
        leg = self._legs.get(handle.number)
        if event.name == "incomingcall":
            self._ring(handle, event)
        elif leg is not None:
            leg.take(event)

    def _ring(self, handle: JanusHandle, event: JanusEvent) -> None:
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
            rang_s=asyncio.get_running_loop().time(),
        )
        task = asyncio.create_task(
            call.reject() if self._incoming is None else self._incoming(call), name="call"
        )
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _leg(self, handle: JanusHandle) -> tuple[JanusLeg, PeerLeg]:
        def freed(ended: JanusLeg) -> None:
            if self._legs.get(handle.number) is ended:
                del self._legs[handle.number]
                self._free(handle)

        peer = PeerLeg(TELEPHONE_CODECS)
        leg = self._legs[handle.number] = JanusLeg(handle, peer, freed)
        return leg, peer

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a call's task failed", exc_info=task.exception())
