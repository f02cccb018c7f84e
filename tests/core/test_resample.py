import numpy as np
import pytest
from numpy.typing import NDArray

from tests.builders import tone
from voicebot.audio.resample import resample, stream_resampler

PAIRS = [(8000, 16000), (16000, 8000), (22050, 8000), (44100, 16000), (48000, 8000)]


def samples(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(float)


def hertz(pcm: bytes, rate: int) -> float:
    """The strongest tone."""
    signal = samples(pcm)
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))
    return float(np.fft.rfftfreq(len(signal), 1 / rate)[spectrum.argmax()])


def streamed(pcm: bytes, from_hz: int, to_hz: int, piece: int) -> bytes:
    stream = stream_resampler(from_hz, to_hz)
    parts = [stream.push(pcm[at : at + piece]) for at in range(0, len(pcm), piece)]
    return b"".join(parts) + stream.flush()


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_a_second_stays_a_second_and_a_tone_the_same_tone(from_hz: int, to_hz: int) -> None:
    changed = resample(tone(1000, rate=from_hz, hz=440), from_hz, to_hz)

    assert abs(len(changed) // 2 - to_hz) <= 1
    assert hertz(changed, to_hz) == pytest.approx(440, abs=2)
    middle = samples(changed)[to_hz // 4 : to_hz // 2]
    assert abs(middle).max() == pytest.approx(8000, rel=0.02)


def test_a_tone_that_the_new_rate_cannot_hold_is_gone() -> None:
    changed = resample(tone(1000, rate=16000, hz=6000), 16000, 8000)

    assert abs(samples(changed)[400:-400]).max() < 20


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
@pytest.mark.parametrize("piece", [2, 320, 1000, 100_000])
def test_a_stream_in_pieces_is_the_whole(from_hz: int, to_hz: int, piece: int) -> None:
    ms = 20 if piece == 2 else 500
    pcm = tone(ms, rate=from_hz)

    pieces = samples(streamed(pcm, from_hz, to_hz, piece))
    whole = samples(resample(pcm, from_hz, to_hz))

    assert abs(len(pieces) - len(whole)) <= 1
    length = min(len(pieces), len(whole))
    # Rounding differs by a bit or two; a lost or doubled sample would differ by thousands.
    assert abs(pieces[:length] - whole[:length]).max() <= 2


def test_a_flushed_stream_begins_anew() -> None:
    stream = stream_resampler(8000, 16000)
    first = stream.push(tone(100)) + stream.flush()

    second = stream.push(tone(100)) + stream.flush()

    assert second == first


def test_two_streams_of_the_same_audio_are_the_same_bit_by_bit() -> None:
    first = streamed(tone(500), 8000, 16000, 320)

    second = streamed(tone(500), 8000, 16000, 320)

    assert second == first


def test_flushing_an_unused_stream_gives_nothing() -> None:
    stream = stream_resampler(8000, 16000)

    assert stream.flush() == b""
    assert stream.push(tone(100)) + stream.flush() != b""


def test_equal_rates_change_nothing_and_hold_nothing_back() -> None:
    stream = stream_resampler(8000, 8000)

    assert resample(tone(100), 8000, 8000) == tone(100)
    assert stream.push(tone(20)) == tone(20)
    assert stream.flush() == b""
