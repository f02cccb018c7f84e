import asyncio
from collections.abc import Awaitable, Callable

from tests.builders import tone
from voicebot.call.events import Event, PromptEnded, PromptResumed, PromptStarted
from voicebot.runtime.playout import HIGH_MS, Playout
from voicebot.runtime.virtual_time import run_virtual

RATE = 8000
FRAME = 320


def played(story: Callable[[Playout], Awaitable[None]]) -> list[Event]:
    """Tell a story to a playout; return what it posted."""
    events: list[Event] = []

    async def main() -> None:
        await story(Playout(RATE, events.append))

    run_virtual(main())
    return events


def pull(playout: Playout, ms: int) -> bytes:
    """Pull as a transport does; nothing there is silence."""
    return b"".join(playout.pull() or bytes(FRAME) for _ in range(ms // 20))


def test_a_prompt_is_sent_whole_and_its_beginning_and_end_are_told() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1, 100)
        await playout.write(1, "您好。", tone(100), new_phrase=True)
        playout.complete(1)

        sent = pull(playout, 200)

        assert sent == tone(100) + bytes(5 * FRAME)

    assert played(story) == [PromptStarted(1, 100), PromptEnded(1, 100, "您好。", complete=True)]


def test_a_last_frame_that_is_not_full_is_filled_with_silence() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        await playout.write(1, "好。", tone(50), new_phrase=True)
        playout.complete(1)

        sent = pull(playout, 60)

        assert sent == tone(50) + bytes(FRAME // 2)

    assert played(story)[-1] == PromptEnded(1, 50, "好。", complete=True)


def test_phrases_follow_each_other_without_a_gap() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        await playout.write(1, "一", tone(50), new_phrase=True)
        await playout.write(1, "二", tone(50, hz=800), new_phrase=True)

        sent = pull(playout, 100)

        assert sent == tone(50) + tone(50, hz=800)

    played(story)


def test_a_phrase_may_come_in_pieces() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        await playout.write(1, "一二", tone(40), new_phrase=True)
        await playout.write(1, "", tone(40), new_phrase=False)
        playout.complete(1)

        pull(playout, 100)

    assert played(story)[-1] == PromptEnded(1, 80, "一二", complete=True)


def test_nothing_to_say_is_silence() -> None:
    async def story(playout: Playout) -> None:
        assert playout.pull() is None

    assert played(story) == []


def test_a_prompt_whose_audio_is_late_is_silent_and_not_over() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        await playout.write(1, "一", tone(20), new_phrase=True)
        first = [playout.pull(), playout.pull()]
        await playout.write(1, "二", tone(20), new_phrase=True)

        second = playout.pull()

        assert first == [tone(20), None]
        assert second == tone(20)

    assert played(story) == [PromptStarted(1, None)]


def test_a_prompt_without_audio_ends_without_having_begun() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        playout.complete(1)

        playout.pull()

    assert played(story) == [PromptEnded(1, 0, "", complete=True)]


def test_a_stopped_prompt_sends_nothing_more_and_tells_what_was_heard() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        await playout.write(1, "您好，", tone(100), new_phrase=True)
        await playout.write(1, "我是机器人。", tone(120), new_phrase=True)
        pull(playout, 160)

        playout.stop()

        assert pull(playout, 100) == bytes(5 * FRAME)
        assert not await playout.write(1, "更多", tone(100), new_phrase=True)

    assert played(story)[-1] == PromptEnded(1, 160, "您好，我是机", complete=False)


def test_a_prompt_that_was_stopped_before_its_first_audio_was_not_heard() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)

        playout.stop()

    assert played(story) == [PromptEnded(1, 0, "", complete=False)]


def test_a_new_prompt_stops_the_old_one() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        await playout.write(1, "一", tone(100), new_phrase=True)
        pull(playout, 40)

        playout.begin(2)
        await playout.write(2, "二", tone(20, hz=800), new_phrase=True)

        assert pull(playout, 40) == tone(20, hz=800) + bytes(FRAME)

    assert played(story) == [
        PromptStarted(1, None),
        PromptEnded(1, 40, "", complete=False),
        PromptStarted(2, None),
    ]


def test_a_late_completion_of_an_old_prompt_does_not_end_the_new_one() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        playout.begin(2)

        playout.complete(1)
        playout.pull()

    assert played(story) == [PromptEnded(1, 0, "", complete=False)]


def test_a_paused_prompt_is_silent_and_goes_on_from_the_beginning_of_its_phrase() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1, 200)
        await playout.write(1, "一", tone(100), new_phrase=True)
        await playout.write(1, "二", tone(100, hz=800), new_phrase=True)
        playout.complete(1)
        pull(playout, 140)

        playout.pause()
        silent = pull(playout, 100)
        playout.resume()
        again = pull(playout, 120)

        assert silent == bytes(5 * FRAME)
        assert again == tone(100, hz=800) + bytes(FRAME)

    assert played(story)[1:] == [
        PromptResumed(1, 100),
        PromptEnded(1, 200, "一二", complete=True),
    ]


def test_a_prompt_of_unknown_length_resumes_with_an_unknown_rest() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        playout.pause()

        playout.resume()

    assert played(story) == [PromptResumed(1, None)]


def test_resuming_what_does_not_pause_changes_nothing() -> None:
    async def story(playout: Playout) -> None:
        playout.resume()
        playout.begin(1)
        await playout.write(1, "一", tone(100), new_phrase=True)
        pull(playout, 40)

        playout.resume()

        assert pull(playout, 60) == tone(100)[2 * FRAME :]

    assert not [event for event in played(story) if isinstance(event, PromptResumed)]


def test_a_writer_waits_while_enough_is_queued() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        written_ms = 0

        async def write() -> None:
            nonlocal written_ms
            while True:
                await playout.write(1, "字", tone(100), new_phrase=True)
                written_ms += 100

        writer = asyncio.create_task(write())
        await asyncio.sleep(0.001)
        at_first = written_ms
        pull(playout, 100)
        await asyncio.sleep(0.001)
        later = written_ms
        writer.cancel()

        assert at_first == HIGH_MS + 100
        assert later == at_first + 100

    played(story)


def test_a_waiting_writer_is_let_go_when_its_prompt_is_stopped() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        await playout.write(1, "一", tone(1000), new_phrase=True)
        writer = asyncio.create_task(playout.write(1, "二", tone(20), new_phrase=True))
        await asyncio.sleep(0.001)

        playout.stop()

        assert await writer is False

    played(story)


def test_a_waiting_writer_of_an_old_prompt_adds_nothing_to_the_new_one() -> None:
    async def story(playout: Playout) -> None:
        playout.begin(1)
        await playout.write(1, "一", tone(1000), new_phrase=True)
        writer = asyncio.create_task(playout.write(1, "二", tone(20), new_phrase=True))
        await asyncio.sleep(0.001)

        playout.begin(2)
        wanted = await writer

        assert wanted is False
        assert playout.pull() is None

    played(story)
