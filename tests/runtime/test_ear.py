import asyncio
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from tests.builders import FailingRecogniser, ScriptedRecogniser, said, tone
from tests.runtime.slow import SlowExecutor
from voicebot.call.events import Event, Partial, Recognised, RecogniserBroke
from voicebot.runtime.ear import BACKLOG_MS, CHUNK_FRAMES, Ear
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.speech.recogniser import Recogniser

FRAME = tone(20)


class NeverExecutor(Executor):
    """A thread that never gets to work."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return Future()


def heard(
    recogniser: Recogniser,
    story: Callable[[Ear], Awaitable[None]],
    executor: Executor | None = None,
) -> list[Event]:
    """Tell a story to an ear; return what it posted."""
    events: list[Event] = []

    async def main() -> None:
        await story(Ear(recogniser, executor or InlineExecutor(), events.append))

    run_virtual(main())
    return events


def feed(ear: Ear, ms: int) -> None:
    """Let the caller speak."""
    for _ in range(ms // 20):
        ear.feed(FRAME)


def test_an_utterance_gives_each_new_partial_once_and_then_its_text() -> None:
    async def story(ear: Ear) -> None:
        ear.open(1, None)
        feed(ear, 360)
        ear.close()

    assert heard(ScriptedRecogniser("方便"), story) == [
        Partial(1, "方"),
        Partial(1, "方便"),
        Recognised(1, said("方便")),
    ]


def test_the_recogniser_gets_every_sample_and_the_phrases() -> None:
    recogniser = ScriptedRecogniser("")

    async def story(ear: Ear) -> None:
        ear.open(1, ("好",))
        feed(ear, 20 * (CHUNK_FRAMES + 1))
        ear.close()

    heard(recogniser, story)

    assert recogniser.heard == [FRAME * (CHUNK_FRAMES + 1)]
    assert recogniser.asked == [("好",)]


def test_an_ear_listens_until_the_utterance_is_let_go() -> None:
    async def story(ear: Ear) -> None:
        before = ear.listening
        ear.open(1, None)
        open_ = ear.listening
        ear.close()
        closed = ear.listening
        ear.drop()

        assert (before, open_, closed, ear.listening) == (False, True, True, False)

    heard(ScriptedRecogniser(), story)


# Opening an utterance again


def test_an_utterance_that_is_opened_again_is_recognised_from_its_beginning() -> None:
    recogniser = ScriptedRecogniser("不", "不方便")

    async def story(ear: Ear) -> None:
        ear.open(1, ("不方便",))
        feed(ear, 160)
        ear.close()
        ear.reopen(2, ("不方便",))
        feed(ear, 260)
        ear.close()

    events = heard(recogniser, story)

    assert recogniser.heard == [FRAME * 8, FRAME * 21]
    assert recogniser.asked == [("不方便",), ("不方便",)]
    assert [event for event in events if isinstance(event, Recognised)] == [
        Recognised(1, said("不")),
        Recognised(2, said("不方便")),
    ]


def test_the_silence_after_closing_is_kept_but_not_recognised() -> None:
    recogniser = ScriptedRecogniser("不", "不方便")
    silence = bytes(320)

    async def story(ear: Ear) -> None:
        ear.open(1, None)
        feed(ear, 120)
        ear.close()
        for _ in range(30):
            ear.feed(silence)
        before = list(recogniser.heard)
        ear.reopen(2, None)
        feed(ear, 60)

        assert before == [FRAME * 6]

    heard(recogniser, story)

    assert recogniser.heard == [FRAME * 6, FRAME * 6 + silence * 30 + FRAME * 3]


def test_an_utterance_may_be_opened_again_many_times() -> None:
    recogniser = ScriptedRecogniser(*"一二三四五")

    async def story(ear: Ear) -> None:
        ear.open(1, None)
        feed(ear, 60)
        for again in range(2, 6):
            ear.close()
            ear.reopen(again, None)
            feed(ear, 60)

    heard(recogniser, story)

    assert recogniser.heard == [FRAME * 3 * number for number in range(1, 6)]


def test_closing_twice_asks_once() -> None:
    async def story(ear: Ear) -> None:
        ear.open(1, None)
        ear.close()
        ear.close()

    assert heard(ScriptedRecogniser("好"), story) == [Recognised(1, said("好"))]


def test_words_of_before_the_pause_keep_their_own_number() -> None:
    async def story(ear: Ear) -> None:
        ear.open(1, None)
        feed(ear, 360)
        ear.close()
        ear.reopen(2, None)
        await asyncio.sleep(10)

    events = heard(ScriptedRecogniser("方便", "不方便"), story, SlowExecutor(50))

    assert events == [Recognised(1, said("方便")), Partial(2, "不方便")]


def test_twenty_seconds_that_are_recognised_again_are_no_backlog() -> None:
    recogniser = ScriptedRecogniser("长", "更长")

    async def story(ear: Ear) -> None:
        ear.open(1, None)
        for _ in range(1000):
            ear.feed(FRAME)
            await asyncio.sleep(0.02)
        ear.close()
        ear.reopen(2, None)
        feed(ear, BACKLOG_MS - 60)
        await asyncio.sleep(20)
        feed(ear, BACKLOG_MS - 60)
        ear.close()
        await asyncio.sleep(20)

    events = heard(recogniser, story, SlowExecutor(50))

    assert not [event for event in events if isinstance(event, RecogniserBroke)]
    assert events[-1] == Recognised(2, said("更长"))
    assert len(recogniser.heard[1]) == len(FRAME) * (1000 + 2 * (BACKLOG_MS - 60) // 20)


def test_audio_that_comes_while_the_old_is_recognised_again_is_backlog() -> None:
    async def story(ear: Ear) -> None:
        ear.open(1, None)
        feed(ear, 2000)
        ear.close()
        await asyncio.sleep(20)
        ear.reopen(2, None)
        feed(ear, BACKLOG_MS + 120)

    events = heard(ScriptedRecogniser("长"), story, SlowExecutor(100))

    assert isinstance(events[-1], RecogniserBroke)


@pytest.mark.parametrize("let_go", [Ear.drop, lambda ear: ear.open(2, None)])
@pytest.mark.parametrize("close_first", [False, True])
def test_kept_audio_is_let_go_with_the_answer(
    let_go: Callable[[Ear], None], close_first: bool
) -> None:
    frame = tone(20, hz=500)

    async def story(ear: Ear) -> None:
        before = sys.getrefcount(frame)
        ear.open(1, None)
        for _ in range(CHUNK_FRAMES):
            ear.feed(frame)
        if close_first:
            ear.close()
            ear.feed(frame)
        kept = sys.getrefcount(frame) - before
        let_go(ear)

        assert kept == CHUNK_FRAMES + close_first
        assert sys.getrefcount(frame) == before

    heard(ScriptedRecogniser("好"), story)


# What says nothing


def test_closing_what_is_not_open_says_nothing() -> None:
    async def story(ear: Ear) -> None:
        ear.close()

    assert heard(ScriptedRecogniser(), story) == []


def test_a_dropped_utterance_says_nothing_more() -> None:
    async def story(ear: Ear) -> None:
        ear.open(1, None)
        ear.feed(FRAME)
        ear.drop()
        ear.close()

    assert heard(ScriptedRecogniser("方便"), story) == []


def test_audio_of_a_dropped_utterance_is_not_in_the_next() -> None:
    recogniser = ScriptedRecogniser("一", "二")

    async def story(ear: Ear) -> None:
        ear.open(1, None)
        ear.feed(FRAME)
        ear.drop()
        ear.open(2, None)
        feed(ear, 60)
        ear.close()

    heard(recogniser, story)

    assert recogniser.heard == [b"", FRAME * 3]


@pytest.mark.parametrize("broken", ["listen", "accept", "finish"])
def test_a_recogniser_that_raises_is_reported_once(broken: str) -> None:
    async def story(ear: Ear) -> None:
        for utterance in (1, 2):
            ear.open(utterance, None)
            feed(ear, 200)
            ear.close()

    assert heard(FailingRecogniser(broken), story) == [
        RecogniserBroke(f"RuntimeError: {broken} is broken")
    ]


def test_a_recogniser_that_falls_behind_is_reported_once() -> None:
    async def story(ear: Ear) -> None:
        ear.open(1, None)
        feed(ear, BACKLOG_MS + 60)
        within_limit = list(events)
        feed(ear, 60_000)
        assert within_limit == []

    events: list[Event] = []

    async def main() -> None:
        await story(Ear(ScriptedRecogniser(), NeverExecutor(), events.append))

    run_virtual(main())

    assert events == [RecogniserBroke("the recogniser is more than 4000 ms behind")]


def test_a_recogniser_that_keeps_up_is_never_behind() -> None:
    async def story(ear: Ear) -> None:
        ear.open(1, None)
        for _ in range(500):
            ear.feed(FRAME)
            await asyncio.sleep(0.02)

    events = heard(ScriptedRecogniser(), story, SlowExecutor(50))

    assert events == []


def test_a_recogniser_that_is_a_little_too_slow_falls_behind_in_the_end() -> None:
    async def story(ear: Ear) -> None:
        ear.open(1, None)
        for _ in range(3000):
            ear.feed(FRAME)
            await asyncio.sleep(0.02)

    events = heard(ScriptedRecogniser(), story, SlowExecutor(66))

    assert [type(event) for event in events] == [RecogniserBroke]


def test_a_late_partial_of_an_old_utterance_is_not_told() -> None:
    async def story(ear: Ear) -> None:
        ear.open(1, None)
        feed(ear, 360)
        ear.drop()
        await asyncio.sleep(10)

    assert heard(ScriptedRecogniser("方便"), story, SlowExecutor(100)) == []


def test_slow_results_come_in_order() -> None:
    async def story(ear: Ear) -> None:
        ear.open(1, None)
        feed(ear, 240)
        ear.close()
        ear.open(2, None)
        feed(ear, 120)
        await asyncio.sleep(10)

    assert heard(ScriptedRecogniser("方便", "好"), story, SlowExecutor(100)) == [
        Recognised(1, said("方便")),
        Partial(2, "好"),
    ]


def test_results_of_a_cancelled_executor_are_not_told() -> None:
    class Cancelled(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.cancel()
            return future

    async def story(ear: Ear) -> None:
        ear.open(1, None)
        ear.close()

    assert heard(ScriptedRecogniser("方便"), story, Cancelled()) == []
