from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from voicebot.audio import levels

RATE = 8000


def sine(dbfs: float, milliseconds: int = 1000) -> bytes:
    """Return 500 Hz whose RMS level is `dbfs`."""
    time = np.arange(RATE * milliseconds // 1000) / RATE
    amplitude = 10 ** (dbfs / 20) * np.sqrt(2) * 32768
    samples: NDArray[np.float64] = np.rint(amplitude * np.sin(2 * np.pi * 500 * time))
    return samples.astype("<i2").tobytes()


def silence(milliseconds: int) -> bytes:
    return bytes(RATE * milliseconds // 1000 * 2)


@pytest.mark.parametrize("dbfs", [-6.0, -20.0, -40.0])
def test_a_tone_measures_its_own_level_in_every_way(dbfs: float) -> None:
    tone = sine(dbfs)

    assert levels.rms_dbfs(tone) == pytest.approx(dbfs, abs=0.1)
    assert levels.active_dbfs(tone, RATE) == pytest.approx(dbfs, abs=0.1)
    assert levels.peak_dbfs(tone) == pytest.approx(dbfs + 3.01, abs=0.1)


@pytest.mark.parametrize("pcm", [b"", silence(500)])
def test_silence_measures_the_lowest_level_and_stays_silent(pcm: bytes) -> None:
    assert levels.active_dbfs(pcm, RATE) == levels.SILENT_DBFS
    assert levels.normalise(pcm, RATE) == pcm
    assert levels.trim_silence(pcm, RATE) == b""


def test_long_pauses_lower_the_rms_level_but_not_the_active_one() -> None:
    speech = sine(-20.0, 1000) + silence(5000) + sine(-20.0, 1000) + silence(3000)

    assert levels.rms_dbfs(speech) == pytest.approx(-27.0, abs=0.1)
    # The hangover counts 200 ms after each of the two words as speech: 0.8 dB.
    assert levels.active_dbfs(speech, RATE) == pytest.approx(-20.8, abs=0.3)


def test_noise_under_the_margin_is_not_speech() -> None:
    speech = sine(-20.0, 1000) + sine(-55.0, 9000)

    assert levels.active_dbfs(speech, RATE) == pytest.approx(-20.8, abs=0.3)


@pytest.mark.parametrize("dbfs", [-45.0, -20.0, -6.0])
def test_normalised_speech_has_the_target_level(dbfs: float) -> None:
    speech = sine(dbfs, 1000) + silence(1000) + sine(dbfs, 1000)

    normalised = levels.normalise(speech, RATE)

    assert levels.active_dbfs(normalised, RATE) == pytest.approx(levels.TARGET_DBFS, abs=0.2)
    assert len(normalised) == len(speech)


def test_a_peak_is_held_under_the_ceiling_and_lowers_only_its_surroundings() -> None:
    quiet = np.frombuffer(sine(-30.0, 1000), "<i2").copy()
    quiet[4000:4010] = 32000

    limited = levels.normalise(quiet.tobytes(), RATE, target_dbfs=-20.0)

    assert levels.peak_dbfs(limited) <= levels.PEAK_DBFS
    far_from_it = limited[: 2 * 3900]
    assert levels.rms_dbfs(far_from_it) == pytest.approx(levels.rms_dbfs(limited), abs=1.0)
    assert levels.rms_dbfs(far_from_it) > -30.0 + 5


@settings(deadline=None)
@given(
    samples=st.lists(st.integers(-32768, 32767), min_size=1, max_size=2000),
    by_db=st.floats(-20, 40),
    cuts=st.lists(st.integers(0, 2000), max_size=5),
)
def test_the_limiter_never_passes_its_ceiling_nor_loses_a_sample_however_the_stream_is_cut(
    samples: list[int], by_db: float, cuts: list[int]
) -> None:
    pcm = np.array(samples, "<i2").tobytes()
    edges = [0, *sorted(2 * min(cut, len(samples)) for cut in cuts), len(pcm)]
    whole = levels.Leveller(RATE, by_db)
    piecewise = levels.Leveller(RATE, by_db)

    at_once = whole.push(pcm) + whole.flush()
    in_pieces = b"".join(piecewise.push(pcm[start:end]) for start, end in pairwise(edges))
    in_pieces += piecewise.flush()

    assert levels.peak_dbfs(at_once) <= levels.PEAK_DBFS
    assert len(at_once) == len(pcm)
    difference = np.frombuffer(at_once, "<i2").astype(int) - np.frombuffer(in_pieces, "<i2")
    # A convolution over other lengths may round the last bit otherwise.
    assert np.abs(difference).max() <= 1


def test_what_needs_no_limiting_is_only_amplified() -> None:
    tone = sine(-30.0)
    leveller = levels.Leveller(RATE, 6.0)

    louder = leveller.push(tone) + leveller.flush()

    expected = np.frombuffer(tone, "<i2") * 10 ** (6 / 20)
    assert np.abs(np.frombuffer(louder, "<i2") - expected).max() <= 0.5


def test_silence_at_the_ends_is_trimmed_and_inside_it_stays() -> None:
    speech = silence(500) + sine(-20.0, 200) + silence(300) + sine(-20.0, 200) + silence(700)

    trimmed = levels.trim_silence(speech, RATE, keep_ms=40)

    assert trimmed == speech[2 * RATE * 460 // 1000 : 2 * RATE * 1240 // 1000]


@settings(deadline=None)  # the time is the machine's, not the code's
@given(cut=st.integers(20, 400))
def test_trimming_a_stream_gives_what_trimming_the_whole_gives(cut: int) -> None:
    speech = silence(500) + sine(-20.0, 200) + silence(300) + sine(-20.0, 205) + silence(700)
    trimmer = levels.SilenceTrimmer(RATE)

    streamed = b"".join(
        trimmer.push(speech[start : start + 2 * cut]) for start in range(0, len(speech), 2 * cut)
    )
    streamed += trimmer.flush()

    assert streamed == levels.trim_silence(speech, RATE)
