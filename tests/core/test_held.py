"""A sound that is held keeps its pitch and its spectrum; a syllable with a tone does not."""

import numpy as np
import pytest

from voicebot.audio.frame import SAMPLE_BYTES
from voicebot.speech.held import NEEDED_MS, is_held

RATE = 8000


def sung(
    *, slope: float = 0.0, hz: float = 140.0, ms: int = 400, moving: float = 0.0, noise: float = 0.0
) -> bytes:
    """A vowel-like sound: `slope` in semitones a second, `moving` formant in Hz a second."""
    time = np.arange(RATE * ms // 1000) / RATE
    pitch = hz * 2 ** (slope * time / 12)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formant = 500 + moving * time
    sound = np.zeros(len(time))
    for number in range(1, 20):
        sound += np.sin(number * phase) / (1 + ((number * pitch - formant) / 150) ** 2)
    sound += np.random.default_rng(1).standard_normal(len(time)) * noise
    return bytes((sound * 6000 / np.abs(sound).max()).astype("<i2"))


@pytest.mark.parametrize("slope", [-4.0, 0.0, 10.0])
@pytest.mark.parametrize("hz", [90.0, 110.0, 120.0])
def test_a_level_or_rising_steady_sound_is_held(slope: float, hz: float) -> None:
    assert is_held(sung(slope=slope, hz=hz), RATE)


def test_a_falling_syllable_is_not() -> None:
    assert not is_held(sung(slope=-20.0), RATE)


def test_a_vowel_that_changes_is_not() -> None:
    assert not is_held(sung(moving=5000.0), RATE)


def test_a_syllable_with_a_held_end_is_not() -> None:
    assert not is_held(sung(hz=180.0, moving=2000.0, ms=200) + sung(hz=140.0), RATE)


@pytest.mark.parametrize(("ms", "held"), [(1000, True), (1100, False)])
def test_nobody_holds_a_sound_for_longer_than_a_second(ms: int, *, held: bool) -> None:
    assert is_held(sung(ms=ms), RATE) is held


def test_noise_is_not() -> None:
    rng = np.random.default_rng(2)
    noise = (rng.standard_normal(RATE) * 3000).astype("<i2").tobytes()

    assert not is_held(noise, RATE)
    assert not is_held(bytes(RATE * SAMPLE_BYTES), RATE)


def test_what_is_shorter_than_needed_is_not() -> None:
    size = RATE * NEEDED_MS // 1000 * SAMPLE_BYTES

    assert is_held(sung()[-size:], RATE)
    assert not is_held(sung()[-size + 2 :], RATE)
    assert not is_held(b"", RATE)
