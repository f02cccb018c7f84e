"""Is it one sound that is held while its speaker thinks? 嗯… and 啊… before an answer.

Filled pauses keep their pitch and their spectrum (Goto, Itou and Hayamizu, 1999), and a short
answer does not: 不, 对 and 要 fall, 好 and 行 change their vowel. A recogniser that may only hear
answers takes a hummed 嗯 for the one that is least unlike it, often 不; the sound tells them apart.
All of it has to be held: the last syllable of 上午 is, but it began as another sound.
"""

import numpy as np
from numpy.typing import NDArray

from voicebot.audio.frame import FRAME_MS, frame_samples
from voicebot.speech.voicing import pitch

HELD_MS = 200
"""So much of its end is looked at closely, pitch and spectrum."""
FADING_MS = 40
"""Before its end: where it fades out nothing is steady."""
ONSET_MS = 60
"""After its beginning, likewise."""
NEEDED_MS = HELD_MS + FADING_MS + FRAME_MS
LONGEST_MS = 1000
"""Nobody holds a sound for longer; what goes on is music or a machine."""

EDGES_HZ = (100, 200, 300, 500, 750, 1125, 1750, 2500, 3400)
"""Of the bands whose levels make the spectrum."""
FAINT = 1e-4
"""What is so much less than the loudest band is noise or a gap between two harmonics."""
STEADY = 0.13
"""Mean change of a band's level from frame to frame, in tenths of a bel. 嗯 in eleven synthetic
voices through a telephone: 0.05 to 0.15; other last syllables 0.24 in the median."""
DRIFT = 0.3
"""Change of a band's mean level, in bels, from the first third of the sound to the last. 嗯 and
嗯嗯 in those voices: 0.02 to 0.3; 上午, 没, 好 and 你, whose ends are held too, 0.34 to 1.2."""
FALLING = -8.0
"""Semitones a second. 嗯 has 7 to 15 there, 不 and 对 have -11 to -37."""
VOICED_SHARE = 0.8
"""Of its frames repeat themselves."""
CLEARLY = 0.6
OCTAVE_SAFE = 5.0
"""Semitones from the median: what is further away is an error of an octave."""


def is_held(pcm: bytes, sample_rate: int) -> bool:
    """Tell whether all of a stretch of sound (signed 16-bit) was held, from beginning to end."""
    size = frame_samples(sample_rate)
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    begin = len(samples) - NEEDED_MS // FRAME_MS * size
    if not 0 <= begin <= (LONGEST_MS - NEEDED_MS) // FRAME_MS * size:
        return False
    return _ends_held(samples[begin:], size, sample_rate) and _is_one_sound(samples, size)


def _ends_held(samples: NDArray[np.float64], size: int, sample_rate: int) -> bool:
    count = HELD_MS // FRAME_MS
    frames = [samples[at * size : (at + 2) * size] for at in range(count)]
    pitches, clear = zip(*(pitch(frame, sample_rate) for frame in frames), strict=True)
    if sum(each > CLEARLY for each in clear) < VOICED_SHARE * count:
        return False
    if _unsteadiness(np.array([_bands(frame, sample_rate) for frame in frames])) >= STEADY:
        return False
    semitones = 12 * np.log2(np.array(pitches))
    sure = np.abs(semitones - np.median(semitones)) < OCTAVE_SAFE
    seconds = np.arange(count)[sure] * FRAME_MS / 1000
    return len(seconds) > count // 2 and float(np.polyfit(seconds, semitones[sure], 1)[0]) > FALLING


def _is_one_sound(samples: NDArray[np.float64], size: int) -> bool:
    """Tell whether the spectrum stays what it was from the beginning on."""
    begin = min(ONSET_MS // FRAME_MS * size, len(samples) - NEEDED_MS // FRAME_MS * size)
    end = len(samples) - (FADING_MS + FRAME_MS) // FRAME_MS * size
    bands = np.array(
        [
            _bands(samples[at : at + 2 * size], size * 1000 // FRAME_MS)
            for at in range(begin, end, size)
        ]
    )
    third = len(bands) // 3
    drift = np.mean(np.abs(bands[:third].mean(axis=0) - bands[-third:].mean(axis=0)))
    return _unsteadiness(bands) < STEADY and float(drift) < DRIFT


def _unsteadiness(bands: NDArray[np.float64]) -> float:
    return float(np.mean(np.abs(np.diff(bands, axis=0))))


def _bands(frame: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """Return the logarithms of the bands' powers less their mean."""
    power = np.abs(np.fft.rfft(frame * np.hanning(len(frame)))) ** 2
    edges = [edge * len(frame) // sample_rate for edge in EDGES_HZ]
    bands = np.add.reduceat(power, edges[:-1])
    levels = np.log10(bands + FAINT * bands.max() + 1)
    return np.asarray(levels - levels.mean(), np.float64)
