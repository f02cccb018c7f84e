"""Sounds that are not speech: line tones, hold music, noise of every colour.

All at 8 kHz, floating point, about unit loudness; the caller sets the level.
"""

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 8_000
Wave = NDArray[np.float32]

_DTMF_LOW, _DTMF_HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_SCALE = (0, 2, 4, 7, 9, 12, 14, 16)


def _time(count: int) -> NDArray[np.float64]:
    return np.arange(count) / SAMPLE_RATE


def coloured(count: int, exponent: float, rng: np.random.Generator) -> Wave:
    """Noise whose power falls with frequency to this exponent: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / SAMPLE_RATE), 20.0)
    wave = np.fft.irfft(spectrum * frequency ** (-exponent / 2), count)
    return _unit(wave)


def gated_tone(count: int, hertz: tuple[float, ...], on_s: float, off_s: float) -> Wave:
    """A sum of sines switched on and off."""
    t = _time(count)
    wave = sum(np.sin(2 * np.pi * f * t) for f in hertz) * ((t % (on_s + off_s)) < on_s)
    return np.asarray(wave / len(hertz), np.float32)


def call_tone(count: int, rng: np.random.Generator) -> Wave:
    """What the line plays before or between speech: ringback, busy, DTMF or a beep."""
    kind = rng.integers(5)
    if kind == 0:
        tone = gated_tone(count, (450.0,), 1.0, 4.0)
    elif kind == 1:
        tone = gated_tone(count, (450.0,), 0.35, 0.35)
    elif kind == 2:
        pair = (float(rng.choice(_DTMF_LOW)), float(rng.choice(_DTMF_HIGH)))
        tone = gated_tone(count, pair, rng.uniform(0.06, 0.25), rng.uniform(0.05, 0.4))
    elif kind == 3:
        tone = gated_tone(count, (rng.uniform(400, 1800),), rng.uniform(0.1, 1.0), 3.0)
    else:
        tone = gated_tone(count, (440.0, 480.0), rng.uniform(0.5, 2.0), rng.uniform(0.5, 4.0))
    return np.roll(tone, rng.integers(count))


def music(count: int, rng: np.random.Generator) -> Wave:
    """A simple tune with harmonics, chords and decay, as hold music and colour rings have."""
    wave = np.zeros(count + SAMPLE_RATE)
    position, root = 0, rng.uniform(160, 420)
    beat = rng.uniform(0.12, 0.5)
    brightness = rng.uniform(0.3, 0.8)
    while position < count:
        length = int(SAMPLE_RATE * beat * rng.choice((1, 1, 2, 3)))
        t = _time(length)
        for _ in range(rng.integers(1, 4)):
            hertz = root * 2 ** (rng.choice(_SCALE) / 12)
            decay = np.exp(-t * rng.uniform(1, 6))
            note = sum(brightness**k * np.sin(2 * np.pi * hertz * (k + 1) * t) for k in range(5))
            end = min(position + length, len(wave))
            wave[position:end] += (note * decay)[: end - position]
        position += length
    return _unit(wave[:count])


def song(count: int, rng: np.random.Generator) -> Wave:
    """A voice that sings without words, alone or over a tune: most colour rings (彩铃) are songs.

    Harmonics that slide from note to note with vibrato, through up to three formants that move
    seldom: nothing in it changes as fast as in speech.
    """
    notes = max(2, int(count / (SAMPLE_RATE * rng.uniform(0.2, 0.9))))
    pitches = rng.uniform(110, 330) * 2 ** (rng.choice(_SCALE[:6], notes) / 12)
    place = np.arange(count) / count * notes
    slide = rng.uniform(0.1, 1.0)
    hertz = np.interp(place % 1, [1 - slide, 1], [0.0, 1.0])
    hertz = np.interp(np.floor(place) + hertz, np.arange(notes), pitches)
    t = _time(count)
    hertz *= 1 + rng.uniform(0, 0.03) * np.sin(2 * np.pi * rng.uniform(4, 7) * t)
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    formants = np.sort(rng.uniform((250, 800, 2200), (800, 2200, 3300)))[: rng.integers(4)]
    tilt = rng.uniform(0.6, 1.6)
    voice = np.zeros(count)
    for k in range(1, 16):
        near = [np.exp(-(((hertz * k - f) / 220) ** 2)) for f in formants]
        loudness = 0.1 + sum(near) if near else 1.0
        voice += loudness * (hertz * k < SAMPLE_RATE / 2) * np.sin(k * phase) / k**tilt
    if rng.random() < 0.5:  # each note begins anew
        voice *= np.interp(place % 1, [0, 0.1, 0.9, 1], [rng.uniform(0, 1), 1, 1, 0.2])
    accompaniment = rng.choice((0.0, 0.3, 0.7, 1.0, 1.0)) * music(count, rng)
    return _unit(_unit(voice) + accompaniment)


def street(count: int, rng: np.random.Generator) -> Wave:
    """Noise that swells and fades, with knocks."""
    slow = np.interp(np.arange(count), np.linspace(0, count, 12), rng.uniform(0.1, 1.0, 12))
    wave = coloured(count, rng.uniform(0.3, 1.8), rng) * slow
    for _ in range(rng.integers(0, 6)):
        at, length = int(rng.integers(count)), int(rng.integers(80, 1200))
        knock = rng.standard_normal(length) * np.exp(-np.arange(length) / (length / 5))
        end = min(count, at + length)
        wave[at:end] += 2 * knock[: end - at]
    return _unit(wave)


def hum(count: int, rng: np.random.Generator) -> Wave:
    """Mains hum and a machine's whine."""
    base = rng.choice((50.0, 60.0, 100.0, rng.uniform(80, 300)))
    t = _time(count)
    wave = sum(rng.uniform(0.1, 1.0) / k * np.sin(2 * np.pi * base * k * t) for k in range(1, 9))
    return _unit(wave + 0.05 * rng.standard_normal(count))


def any_noise(count: int, rng: np.random.Generator) -> Wave:
    """Background of a random kind (babble is made by the caller, who has voices)."""
    kind = rng.random()
    if kind < 0.45:
        return coloured(count, rng.choice((0.0, 0.5, 1.0, 1.0, 1.5, 2.0)), rng)
    if kind < 0.75:
        return street(count, rng)
    if kind < 0.87:
        return hum(count, rng)
    return music(count, rng)


def nothing_said(count: int, rng: np.random.Generator) -> Wave:
    """A stretch of line without any speech at all."""
    kind = rng.random()
    if kind < 0.25:
        return call_tone(count, rng)
    if kind < 0.45:
        return music(count, rng)
    if kind < 0.75:
        return song(count, rng)
    return any_noise(count, rng)


def _unit(wave: NDArray[np.floating]) -> Wave:
    return np.asarray(wave / (np.sqrt(np.mean(wave**2)) + 1e-9), np.float32)
