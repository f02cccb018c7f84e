"""The whole of one call in virtual time: a drawn caller, the real detector, session and playout.

Every drawing has one character for 100 ms. The robot's texts are tones of 100 ms a character, so
the opening lasts 2100 ms and the question 1300 ms.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from tests.builders import (
    APOLOGY,
    GOODBYE,
    HELLO,
    OPENING,
    QUESTION,
    SILENT_GOODBYE,
    STILL_THERE,
    TIMES,
    FailingRecogniser,
    ScriptedRecogniser,
    ToneVoice,
    drawn,
    loud,
    script,
    tone,
)
from tests.runtime.slow import SlowExecutor
from voicebot.audio.frame import AudioFrame
from voicebot.call.events import DtmfPressed
from voicebot.call.leg import AudioSource
from voicebot.call.record import CallRecord, Moment
from voicebot.call.session import CallSession, CallSettings
from voicebot.dialogue.script import BargeIn, EndReason, Script
from voicebot.dialogue.step import Spoken
from voicebot.runtime.driver import MAX_EVENTS, CallDriver, Recording, Voice
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.speech.detector import DetectorSettings, SpeechDetector
from voicebot.speech.phrases import phrases
from voicebot.speech.recogniser import Recogniser
from voicebot.transports.replay import ReplayLeg

RATE = 8000
OPENING_MS, QUESTION_MS = 2100, 1300


@dataclass
class Call:
    """One finished call."""

    record: CallRecord
    recording: Recording
    session: CallSession

    @property
    def said(self) -> list[str]:
        return [each.text for turn in self.record.turns for each in turn.prompts]

    def moments(self, what: str) -> list[Moment]:
        return [moment for moment in self.record.timeline if moment.what == what]

    def when(self, what: str) -> list[int]:
        return [moment.at_ms for moment in self.moments(what)]

    def robot_sounds(self) -> str:
        """Draw what was sent to the caller, a character for every 100 ms."""
        samples = np.frombuffer(bytes(self.recording.robot), "<i2").astype(float)
        whole = samples[: len(samples) // 800 * 800].reshape(-1, 800)
        return "".join("#" if (row**2).mean() > 100 else "." for row in whole)


def call(
    caller: str | Any,
    *texts: str,
    recogniser: Recogniser | None = None,
    voice: Voice | None = None,
    ears: Callable[[], Executor] = InlineExecutor,
    voices: Callable[[], Executor] = InlineExecutor,
    of: Script | None = None,
    settings: CallSettings | None = None,
    tail_ms: int = 60_000,
) -> Call:
    """Run a call whose caller is drawn, or is a leg, and whose recogniser hears `texts`."""
    session = CallSession(of or script(), {}, settings or TIMES)
    leg = (
        ReplayLeg(drawn(caller, step_ms=100), RATE, tail_ms=tail_ms)
        if isinstance(caller, str)
        else caller
    )

    async def main() -> Call:
        driver = CallDriver(
            session,
            leg,
            detector=SpeechDetector(loud),
            recogniser=recogniser or ScriptedRecogniser(*texts),
            voice=voice or ToneVoice(cut=phrases),
            ears=ears(),
            voices=voices(),
        )
        return Call(await driver.run(), driver.recording, session)

    return run_virtual(main())


def quiet(ms: int) -> str:
    return "." * (ms // 100)


ANSWER = quiet(3000) + "#####"
"""An answer a second after the opening."""


# Whole calls


def test_a_call_is_carried_from_its_answer_to_its_goodbye() -> None:
    caller = ANSWER + quiet(4000) + "####"

    done = call(caller, "方便", "很好喝")

    assert done.said == [OPENING, QUESTION, GOODBYE]
    assert [turn.text for turn in done.record.turns] == ["方便", "很好喝", None]
    assert done.record.end_reason is EndReason.FINISHED


def test_the_same_call_twice_is_the_same_call() -> None:
    first = call(ANSWER, "方便")
    second = call(ANSWER, "方便")

    assert first.record.as_dict() == second.record.as_dict()
    assert first.recording.robot == second.recording.robot


def test_times_of_a_turn_are_right_to_one_frame() -> None:
    done = call(ANSWER, "方便")

    turn = done.record.turns[0]
    assert (turn.speech_start_ms, turn.speech_end_ms) == (3000, 3500)
    assert turn.endpoint_ms == 3500 + 300
    assert turn.latency_ms is not None
    assert 300 <= turn.latency_ms <= 320


@pytest.mark.parametrize(
    ("text", "silence"), [("方便", 300), ("今天我不方便", 700), ("因为", 1600)]
)
def test_the_reply_begins_one_frame_after_the_silence_that_the_words_need(
    text: str, silence: int
) -> None:
    done = call(ANSWER, text)

    turn = done.record.turns[0]
    assert turn.text == text
    assert turn.endpoint_ms == 3500 + silence
    assert turn.reply_ms is not None
    assert 0 <= turn.reply_ms - turn.endpoint_ms <= 20


def test_an_answer_with_a_pause_in_it_is_recognised_whole() -> None:
    recogniser = ScriptedRecogniser("因为", "因为我不方便")

    done = call(ANSWER + quiet(1000) + "######", recogniser=recogniser)

    assert done.record.turns[0].text == "因为我不方便"
    assert done.said == [OPENING, GOODBYE]
    assert len(done.when("speech_resumed")) == 1
    first, whole = recogniser.heard
    assert whole.startswith(first)
    assert drawn("#####" + "." * 10 + "######", step_ms=100) in whole


def test_every_pause_of_an_answer_is_forgiven() -> None:
    texts = ("不", "因为", "因为那个", "因为那个我不方便")
    done = call(quiet(3000) + ("####" + quiet(600)) * 4, *texts)

    assert done.record.turns[0].text == texts[-1]
    assert len(done.when("speech_resumed")) == 3
    assert done.said == [OPENING, GOODBYE]


def test_the_recogniser_gets_the_answer_with_its_preroll_and_nothing_of_before() -> None:
    recogniser = ScriptedRecogniser("方便")

    call(ANSWER, recogniser=recogniser)

    expected = drawn("...#####", step_ms=100)
    assert recogniser.heard[0].startswith(expected)
    after_ms = (len(recogniser.heard[0]) - len(expected)) // 16
    assert after_ms == DetectorSettings().pause_ms


def test_both_sides_are_recorded_side_by_side() -> None:
    done = call(ANSWER, "不方便")

    caller = np.frombuffer(bytes(done.recording.caller), "<i2")
    assert len(done.recording.robot) == len(done.recording.caller)
    assert abs(caller[24_000:28_000]).max() > 7000
    assert done.robot_sounds().startswith("#" * 21 + quiet(1700) + "#" * 10)


def test_the_whole_prompt_is_sent_and_recorded_as_heard() -> None:
    done = call(quiet(100), tail_ms=3000)

    heard = done.record.turns[0].prompts[0]
    assert (heard.heard_ms, heard.heard_text, heard.complete) == (OPENING_MS, OPENING, True)


# Silence


def test_no_input_comes_five_seconds_after_the_prompt_to_one_frame() -> None:
    done = call(quiet(100))

    silences = done.when("no_input")
    ends = done.when("prompt_ended")
    assert [silence - end for silence, end in zip(silences, ends, strict=False)] == [5000] * 3
    assert abs(silences[0] - (OPENING_MS + 5000)) <= 20


def test_a_caller_who_says_nothing_is_asked_twice_and_left() -> None:
    done = call(quiet(100))

    assert done.said == [OPENING, HELLO, STILL_THERE, SILENT_GOODBYE]
    assert done.record.end_reason is EndReason.NO_INPUT


def test_a_caller_who_never_stops_is_taken_after_twenty_seconds() -> None:
    done = call(quiet(2500) + "#" * 300, "[unk]")

    assert done.when("endpoint")[0] == done.when("speech_started")[0] + 20_000


# Interrupting


def test_a_burst_of_speech_pauses_the_prompt_and_it_goes_on_from_its_phrase() -> None:
    done = call(quiet(1000) + "####", "嗯", tail_ms=4000)

    paused, resumed = done.when("prompt_paused"), done.when("prompt_resumed")
    assert 1240 <= paused[0] <= 1260
    assert resumed[0] - paused[0] < 1500
    # The second phrase, which begins at 300 ms, is heard again; then the rest, to its end.
    gap = (resumed[0] - paused[0]) // 100
    again = OPENING_MS - phrase_start_ms(1240)
    assert done.robot_sounds().startswith("#" * 12)
    assert done.robot_sounds().count("#") in range((1240 + again) // 100 - 1, 1240 + again // 100)
    assert "#" + "." * (gap - 1) in done.robot_sounds()
    assert done.record.turns[0].prompts[0].complete


def phrase_start_ms(at_ms: int) -> int:
    """When the phrase of the opening that plays at `at_ms` began."""
    begin = 0
    for phrase in phrases(OPENING):
        if begin + len(phrase) * 100 > at_ms:
            return begin
        begin += len(phrase) * 100
    return begin


@pytest.mark.parametrize("ms", [20, 60, 100, 160, 200])
def test_a_cough_changes_nothing_with_the_real_detector(ms: int) -> None:
    cough = ReplayLeg(drawn("." * 50) + tone(ms) + drawn("." * 150), RATE, tail_ms=0)

    done = call(cough)

    assert done.when("prompt_paused") == []
    assert done.robot_sounds().startswith("#" * 21)


def test_an_interruption_stops_the_prompt_for_good() -> None:
    done = call(quiet(1000) + "########", "不方便")

    stopped = done.when("barge_in")[0]
    heard = done.record.turns[0].prompts[0]
    assert 1220 <= heard.heard_ms <= 1260
    assert not heard.complete
    assert heard.heard_text == OPENING[: len(heard.heard_text)]
    reply = done.record.turns[1].prompts[0].started_ms
    assert reply is not None
    between = done.robot_sounds()[13 : reply // 100]
    assert stopped < reply
    assert set(between) == {"."}


def test_nothing_of_an_old_prompt_is_sent_after_a_new_one_began() -> None:
    done = call(quiet(1000) + "########", "不方便", voice=PitchedVoice())

    reply = done.record.turns[1].prompts[0].started_ms
    assert reply is not None
    samples = np.frombuffer(bytes(done.recording.robot), "<i2")[reply * 8 :]
    goodbye = samples[: len(GOODBYE) * 800]
    spectrum = np.abs(np.fft.rfft(goodbye.astype(float)))
    hertz = np.fft.rfftfreq(len(goodbye), 1 / RATE)
    assert hertz[spectrum.argmax()] == pytest.approx(PitchedVoice.hz(GOODBYE), abs=2)
    near_opening = abs(hertz - PitchedVoice.hz(OPENING)) < 20
    assert spectrum[near_opening].max() < spectrum.max() / 100


class PitchedVoice(ToneVoice):
    """Says each text at a pitch of its own."""

    @staticmethod
    def hz(text: str) -> float:
        return 400.0 + 100 * len(text)

    def pieces(self, spoken: Spoken) -> Iterator[tuple[str, bytes]]:
        yield spoken.text, tone(len(spoken.text) * 100, hz=self.hz(spoken.text))


def test_sound_without_words_does_not_hold_the_prompt_for_long() -> None:
    done = call(quiet(500) + "#" * 40, tail_ms=1000)

    assert done.when("prompt_resumed")[0] - done.when("prompt_paused")[0] == 1500
    assert done.record.turns[0].prompts[0].complete


def test_a_prompt_for_hot_words_is_sent_on_while_somebody_speaks() -> None:
    done = call(
        quiet(1000) + "#####", "等一下啊", of=script(opening=BargeIn.HOT_WORDS), tail_ms=3000
    )

    assert done.when("prompt_paused") == []
    assert done.robot_sounds().startswith("#" * 21)


def test_an_answer_over_the_last_syllable_is_heard_from_its_beginning() -> None:
    recogniser = ScriptedRecogniser("方便")

    done = call(quiet(2000) + "####", recogniser=recogniser)

    assert done.record.turns[0].text == "方便"
    begins_at = recogniser.heard[0].find(drawn("...####", step_ms=100))
    assert begins_at in (0, 320)


# Hang-ups


@pytest.mark.parametrize(
    ("caller", "texts"),
    [
        pytest.param(quiet(500), (), id="prompting"),
        pytest.param(quiet(500) + "##", (), id="suspecting"),
        pytest.param(quiet(500) + "#####", (), id="overlap"),
        pytest.param(quiet(500) + "###" + quiet(500), (), id="weighing"),
        pytest.param(quiet(4000), (), id="listening"),
        pytest.param(ANSWER, (), id="hearing"),
        pytest.param(ANSWER + quiet(400), (), id="trailing"),
        pytest.param(ANSWER + quiet(1000), ("方便",), id="replying"),
    ],
)
def test_a_caller_may_hang_up_at_any_time(caller: str, texts: tuple[str, ...]) -> None:
    done = call(caller, *texts, tail_ms=0)

    assert done.record.end_reason is EndReason.CALLER_HUNG_UP
    assert done.record.duration_ms == len(caller) * 100


def test_a_caller_may_hang_up_while_the_recogniser_thinks() -> None:
    done = call(ANSWER + quiet(1000), "方便", ears=lambda: SlowExecutor(90), tail_ms=0)

    assert done.when("endpoint")
    assert not done.when("recognised")
    assert done.record.end_reason is EndReason.CALLER_HUNG_UP


def test_what_was_heard_until_the_hang_up_is_recorded() -> None:
    done = call(quiet(500), tail_ms=0)

    heard = done.record.turns[0].prompts[0]
    assert (heard.heard_ms, heard.complete) == (500, False)


# A recogniser that fails


@pytest.mark.parametrize("broken", ["listen", "accept", "finish"])
def test_a_recogniser_that_fails_is_apologised_for(broken: str) -> None:
    done = call(ANSWER, recogniser=FailingRecogniser(broken))

    assert done.said == [OPENING, APOLOGY]
    assert done.record.turns[-1].prompts[-1].complete
    assert done.record.end_reason is EndReason.RECOGNISER_FAILED
    assert done.record.end_detail == f"RuntimeError: {broken} is broken"


def test_a_recogniser_that_fails_over_a_prompt_is_apologised_for() -> None:
    done = call(quiet(500) + "#####", recogniser=FailingRecogniser("accept"))

    assert done.said == [OPENING, APOLOGY]
    assert done.record.end_reason is EndReason.RECOGNISER_FAILED


def test_a_slow_recogniser_is_waited_for() -> None:
    done = call(ANSWER, "方便", ears=lambda: SlowExecutor(70))

    assert done.record.turns[0].text == "方便"
    first = done.record.turns[0]
    assert first.final_ms is not None
    assert first.endpoint_ms is not None
    assert 100 <= first.final_ms - first.endpoint_ms < 3000


def test_words_of_a_slow_recogniser_that_trail_off_are_still_waited_for() -> None:
    done = call(ANSWER, "因为", ears=lambda: SlowExecutor(70))

    first, over = done.when("endpoint")
    assert first == 3500 + 700
    assert first < done.when("recognised")[0] < over
    assert over == 3500 + 1600


def test_a_recogniser_that_is_too_slow_is_apologised_for() -> None:
    done = call(ANSWER, "方便", ears=lambda: SlowExecutor(300))

    assert done.said == [OPENING, APOLOGY]
    assert done.record.end_reason is EndReason.RECOGNISER_TIMEOUT
    assert done.when("failed")[0] == done.when("endpoint")[0] + 3000


def test_a_recogniser_that_falls_behind_is_apologised_for_while_the_caller_still_speaks() -> None:
    done = call(quiet(3000) + "#" * 150, ears=lambda: SlowExecutor(600))

    assert done.said == [OPENING, APOLOGY]
    assert done.record.end_reason is EndReason.RECOGNISER_FAILED
    assert "behind" in done.record.end_detail
    assert done.when("failed")[0] < 3000 + 6000


# A voice that fails


class BrokenVoice(ToneVoice):
    """Breaks on one text, or on all of them, after `after` whole phrases."""

    def __init__(self, text: str | None, after: int) -> None:
        super().__init__(cut=phrases)
        self._text = text
        self._after = after

    def pieces(self, spoken: Spoken) -> Iterator[tuple[str, bytes]]:
        for number, piece in enumerate(super().pieces(spoken)):
            if number == self._after and self._text in (None, spoken.text):
                raise OSError("no voice")
            yield piece


class UnwillingVoice(ToneVoice):
    """Breaks before its first audio is even asked for."""

    def pieces(self, spoken: Spoken) -> Iterator[tuple[str, bytes]]:
        if spoken.text == OPENING:
            raise OSError("no voice")
        return super().pieces(spoken)


class SilentVoice(ToneVoice):
    """Has nothing to say for one text."""

    def pieces(self, spoken: Spoken) -> Iterator[tuple[str, bytes]]:
        return iter(()) if spoken.text == OPENING else super().pieces(spoken)


class StuckExecutor(Executor):
    """Never finishes the job of the given number; does the others at once."""

    def __init__(self, stuck: Callable[[int], bool]) -> None:
        self._stuck = stuck
        self._jobs = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._jobs += 1
        if self._stuck(self._jobs):
            return Future()
        return InlineExecutor().submit(fn, *args, **kwargs)


@pytest.mark.parametrize(
    "voice", [BrokenVoice(OPENING, 0), BrokenVoice(OPENING, 1), UnwillingVoice()]
)
def test_a_voice_that_fails_is_apologised_for(voice: Voice) -> None:
    done = call(quiet(100), voice=voice)

    assert done.said == [OPENING, APOLOGY]
    assert done.record.turns[-1].prompts[-1].complete
    assert done.record.end_reason is EndReason.SYNTHESISER_FAILED
    assert done.record.end_detail == "OSError: no voice"


def test_a_voice_that_cannot_even_apologise_ends_the_call() -> None:
    done = call(quiet(100), voice=BrokenVoice(None, 0))

    assert done.record.end_reason is EndReason.SYNTHESISER_FAILED
    assert done.record.duration_ms < 100


def test_a_goodbye_that_cannot_be_said_ends_the_call_with_its_reason() -> None:
    done = call(ANSWER, "不方便", voice=BrokenVoice(GOODBYE, 0))

    assert done.record.end_reason is EndReason.FINISHED
    assert done.record.duration_ms < 5000


def test_a_voice_that_never_answers_is_apologised_for_after_ten_seconds() -> None:
    done = call(quiet(100), voices=lambda: StuckExecutor(lambda job: job == 1))

    assert done.said == [OPENING, APOLOGY]
    assert done.when("failed") == [10_000]
    assert done.record.end_reason is EndReason.SYNTHESISER_FAILED


def test_a_voice_that_never_answers_again_does_not_hold_the_line() -> None:
    done = call(quiet(100), voices=lambda: StuckExecutor(lambda job: True))

    assert done.record.end_reason is EndReason.SYNTHESISER_FAILED
    assert done.record.duration_ms == 20_000


def test_a_text_without_audio_is_passed_over() -> None:
    done = call(quiet(100), voice=SilentVoice())

    assert done.record.turns[0].prompts[0].complete
    assert done.record.end_reason is EndReason.NO_INPUT


# Limits and faults


class FloodingVoice(ToneVoice):
    """Floods the session with events while it decides."""

    driver: CallDriver

    def duration_ms(self, spoken: Spoken) -> int | None:
        for _ in range(MAX_EVENTS + 1):
            self.driver.post(DtmfPressed("1"))
        return super().duration_ms(spoken)


def test_more_events_than_the_queue_holds_end_the_call() -> None:
    voice = FloodingVoice()

    async def main() -> CallRecord:
        voice.driver = CallDriver(
            CallSession(script(), {}),
            ReplayLeg(b"", RATE),
            detector=SpeechDetector(loud),
            recogniser=ScriptedRecogniser(),
            voice=voice,
            ears=InlineExecutor(),
            voices=InlineExecutor(),
        )
        return await voice.driver.run()

    record = run_virtual(main())

    assert record.end_reason is EndReason.ERROR
    assert record.end_detail == f"more than {MAX_EVENTS} events wait"


def test_a_fault_in_a_script_ends_this_call_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    of = script()
    nowhere = replace(of, states={"opening": of.states["opening"]})

    with caplog.at_level(logging.ERROR):
        done = call(ANSWER, "方便", of=nowhere)

    assert done.record.end_reason is EndReason.ERROR
    assert done.record.end_detail == "KeyError: 'ask'"
    assert "the call failed" in caplog.text


def test_a_fault_when_time_passes_ends_this_call_too() -> None:
    of = script()
    nowhere = replace(of, states={"opening": of.states["opening"]})

    done = call(quiet(100), of=nowhere)

    assert done.record.end_reason is EndReason.ERROR
    assert done.record.end_detail == "KeyError: 'silent'"


class BrokenLeg:
    """A line that breaks after half a second."""

    sample_rate = RATE
    dropped_frames = 3

    def __init__(self) -> None:
        self.playout: AudioSource | None = None
        self.on_key: Callable[[str], None] | None = None
        self.hung_up = False
        self._whole = ReplayLeg(bytes(8000), RATE, tail_ms=0)

    async def incoming(self) -> AsyncIterator[AudioFrame]:
        async for frame in self._whole.incoming():
            yield frame
        raise ConnectionError("reset by peer")

    async def hang_up(self) -> None:
        self.hung_up = True


def test_a_line_that_breaks_ends_the_call_and_is_closed() -> None:
    leg = BrokenLeg()

    done = call(leg)

    assert done.record.end_reason is EndReason.LINE_FAILED
    assert done.record.end_detail == "ConnectionError: reset by peer"
    assert done.record.dropped_frames == 3
    assert leg.hung_up
    assert leg.playout is None


class DeadLeg:
    """A line that neither sends nor fetches anything, after so many frames."""

    sample_rate = RATE
    dropped_frames = 0
    playout: AudioSource | None = None
    on_key: Callable[[str], None] | None = None

    def __init__(self, frames: int) -> None:
        self._frames = frames

    async def incoming(self) -> AsyncIterator[AudioFrame]:
        for number in range(self._frames):
            yield AudioFrame(bytes(320), RATE, 160 * number)
        await asyncio.Event().wait()

    async def hang_up(self) -> None:
        pass


def test_a_dead_line_is_left_at_the_limit() -> None:
    settings = CallSettings(max_call_ms=60_000, farewell_ms=10_000)

    done = call(DeadLeg(1), settings=settings)

    assert done.record.end_reason is EndReason.TOO_LONG
    assert done.record.duration_ms == 70_000


def test_a_line_on_which_nothing_ever_came_is_left_after_eight_seconds() -> None:
    done = call(DeadLeg(0))

    assert done.record.end_reason is EndReason.NO_MEDIA
    assert done.record.end_detail == "no audio within 8 s of the answer"
    assert done.record.duration_ms == 8000


def test_a_call_that_is_too_long_says_goodbye() -> None:
    done = call(quiet(100), settings=CallSettings(max_call_ms=4000))

    assert done.said == [OPENING, APOLOGY]
    assert done.record.turns[-1].prompts[-1].complete
    assert done.record.end_reason is EndReason.TOO_LONG


def test_a_watcher_that_fails_ends_this_call_and_the_line_is_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    leg = BrokenLeg()

    def fail(session: CallSession) -> None:
        raise ValueError("nothing to see")

    async def main() -> CallRecord:
        driver = CallDriver(
            CallSession(script(), {}),
            leg,
            detector=SpeechDetector(loud),
            recogniser=ScriptedRecogniser(),
            voice=ToneVoice(),
            ears=InlineExecutor(),
            voices=InlineExecutor(),
            watch=fail,
        )
        return await driver.run()

    record = run_virtual(main())

    assert record.end_reason is EndReason.ERROR
    assert record.end_detail == "ValueError: nothing to see"
    assert leg.hung_up


def test_events_after_the_end_are_not_handled() -> None:
    async def main() -> tuple[CallRecord, int]:
        driver = CallDriver(
            CallSession(script(), {}),
            ReplayLeg(b"", RATE, tail_ms=100),
            detector=SpeechDetector(loud),
            recogniser=ScriptedRecogniser(),
            voice=ToneVoice(),
            ears=InlineExecutor(),
            voices=InlineExecutor(),
        )
        record = await driver.run()
        before = len(record.timeline)
        driver.post(DtmfPressed("1"))
        return record, before

    record, before = run_virtual(main())

    assert len(record.timeline) == before


def test_whoever_watches_sees_every_change() -> None:
    seen: list[str] = []

    async def main() -> None:
        driver = CallDriver(
            CallSession(script(), {}),
            ReplayLeg(drawn(ANSWER, step_ms=100), RATE, tail_ms=5000),
            detector=SpeechDetector(loud),
            recogniser=ScriptedRecogniser("方便"),
            voice=ToneVoice(),
            ears=InlineExecutor(),
            voices=InlineExecutor(),
            watch=lambda session: seen.append(session.state),
        )
        await driver.run()

    run_virtual(main())

    assert list(dict.fromkeys(seen)) == ["opening", "ask"]
