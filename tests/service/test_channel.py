"""Two processes of a service talk to each other; both ends are in this one."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from voicebot.errors import LineFailed
from voicebot.runtime.answering import Begun
from voicebot.service.channel import LONGEST_BACKLOG, Channel, open_channel
from voicebot.service.seat import SharedNumbers, SharedQueues
from voicebot.service.switchboard import Switchboard


@dataclass
class End:
    """One end that notes what it is told and answers by a function."""

    answers: Callable[[str, dict[str, Any]], Awaitable[Any]]
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    channel: Channel = field(init=False)
    running: "asyncio.Task[None]" = field(init=False)

    async def open(self, end: socket.socket) -> None:
        self.channel = await open_channel(
            end, answer=self.answers, take=lambda what, data: self.told.append((what, data))
        )
        self.running = asyncio.create_task(self.channel.run())


async def echo(what: str, data: dict[str, Any]) -> Any:
    match what:
        case "refuse":
            raise LineFailed("no line")
        case "break":
            raise KeyError("oops")
        case "wait":
            await asyncio.sleep(60)
    return [what, data]


@asynccontextmanager
async def ends(
    answers: Callable[[str, dict[str, Any]], Awaitable[Any]] = echo,
) -> AsyncIterator[tuple[End, End]]:
    front, worker = End(answers), End(echo)
    for end, its in zip((front, worker), socket.socketpair(), strict=True):
        await end.open(its)
    yield front, worker
    for end in (front, worker):
        end.channel.close()
    await asyncio.gather(front.running, worker.running)


def test_questions_are_answered_in_both_directions_and_news_keep_their_order() -> None:
    async def story() -> None:
        async with ends() as (front, worker):
            sdp = "a=candidate:1\r\n" * 4000
            asked = await asyncio.gather(
                worker.channel.ask("janus", sdp=sdp), front.channel.ask("offer", called="客服")
            )
            for number in range(100):
                front.channel.tell("event", number=number)
            await worker.channel.ask("anything")
            await front.channel.ask("anything")

        assert list(asked) == [["janus", {"sdp": sdp}], ["offer", {"called": "客服"}]]
        assert worker.told == [("event", {"number": number}) for number in range(100)]

    asyncio.run(story())


def test_what_is_refused_or_breaks_is_told_to_who_asked_and_to_nobody_else() -> None:
    async def story() -> None:
        async with ends() as (front, _):
            slow = asyncio.create_task(front.channel.ask("wait"))
            with pytest.raises(LineFailed, match="no line"):
                await front.channel.ask("refuse")
            with pytest.raises(LineFailed, match="KeyError: 'oops'"):
                await front.channel.ask("break")
            assert await front.channel.ask("ok") == ["ok", {}]
            assert not slow.done()
            slow.cancel()

    asyncio.run(story())


def test_who_waits_for_an_answer_learns_that_the_other_end_is_gone() -> None:
    async def story() -> None:
        async with ends() as (front, worker):
            asked = asyncio.create_task(front.channel.ask("wait"))
            await front.channel.ask("ok")
            worker.channel.close()
            with pytest.raises(LineFailed, match="is gone"):
                await asked
            await front.running
            with pytest.raises(LineFailed, match="is gone"):
                await front.channel.ask("ok")
            front.channel.tell("news")

    asyncio.run(story())


def test_after_the_front_has_finished_a_worker_may_still_tell_what_became_of_its_calls() -> None:
    async def story() -> None:
        async with ends() as (front, worker):
            front.channel.tell("last")
            front.channel.finish()
            await worker.running
            worker.channel.tell("end", number=1)
            worker.channel.close()
            await front.running

        assert worker.told == [("last", {})]
        assert front.told == [("end", {"number": 1})]

    asyncio.run(story())


def test_an_end_that_takes_nothing_is_given_up() -> None:
    async def story() -> None:
        ours, theirs = socket.socketpair()
        end = End(echo)
        await end.open(ours)
        for _ in range(LONGEST_BACKLOG // 2**19 + 3):
            end.channel.tell("event", sdp="x" * 2**19)
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await end.running
        with pytest.raises(LineFailed):
            await end.channel.ask("ok")
        theirs.close()

    asyncio.run(story())


def test_what_is_no_message_ends_the_channel() -> None:
    async def story() -> None:
        ours, theirs = socket.socketpair()
        end = End(echo)
        await end.open(ours)
        theirs.send(b"nonsense\n")
        async with asyncio.timeout(5):
            await end.running
        end.channel.close()
        theirs.close()

    asyncio.run(story())


def test_a_worker_uses_what_is_shared_as_if_it_had_it_itself() -> None:
    board = Switchboard(calls=1, waiting=3)
    board.add("a")

    async def answer(what: str, data: dict[str, Any]) -> Any:
        return board.answer("a", what, data, 50.0)

    async def story() -> None:
        async with ends(answer) as (front, worker):
            queues, numbers = SharedQueues(worker.channel), SharedNumbers(worker.channel)
            assert await queues.calls.take()
            assert not await queues.calls.take()
            ticket = await queues.calls.join(10.0)
            assert await queues.calls.before(ticket) == 0
            assert not await queues.calls.full()
            desk = queues.people("sip:1000@desk", 1)
            assert [await desk.take(), await desk.take()] == [True, False]
            number = await numbers.begin(Begun("15400000001", "4001", "support", "1"))
            assert number == 1
            assert await queues.gave_up_s_ago("15400000001") is None
            queues.calls.free()
            desk.free()
            await queues.calls.leave(ticket)
            queues.note_gave_up("15400000001")
            numbers.end(number)
            await worker.channel.ask("full")
            for what, data in front.told:
                board.take("a", what, data, 50.0)
            assert await desk.take()
            assert await queues.gave_up_s_ago("15400000001") == 0.0

        assert (board.busy, board.counts) == (0, {"begun": 1, "ended": 1})

    asyncio.run(story())
