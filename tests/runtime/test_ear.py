import asyncio
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


def test_an_ear_listens_while_an_utterance_is_open() -> None:
    async def story(ear: Ear) -> None:
        before = ear.listening
        ear.open(1, None)
        during = ear.listening
        ear.close()

        assert (before, during, ear.listening) == (False, True, False)

    heard(ScriptedRecogniser(), story)


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
