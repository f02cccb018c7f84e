"""The robot's own voice that comes back, and other voices: real speech over a simulated line."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from tests.adapters.speaking import RATE, speech
from tests.builders import OPENING, QUESTION, ScriptedRecogniser, drawn, frames, script, tone
from tests.runtime.echoing import EchoingLeg
from voicebot.audio.frame import silence
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.dialogue.script import EndReason
from voicebot.dialogue.step import Spoken
from voicebot.engines.webrtc_vad import webrtc_vad
from voicebot.runtime.driver import CallDriver, Recording
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.simulation.line import LineSettings, Noise, telephone_line
from voicebot.simulation.voices import VOICES
from voicebot.speech.detector import SpeechDetector, SpeechStarted
from voicebot.speech.echo import COMPARED_MS, ECHO_CORRELATION, LONGEST_DELAY_MS, EchoTest


class RobotVoice:
    """Speaks with the robot's synthesiser."""

    def duration_ms(self, spoken: Spoken) -> int:
        return len(speech(spoken.text)) // 16

    def pieces(self, spoken: Spoken) -> Iterator[tuple[str, bytes]]:
        yield spoken.text, speech(spoken.text)


OPENING_MS = len(speech(OPENING)) // 16


@dataclass
class Call:
    record: CallRecord
    recording: Recording

    def when(self, what: str) -> list[int]:
        return [moment.at_ms for moment in self.record.timeline if moment.what == what]


def call(
    *,
    echo_db: float,
    delay_ms: int = 200,
    caller: bytes = b"",
    texts: tuple[str, ...] = (),
    length_ms: int | None = None,
    half_duplex: bool = False,
) -> Call:
    """Run a call on a quiet line; the caller's recording begins with the call."""
    line = telephone_line(RATE, LineSettings(noise=Noise.PINK, snr_db=35), np.random.default_rng(5))
    leg = EchoingLeg(
        caller,
        line,
        delay_ms=delay_ms,
        echo_db=echo_db,
        length_ms=length_ms or OPENING_MS + 3000,
    )

    async def main() -> Call:
        driver = CallDriver(
            CallSession(script(), {}),
            leg,
            detector=SpeechDetector(webrtc_vad()),
            recogniser=ScriptedRecogniser(*texts),
            voice=RobotVoice(),
            ears=InlineExecutor(),
            voices=InlineExecutor(),
            half_duplex=half_duplex,
        )
        return Call(await driver.run(), driver.recording)

    done = run_virtual(main())
    assert done.record.end_reason in (EndReason.CALLER_HUNG_UP, EndReason.FINISHED)
    return done


def after(ms: int, pcm: bytes) -> bytes:
    return bytes(ms * 16) + pcm


NO_ECHO = -200.0
DELAYS = (50, 120, 200, 330, 500)
LEVELS = (-6, -12, -20, -30)


# Whole calls


@pytest.mark.parametrize("delay_ms", DELAYS)
@pytest.mark.parametrize("echo_db", LEVELS)
def test_the_robots_own_voice_does_not_interrupt_it_nor_answer_it(
    delay_ms: int, echo_db: float
) -> None:
    done = call(echo_db=echo_db, delay_ms=delay_ms)

    assert done.when("speech_started") == []
    assert done.record.turns[0].prompts[0].complete


@pytest.mark.parametrize("echo_db", [-6, -12, -20])
def test_these_echoes_are_loud_enough_to_be_speech(echo_db: float) -> None:
    done = call(echo_db=echo_db)

    detector = SpeechDetector(webrtc_vad())
    noticed = [detector.process(frame) for frame in frames(bytes(done.recording.caller))]

    assert any(isinstance(each, SpeechStarted) for each in noticed)


@pytest.mark.parametrize("name", sorted(VOICES))
@pytest.mark.parametrize("echo_db", [NO_ECHO, -20])
def test_another_voice_pauses_the_prompt(name: str, echo_db: float) -> None:
    said = speech("不方便我在开会", name)

    done = call(echo_db=echo_db, caller=after(1500, said), texts=("不方便",) * 4, length_ms=6000)

    assert 100 <= done.when("prompt_paused")[0] - 1500 <= 260
    assert done.record.turns[0].text == "不方便"
    assert done.record.turns[0].barge_in


@pytest.mark.parametrize("echo_db", [-12, -6])
def test_a_caller_over_a_loud_echo_is_heard(echo_db: float) -> None:
    said = speech("不方便我在开会", "zhang")

    done = call(echo_db=echo_db, caller=after(1500, said), texts=("不方便",) * 4, length_ms=6000)

    assert 240 <= done.when("prompt_paused")[0] - 1500 <= 1000
    assert done.record.turns[0].text == "不方便"


@pytest.mark.parametrize("delay_ms", [50, 500])
def test_an_answer_in_the_tail_of_the_echo_is_heard(delay_ms: int) -> None:
    """The caller begins 100 ms after the prompt; its echo is still in the air."""
    said = speech("方便可以", "lin")
    begin = OPENING_MS + 100

    done = call(
        echo_db=-12,
        delay_ms=delay_ms,
        caller=after(begin, said),
        texts=("可以",),
        length_ms=begin + 4000,
    )

    turn = done.record.turns[0]
    assert turn.text == "可以"
    assert turn.speech_start_ms is not None
    assert abs(turn.speech_start_ms - begin) <= 500
    assert [each.text for each in done.record.turns[1].prompts] == [QUESTION]


# Half duplex


def test_a_robot_that_is_deaf_while_it_speaks_is_interrupted_by_nobody() -> None:
    said = speech("不方便我在开会", "wang")

    done = call(echo_db=0.0, caller=after(1500, said), half_duplex=True)

    assert done.when("speech_started") == []
    assert done.record.turns[0].prompts[0].complete


def test_a_robot_that_is_deaf_while_it_speaks_waits_for_the_room_to_fall_silent() -> None:
    """A loudspeaker that rattles sends back what no correlation finds: here, another voice."""
    begin, end = OPENING_MS - 1000, OPENING_MS + 280
    rattling = speech("不方便我在开会不要再打了谢谢", "wang")[: (end - begin) * 16]

    done = call(echo_db=NO_ECHO, caller=after(begin, rattling), half_duplex=True)

    assert done.when("speech_started") == []


def test_a_robot_that_is_deaf_while_it_speaks_hears_the_answer() -> None:
    begin = OPENING_MS + 400

    done = call(
        echo_db=0.0,
        caller=after(begin, speech("方便可以", "wang")),
        texts=("可以",),
        length_ms=begin + 4000,
        half_duplex=True,
    )

    started = next(each for each in done.record.timeline if each.what == "speech_started")
    assert abs(started.detail["at_ms"] - begin) <= 60
    assert started.at_ms - begin <= 180
    assert done.record.turns[0].text == "可以"


# The test itself


def correlations(played: bytes, heard: bytes, rate: int = RATE) -> list[float]:
    test = EchoTest(rate)
    found = []
    for sent, came in zip(frames(played, rate), frames(heard, rate), strict=False):
        test.play(sent.pcm)
        test.hear(came.pcm)
        found.append(test.correlation)
    return found


def test_nothing_is_an_echo_before_something_was_heard() -> None:
    test = EchoTest(RATE)

    assert test.correlation == 0.0
    assert test.correlation < ECHO_CORRELATION


def test_three_frames_are_the_least_that_is_compared() -> None:
    found = correlations(tone(80), tone(80))

    assert found[:2] == [0.0, 0.0]
    assert found[2] == pytest.approx(1.0, abs=0.001)


def test_digital_silence_is_no_echo() -> None:
    voice = speech(OPENING)

    assert correlations(bytes(len(voice)), voice)[-1] == 0.0
    assert correlations(voice, bytes(len(voice)))[-1] == 0.0
    assert correlations(bytes(8000), bytes(8000))[-1] == 0.0


def test_more_heard_than_played_is_no_echo() -> None:
    test = EchoTest(RATE)
    test.play(silence(RATE))
    for frame in frames(tone(100)):
        test.hear(frame.pcm)

    assert test.correlation == 0.0


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("delay_ms", [0, 20, 333, LONGEST_DELAY_MS])
def test_an_echo_is_found_at_every_delay_up_to_the_longest(rate: int, delay_ms: int) -> None:
    noise = np.random.default_rng(3).standard_normal(rate * 2) * 3000
    played = noise.astype("<i2").tobytes()
    heard = bytes(2 * (delay_ms * rate // 1000)) + played

    found = correlations(played, heard, rate)

    assert found[(delay_ms + COMPARED_MS) // 20] == pytest.approx(1.0, abs=0.001)
    assert found[-1] == pytest.approx(1.0, abs=0.001)


def test_an_echo_that_comes_later_than_the_longest_delay_is_not_found() -> None:
    noise = np.random.default_rng(3).standard_normal(RATE * 2) * 3000
    played = noise.astype("<i2").tobytes()

    found = correlations(played, bytes(16 * (LONGEST_DELAY_MS + 20)) + played)

    assert max(found) < ECHO_CORRELATION


def test_an_inverted_echo_is_an_echo() -> None:
    voice = np.frombuffer(speech(OPENING), "<i2")

    assert correlations(voice.tobytes(), (-voice).astype("<i2").tobytes())[-1] > 0.99


def test_a_pure_tone_is_not_mistaken_for_another() -> None:
    assert max(correlations(tone(1000, hz=650), drawn("#" * 50))) < ECHO_CORRELATION
