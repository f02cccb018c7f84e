"""One SIP call through Janus: signalling on a handle, audio on a peer connection."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from voicebot.audio.frame import AudioFrame
from voicebot.audio.jitter import LineStatistics
from voicebot.call.leg import AudioSource
from voicebot.errors import LineFailed
from voicebot.transports.janus import JanusEvent, JanusHandle
from voicebot.transports.key_events import KEY_MS, check_keys
from voicebot.transports.peer import PeerLeg

log = logging.getLogger(__name__)

MEDIA_S = 5.0
"""From the answer to the first media: ICE and DTLS on one machine take 40 ms."""
TRANSFER_S = 20.0
"""The longest wait for the other phone to say what became of a transfer."""
BUSY_HERE = 486
SETTLED_S = 0.1
"""From a call's ring to our word on it. Janus' SIP plugin announces a call before it keeps its
handle: an answer in between is lost ("NUA Handle for 200 OK still null" in its log), the caller
rings on, and Janus says "accepted" to us. The rest takes it microseconds, once its thread runs."""
LAST_EVENT_S = 5.0
"""The longest that a handle is kept for the confirmation of our hang-up."""
OUR_OWN_HANGUP = 0
"""As a code: the call was ended by us."""


@dataclass(frozen=True, slots=True)
class SipEnd:
    """How a call ended, or was never answered."""

    code: int
    """Of SIP, such as 486; 200 for an ordinary hang-up by the other side; 0 for our own."""
    reason: str


class JanusLeg:
    """See `voicebot.call.leg.CallLeg`; `take` is given what happens on its handle."""

    def __init__(
        self, handle: JanusHandle, peer: PeerLeg, freed: Callable[["JanusLeg"], None]
    ) -> None:
        """`freed` is called once when the handle can take another call."""
        self.ringing = asyncio.Event()
        self.early_media = asyncio.Event()
        """The network sends audio before anybody answers: a colour ring, an announcement."""
        self.answered = asyncio.Event()
        self.ended: asyncio.Future[SipEnd] = asyncio.get_running_loop().create_future()
        self.call_id = ""
        self._handle = handle
        self._peer = peer
        self._freed = freed
        self._transferred: asyncio.Future[bool] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def sample_rate(self) -> int:
        """Hz, both directions."""
        return self._peer.sample_rate

    @property
    def playout(self) -> AudioSource | None:
        """Pulled every 20 ms once set."""
        return self._peer.playout

    @playout.setter
    def playout(self, source: AudioSource | None) -> None:
        self._peer.playout = source

    @property
    def on_key(self) -> Callable[[str], None] | None:
        """Called for every key that the other side presses."""
        return self._peer.on_key

    @on_key.setter
    def on_key(self, call: Callable[[str], None] | None) -> None:
        self._peer.on_key = call

    @property
    def dropped_frames(self) -> int:
        """Frames that were not taken in time."""
        return self._peer.dropped_frames

    @property
    def closed(self) -> bool:
        """Whether either side has hung up."""
        return self._peer.closed

    @property
    def statistics(self) -> LineStatistics:
        """What happened on the way to us so far."""
        return self._peer.statistics

    def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield the other side's audio; raise `LineFailed` when Janus or the media broke."""
        return self._peer.incoming()

    async def hang_up(self) -> None:
        """End the call, or give up calling; harmless when it has ended."""
        if not self.ended.done():
            try:
                await self._handle.request({"request": "hangup"})
            except LineFailed as error:
                log.warning("hanging up: %s", error)
            self._end(SipEnd(OUR_OWN_HANGUP, "we hung up"))
            asyncio.get_running_loop().call_later(LAST_EVENT_S, self._free)
        await self._peer.close()

    async def transfer(self, target: str) -> bool:
        """Ask the other phone to call `target` (a SIP address) instead; tell whether it did."""
        self._transferred = asyncio.get_running_loop().create_future()
        try:
            await self._handle.request({"request": "transfer", "uri": target})
            async with asyncio.timeout(TRANSFER_S):
                return await self._transferred
        except (LineFailed, TimeoutError) as error:
            log.warning("the transfer failed: %s", error or "no answer")
            return False

    async def send_keys(self, keys: str) -> None:
        """Press keys: by RFC 4733 where the other side knows it, else by SIP INFO. Raises
        `LineFailed`."""
        check_keys(keys)
        if self._peer.takes_keys:
            await self._peer.send_keys(keys)
            return
        for key in keys:
            await self._handle.request({"request": "dtmf_info", "digit": key, "duration": KEY_MS})
            await asyncio.sleep(2 * KEY_MS / 1000)

    def take(self, event: JanusEvent) -> None:
        """Apply what happened on the handle."""
        match event.name:
            case "ringing" | "proceeding":
                self.ringing.set()
            case "progress":
                self._accept(event.sdp, self.early_media)
            case "accepted":
                self._accept(event.sdp, self.answered)
            case "info":
                self._press(str(event.data.get("content", "")))
            case "notify":
                self._note_transfer(str(event.data.get("content", "")))
            case "hangup":
                code = int(event.data.get("code") or 200)
                self._end(SipEnd(code, str(event.data.get("reason", ""))))
                self._free()
                self._later(self._peer.close())
            case "error":
                self._break(f"Janus: {event.data.get('reason')}")
            case "lost":
                self._break(str(event.data.get("reason")))
            case _:
                pass

    def _accept(self, sdp: str | None, then: asyncio.Event) -> None:
        async def accept() -> None:
            try:
                if sdp is not None:
                    await self._peer.accept(sdp)
            except LineFailed as error:
                self._break(str(error))
            else:
                then.set()

        self._later(accept())

    def _press(self, content: str) -> None:
        found = re.search(r"Signal\s*=\s*([0-9*#A-D])", content)
        if found and self.on_key is not None:
            self.on_key(found[1])

    def _note_transfer(self, content: str) -> None:
        found = re.match(r"SIP/2\.0 (\d)\d\d", content)
        if found and found[1] != "1" and self._transferred and not self._transferred.done():
            self._transferred.set_result(found[1] == "2")

    def _break(self, reason: str) -> None:
        self._end(SipEnd(503, reason))
        self._free()
        self._later(self._peer.close(LineFailed(reason)))

    def _end(self, end: SipEnd) -> None:
        if not self.ended.done():
            self.ended.set_result(end)
            if self._transferred is not None and not self._transferred.done():
                self._transferred.set_result(False)

    def _free(self) -> None:
        """Give the handle back, once: after Janus' last word on this call, which would otherwise be
        taken for the next one's."""
        freed, self._freed = self._freed, lambda leg: None
        freed(self)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """A phone rings; `accept` or `reject` it."""

    caller: str
    """A SIP address."""
    display_name: str
    callee: str
    """The address that was called."""
    call_id: str
    headers: Mapping[str, str]
    offer: str
    leg: JanusLeg
    handle: JanusHandle
    peer: PeerLeg
    rang_s: float
    """By the event loop's clock."""

    async def accept(self) -> JanusLeg:
        """Answer, and wait for the media. Raises `LineFailed`."""
        try:
            answer = await self.peer.answer(self.offer)
            await self._settle()
            await self.handle.request({"request": "accept"}, sdp=answer)
            async with asyncio.timeout(MEDIA_S):
                await self.peer.connected.wait()
        except (LineFailed, TimeoutError) as error:
            await self.leg.hang_up()
            what = str(error) or f"no media within {MEDIA_S:.0f} s"
            raise LineFailed(f"the call could not be answered: {what}") from error
        self.leg.answered.set()
        return self.leg

    async def reject(self, code: int = BUSY_HERE) -> None:
        """Refuse with this SIP code."""
        await self._settle()
        try:
            await self.handle.request({"request": "decline", "code": code})
        except LineFailed as error:
            log.warning("declining: %s", error)
        self.leg.take(JanusEvent("hangup", {"code": code, "reason": "refused by us"}))

    async def _settle(self) -> None:
        since = asyncio.get_running_loop().time() - self.rang_s
        await asyncio.sleep(max(0.0, SETTLED_S - since))
