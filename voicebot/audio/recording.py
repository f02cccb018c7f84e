"""Recorded prompts: a WAV beside the script, checked before anybody hears it."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from voicebot.audio import levels, wav
from voicebot.audio.resample import resample
from voicebot.errors import BadAudio, Problem

LONGEST_S = 60
"""Seconds a caller listens to one prompt at most; longer is a wrong file."""
SHORTEST_MS = 100
"""Less than this is no word."""
CLIPPED_RUN = 4
"""Full-scale samples in a row that are not speech but its cut-off top."""
CLIPPED_SHARE = 0.001
"""Of all samples; 0.1 % cut off is where distortion is heard."""
QUIETEST_DBFS = -45.0
"""Active level under which a recording is a muted microphone: amplified, it would be noise."""


def load_recording(path: Path, sample_rate: int) -> bytes:
    """Return a recorded prompt as signed 16-bit mono samples at `sample_rate` Hz.

    Any rate, channels and sample format that libsndfile reads; channels are mixed. The level is
    left as it is. Raises `BadAudio` naming the file when it is missing, empty, silent, clipped
    or longer than a minute.
    """
    # Says what is wrong with a file that cannot be read; its one channel is not what we play.
    wav.read_mono(path, sample_rate)
    samples, rate = soundfile.read(str(path), dtype="float64", always_2d=True)
    # At its own rate: resampling rounds the cut-off tops.
    clipped = _clipped_share(samples)
    if clipped > CLIPPED_SHARE:
        raise _bad(
            path,
            f"is clipped: {clipped:.1%} of its samples are cut off at full scale",
            "record it again with less gain",
        )
    mono = np.clip(np.rint(samples.mean(axis=1) * 32768), -32768, 32767).astype("<i2")
    pcm = resample(mono.tobytes(), rate, sample_rate)
    milliseconds = len(pcm) // 2 * 1000 // sample_rate
    if milliseconds < SHORTEST_MS:
        raise _bad(path, f"lasts {milliseconds} ms only", "record the whole prompt")
    if milliseconds > LONGEST_S * 1000:
        raise _bad(
            path,
            f"lasts {milliseconds // 1000} s; a prompt may last {LONGEST_S} s",
            "cut it, or take the right file",
        )
    level = levels.active_dbfs(pcm, sample_rate)
    if level < QUIETEST_DBFS:
        raise _bad(
            path,
            f"is all but silent ({level:.0f} dBFS)",
            "check the microphone and record it again",
        )
    return pcm


def _clipped_share(samples: NDArray[np.float64]) -> float:
    """Return the share of samples, of all channels, that stand in a row at full scale."""
    # A row of zeros keeps the channels apart once they stand one behind the other.
    full = np.pad(np.abs(samples) >= 0.998, ((1, 1), (0, 0))).ravel(order="F")
    edges = np.flatnonzero(np.diff(full.astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= CLIPPED_RUN].sum()) / samples.size


def _bad(path: Path, what: str, hint: str) -> BadAudio:
    return BadAudio(Problem(str(path), what, hint=hint))
