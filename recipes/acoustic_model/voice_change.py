"""One recording, other people: pitch, formants and tempo changed independently.

Pitch by resampling (which moves the formants too), formants by warping the spectral
envelope, tempo by WSOLA: overlapping pieces laid down where they fit best.
"""

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from recipes.acoustic_model.features import SAMPLE_RATE
from recipes.acoustic_model.recordings import STORED_RATE

Wave = NDArray[np.float32]

_WINDOW, _HOP, _LIFTER = 512, 128, 30
_GAIN_LIMIT = 2.0  # nepers: 17 dB


@dataclass(frozen=True, slots=True)
class Change:
    """Factors of pitch, formants and tempo; 1 leaves as it is."""

    pitch: float
    formants: float
    tempo: float


def draw(rng: np.random.Generator) -> Change:
    """A random other speaker: half of them with a deep voice."""
    tempo = float(np.exp(rng.uniform(np.log(0.85), np.log(1.8))))
    if rng.random() < 0.45:
        return Change(rng.uniform(0.48, 0.75), rng.uniform(0.78, 0.96), tempo)
    return Change(rng.uniform(0.8, 1.25), rng.uniform(0.88, 1.15), tempo)


def apply(wave: Wave, change: Change) -> Wave:
    """16 kHz in, 8 kHz out; the length becomes 1 / tempo of what it was."""
    warp = change.formants / change.pitch
    if abs(warp - 1) > 0.02:
        wave = warp_envelope(wave, warp)
    lower = soxr.resample(wave, STORED_RATE * change.pitch, SAMPLE_RATE, quality="LQ")
    length = round(len(wave) * SAMPLE_RATE / STORED_RATE / change.tempo)
    return stretch(np.asarray(lower, np.float32), length)


def warp_envelope(wave: Wave, factor: float) -> Wave:
    """Move the formants by a factor, leaving the harmonics where they are."""
    padded = np.pad(wave, (_WINDOW, _WINDOW + _HOP))
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    starts = np.arange(0, len(padded) - _WINDOW, _HOP)
    frames = padded[starts[:, None] + np.arange(_WINDOW)] * window
    spectrum = np.fft.rfft(frames, axis=1)
    cepstrum = np.fft.irfft(np.log(np.abs(spectrum) + 1.0), axis=1)
    cepstrum[:, _LIFTER : _WINDOW - _LIFTER + 1] = 0
    envelope = np.fft.rfft(cepstrum, axis=1).real
    position = np.minimum(np.arange(envelope.shape[1]) / factor, envelope.shape[1] - 1)
    low = position.astype(int)
    high = np.minimum(low + 1, envelope.shape[1] - 1)
    share = position - low
    moved = envelope[:, low] * (1 - share) + envelope[:, high] * share
    gain = np.exp(np.clip(moved - envelope, -_GAIN_LIMIT, _GAIN_LIMIT))
    changed = np.fft.irfft(spectrum * gain, axis=1) * window
    out = np.zeros(len(padded))
    for k in range(_WINDOW // _HOP):  # every fourth frame does not overlap
        part = changed[k :: _WINDOW // _HOP]
        flat = part.reshape(-1)
        out[k * _HOP : k * _HOP + len(flat)] += flat
    return np.asarray(out[_WINDOW : _WINDOW + len(wave)] / 1.5, np.float32)


def stretch(wave: Wave, length: int) -> Wave:
    """WSOLA to an exact length."""
    size, step, search = 240, 120, 50
    if length < 2 * size or len(wave) < 3 * size or abs(length / len(wave) - 1) < 0.02:
        position = np.linspace(0, len(wave) - 1, max(1, length))
        return np.asarray(np.interp(position, np.arange(len(wave)), wave), np.float32)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    padded = np.pad(wave, (search, size * 2 + search))
    count = length // step + 1
    out = np.zeros(count * step + size, np.float32)
    ratio = (len(wave) - size) / max(1, (count - 1) * step)
    expected = padded[search : search + size]
    for i in range(count):
        centre = search + int(i * step * ratio)
        if i:
            region = padded[centre - search : centre + search + size]
            match = np.correlate(region[: 2 * search + size], expected, "valid")
            energy = np.sqrt(np.convolve(region**2, np.ones(size), "valid") + 1.0)
            centre += int(np.argmax(match / energy)) - search
        out[i * step : i * step + size] += padded[centre : centre + size] * window
        expected = padded[centre + step : centre + step + size]
    return out[step // 2 : step // 2 + length]
