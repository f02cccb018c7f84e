"""The front's side of SIP: one account on Janus, whose calls are carried by workers.

A call's handle belongs to one worker from its first event to its last. What happens on the handle
goes to that worker, and what the worker asks of the handle goes to Janus.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from voicebot.errors import LineFailed
from voicebot.service.channel import Channel
from voicebot.transports.janus import JanusEvent, JanusHandle
from voicebot.transports.janus_leg import LAST_EVENT_S, SETTLED_S
from voicebot.transports.janus_sip import JanusLines, SipAccount

log = logging.getLogger(__name__)

UNAVAILABLE = 503


@dataclass(slots=True)
class _Owned:
    """A handle and who has it."""

    handle: JanusHandle
    worker: str
    ringing: JanusEvent | None
    """The call, while nobody has answered it."""


class SipRelay:
    """The lines of one account, and which worker has which."""

    def __init__(
        self,
        url: str,
        account: SipAccount,
        *,
        choose: Callable[[], str | None],
        channel: Callable[[str], Channel | None],
        has_lines: Callable[[str, int], None],
    ) -> None:
        """`choose` names the worker for a new call; None: no call is taken. `has_lines` hears that
        a worker has got more or fewer."""
        self.lines = JanusLines(url, account, self.take)
        self._choose = choose
        self._channel = channel
        self._has_lines = has_lines
        self._owned: dict[int, _Owned] = {}
        self._ending: dict[int, JanusHandle] = {}
        """Handles of workers that are no more, until Janus has confirmed the end."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> int:
        """How many handles workers have."""
        return len(self._owned)

    async def borrow(self, worker: str) -> int:
        """Return a handle on which this worker may call. Raises `LineFailed`."""
        handle = await self.lines.borrow()
        if self._channel(worker) is None:
            # It was lost while the line rested; nobody would give it back.
            self.lines.give_back(handle)
            raise LineFailed("the worker is gone")
        self._own(handle, worker, None)
        return handle.number

    async def forward(self, worker: str, message: Mapping[str, Any]) -> None:
        """Send what a worker asks of its handle. Raises `LineFailed`."""
        owned = self._owned.get(message.get("handle_id", 0))
        if owned is None or owned.worker != worker:
            raise LineFailed("this line is not the worker's any more")
        owned.ringing = None
        await owned.handle.forward(message)

    def give_back(self, worker: str, number: int) -> None:
        """A worker's call is over."""
        owned = self._owned.get(number)
        if owned is not None and owned.worker == worker:
            self._disown(owned)
            self.lines.give_back(owned.handle)

    def lose(self, worker: str) -> None:
        """A worker is no more: another one takes what only rings, and all else is hung up."""
        for owned in [each for each in self._owned.values() if each.worker == worker]:
            self._disown(owned)
            if owned.ringing is not None:
                self._begin(owned.handle, owned.ringing)
            else:
                self._ending[owned.handle.number] = owned.handle
                self._later(self._hang_up(owned.handle))

    def take(self, handle: JanusHandle, event: JanusEvent) -> None:
        """Apply what happened on a handle."""
        if event.name == "incomingcall":
            self._begin(handle, event)
            return
        if event.name == "hangup" and handle.number in self._ending:
            self._ended(handle)
            return
        owned = self._owned.get(handle.number)
        if owned is not None:
            self._tell(owned, event)
            if event.name == "hangup":
                owned.ringing = None

    def _begin(self, handle: JanusHandle, event: JanusEvent) -> None:
        # Janus has done with the handle's last call, though its worker may not have said so yet.
        self._ending.pop(handle.number, None)
        before = self._owned.get(handle.number)
        if before is not None:
            self._disown(before)
        worker = self._choose()
        if worker is None:
            self._later(self._refuse(handle))
        else:
            self._tell(self._own(handle, worker, event), event)

    def _tell(self, owned: _Owned, event: JanusEvent) -> None:
        channel = self._channel(owned.worker)
        if channel is not None:
            channel.tell("event", handle=owned.handle.number, **asdict(event))

    def _own(self, handle: JanusHandle, worker: str, ringing: JanusEvent | None) -> _Owned:
        owned = self._owned[handle.number] = _Owned(handle, worker, ringing)
        self._has_lines(worker, 1)
        return owned

    def _disown(self, owned: _Owned) -> None:
        del self._owned[owned.handle.number]
        self._has_lines(owned.worker, -1)

    async def _refuse(self, handle: JanusHandle) -> None:
        await asyncio.sleep(SETTLED_S)
        await self._request(handle, {"request": "decline", "code": UNAVAILABLE})
        self.lines.give_back(handle)

    async def _hang_up(self, handle: JanusHandle) -> None:
        await self._request(handle, {"request": "hangup"})
        await asyncio.sleep(LAST_EVENT_S)
        self._ended(handle)

    def _ended(self, handle: JanusHandle) -> None:
        if self._ending.pop(handle.number, None) is not None:
            self.lines.give_back(handle)

    async def _request(self, handle: JanusHandle, body: Mapping[str, Any]) -> None:
        try:
            await handle.request(body)
        except LineFailed as error:
            log.warning("ending a call: %s", error)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
