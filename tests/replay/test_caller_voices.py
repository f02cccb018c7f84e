"""Every caller's voice, over a telephone line, is understood by the real recogniser."""

import numpy as np
import pytest

from voicebot import bootstrap, config
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.engines.vosk import VoskModel
from voicebot.simulation.line import LineSettings, Noise, telephone_line
from voicebot.simulation.utterance import parse
from voicebot.simulation.voices import VOICES, CallerSpeech

PHRASES = ("可以啊", "多少钱一包", "我现在不方便", "转人工", "不要再打电话了", "没有了谢谢")
FRAME_BYTES = 320


@pytest.fixture(scope="module")
def ear() -> VoskModel:
    return bootstrap.load_model(None)


def heard(ear: VoskModel, voice: str, text: str, line: LineSettings) -> str:
    settings = VOICES[voice]
    synthesiser = EspeakSynthesiser(
        variant=settings.variant,
        rate=settings.rate,
        pitch=settings.pitch,
        pitch_range=settings.pitch_range,
    )
    spoken = CallerSpeech(synthesiser, config.LINE_RATE, tract=settings.tract)(parse(text))
    pcm = bytes(10 * FRAME_BYTES) + spoken.pcm + bytes(20 * FRAME_BYTES)
    wire = telephone_line(config.LINE_RATE, line, np.random.default_rng(1))
    recogniser = ear.recogniser(config.LINE_RATE)
    recogniser.listen(PHRASES)
    for at in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES):
        recogniser.accept(wire(pcm[at : at + FRAME_BYTES]))
    return recogniser.finish().text


@pytest.mark.parametrize("voice", sorted(VOICES))
def test_a_voice_is_understood_on_a_clean_line(ear: VoskModel, voice: str) -> None:
    assert [heard(ear, voice, text, LineSettings()) for text in PHRASES] == list(PHRASES)


@pytest.mark.parametrize("voice", sorted(VOICES))
def test_a_voice_is_mostly_understood_over_noise(ear: VoskModel, voice: str) -> None:
    street = LineSettings(noise=Noise.PINK, snr_db=15)

    right = sum(heard(ear, voice, text, street) == text for text in PHRASES)

    assert right >= len(PHRASES) - 1
