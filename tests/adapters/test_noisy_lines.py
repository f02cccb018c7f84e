"""The detector on loud lines and beside other people: real speech, real noise, the real engine.

Callers are at -22 dBFS, so a noise of -28 is 6 dB under them.
"""

from itertools import pairwise

import numpy as np
import pytest

from tests.adapters.speaking import RATE, speech
from tests.builders import frames
from voicebot.engines.webrtc_vad import webrtc_vad
from voicebot.simulation.line import NOMINAL_DBFS, LineSettings, Noise, telephone_line
from voicebot.speech.detector import SpeechDetector, SpeechPaused, SpeechStarted

SAID = "我觉得你们的咖啡豆有点酸"
BEFORE_MS, AFTER_MS = 12_000, 5000
"""Of noise alone: long enough for the floor to be found."""

LONGEST_SILENCE_MS = 1600
"""After which any answer is over: see `TurnSettings`."""


def on_the_line(pcm: bytes, noise: Noise, noise_dbfs: float, seed: int) -> bytes:
    """Return what arrives of a caller from a noisy place."""
    others = [
        speech("今天我们去市场买了很多新鲜的水果", name) for name in ("chen", "liu", "gao", "xu")
    ]
    settings = LineSettings(noise=noise, snr_db=NOMINAL_DBFS - noise_dbfs)
    line = telephone_line(RATE, settings, np.random.default_rng(seed), others)
    return b"".join(line(frame.pcm) for frame in frames(pcm))


def told(pcm: bytes) -> list[tuple[str, int]]:
    """What the detector tells, in milliseconds."""
    detector = SpeechDetector(webrtc_vad())
    found = []
    for frame in frames(pcm):
        match detector.process(frame):
            case SpeechStarted(position):
                found.append(("start", position * 1000 // RATE))
            case SpeechPaused(position):
                found.append(("end", position * 1000 // RATE))
    return found


def answered(name: str, noise: Noise, noise_dbfs: float) -> tuple[int, list[tuple[str, int]]]:
    """How long an answer lasts, and what is told from its beginning on, counted from there."""
    said = speech(SAID, name)
    length = len(said) // 16
    pcm = bytes(BEFORE_MS * 16) + said + bytes(AFTER_MS * 16)
    moments = told(on_the_line(pcm, noise, noise_dbfs, seed=2))
    return length, [(what, at - BEFORE_MS) for what, at in moments if at >= BEFORE_MS - 100]


@pytest.mark.parametrize("noise", [Noise.PINK, Noise.WHITE])
@pytest.mark.parametrize("noise_dbfs", [-28, -34, -40])
def test_loud_noise_is_known_as_noise_after_some_seconds_and_stays_it(
    noise: Noise, noise_dbfs: float
) -> None:
    moments = told(on_the_line(bytes(60_000 * 16), noise, noise_dbfs, seed=4))

    assert all(at < 8000 for _, at in moments)
    assert [what for what, _ in moments] == ["start", "end"] * (len(moments) // 2)


@pytest.mark.parametrize("name", ["chen", "liu", "sun", "zhao", "ma"])
@pytest.mark.parametrize("noise", [Noise.PINK, Noise.WHITE])
@pytest.mark.parametrize(
    ("noise_dbfs", "late_ms", "pause_ms"),
    [
        # 6 dB over the noise a deep voice's first vowels do not stand out.
        (-28, 700, 900),
        (-32, 100, 700),
        (-40, 100, 700),
    ],
)
def test_a_caller_over_loud_noise_begins_and_ends_where_they_do(
    name: str, noise: Noise, noise_dbfs: float, late_ms: int, pause_ms: int
) -> None:
    length, moments = answered(name, noise, noise_dbfs)

    assert moments[0][0] == "start"
    assert -100 <= moments[0][1] <= late_ms
    assert moments[-1][0] == "end"
    assert abs(moments[-1][1] - length) <= 180
    pauses = [then - at for (what, at), (_, then) in pairwise(moments) if what == "end"]
    assert max(pauses, default=0) < pause_ms


@pytest.mark.parametrize("name", ["chen", "liu", "sun"])
@pytest.mark.parametrize("under_db", [22, 25, 30])
def test_people_behind_the_caller_do_not_go_on_with_the_answer(name: str, under_db: float) -> None:
    length, moments = answered(name, Noise.BABBLE, NOMINAL_DBFS - under_db)

    ends = [at for what, at in moments if what == "end"]
    again = [at for what, at in moments if what == "start" and at > length]
    assert abs(ends[0] - length) <= 60
    assert all(at - length > LONGEST_SILENCE_MS for at in again)
