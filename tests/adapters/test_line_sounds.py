"""What a line plays and does: sounds that are no speech, and speech that the line has harmed."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.adapters.speaking import RATE, speech
from voicebot.audio.g711 import Codec, decode, encode
from voicebot.engines.vosk import VoskModel
from voicebot.simulation import network, sounds
from voicebot.simulation.line import LineSettings, Noise, telephone_line
from voicebot.speech.recogniser import UNKNOWN, Transcript
from voicebot.speech.tones import Signal

PHRASES = ("方便", "不方便", "很好喝", "我不需要", "好的", "别打了", "转人工", "再说一遍")
LENGTH_MS = 5000


def dtmf(_: np.random.Generator) -> bytes:
    pause = bytes(RATE * 200 // 1000 * 2)
    return b"".join(sounds.dtmf(RATE, key) + pause for key in "13800138000#")


def steady(noise: Noise) -> Callable[[np.random.Generator], bytes]:
    return lambda rng: telephone_line(RATE, LineSettings(noise=noise, snr_db=10.0), rng)(
        bytes(RATE * LENGTH_MS // 1000 * 2)
    )


NO_SPEECH: dict[str, Callable[[np.random.Generator], bytes]] = {
    "ringback": lambda rng: network.tone(Signal.RINGBACK, RATE, LENGTH_MS),
    "busy": lambda rng: network.tone(Signal.BUSY, RATE, LENGTH_MS),
    "congestion": lambda rng: network.tone(Signal.CONGESTION, RATE, LENGTH_MS),
    "vacant": lambda rng: network.tone(Signal.VACANT, RATE, LENGTH_MS),
    "special": lambda rng: network.tone(Signal.SPECIAL, RATE, LENGTH_MS),
    "beep": lambda rng: network.beep(RATE),
    "DTMF": dtmf,
    "music": lambda rng: sounds.music(RATE, LENGTH_MS, rng),
    "telephone nearby": lambda rng: sounds.phone_ring(RATE, LENGTH_MS, rng),
    "pink noise": steady(Noise.PINK),
    "white noise": steady(Noise.WHITE),
    "hum": steady(Noise.HUM),
}


def hear(model: VoskModel, pcm: bytes, phrases: tuple[str, ...] | None) -> Transcript:
    recogniser = model.recogniser(RATE)
    recogniser.listen(phrases)
    recogniser.accept(pcm)
    return recogniser.finish()


@pytest.mark.parametrize("name", NO_SPEECH)
@pytest.mark.parametrize("gain_db", [0, -20])
def test_what_is_no_speech_gives_no_words(model: VoskModel, name: str, gain_db: int) -> None:
    for seed in range(3):
        pcm = sounds.scaled(NO_SPEECH[name](np.random.default_rng(seed)), gain_db)

        freely = hear(model, pcm, None)
        listed = hear(model, pcm, PHRASES)

        assert listed.text in ("", UNKNOWN)
        # Music can be a stray syllable, which its confidence tells from speech.
        assert freely.text == "" or (len(freely.text) == 1 and freely.confidence < 0.05)


def quiet(pcm: bytes) -> bytes:
    return sounds.scaled(pcm, -25)


def clipped(pcm: bytes) -> bytes:
    samples = np.frombuffer(pcm, "<i2")
    limit = int(np.abs(samples).max()) // 3
    return bytes(np.clip(samples, -limit, limit).astype("<i2").tobytes())


def mu_law(pcm: bytes) -> bytes:
    return decode(encode(pcm, Codec.ULAW), Codec.ULAW)


def with_gaps(pcm: bytes) -> bytes:
    rng = np.random.default_rng(4)
    packets = [pcm[at : at + 320] for at in range(0, len(pcm), 320)]
    return b"".join(bytes(len(p)) if rng.random() < 0.05 else p for p in packets)


def reverberant(pcm: bytes) -> bytes:
    rng = np.random.default_rng(5)
    count = RATE * 4 // 10
    tail = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail *= 0.7 / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    samples = np.frombuffer(pcm, "<i2").astype(float)
    heard = np.clip(np.convolve(samples, tail)[: len(samples)], -32768, 32767)
    return bytes(heard.astype("<i2").tobytes())


@pytest.mark.parametrize("harm", [quiet, clipped, mu_law, with_gaps, reverberant])
@pytest.mark.parametrize("name", ["chen", "liu"])
def test_a_harmed_line_still_carries_the_answers(
    model: VoskModel, harm: Callable[[bytes], bytes], name: str
) -> None:
    pause = bytes(RATE // 2 * 2)

    heard = {
        said: hear(model, harm(pause + speech(said, name) + pause), PHRASES).text
        for said in PHRASES
    }

    wrong = {said: text for said, text in heard.items() if text != said}
    assert not any(text in PHRASES for text in wrong.values()), wrong
    assert len(wrong) <= 1, wrong
