import numpy as np
import pytest
from numpy.typing import NDArray

from voicebot.audio.g711 import Codec
from voicebot.simulation.line import (
    DELAY_MS,
    NOMINAL_DBFS,
    Line,
    LineSettings,
    Noise,
    telephone_line,
)

RATE = 8000
FRAME = 160


def tone(hz: float, dbfs: float, seconds: float = 1.0, rate: int = RATE) -> bytes:
    time_s = np.arange(int(rate * seconds)) / rate
    wave: NDArray[np.float64] = (
        np.sin(2 * np.pi * hz * time_s) * np.sqrt(2) * 32768 * 10 ** (dbfs / 20)
    )
    return wave.round().astype("<i2").tobytes()


def through(line: Line, pcm: bytes) -> NDArray[np.float64]:
    """Send frame by frame, as calls do."""
    frames = [line(pcm[at : at + 2 * FRAME]) for at in range(0, len(pcm), 2 * FRAME)]
    return np.frombuffer(b"".join(frames), "<i2").astype(np.float64)


def dbfs(samples: NDArray[np.float64]) -> float:
    return 20 * float(np.log10(np.sqrt(np.mean(samples**2)) / 32768))


def plain(**settings: object) -> LineSettings:
    return LineSettings(codec=None, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hz", "least_db", "most_db"),
    [(60, -60, -20), (600, -0.3, 0.3), (1000, -0.3, 0.3), (3000, -0.5, 0.5), (3900, -60, -9)],
)
def test_only_the_telephone_band_passes(hz: float, least_db: float, most_db: float) -> None:
    line = telephone_line(RATE, plain(), np.random.default_rng(1))

    heard = through(line, tone(hz, -20))[RATE // 2 :]

    assert least_db <= dbfs(heard) + 20 <= most_db


def test_a_click_arrives_after_the_stated_delay() -> None:
    line = telephone_line(RATE, plain(), np.random.default_rng(1))
    click = np.zeros(FRAME * 2, "<i2")
    click[FRAME - 10] = 20000

    heard = through(line, click.tobytes())

    assert int(np.argmax(np.abs(heard))) == FRAME - 10 + RATE * DELAY_MS // 1000


@pytest.mark.parametrize("noise", [Noise.WHITE, Noise.PINK, Noise.BABBLE, Noise.HUM])
def test_noise_is_as_loud_as_the_ratio_says(noise: Noise) -> None:
    voices = [tone(700, -20), tone(1100, -35)]
    settings = plain(noise=noise, snr_db=12.0, level_dbfs=-26.0)
    line = telephone_line(RATE, settings, np.random.default_rng(3), voices)

    heard = through(line, bytes(2 * RATE * 11))

    assert dbfs(heard) == pytest.approx(-26 - 12, abs=0.3)


def test_a_voice_at_the_nominal_level_comes_out_at_the_lines_level() -> None:
    line = telephone_line(RATE, plain(level_dbfs=-35.0), np.random.default_rng(1))

    heard = through(line, tone(800, NOMINAL_DBFS))[RATE // 2 :]

    assert dbfs(heard) == pytest.approx(-35, abs=0.3)


@pytest.mark.parametrize("codec", [Codec.ALAW, Codec.ULAW])
def test_the_codec_leaves_its_256_levels_and_little_distortion(codec: Codec) -> None:
    coded = telephone_line(RATE, LineSettings(codec), np.random.default_rng(1))
    clear = telephone_line(RATE, plain(), np.random.default_rng(1))
    speech = tone(440, -15)

    heard, true = through(coded, speech), through(clear, speech)

    assert len(set(heard)) <= 256
    assert dbfs(true) - dbfs(heard - true) > 30


def test_the_same_seed_makes_the_same_noise_and_another_seed_another() -> None:
    settings = LineSettings(noise=Noise.PINK, snr_db=10)
    quiet = bytes(2 * RATE)

    first, same, other = (
        through(telephone_line(RATE, settings, np.random.default_rng(seed)), quiet)
        for seed in (7, 7, 8)
    )

    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_babble_without_voices_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one voice"):
        telephone_line(RATE, LineSettings(noise=Noise.BABBLE), np.random.default_rng(1), [])
