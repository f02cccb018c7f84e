"""Conversations that go on while it is found out who picked up."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from tests.builders import ScriptedRecogniser, ToneVoice, loud, script
from tests.core.line_sound import RATE, quiet
from tests.core.test_answering_machine import voice
from tests.core.test_early_media import Scripted
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.campaign import announcements
from voicebot.campaign.answering_machine import MachineDetector, Reaction
from voicebot.campaign.outcome import Disposition
from voicebot.dialogue.script import EndReason
from voicebot.errors import RecogniserFailed
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.machine_watch import WatchedLeg
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.simulation import network
from voicebot.speech.detector import SpeechDetector
from voicebot.speech.recogniser import Recogniser
from voicebot.transports.loopback import LoopbackLeg, connect

PARTS = Parts(
    lambda: SpeechDetector(loud),
    lambda rate: ScriptedRecogniser("方便"),
    ToneVoice(),
    InlineExecutor,
    InlineExecutor(),
)
MESSAGE = b"\x10\x20" * RATE


class Callee:
    """Plays a greeting and keeps what it hears."""

    def __init__(self, greeting: bytes) -> None:
        self.greeting = greeting
        self.at = 0

    def pull(self) -> bytes | None:
        frame = self.greeting[self.at : self.at + 320]
        self.at += 320
        return frame if len(frame) == 320 else None


def call(
    greeting: bytes, text: Callable[[int], str], reaction: Reaction, message: bytes = b""
) -> tuple[CallRecord, WatchedLeg, bytes]:
    """Call somebody; return the record, the leg, and what they heard."""

    async def main() -> tuple[CallRecord, WatchedLeg, bytes]:
        robot, callee = LoopbackLeg(RATE), LoopbackLeg(RATE)
        callee.playout = Callee(greeting)
        heard = bytearray()

        async def listen() -> None:
            async for frame in callee.incoming():
                heard.extend(frame.pcm)

        work = [asyncio.create_task(connect(robot, callee)), asyncio.create_task(listen())]
        recogniser = cast(Recogniser, Scripted(text))
        detector = MachineDetector(recogniser, SpeechDetector(loud), announcements.load())
        leg = WatchedLeg(robot, detector, InlineExecutor(), reaction, message)
        record, _ = await run_call(CallSession(script(), {}), leg, PARTS)
        await leg.finish()
        await asyncio.gather(*work)
        return record, leg, bytes(heard)

    return run_virtual(main())


def mailbox(ms: int) -> str:
    return "请在提示音后留言" if ms > 1500 else "您好"


def test_a_person_is_spoken_to_at_once_and_never_waits() -> None:
    record, leg, heard = call(voice(500) + quiet(8000), lambda ms: "喂", Reaction.HANG_UP)

    first = next(at for at in range(0, len(heard), 2) if heard[at : at + 2] != b"\0\0")
    assert first // 2 * 1000 // RATE <= 60, "the script begins with the call"
    assert leg.judged is not None
    assert leg.judged.disposition is Disposition.ANSWERED_HUMAN
    assert record.end_reason is not EndReason.CALLER_HUNG_UP


def test_a_machine_is_hung_up_on() -> None:
    record, leg, _ = call(voice(9000), mailbox, Reaction.HANG_UP)

    assert leg.judged is not None
    assert leg.judged.disposition is Disposition.ANSWERED_MACHINE
    assert record.end_reason is EndReason.CALLER_HUNG_UP
    assert record.duration_ms < 2500


def test_a_message_is_left_after_the_beep_and_whole() -> None:
    greeting = voice(4000) + quiet(200) + network.beep(RATE) + quiet(6000)

    _, leg, heard = call(greeting, mailbox, Reaction.LEAVE_MESSAGE, MESSAGE)

    begin = heard.find(MESSAGE[:320])
    assert leg.left_message
    assert heard[begin : begin + len(MESSAGE)] == MESSAGE
    assert begin // 2 * 1000 // RATE >= 4600


def test_a_mailbox_without_a_beep_gets_it_after_a_silence() -> None:
    _, leg, heard = call(voice(4000) + quiet(9000), mailbox, Reaction.LEAVE_MESSAGE, MESSAGE)

    assert leg.left_message
    assert heard.find(MESSAGE[:320]) // 2 * 1000 // RATE >= 6000


def test_no_message_is_left_to_a_greeting_that_never_ends() -> None:
    _, leg, heard = call(voice(40_000), mailbox, Reaction.LEAVE_MESSAGE, MESSAGE)

    assert not leg.left_message
    assert MESSAGE[:320] not in heard
    assert len(heard) // 2 // RATE < 25


def test_a_machine_that_hangs_up_before_the_beep_gets_none() -> None:
    record, leg, _ = call(voice(1900), mailbox, Reaction.LEAVE_MESSAGE)

    assert record.end_reason is EndReason.CALLER_HUNG_UP
    assert not leg.left_message


def test_the_script_goes_on_where_the_shop_wants_it_to() -> None:
    record, leg, _ = call(voice(3000) + quiet(9000), mailbox, Reaction.GO_ON)

    assert leg.judged is not None
    assert leg.judged.disposition is Disposition.ANSWERED_MACHINE
    assert record.end_reason is not EndReason.CALLER_HUNG_UP


def test_a_detector_that_breaks_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def broken(ms: int) -> str:
        raise RecogniserFailed("no memory")

    record, leg, _ = call(voice(500) + quiet(9000), broken, Reaction.HANG_UP)

    assert leg.judged is None
    assert record.end_reason is not EndReason.CALLER_HUNG_UP
