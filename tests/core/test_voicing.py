import numpy as np
import pytest

from tests.builders import tone
from voicebot.speech.voicing import HIGHEST_HZ, LOWEST_HZ, VOICED, periodicity


def noise(samples: int) -> bytes:
    return (np.random.default_rng(2).standard_normal(samples) * 3000).astype("<i2").tobytes()


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("hz", [LOWEST_HZ + 5, 120, 250, HIGHEST_HZ])
def test_what_has_a_pitch_repeats_itself(rate: int, hz: float) -> None:
    assert periodicity(tone(40, rate=rate, hz=hz), rate) > 0.9


@pytest.mark.parametrize("rate", [8000, 16000])
def test_noise_does_not(rate: int) -> None:
    found = [periodicity(noise(rate)[at : at + rate * 2 // 25], rate) for at in range(0, rate, 640)]

    assert np.median(found) < VOICED


def test_an_offset_is_no_pitch() -> None:
    samples = np.frombuffer(noise(320), "<i2") // 100 + 8000

    assert periodicity(samples.astype("<i2").tobytes(), 8000) < 0.9


@pytest.mark.parametrize("pcm", [b"", bytes(640), bytes(20), tone(1)])
def test_silence_and_too_little_sound_have_no_pitch(pcm: bytes) -> None:
    assert periodicity(pcm, 8000) == 0.0
