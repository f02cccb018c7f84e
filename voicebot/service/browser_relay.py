"""The front's side of browsers' calls: it answers HTTP, and workers carry the calls."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from voicebot.campaign.routes import ANY_NUMBER
from voicebot.errors import LineFailed
from voicebot.service.channel import Channel
from voicebot.service.switchboard import Switchboard
from voicebot.web.call_news import USUAL_LIMITS, BrowserLimits, CallNews, Refused, Waiting


@dataclass(slots=True)
class _Carried:
    """A call and who carries it."""

    worker: str
    address: str
    news: CallNews
    waiting: bool = True
    """For its media."""


class BrowserRelay:
    """See `voicebot.web.call_news.Calls`."""

    def __init__(
        self,
        board: Switchboard,
        channel: Callable[[str], Channel | None],
        limits: BrowserLimits = USUAL_LIMITS,
    ) -> None:
        self.limits = limits
        self.counts: Counter[str] = Counter()
        self.titles: Mapping[str, str] = {}
        """As the workers tell."""
        self._board = board
        self._channel = channel
        self._calls: dict[str, _Carried] = {}
        self._waiting = Waiting(limits)
        self._tasks: set[asyncio.Task[None]] = set()

    def find(self, call_id: str) -> CallNews | None:
        """See `Calls`."""
        carried = self._calls.get(call_id)
        return None if carried is None else carried.news

    def admit(self, called: str, address: str) -> None:
        """See `Calls`."""
        if called not in self.titles and ANY_NUMBER not in self.titles:
            raise Refused(404, f'nobody answers "{called}"')
        self._waiting.check(address)
        if not self._board.has_room():
            raise Refused(503, "all lines are busy", 30)

    async def answer(self, offer: str, called: str, address: str) -> tuple[CallNews, str]:
        """See `Calls`."""
        self.admit(called, address)
        worker = self._board.least_busy()
        channel = None if worker is None else self._channel(worker)
        if worker is None or channel is None or not self._board.places.take(worker):
            raise Refused(503, "all lines are busy", 30)
        self._waiting.add(address)
        self._board.note_lines(worker, 1)
        try:
            reply = await channel.ask("offer", offer=offer, called=called, address=address)
            if "id" not in reply:
                raise Refused(reply["status"], reply["reason"], reply["retry_after_s"])
        except BaseException as error:
            self._waiting.remove(address)
            self._free(worker)
            if isinstance(error, LineFailed):
                raise Refused(503, "the call was lost; try again", 1) from error
            raise
        carried = _Carried(worker, address, CallNews(reply["id"]))
        self._calls[carried.news.id] = carried
        # What the worker told of the call before its answer was taken here.
        channel.tell("follow", call=carried.news.id)
        return carried.news, reply["answer"]

    async def end(self, call_id: str) -> None:
        """See `Calls`."""
        carried = self._calls.get(call_id)
        channel = None if carried is None else self._channel(carried.worker)
        if channel is not None:
            try:
                await channel.ask("hang_up", call=call_id)
            except LineFailed:
                # The call is over with its worker.
                return

    def hang_up_soon(self, call_id: str) -> None:
        """See `Calls`."""
        task = asyncio.create_task(self.end(call_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def take(self, worker: str, what: str, data: dict[str, Any]) -> None:
        """Note a worker's news about a call."""
        carried = self._calls.get(data["call"])
        if carried is None or carried.worker != worker:
            return
        match what:
            case "settled":
                self.counts["answered" if data["media"] else "no_media"] += 1
                self._settle(carried)
            case "news":
                carried.news.tell(data["news"])
            case "over":
                self._end(carried)

    def lose(self, worker: str) -> None:
        """A worker is no more, and its calls with it."""
        for carried in [each for each in self._calls.values() if each.worker == worker]:
            self._end(carried)

    async def close(self) -> None:
        """End every call now."""
        await asyncio.gather(*(self.end(each) for each in list(self._calls)))

    def _end(self, carried: _Carried) -> None:
        self._settle(carried)
        del self._calls[carried.news.id]
        self._free(carried.worker)
        carried.news.close()

    def _settle(self, carried: _Carried) -> None:
        if carried.waiting:
            carried.waiting = False
            self._waiting.remove(carried.address)

    def _free(self, worker: str) -> None:
        self._board.places.free(worker)
        self._board.note_lines(worker, -1)
