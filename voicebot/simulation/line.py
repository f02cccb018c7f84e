"""What a telephone line and the place at its far end do to a voice.

    voice -> band 300-3400 Hz -> level -> + noise of the place -> A-law or mu-law and back

One line is one direction of one call: it keeps the state of its filter and its place in the noise
from frame to frame.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from voicebot.audio import g711
from voicebot.audio.g711 import Codec

Line = Callable[[bytes], bytes]
"""Takes one frame, returns it as the other end hears it."""

BAND_HZ = (300, 3400)
"""The telephone's pass band, ITU-T G.712."""

DELAY_MS = 4
"""What the band filter delays: half of its taps. Speech is heard this much after it was said."""

NOMINAL_DBFS = -22.0
"""Level of a voice while it speaks, as `voices` renders it: 16 dB under the A-law overload
point, where ITU-T P.56 measures an ordinary handset."""

LOOP_MS = 11_000
"""Noise is made once a line and then goes round, too long to be noticed."""

HUM_HZ = (50, 100, 150, 250, 350, 550)
"""Mains and the harmonics that a bad ground loop adds; it enters after the band filter."""


class Noise(StrEnum):
    """What is heard besides the voice."""

    WHITE = "white"
    """A hissing line."""
    PINK = "pink"
    """A street, a car, an extractor hood: the lower, the louder."""
    BABBLE = "babble"
    """Other people talking."""
    HUM = "hum"
    """The mains."""


@dataclass(frozen=True, slots=True)
class LineSettings:
    """One direction of one line."""

    codec: Codec | None = Codec.ALAW
    level_dbfs: float = NOMINAL_DBFS
    """What a voice at the nominal level comes out with."""
    noise: Noise | None = None
    snr_db: float = 20.0
    """The voice while it speaks over the noise, both within the band."""


def telephone_line(
    sample_rate: int,
    settings: LineSettings,
    rng: np.random.Generator,
    babble: Sequence[bytes] = (),
) -> Line:
    """Return a line at `sample_rate` Hz; `babble` are voices for the noise of that name."""
    taps = _band_taps(sample_rate)
    gain = 10 ** ((settings.level_dbfs - NOMINAL_DBFS) / 20)
    noise = _noise(sample_rate, settings, rng, babble)
    return _TelephoneLine(taps * gain, noise, settings.codec)


class _TelephoneLine:
    def __init__(
        self, taps: NDArray[np.float64], noise: NDArray[np.float64], codec: Codec | None
    ) -> None:
        self._taps = taps
        self._noise = noise
        self._codec = codec
        self._before = np.zeros(len(taps) - 1)
        """The last samples of the frame before, which the filter still needs."""
        self._at = 0

    def __call__(self, pcm: bytes) -> bytes:
        samples = np.frombuffer(pcm, "<i2").astype(np.float64)
        joined = np.concatenate((self._before, samples))
        self._before = joined[len(samples) :]
        heard = np.convolve(joined, self._taps, mode="valid")
        if len(self._noise):
            heard += np.take(self._noise, range(self._at, self._at + len(samples)), mode="wrap")
            self._at = (self._at + len(samples)) % len(self._noise)
        limited = np.clip(np.rint(heard), -32768, 32767).astype("<i2").tobytes()
        if self._codec is None:
            return limited
        return g711.decode(g711.encode(limited, self._codec), self._codec)


def _band_taps(sample_rate: int) -> NDArray[np.float64]:
    """Return a linear-phase band-pass, windowed sinc; its middle tap is at `DELAY_MS`."""
    half = sample_rate * DELAY_MS // 1000
    place = np.arange(-half, half + 1)
    low, high = (2 * edge / sample_rate for edge in BAND_HZ)
    taps = high * np.sinc(high * place) - low * np.sinc(low * place)
    return np.asarray(taps * np.hamming(len(taps)), np.float64)


def _noise(
    sample_rate: int,
    settings: LineSettings,
    rng: np.random.Generator,
    babble: Sequence[bytes],
) -> NDArray[np.float64]:
    """Return the noise's loop in 16-bit units at its final level; empty without noise."""
    if settings.noise is None:
        return np.zeros(0)
    length = sample_rate * LOOP_MS // 1000
    loop = _raw_noise(settings.noise, length, sample_rate, rng, babble)
    if settings.noise is not Noise.HUM:
        loop = _circular(loop, _band_taps(sample_rate))
    loudness = 10 ** ((settings.level_dbfs - settings.snr_db) / 20) * 32768
    return loop * (loudness / float(np.sqrt(np.mean(loop**2))))


def _raw_noise(
    noise: Noise,
    length: int,
    sample_rate: int,
    rng: np.random.Generator,
    babble: Sequence[bytes],
) -> NDArray[np.float64]:
    match noise:
        case Noise.WHITE:
            return rng.standard_normal(length)
        case Noise.PINK:
            spectrum = np.fft.rfft(rng.standard_normal(length))
            # Power falls with the frequency; the mean itself is left out.
            spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
            spectrum[0] = 0
            return np.asarray(np.fft.irfft(spectrum, length), np.float64)
        case Noise.BABBLE:
            return _babble(length, rng, babble)
        case Noise.HUM:
            time_s = np.arange(length) / sample_rate
            loop = np.zeros(length)
            for number, hz in enumerate(HUM_HZ, 1):
                loop += np.sin(2 * np.pi * (hz * time_s + rng.random())) / number
            return loop


def _babble(length: int, rng: np.random.Generator, babble: Sequence[bytes]) -> NDArray[np.float64]:
    """Sum the voices, each repeated all the way round from a place of its own."""
    if not any(any(voice) for voice in babble):
        raise ValueError("babble noise needs at least one voice that can be heard")
    loop = np.zeros(length)
    for voice in babble:
        samples = np.frombuffer(voice, "<i2").astype(np.float64)
        level = np.sqrt(np.mean(samples**2)) if len(samples) else 0.0
        if level:
            loop += np.roll(np.resize(samples / level, length), int(rng.integers(length)))
    return loop


def _circular(loop: NDArray[np.float64], taps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Filter a loop without a seam."""
    response = np.fft.rfft(taps, len(loop))
    return np.fft.irfft(np.fft.rfft(loop) * response, len(loop))
