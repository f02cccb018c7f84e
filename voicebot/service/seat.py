"""A worker's side of the channel: what it shares with the others, as if it had it itself."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from voicebot.errors import LineFailed
from voicebot.runtime.answering import Begun
from voicebot.service.channel import Channel
from voicebot.transports.janus import JanusEvent, JanusHandle
from voicebot.transports.janus_calls import Incoming, SipCalls
from voicebot.transports.janus_leg import JanusLeg
from voicebot.web.browser_calls import BrowserCalls
from voicebot.web.call_news import CallNews, Refused


class SharedQueue:
    """See `voicebot.runtime.places.Queue`: the order is in front."""

    def __init__(self, channel: Channel, **which: Any) -> None:
        self._channel = channel
        self._which = which

    async def take(self) -> bool:
        """See `Queue`."""
        return bool(await self._channel.ask("take", **self._which))

    async def full(self) -> bool:
        """See `Queue`."""
        return bool(await self._channel.ask("full", **self._which))

    async def join(self, ahead_s: float) -> int:
        """See `Queue`."""
        return int(await self._channel.ask("join", ahead_s=ahead_s, **self._which))

    async def before(self, ticket: int) -> int | None:
        """See `Queue`."""
        before = await self._channel.ask("before", ticket=ticket, **self._which)
        return None if before is None else int(before)

    async def leave(self, ticket: int) -> None:
        """See `Queue`."""
        self._channel.tell("leave", ticket=ticket, **self._which)

    def free(self) -> None:
        """See `Queue`."""
        self._channel.tell("free", **self._which)


class SharedQueues:
    """See `voicebot.runtime.places.Queues`."""

    def __init__(self, channel: Channel) -> None:
        self.calls = SharedQueue(channel)
        self._channel = channel

    def people(self, person: str, number: int | None) -> SharedQueue:
        """See `Queues`."""
        return SharedQueue(self._channel, person=person, of=number)

    def note_gave_up(self, caller: str) -> None:
        """See `Queues`."""
        self._channel.tell("gave_up", caller=caller)

    async def gave_up_s_ago(self, caller: str) -> float | None:
        """See `Queues`."""
        ago = await self._channel.ask("gave_up_s_ago", caller=caller)
        return None if ago is None else float(ago)


class SharedNumbers:
    """See `voicebot.runtime.answering.Numbers`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def begin(self, call: Begun) -> int:
        """See `Numbers`."""
        return int(await self._channel.ask("begin", **asdict(call)))

    def end(self, number: int) -> None:
        """See `Numbers`."""
        self._channel.tell("end", number=number)


class SharedLines:
    """The SIP calls of a worker, on handles that the front has; see `JanusGateway`."""

    def __init__(self, channel: Channel, incoming: Incoming) -> None:
        self._channel = channel
        self._calls = SipCalls(incoming, self._give_back)
        self._handles: dict[int, JanusHandle] = {}

    async def call(self, uri: str, headers: Mapping[str, str] | None = None) -> JanusLeg:
        """See `JanusGateway.call`."""
        number = int(await self._channel.ask("borrow"))
        return await self._calls.call(self._handle(number), uri, headers)

    def take(self, handle: int, name: str, data: Mapping[str, Any], sdp: str | None) -> None:
        """Apply what the front tells of a handle."""
        self._calls.take(self._handle(handle), JanusEvent(name, data, sdp))

    def lose(self) -> None:
        """The front is gone, and its lines with it."""
        lost = JanusEvent("lost", {"reason": "the process in front is gone"})
        for handle in list(self._handles.values()):
            self._calls.take(handle, lost)

    async def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `voicebot.transports.janus.Session`."""
        await self._channel.ask("janus", message=message)
        return {}

    def forget(self, handle: JanusHandle) -> None:
        """See `voicebot.transports.janus.Session`."""
        self._handles.pop(handle.number, None)

    def _handle(self, number: int) -> JanusHandle:
        if number not in self._handles:
            self._handles[number] = JanusHandle(self, number)
        return self._handles[number]

    def _give_back(self, handle: JanusHandle) -> None:
        self.forget(handle)
        self._channel.tell("give_back", handle=handle.number)


class SharedBrowsers:
    """The browsers' calls of a worker, whose HTTP is in front."""

    def __init__(self, channel: Channel, calls: BrowserCalls) -> None:
        self._channel = channel
        self._calls = calls
        self._tasks: set[asyncio.Task[None]] = set()

    async def offer(self, offer: str, called: str, address: str) -> dict[str, Any]:
        """Begin a call; return its id and our session description, or why it is refused."""
        try:
            news, answer = await self._calls.answer(offer, called, address)
        except Refused as error:
            return {
                "status": error.status,
                "reason": str(error),
                "retry_after_s": error.retry_after_s,
            }
        return {"id": news.id, "answer": answer}

    def follow(self, call_id: str) -> None:
        """Tell the front what happens in a call."""
        news = self._calls.find(call_id)
        if news is None:
            self._channel.tell("settled", call=call_id, media=False)
            self._channel.tell("over", call=call_id)
        else:
            task = asyncio.create_task(self._tell(news))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def hang_up(self, call_id: str) -> None:
        """End a call."""
        with suppress(LineFailed):
            await self._calls.end(call_id)

    async def _tell(self, news: CallNews) -> None:
        media = await self._calls.has_media(news.id)
        self._channel.tell("settled", call=news.id, media=media)
        async for each in news.follow():
            self._channel.tell("news", call=news.id, news=each)
        self._channel.tell("over", call=news.id)
