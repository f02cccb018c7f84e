"""What a microphone hears besides words: coughs, doors, music, telephones, keys.

Every sound is made from numbers alone, so a seed gives it again. All come out equally loud: the
loudest `LOUDNESS_MS` of each have the RMS level of a voice, `NOMINAL_DBFS`; `scaled` changes it.
Signed 16-bit little-endian mono samples at the asked rate.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voicebot.audio.frame import SAMPLE_BYTES
from voicebot.simulation.line import NOMINAL_DBFS, LineSettings, Noise, telephone_line

Signal = NDArray[np.float64]

LOUDNESS_MS = 100
"""How long a sound has to last to seem as loud as it is: the ear's own time constant."""

KEYS = {
    **{"1": (697, 1209), "2": (697, 1336), "3": (697, 1477), "A": (697, 1633)},
    **{"4": (770, 1209), "5": (770, 1336), "6": (770, 1477), "B": (770, 1633)},
    **{"7": (852, 1209), "8": (852, 1336), "9": (852, 1477), "C": (852, 1633)},
    **{"*": (941, 1209), "0": (941, 1336), "#": (941, 1477), "D": (941, 1633)},
}
"""DTMF frequencies in Hz, ITU-T Q.23."""

TONE_HZ = 450
"""Of every tone that Chinese exchanges send, GB/T 3380."""

BEAT_MS = 300
"""A beat of the music: 200 in a minute, since one is a note."""

SCALE_HZ = (262, 294, 330, 392, 440, 523, 587, 659)
"""Pentatonic from C4: no two notes of it clash."""

CHORDS_HZ = ((131, 165, 196), (110, 131, 165), (175, 220, 262), (196, 247, 294))
"""C, A minor, F and G, an octave under the melody."""

BELL_HZ = (1040, 1370, 2210, 2860)
"""Partials of two small gongs."""
HAMMER_HZ = 20


def cough(sample_rate: int, rng: np.random.Generator, *, times: int = 1) -> bytes:
    """Return coughs 400 ms apart, each a burst of breath and 200 ms of a rough voice."""
    pieces = [_one_cough(sample_rate, rng) for _ in range(times)]
    step = sample_rate * 400 // 1000
    signal = np.zeros(step * (times - 1) + len(pieces[-1]))
    for number, piece in enumerate(pieces):
        signal[number * step : number * step + len(piece)] += piece
    return _at_nominal(signal, sample_rate)


def _one_cough(sample_rate: int, rng: np.random.Generator) -> Signal:
    time = _time(sample_rate, int(rng.integers(260, 320)))
    breath = _band(rng.standard_normal(len(time)), sample_rate, 400, 3000)
    burst = breath * np.minimum(time / 0.008, 1) * np.exp(-time / 0.045)
    pitch = float(rng.uniform(110, 190))
    # The folds open irregularly: the phase wanders.
    phase = 2 * np.pi * pitch * time + np.cumsum(rng.standard_normal(len(time))) * 0.05
    rough = np.sign(np.sin(phase)) * 0.35 * np.clip((time - 0.06) / 0.03, 0, 1)
    return burst + _band(rough, sample_rate, 250, 2500) * np.exp(-np.maximum(time - 0.06, 0) / 0.07)


def door(sample_rate: int, rng: np.random.Generator) -> bytes:
    """Return a door that falls shut: a blow, the wood, the latch."""
    time = _time(sample_rate, 450)
    blow = rng.standard_normal(len(time)) * np.exp(-time / 0.012)
    wood = sum(
        np.sin(2 * np.pi * hz * time + rng.uniform(0, 2 * np.pi)) * np.exp(-time / fade)
        for hz, fade in ((95, 0.09), (170, 0.07), (340, 0.05), (610, 0.03))
    )
    late = np.maximum(time - 0.12, 0)
    latch = _band(rng.standard_normal(len(time)), sample_rate, 1200, 3600)
    return _at_nominal(
        blow + wood + latch * 0.5 * (time > 0.12) * np.exp(-late / 0.008), sample_rate
    )


def phone_ring(sample_rate: int, length_ms: int, rng: np.random.Generator) -> bytes:
    """Return another telephone that rings in the room: 1 s in 5."""
    time = _time(sample_rate, length_ms)
    partials = sum(
        np.sin(2 * np.pi * hz * time + rng.uniform(0, 2 * np.pi)) / number
        for number, hz in enumerate(BELL_HZ, 1)
        if hz < sample_rate / 2
    )
    hammer = np.exp(-(time * HAMMER_HZ % 1) * 1.5)
    return _at_nominal(partials * hammer * _cadence(time, 1000, 4000), sample_rate)


def music(sample_rate: int, length_ms: int, rng: np.random.Generator) -> bytes:
    """Return a plucked melody over chords and a drum; the melody is a new one every time."""
    length = sample_rate * length_ms // 1000
    beat = sample_rate * BEAT_MS // 1000
    note = _time(sample_rate, BEAT_MS)
    signal = np.zeros(-(-length // beat) * beat)
    for number, at in enumerate(range(0, len(signal), beat)):
        melody = _plucked(note, SCALE_HZ[int(rng.integers(len(SCALE_HZ)))], 0.15)
        chord = CHORDS_HZ[number // 8 % len(CHORDS_HZ)]
        below = sum(_plucked(note, hz, 0.4) for hz in chord)
        drum = rng.standard_normal(beat) * np.exp(-note / 0.02) * (0.5 if number % 2 else 1.0)
        signal[at : at + beat] = melody + 0.4 * below + 0.4 * drum
    return _at_nominal(signal[:length], sample_rate)


def _plucked(time: Signal, hz: int, fade_s: float) -> Signal:
    """Return a string: six harmonics, the higher ones softer and sooner gone."""
    onset = np.minimum(time / 0.005, 1)
    tones = [
        np.sin(2 * np.pi * hz * number * time) / number * np.exp(-time * number**0.5 / fade_s)
        for number in range(1, 7)
    ]
    return np.asarray(onset * np.sum(tones, axis=0), np.float64)


def breathing(sample_rate: int, length_ms: int, rng: np.random.Generator) -> bytes:
    """Return somebody who breathes into the microphone, in and out every 3 to 4 s."""
    length = sample_rate * length_ms // 1000
    pieces: list[Signal] = []
    while sum(map(len, pieces)) < length:
        for low_hz, high_hz, loudness in ((600, 2600, 0.7), (300, 1800, 1.0)):
            breath = _time(sample_rate, int(rng.integers(900, 1300)))
            swell = np.sin(np.pi * np.arange(len(breath)) / len(breath)) ** 2
            air = _band(rng.standard_normal(len(breath)), sample_rate, low_hz, high_hz)
            rest = np.zeros(sample_rate * int(rng.integers(500, 900)) // 1000)
            pieces += [air * swell * loudness, rest]
    return _at_nominal(np.concatenate(pieces)[:length], sample_rate)


def babble(
    sample_rate: int, length_ms: int, rng: np.random.Generator, voices: Sequence[bytes]
) -> bytes:
    """Return several people who talk at once; `voices` are their speech at the same rate."""
    return steady(Noise.BABBLE, sample_rate, length_ms, rng, voices)


def steady(
    noise: Noise,
    sample_rate: int,
    length_ms: int,
    rng: np.random.Generator,
    voices: Sequence[bytes] = (),
) -> bytes:
    """Return a noise that lines have, for a while only."""
    settings = LineSettings(codec=None, noise=noise, snr_db=0.0)
    nothing = bytes(sample_rate * length_ms // 1000 * SAMPLE_BYTES)
    return telephone_line(sample_rate, settings, rng, voices)(nothing)


def busy_tone(sample_rate: int, length_ms: int) -> bytes:
    """Return what is heard of a busy line: 350 ms on, 350 ms off."""
    return _exchange(sample_rate, length_ms, 350, 350)


def ringback(sample_rate: int, length_ms: int) -> bytes:
    """Return what is heard of a telephone that rings: 1 s on, 4 s off."""
    return _exchange(sample_rate, length_ms, 1000, 4000)


def _exchange(sample_rate: int, length_ms: int, on_ms: int, off_ms: int) -> bytes:
    time = _time(sample_rate, length_ms)
    tone = np.sin(2 * np.pi * TONE_HZ * time) * _cadence(time, on_ms, off_ms)
    return _at_nominal(tone, sample_rate)


def dtmf(sample_rate: int, key: str, length_ms: int = 120) -> bytes:
    """Return the sound of a key, one of `KEYS`. Raises `KeyError` for another one."""
    low, high = KEYS[key]
    time = _time(sample_rate, length_ms)
    tone = np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)
    return _at_nominal(tone, sample_rate)


def scaled(pcm: bytes, by_db: float) -> bytes:
    """Return the sound louder or quieter; what is too loud is cut off, as a microphone does."""
    samples = np.frombuffer(pcm, "<i2") * 10 ** (by_db / 20)
    return _pcm(np.asarray(samples, np.float64))


def _time(sample_rate: int, length_ms: int) -> Signal:
    """Return each sample's time in seconds."""
    return np.arange(sample_rate * length_ms // 1000) / sample_rate


def _cadence(time: Signal, on_ms: int, off_ms: int) -> Signal:
    return np.asarray((time * 1000) % (on_ms + off_ms) < on_ms, np.float64)


def _band(signal: Signal, sample_rate: int, low_hz: int, high_hz: int) -> Signal:
    """Keep what lies between two frequencies; the result has the signal's own power."""
    spectrum = np.fft.rfft(signal)
    hz = np.fft.rfftfreq(len(signal), 1 / sample_rate)
    kept = np.fft.irfft(spectrum * ((hz >= low_hz) & (hz <= high_hz)), len(signal))
    return np.asarray(kept * (np.std(signal) / max(float(np.std(kept)), 1e-9)), np.float64)


def _at_nominal(signal: Signal | float, sample_rate: int) -> bytes:
    samples = np.atleast_1d(np.asarray(signal, np.float64))
    window = min(len(samples), sample_rate * LOUDNESS_MS // 1000)
    power = np.concatenate(([0.0], np.cumsum(samples**2)))
    loudest = float(np.max(power[window:] - power[:-window])) / window if window else 0.0
    if loudest == 0.0:
        return _pcm(np.zeros(len(samples)))
    return _pcm(samples * (32768 * 10 ** (NOMINAL_DBFS / 20) / np.sqrt(loudest)))


def _pcm(samples: Signal) -> bytes:
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
