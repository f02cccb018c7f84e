"""From a clean voice to what a telephone line delivers.

Order as in the world: room, microphone and band, level, clipping, codec, lost packets. The
background comes from the place, and then passes the same microphone and band as the voice, or from
the line behind them. Lengths never change, so labels stay valid. Samples are in the scale of
16-bit integers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recipes.acoustic_model import noises

SAMPLE_RATE = 8_000
Wave = NDArray[np.float32]
Response = NDArray[np.complex128]
"""A filter: the factor of each frequency from 0 to half the sample rate."""

FULL_SCALE = 32_767.0
_CROWD, _NEARER_DB = 3, 8.0  # of fewer voices the speaker's is the one that is louder by so much
_TAIL = 4_000  # samples of silence for what a room and a filter add behind the sound


@dataclass(frozen=True, slots=True)
class Line:
    """How rough the line is: probabilities and ranges."""

    noise: float = 0.7
    beside: float = 0.7  # of the noise: it is beside the speaker, not on the line
    snr_db: tuple[float, float] = (0.0, 25.0)
    babble: float = 0.25
    hiss: float = 0.5
    room: float = 0.3
    band: float = 0.6
    level_db: tuple[float, float] = (-40.0, -12.0)
    clipping: float = 0.04
    codec: float = 0.5
    packet_loss: float = 0.04


def degrade(wave: Wave, line: Line, voices: list[Wave], rng: np.random.Generator) -> Wave:
    """One random telephone line; `voices` are other utterances for babble."""
    count = len(wave)
    size = 1 << int(np.ceil(np.log2(count + _TAIL)))
    response = passed(size, line, rng)
    if rng.random() < line.room:
        wave = filtered(wave, response * np.fft.rfft(room(rng), size))
    else:
        wave = filtered(wave, response)
    if rng.random() < line.noise:
        lowest, highest = line.snr_db
        if voices and rng.random() < line.babble:
            people = int(rng.integers(1, 9))
            background = babble(count, voices, people, rng)
            if people < _CROWD:
                lowest = max(lowest, _NEARER_DB)
        else:
            background = noises.any_noise(count, rng)
        if rng.random() < line.beside:
            background = filtered(background, response)
        wave = mix(wave, background, rng.uniform(lowest, highest))
    if rng.random() < line.hiss:
        hiss = rms(wave) * 10 ** (-rng.uniform(30, 60) / 20)
        wave = wave + (hiss * rng.standard_normal(count)).astype(np.float32)
    wave = at_level(wave, rng.uniform(*line.level_db))
    if rng.random() < line.clipping:
        limit = np.abs(wave).max() * rng.uniform(0.15, 0.6)
        wave = np.clip(wave, -limit, limit)
    if rng.random() < line.packet_loss:
        wave = lose_packets(wave, rng)
    choice = rng.random()
    if choice < line.codec:
        return a_law(wave) if choice < line.codec * 0.75 else mu_law(wave)
    return np.clip(np.rint(wave), -FULL_SCALE, FULL_SCALE).astype(np.float32)


def passed(size: int, line: Line, rng: np.random.Generator) -> Response:
    """What a microphone and the band of a line leave of each frequency of `size` samples."""
    frequency = _frequencies(size)
    knots = np.array([0, 250, 500, 1000, 1800, 2800, 4000])
    gain_db = np.interp(frequency, knots, rng.normal(0, rng.uniform(0, 5), len(knots)))
    response: Response = np.asarray(10 ** (gain_db / 20), np.complex128)
    if rng.random() < line.band:
        low, high = rng.uniform(150, 380), rng.uniform(3000, 3700)
        response = response * _band(frequency, low, high)
    return response


def filtered(wave: Wave, response: Response) -> Wave:
    """The sound with each frequency weighed; as long as before."""
    size = 2 * (len(response) - 1)
    return np.asarray(np.fft.irfft(np.fft.rfft(wave, size) * response)[: len(wave)], np.float32)


def telephone_band(wave: Wave) -> Wave:
    """The plain 300-3400 Hz band, for tests."""
    size = 1 << int(np.ceil(np.log2(len(wave) + 800)))
    return filtered(wave, _band(_frequencies(size), 300, 3400))


def _frequencies(size: int) -> NDArray[np.float64]:
    return np.asarray(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), np.float64)


def _band(frequency: NDArray[np.float64], low: float, high: float) -> Response:
    gain = 1 / (1 + (low / np.maximum(frequency, 1)) ** 6) / (1 + (frequency / high) ** 24)
    return np.asarray(gain, np.complex128)


def room(rng: np.random.Generator) -> Wave:
    """A direct path with exponentially fading, sparse reflections."""
    count = int(SAMPLE_RATE * rng.uniform(0.05, 0.35))
    tail = rng.standard_normal(count) * (rng.random(count) < rng.uniform(0.05, 0.5))
    tail *= 10 ** (-3 * np.arange(count) / (SAMPLE_RATE * rng.uniform(0.1, 0.5)))
    tail *= rng.uniform(0.1, 0.8) / (np.sqrt(np.sum(tail**2)) + 1e-9)
    tail[0] = 1.0
    return tail.astype(np.float32)


def babble(count: int, voices: list[Wave], people: int, rng: np.random.Generator) -> Wave:
    """So many other people at once."""
    total = np.zeros(count, np.float32)
    for _ in range(people):
        voice = voices[rng.integers(len(voices))]
        repeated = np.resize(np.roll(voice, rng.integers(len(voice))), count)
        total += repeated / (rms(repeated) + 1e-9)
    return total


def mix(wave: Wave, background: Wave, snr_db: float) -> Wave:
    """Add background at a ratio to the loud parts of the speech."""
    speech = loudness(wave)
    return wave + background * (speech * 10 ** (-snr_db / 20) / (rms(background) + 1e-9))


def loudness(wave: Wave) -> float:
    """Level of the frames that carry the speech: pauses do not count."""
    frames = wave[: len(wave) // 160 * 160].reshape(-1, 160)
    if not len(frames):
        return rms(wave)
    energy = np.mean(frames**2, axis=1)
    return float(np.sqrt(np.mean(energy[energy >= 0.05 * energy.max()]) + 1e-12))


def rms(wave: Wave) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)) + 1e-12))


def at_level(wave: Wave, level_db: float) -> Wave:
    """Scale so that the speech stands at this level below full scale."""
    return np.asarray(wave * (FULL_SCALE * 10 ** (level_db / 20) / loudness(wave)), np.float32)


def a_law(wave: Wave) -> Wave:
    """There and back through G.711 A-law, by its formula."""
    a = 87.6
    x = np.clip(wave / FULL_SCALE, -1, 1)
    y = np.where(np.abs(x) < 1 / a, a * np.abs(x), 1 + np.log(np.maximum(a * np.abs(x), 1))) / (
        1 + np.log(a)
    )
    y = (np.floor(y * 127.999) + 0.5) / 128
    y = y * (1 + np.log(a))
    back = np.where(y < 1, y / a, np.exp(y - 1) / a)
    return np.asarray(np.sign(x) * back * FULL_SCALE, np.float32)


def mu_law(wave: Wave) -> Wave:
    """There and back through G.711 mu-law, by its formula."""
    mu = 255.0
    x = np.clip(wave / FULL_SCALE, -1, 1)
    y = np.log1p(mu * np.abs(x)) / np.log1p(mu)
    y = (np.floor(y * 127.999) + 0.5) / 128
    return np.asarray(np.sign(x) * np.expm1(y * np.log1p(mu)) / mu * FULL_SCALE, np.float32)


def lose_packets(wave: Wave, rng: np.random.Generator) -> Wave:
    """Replace some 20 ms packets by silence or by a fading copy of the one before."""
    out = wave.copy()
    share = rng.uniform(0.01, 0.08)
    repeat = rng.random() < 0.5
    for start in range(160, len(out) - 160, 160):
        if rng.random() < share:
            out[start : start + 160] = out[start - 160 : start] * 0.7 if repeat else 0
    return out
