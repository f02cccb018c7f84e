import asyncio
import logging
import threading
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from tests.builders import ScriptedRecogniser, ToneVoice, drawn, loud, script
from voicebot.call.session import CallSession
from voicebot.dialogue.script import EndReason
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.speech.detector import SpeechDetector
from voicebot.speech.recogniser import Recogniser, Transcript
from voicebot.transports.replay import ReplayLeg

CALLER = drawn("." * 30 + "#####" + "." * 20, step_ms=100)


class Watched(InlineExecutor):
    """An executor that remembers whether it was shut down."""

    down = False

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.down = True


def parts(recogniser: Recogniser, ears: Executor) -> Parts:
    return Parts(
        lambda: SpeechDetector(loud),
        lambda rate: recogniser,
        ToneVoice(),
        lambda: ears,
        InlineExecutor(),
    )


def test_a_call_returns_its_record_and_its_recording() -> None:
    async def main() -> None:
        session = CallSession(script(), {})
        leg = ReplayLeg(CALLER, 8000, tail_ms=0)

        record, recording = await run_call(
            session, leg, parts(ScriptedRecogniser("方便"), Watched())
        )

        assert record is session.record
        assert record.end_reason is EndReason.CALLER_HUNG_UP
        assert bytes(recording.caller) == CALLER

    run_virtual(main())


def test_a_calls_thread_ends_with_it() -> None:
    ears = Watched()

    run_virtual(
        run_call(
            CallSession(script(), {}),
            ReplayLeg(CALLER, 8000, tail_ms=0),
            parts(ScriptedRecogniser("方便"), ears),
        )
    )

    assert ears.down


def test_a_calls_thread_ends_when_the_recogniser_cannot_even_be_made() -> None:
    ears = Watched()

    def broken(rate: int) -> Recogniser:
        raise MemoryError

    broken_parts = Parts(
        lambda: SpeechDetector(loud), broken, ToneVoice(), lambda: ears, InlineExecutor()
    )

    with pytest.raises(MemoryError):
        run_virtual(run_call(CallSession(script(), {}), ReplayLeg(CALLER, 8000), broken_parts))

    assert ears.down


def test_the_recogniser_is_made_for_the_lines_rate() -> None:
    asked: list[int] = []

    def make(rate: int) -> Recogniser:
        asked.append(rate)
        return ScriptedRecogniser()

    run_virtual(
        run_call(
            CallSession(script(), {}),
            ReplayLeg(b"", 16000),
            Parts(lambda: SpeechDetector(loud), make, ToneVoice(), Watched, InlineExecutor()),
        )
    )

    assert asked == [16000]


class HeldRecogniser(ScriptedRecogniser):
    """Stays in one job until it is let go."""

    def __init__(self) -> None:
        super().__init__("方便")
        self.working = threading.Event()
        self.let_go = threading.Event()

    def finish(self) -> Transcript:
        self.working.set()
        self.let_go.wait()
        return super().finish()


def test_a_call_does_not_wait_for_a_job_in_flight_and_its_end_is_quiet(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With a real thread: the job outlives the call and the event loop."""
    recogniser = HeldRecogniser()
    ears = ThreadPoolExecutor(1)

    async def main() -> EndReason | None:
        session = CallSession(script(), {})
        leg = ReplayLeg(drawn("#" * 4 + "." * 10, step_ms=100), 8000, tail_ms=0)
        record, _ = await run_call(session, leg, parts(recogniser, ears))
        return record.end_reason

    with caplog.at_level(logging.ERROR):
        reason = asyncio.run(main())
        recogniser.let_go.set()
        ears.shutdown(wait=True)

    assert recogniser.working.is_set()
    assert reason is EndReason.CALLER_HUNG_UP
    assert caplog.text == ""
