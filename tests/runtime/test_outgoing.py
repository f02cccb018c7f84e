import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest

from tests.core.line_sound import RATE, quiet, telephone
from tests.core.test_early_media import Scripted
from voicebot.audio.frame import AudioFrame
from voicebot.call.leg import AudioSource
from voicebot.campaign import announcements
from voicebot.campaign.early_media import EarlyMedia
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.progress import Evidence, Verdict
from voicebot.errors import LineFailed, RecogniserFailed
from voicebot.runtime.outgoing import await_answer
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.simulation import network, sounds
from voicebot.speech.recogniser import Recogniser
from voicebot.speech.tones import Signal
from voicebot.transports.inbox import Inbox

OFF = "您拨打的电话已关机"


@dataclass(frozen=True)
class End:
    code: int
    reason: str = ""


class Calling:
    """A leg that is being called; the test says what the line does."""

    sample_rate = RATE
    dropped_frames = 0

    def __init__(self) -> None:
        self.playout: AudioSource | None = None
        self.on_key: Callable[[str], None] | None = None
        self.ringing = asyncio.Event()
        self.early_media = asyncio.Event()
        self.answered = asyncio.Event()
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self.inbox = Inbox(RATE)
        self.hung_up = False

    def incoming(self) -> AsyncIterator[AudioFrame]:
        return self.inbox.frames()

    async def hang_up(self) -> None:
        self.hung_up = True

    async def sound(self, pcm: bytes) -> None:
        """Let early media come in at its own pace."""
        self.early_media.set()
        for start in range(0, len(pcm) - 319, 320):
            await asyncio.sleep(0.02)
            self.inbox.put(pcm[start : start + 320])


def follow(
    line: Callable[[Calling], Coroutine[Any, Any, None]], text: Callable[[int], str] | None = None
) -> tuple[Verdict, Calling]:
    async def main() -> tuple[Verdict, Calling]:
        leg = Calling()
        ear = None
        if text is not None:
            recogniser = cast(Recogniser, Scripted(text))
            ear = EarlyMedia(recogniser, announcements.load())
        doing = asyncio.ensure_future(line(leg))
        verdict = await await_answer(leg, ear, InlineExecutor())
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        return verdict, leg

    return run_virtual(main())


def test_an_answer_leaves_the_line_open() -> None:
    async def line(leg: Calling) -> None:
        await asyncio.sleep(1)
        leg.ringing.set()
        await asyncio.sleep(6)
        leg.answered.set()

    verdict, leg = follow(line)

    assert verdict == Verdict(Disposition.ANSWERED_HUMAN, Evidence("", 200, 6000))
    assert not leg.hung_up


def test_a_reject_code_is_what_it_says() -> None:
    async def line(leg: Calling) -> None:
        leg.ringing.set()
        await asyncio.sleep(2)
        leg.ended.set_result(End(603))

    verdict, leg = follow(line)

    assert verdict == Verdict(Disposition.REJECTED, Evidence("", 603, 2000))
    assert leg.hung_up


def test_nobody_is_rung_for_ever() -> None:
    async def line(leg: Calling) -> None:
        leg.ringing.set()

    verdict, leg = follow(line)

    assert verdict == Verdict(Disposition.NO_ANSWER, Evidence("", None, 25_000))
    assert leg.hung_up


def test_an_announcement_ends_the_call_while_it_is_still_spoken() -> None:
    async def line(leg: Calling) -> None:
        music = sounds.music(RATE, 6000, np.random.default_rng(1))
        await leg.sound(quiet(500) + telephone(music))

    verdict, leg = follow(line, lambda ms: OFF if ms >= 2000 else "您拨打的")

    assert verdict == Verdict(Disposition.POWER_OFF, Evidence(OFF, None, 0))
    assert leg.hung_up


def test_what_was_heard_before_the_final_code_still_counts() -> None:
    async def line(leg: Calling) -> None:
        music = sounds.music(RATE, 1500, np.random.default_rng(1))
        await leg.sound(telephone(music))
        leg.ended.set_result(End(480))

    verdict, _ = follow(line, lambda ms: OFF if ms >= 1400 else "")

    assert verdict == Verdict(Disposition.POWER_OFF, Evidence(OFF, 480, 0))


def test_a_ringback_tone_without_a_word_of_signalling_is_ringing() -> None:
    async def line(leg: Calling) -> None:
        await leg.sound(telephone(network.tone(Signal.RINGBACK, RATE, 40_000)))

    verdict, _ = follow(line, lambda ms: "")

    assert verdict.disposition is Disposition.NO_ANSWER
    assert verdict.evidence.ring_ms == 25_000


def test_a_line_that_breaks_is_a_line_error() -> None:
    async def line(leg: Calling) -> None:
        await asyncio.sleep(1)
        leg.ended.set_exception(LineFailed("Janus went away"))

    verdict, _ = follow(line)

    assert verdict == Verdict(Disposition.LINE_ERROR, Evidence("Janus went away", None, 0))


def test_a_recogniser_that_breaks_leaves_the_signalling(caplog: pytest.LogCaptureFixture) -> None:
    def broken(ms: int) -> str:
        raise RecogniserFailed("out of memory")

    async def line(leg: Calling) -> None:
        music = sounds.music(RATE, 3000, np.random.default_rng(1))
        await leg.sound(telephone(music))
        leg.ended.set_result(End(486))

    verdict, _ = follow(line, broken)

    assert verdict.disposition is Disposition.BUSY
    assert "early media is not understood: out of memory" in caplog.text
