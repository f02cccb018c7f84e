import numpy as np
import pytest

from recipes.acoustic_model import augmentation, noises, voice_change
from recipes.acoustic_model.augmentation import Line
from recipes.acoustic_model.features import frame_count, mfcc


def vowel(seconds: float, rate: int, pitch_hz: float = 150.0) -> np.ndarray:
    t = np.arange(int(seconds * rate)) / rate
    wave = np.sum([np.sin(2 * np.pi * pitch_hz * k * t) / k for k in range(1, 20)], axis=0)
    return np.asarray(wave * 3_000, np.float32)


def pitch_hz(wave: np.ndarray, rate: int) -> float:
    part = wave[len(wave) // 4 : len(wave) // 4 + 2_048].astype(float)
    match = np.correlate(part, part, "full")[len(part) - 1 :]
    low, high = rate // 500, rate // 60
    return rate / float(low + np.argmax(match[low:high]))


@pytest.mark.parametrize("samples", [100, 200, 279, 280, 8_000])
def test_frames_are_counted_as_the_extractor_counts_them(samples: int) -> None:
    assert len(mfcc(np.zeros(samples, np.float32))) == frame_count(samples)


def test_a_line_never_changes_the_length_nor_leaves_sixteen_bits() -> None:
    rng = np.random.default_rng(3)
    wave = vowel(1.0, 8_000)

    for _ in range(40):
        out = augmentation.degrade(wave, Line(), [wave], rng)

        assert len(out) == len(wave)
        assert np.isfinite(out).all()
        assert np.abs(out).max() <= 32_767


def test_the_same_seed_gives_the_same_line() -> None:
    wave = vowel(0.5, 8_000)

    one = augmentation.degrade(wave, Line(), [], np.random.default_rng(5))
    two = augmentation.degrade(wave, Line(), [], np.random.default_rng(5))

    assert np.array_equal(one, two)


def test_a_song_has_a_voice_all_the_way_and_no_word() -> None:
    rng = np.random.default_rng(9)

    for count in (1_600, 24_000, 40_001):
        wave = noises.song(count, rng)

        assert len(wave) == count
        assert augmentation.rms(wave) == pytest.approx(1.0, abs=0.01)
    quietest = min(augmentation.rms(part) for part in np.split(noises.song(40_000, rng), 10))
    assert quietest > 0.2


def test_noise_beside_the_speaker_passes_the_band_of_the_voice_and_noise_of_the_line_does_not() -> (
    None
):
    def share_above_the_band(beside: float) -> list[float]:
        line = Line(
            noise=1.0, snr_db=(0.0, 0.0), hiss=0.0, room=0.0, band=1.0, codec=0.0, beside=beside
        )
        found = []
        for seed in range(30):
            rng = np.random.default_rng(seed)
            out = augmentation.degrade(np.zeros(8_000, np.float32), line, [], rng)
            power = np.abs(np.fft.rfft(out)) ** 2
            found.append(float(power[3_850:].sum() / power.sum()))
        return found

    assert max(share_above_the_band(beside=1.0)) < 0.001
    assert max(share_above_the_band(beside=0.0)) > 0.01


@pytest.mark.parametrize("law", [augmentation.a_law, augmentation.mu_law])
def test_companding_costs_about_thirty_eight_decibels(law) -> None:  # type: ignore[no-untyped-def]
    wave = vowel(0.5, 8_000)

    error = law(wave) - wave

    assert 34 < 20 * np.log10(augmentation.rms(wave) / augmentation.rms(error)) < 42


def test_noise_is_mixed_at_the_ratio_asked_for() -> None:
    wave = vowel(1.0, 8_000)
    noise = noises.coloured(len(wave), 1.0, np.random.default_rng(1))

    mixed = augmentation.mix(wave, noise, 10.0)

    ratio = augmentation.loudness(wave) / augmentation.rms(mixed - wave)
    assert 20 * np.log10(ratio) == pytest.approx(10.0, abs=0.1)


def test_pitch_and_length_change_as_asked() -> None:
    wave = vowel(1.0, 16_000)

    out = voice_change.apply(wave, voice_change.Change(pitch=0.7, formants=0.9, tempo=1.25))

    assert len(out) == pytest.approx(8_000 / 1.25, abs=2)
    assert pitch_hz(out, 8_000) == pytest.approx(105, rel=0.05)
