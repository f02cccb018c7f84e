"""The sounds of a caller's surroundings: seeded, equally loud, and what their names say."""

from collections.abc import Callable

import numpy as np
import pytest

from voicebot.simulation import sounds
from voicebot.simulation.line import NOMINAL_DBFS, Noise

RATE = 8000

MADE: dict[str, Callable[[np.random.Generator], bytes]] = {
    "cough": lambda rng: sounds.cough(RATE, rng, times=2),
    "door": lambda rng: sounds.door(RATE, rng),
    "ring": lambda rng: sounds.phone_ring(RATE, 3000, rng),
    "music": lambda rng: sounds.music(RATE, 3000, rng),
    "breathing": lambda rng: sounds.breathing(RATE, 3000, rng),
}


def loudest_dbfs(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768
    window = RATE * sounds.LOUDNESS_MS // 1000
    power = np.convolve(samples**2, np.full(window, 1 / window), mode="valid")
    return 10 * float(np.log10(power.max()))


def strongest_hz(pcm: bytes, count: int) -> set[int]:
    """The frequencies of the highest peaks, to 10 Hz."""
    spectrum = np.abs(np.fft.rfft(np.frombuffer(pcm, "<i2"), RATE))
    found: set[int] = set()
    for _ in range(count):
        hz = int(spectrum.argmax())
        spectrum[max(0, hz - 40) : hz + 40] = 0
        found.add(round(hz, -1))
    return found


@pytest.mark.parametrize("name", MADE)
def test_every_sound_is_as_loud_as_a_voice_and_is_not_cut_off(name: str) -> None:
    pcm = MADE[name](np.random.default_rng(1))

    assert loudest_dbfs(pcm) == pytest.approx(NOMINAL_DBFS, abs=0.2)
    assert np.abs(np.frombuffer(pcm, "<i2").astype(int)).max() < 32767


@pytest.mark.parametrize("name", MADE)
def test_a_seed_gives_a_sound_again_and_another_seed_another_one(name: str) -> None:
    first, again, other = (MADE[name](np.random.default_rng(seed)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


@pytest.mark.parametrize("key", sounds.KEYS)
def test_a_key_has_its_two_tones(key: str) -> None:
    pcm = sounds.dtmf(RATE, key, 500)

    assert strongest_hz(pcm, 2) == {round(hz, -1) for hz in sounds.KEYS[key]}


@pytest.mark.parametrize(("tone", "on_ms"), [(sounds.busy_tone, 350), (sounds.ringback, 1000)])
def test_an_exchange_sends_450_hz_on_and_off(tone: Callable[[int, int], bytes], on_ms: int) -> None:
    pcm = tone(RATE, on_ms + 300)

    at = on_ms * RATE // 1000 * 2
    assert strongest_hz(pcm, 1) == {sounds.TONE_HZ}
    assert any(pcm[at - 100 : at])
    assert not any(pcm[at:])


def test_steady_noise_has_the_level_of_a_voice() -> None:
    pcm = sounds.steady(Noise.PINK, RATE, 4000, np.random.default_rng(1))

    samples = np.frombuffer(pcm, "<i2") / 32768
    assert 10 * np.log10(np.mean(samples**2)) == pytest.approx(NOMINAL_DBFS, abs=1)


def test_babble_needs_voices() -> None:
    with pytest.raises(ValueError, match="at least one voice"):
        sounds.babble(RATE, 1000, np.random.default_rng(1), [])


def test_what_is_made_too_loud_is_cut_off() -> None:
    pcm = sounds.scaled(sounds.dtmf(RATE, "5"), 40.0)

    assert np.frombuffer(pcm, "<i2").max() == 32767
