"""The real voice activity detector on real synthetic speech, alone and inside our own."""

from functools import cache

import numpy as np
import pytest

from tests.builders import frames
from voicebot.audio.g711 import Codec, decode, encode
from voicebot.audio.resample import resample
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.engines.webrtc_vad import webrtc_vad
from voicebot.speech.detector import SpeechDetector, SpeechPaused, SpeechStarted

LONG = "您好，我是咖啡店的自动语音助理。"


@cache
def speech(text: str, rate: int) -> bytes:
    voice = EspeakSynthesiser()
    return resample(b"".join(voice.synthesise(text)), voice.sample_rate, rate)


def noise(ms: int, dbfs: float, rate: int = 8000) -> bytes:
    generator = np.random.default_rng(11)
    samples = generator.standard_normal(rate * ms // 1000) * 32768 * 10 ** (dbfs / 20)
    return samples.astype("<i2").tobytes()


def mixed(first: bytes, second: bytes) -> bytes:
    length = min(len(first), len(second))
    total = np.frombuffer(first[:length], "<i2").astype(int) + np.frombuffer(second[:length], "<i2")
    return bytes(np.clip(total, -32768, 32767).astype("<i2"))


def events(pcm: bytes, rate: int = 8000) -> list[tuple[str, int]]:
    detector = SpeechDetector(webrtc_vad())
    told = []
    for frame in frames(pcm, rate):
        match detector.process(frame):
            case SpeechStarted(position):
                told.append(("start", position * 1000 // rate))
            case SpeechPaused(position):
                told.append(("end", position * 1000 // rate))
    return told


@pytest.mark.parametrize("rate", [8000, 16000])
def test_speech_is_voiced_and_silence_is_not(rate: int) -> None:
    is_voiced = webrtc_vad()

    silent = [is_voiced(frame) for frame in frames(bytes(rate * 2), rate)]
    spoken = [is_voiced(frame) for frame in frames(speech(LONG, rate), rate)]

    assert not any(silent)
    assert sum(spoken) / len(spoken) > 0.7


def test_two_streams_do_not_share_what_they_remember() -> None:
    fresh, used = webrtc_vad(), webrtc_vad()
    for frame in frames(noise(2000, -20)):
        used(frame)

    first = [fresh(frame) for frame in frames(speech(LONG, 8000))]
    again = webrtc_vad()
    second = [again(frame) for frame in frames(speech(LONG, 8000))]

    assert first == second


def test_a_higher_aggressiveness_calls_less_of_a_noise_speech() -> None:
    shares = []
    for aggressiveness in (0, 3):
        is_voiced = webrtc_vad(aggressiveness)
        voiced = [is_voiced(frame) for frame in frames(noise(3000, -30))]
        shares.append(sum(voiced) / len(voiced))

    assert shares[1] < shares[0]


@pytest.mark.parametrize("rate", [8000, 16000])
def test_an_utterance_begins_and_ends_where_it_is_heard(rate: int) -> None:
    pcm = bytes(rate * 2) + speech("方便", rate) + bytes(rate * 2)
    loud = np.flatnonzero(abs(np.frombuffer(pcm, "<i2").astype(int)) > 300) * 1000 // rate

    told = events(pcm, rate)

    assert [what for what, _ in told] == ["start", "end"]
    assert abs(told[0][1] - int(loud[0])) <= 60
    assert abs(told[1][1] - int(loud[-1])) <= 120


def test_a_telephone_line_with_noise_is_no_speech_and_the_caller_is() -> None:
    quiet = bytes(8000 * 2 * 2)
    voice = quiet + speech("方便", 8000) + quiet
    line = decode(encode(mixed(voice, noise(len(voice) // 16 + 1, -50)), Codec.ALAW), Codec.ALAW)

    told = events(line)

    assert [what for what, _ in told] == ["start", "end"]
    assert abs(told[0][1] - 2000) <= 100


@pytest.mark.parametrize("dbfs", [-60, -45, -35])
def test_steady_noise_alone_does_not_stay_speech(dbfs: float) -> None:
    told = events(noise(20_000, dbfs))

    assert [what for what, _ in told] in ([], ["start", "end"])


def test_a_hum_of_the_mains_does_not_stay_speech() -> None:
    time = np.arange(8000 * 10) / 8000
    hum = (np.sin(2 * np.pi * 50 * time) * 3000).astype("<i2").tobytes()

    told = events(hum)

    # The filters of webrtcvad settle within its first frames.
    assert all(at <= 100 for _, at in told)
    assert len(told) % 2 == 0
