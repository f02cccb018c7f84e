"""Calls belong to one worker each, and outlive neither it nor their line."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from voicebot.errors import LineFailed
from voicebot.runtime.virtual_time import run_virtual
from voicebot.service.browser_relay import BrowserRelay
from voicebot.service.channel import Channel
from voicebot.service.sip_relay import SipRelay
from voicebot.service.switchboard import Switchboard
from voicebot.transports.janus import JanusEvent, JanusHandle
from voicebot.transports.janus_sip import JanusLines, SipAccount
from voicebot.web.call_news import BrowserLimits, Refused

RINGS = JanusEvent("incomingcall", {"username": "sip:15400000001@trunk"}, "v=0")
ANSWERED = JanusEvent("accepted")
OVER = JanusEvent("hangup", {"code": 200})
ACCEPT = {"janus": "message", "body": {"request": "accept"}, "handle_id": 7}


@dataclass
class Line:
    """A Janus that notes what it is asked."""

    asked: list[Any] = field(default_factory=list)

    async def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append(message["body"])
        return {}

    def forget(self, handle: JanusHandle) -> None:
        pass


@dataclass
class End:
    """A channel that notes what it is told, and answers what it was given."""

    told: list[tuple[str, Any]] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)

    def tell(self, what: str, **data: Any) -> None:
        self.told.append((what, data.get("name") or data))

    async def ask(self, what: str, **data: Any) -> Any:
        self.told.append((what, data))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Front:
    """A board with workers `a` and `b`, and their channels."""

    board: Switchboard = field(default_factory=lambda: Switchboard(calls=4, waiting=2))
    ends: dict[str, End] = field(default_factory=lambda: {"a": End(), "b": End()})

    def __post_init__(self) -> None:
        for name in self.ends:
            self.board.add(name)

    def channel(self, worker: str) -> Channel | None:
        return cast(Channel | None, self.ends.get(worker))

    def sip(self) -> SipRelay:
        return SipRelay(
            "ws://127.0.0.1:9",
            SipAccount("sip:robot@192.0.2.10"),
            choose=self.board.least_busy,
            channel=self.channel,
            has_lines=self.board.note_lines,
        )

    def lose(self, worker: str, relay: SipRelay | BrowserRelay) -> None:
        del self.ends[worker]
        self.board.remove(worker, 0.0)
        relay.lose(worker)

    def told(self, worker: str) -> list[str]:
        return [name for _, name in self.ends[worker].told]


def run(story: Callable[[Front], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        await story(Front())

    run_virtual(main())


def test_what_happens_on_a_line_goes_to_the_worker_that_took_its_call() -> None:
    async def story(front: Front) -> None:
        relay, line = front.sip(), Line()
        first, second = JanusHandle(line, 7), JanusHandle(line, 8)
        relay.take(first, RINGS)
        relay.take(second, RINGS)
        await relay.forward("a", ACCEPT)
        relay.take(first, ANSWERED)
        relay.take(first, OVER)
        relay.give_back("a", 7)
        relay.take(first, JanusEvent("janus:detached"))

        assert front.told("a") == ["incomingcall", "accepted", "hangup"]
        assert front.told("b") == ["incomingcall"]
        assert line.asked == [{"request": "accept"}]
        assert relay.calls == 1
        assert front.board.least_busy() == "a"

    run(story)


def test_a_worker_can_do_nothing_to_the_call_of_another_one() -> None:
    async def story(front: Front) -> None:
        relay, line = front.sip(), Line()
        relay.take(JanusHandle(line, 7), RINGS)

        with pytest.raises(LineFailed, match="not the worker's any more"):
            await relay.forward("b", ACCEPT)
        relay.give_back("b", 7)
        assert (line.asked, relay.calls) == ([], 1)

    run(story)


def test_when_a_worker_is_lost_its_calls_are_hung_up_and_those_of_the_other_go_on() -> None:
    async def story(front: Front) -> None:
        relay, line = front.sip(), Line()
        first, second = JanusHandle(line, 7), JanusHandle(line, 8)
        relay.take(first, RINGS)
        relay.take(second, RINGS)
        await relay.forward("a", ACCEPT)
        front.lose("a", relay)
        await asyncio.sleep(0.1)
        relay.take(first, OVER)
        relay.take(second, ANSWERED)

        assert line.asked == [{"request": "accept"}, {"request": "hangup"}]
        assert front.told("b") == ["incomingcall", "accepted"]
        assert relay.calls == 1
        relay.take(first, RINGS)
        assert front.told("b") == ["incomingcall", "accepted", "incomingcall"]

    run(story)


def test_a_call_that_only_rings_when_its_worker_is_lost_rings_at_another_one() -> None:
    async def story(front: Front) -> None:
        relay, line = front.sip(), Line()
        relay.take(JanusHandle(line, 7), RINGS)
        front.lose("a", relay)

        assert front.told("b") == ["incomingcall"]
        await relay.forward("b", ACCEPT)
        assert line.asked == [{"request": "accept"}]

    run(story)


def test_a_call_whose_caller_gave_up_rings_nowhere_else() -> None:
    async def story(front: Front) -> None:
        relay, line = front.sip(), Line()
        handle = JanusHandle(line, 7)
        relay.take(handle, RINGS)
        relay.take(handle, OVER)
        front.lose("a", relay)
        await asyncio.sleep(10)

        assert front.told("b") == []

    run(story)


def test_a_call_that_nobody_can_take_is_refused_for_now() -> None:
    async def story(front: Front) -> None:
        relay, line = front.sip(), Line()
        front.board.draining = True
        relay.take(JanusHandle(line, 7), RINGS)
        await asyncio.sleep(0.2)

        assert line.asked == [{"request": "decline", "code": 503}]
        assert relay.calls == 0

    run(story)


def test_a_line_that_rings_again_before_its_worker_gave_it_back_is_counted_once() -> None:
    async def story(front: Front) -> None:
        relay, handle = front.sip(), JanusHandle(Line(), 7)
        relay.take(handle, RINGS)
        relay.take(handle, OVER)
        relay.take(handle, RINGS)
        relay.give_back("a", 7)

        assert relay.calls == 0
        assert front.board.least_busy() == "a"

    run(story)


def test_without_janus_no_worker_gets_a_line_to_call_on() -> None:
    async def story(front: Front) -> None:
        with pytest.raises(LineFailed, match="not connected to Janus"):
            await front.sip().borrow("a")

    run(story)


class RestingLines:
    """One line, which rests for a second before it may call."""

    def __init__(self, handle: JanusHandle) -> None:
        self.handle = handle
        self.returned: list[JanusHandle] = []

    async def borrow(self) -> JanusHandle:
        await asyncio.sleep(1)
        return self.handle

    def give_back(self, handle: JanusHandle) -> None:
        self.returned.append(handle)


def test_a_worker_that_is_lost_while_its_line_rests_keeps_no_line() -> None:
    async def story(front: Front) -> None:
        relay, lines = front.sip(), RestingLines(JanusHandle(Line(), 7))
        relay.lines = cast(JanusLines, lines)
        asking = asyncio.create_task(relay.borrow("a"))
        await asyncio.sleep(0.5)
        front.lose("a", relay)

        with pytest.raises(LineFailed, match="the worker is gone"):
            await asking
        assert lines.returned == [lines.handle]
        assert relay.calls == 0
        relay.lines = cast(JanusLines, RestingLines(lines.handle))
        assert await relay.borrow("b") == 7

    run(story)


# Browsers


def browsers(front: Front) -> BrowserRelay:
    relay = BrowserRelay(front.board, front.channel, BrowserLimits(waiting_per_address=1))
    relay.titles = {"4001": "客服"}
    return relay


async def offered(front: Front, relay: BrowserRelay, worker: str, call: str, address: str) -> str:
    front.ends[worker].answers.append({"id": call, "answer": "v=0"})
    news, answer = await relay.answer("offer", "4001", address)
    assert answer == "v=0"
    return news.id


def test_browsers_calls_are_spread_and_their_news_come_from_their_workers() -> None:
    async def story(front: Front) -> None:
        relay = browsers(front)
        await offered(front, relay, "a", "one", "192.0.2.1")
        await offered(front, relay, "b", "two", "192.0.2.2")
        one, two = relay.find("one"), relay.find("two")
        assert one is not None
        assert two is not None
        relay.take("a", "settled", {"call": "one", "media": True})
        relay.take("a", "news", {"call": "one", "news": {"type": "state"}})
        relay.take("b", "news", {"call": "one", "news": {"type": "of another worker"}})
        relay.take("a", "over", {"call": "one"})

        assert (one.news, one.over) == ([{"type": "state"}], True)
        assert (two.news, two.over) == ([], False)
        assert relay.find("one") is None
        assert front.board.busy == 1
        assert relay.counts == {"answered": 1}
        front.ends["b"].answers.append(None)
        await relay.end("two")
        assert front.ends["b"].told[-1] == ("hang_up", {"call": "two"})

    run(story)


def test_offers_without_media_are_counted_for_all_workers_together() -> None:
    async def story(front: Front) -> None:
        relay = browsers(front)
        await offered(front, relay, "a", "one", "192.0.2.1")

        with pytest.raises(Refused, match="too many offers from this address"):
            relay.admit("4001", "192.0.2.1")
        relay.take("a", "settled", {"call": "one", "media": False})
        relay.admit("4001", "192.0.2.1")
        assert relay.counts == {"no_media": 1}

    run(story)


def test_when_a_worker_is_lost_its_browsers_calls_are_over() -> None:
    async def story(front: Front) -> None:
        relay = browsers(front)
        await offered(front, relay, "a", "one", "192.0.2.1")
        await offered(front, relay, "b", "two", "192.0.2.2")
        one = relay.find("one")
        assert one is not None
        front.lose("a", relay)

        assert [each async for each in one.follow()] == []
        assert relay.find("one") is None
        assert relay.find("two") is not None
        assert front.board.busy == 1
        relay.admit("4001", "192.0.2.1")
        await relay.end("one")

    run(story)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (LineFailed("gone"), 503),
        ({"status": 400, "reason": "no codec", "retry_after_s": None}, 400),
    ],
)
def test_an_offer_that_comes_to_nothing_holds_no_place(answer: Any, status: int) -> None:
    async def story(front: Front) -> None:
        relay = browsers(front)
        front.ends["a"].answers.append(answer)

        with pytest.raises(Refused) as refused:
            await relay.answer("offer", "4001", "192.0.2.1")
        assert refused.value.status == status
        assert front.board.busy == 0
        assert front.board.least_busy() == "a"
        relay.admit("4001", "192.0.2.1")

    run(story)


def test_browsers_are_refused_while_callers_wait_or_nobody_answers_the_number() -> None:
    async def story(front: Front) -> None:
        relay = browsers(front)
        with pytest.raises(Refused, match="nobody answers"):
            relay.admit("4002", "192.0.2.1")
        front.board.places.join("a", 0.0)
        with pytest.raises(Refused, match="all lines are busy"):
            relay.admit("4001", "192.0.2.1")

    run(story)
