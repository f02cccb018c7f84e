"""Is it a sound that is held while its speaker thinks? 嗯… and 啊… before an answer.

Filled pauses keep their pitch and their spectrum (Goto, Itou and Hayamizu, 1999), and a short
answer does not: 不, 对 and 要 fall, 好 and 行 change their vowel. A recogniser that may only hear
answers takes a hummed 嗯 for the one that is least unlike it, often 不; the sound tells them apart.
"""

import numpy as np
from numpy.typing import NDArray

from voicebot.audio.frame import FRAME_MS, frame_samples
from voicebot.speech.voicing import pitch

HELD_MS = 200
"""So much of the sound is looked at."""
FADING_MS = 40
"""Before its end: where it fades out nothing is steady."""
NEEDED_MS = HELD_MS + FADING_MS + FRAME_MS

EDGES_HZ = (100, 200, 300, 500, 750, 1125, 1750, 2500, 3400)
"""Of the bands whose levels make the spectrum."""
STEADY = 0.13
"""Mean change of a band's level from frame to frame, in tenths of a bel. 嗯 in eleven synthetic
voices through a telephone: 0.05 to 0.15; other last syllables 0.24 in the median."""
FALLING = -8.0
"""Semitones a second. 嗯 has 7 to 15 there, 不 and 对 have -11 to -37."""
VOICED_SHARE = 0.8
"""Of its frames repeat themselves."""
CLEARLY = 0.6
OCTAVE_SAFE = 5.0
"""Semitones from the median: what is further away is an error of an octave."""


def is_held(pcm: bytes, sample_rate: int) -> bool:
    """Tell whether the sound that ends with `pcm` (signed 16-bit, `NEEDED_MS`) was held."""
    size = frame_samples(sample_rate)
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    count = HELD_MS // FRAME_MS
    begin = len(samples) - NEEDED_MS // FRAME_MS * size
    if begin < 0:
        return False
    frames = [samples[begin + at * size : begin + (at + 2) * size] for at in range(count)]
    pitches, clear = zip(*(pitch(frame, sample_rate) for frame in frames), strict=True)
    if sum(each > CLEARLY for each in clear) < VOICED_SHARE * count:
        return False
    bands = np.array([_bands(frame, sample_rate) for frame in frames])
    if np.mean(np.abs(np.diff(bands, axis=0))) >= STEADY:
        return False
    semitones = 12 * np.log2(np.array(pitches))
    sure = np.abs(semitones - np.median(semitones)) < OCTAVE_SAFE
    seconds = np.arange(count)[sure] * FRAME_MS / 1000
    return len(seconds) > count // 2 and float(np.polyfit(seconds, semitones[sure], 1)[0]) > FALLING


def _bands(frame: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """Return the logarithms of the bands' powers less their mean."""
    power = np.abs(np.fft.rfft(frame * np.hanning(len(frame)))) ** 2
    edges = [edge * len(frame) // sample_rate for edge in EDGES_HZ]
    levels = np.log10(np.add.reduceat(power, edges[:-1]) + 1)
    return np.asarray(levels - levels.mean(), np.float64)
