"""What stands in for audio that never came: the last pitch period again, fading to silence."""

import numpy as np

from voicebot.audio.frame import SAMPLE_BYTES, frame_samples

SHORTEST_LAG_MS = 2.5
LONGEST_LAG_MS = 15
"""Periods of voices from 400 down to 66 Hz, as in appendix I of ITU-T G.711."""
MATCHED_MS = 10
"""How much of the past a period is looked for with."""
HISTORY_MS = 40
"""How much of the past is needed."""
FADED_MS = 60
"""After so much without audio there is silence: longer than that, a buzz is worse than nothing."""


def conceal(history: bytes, sample_rate: int, missing_ms: int) -> bytes:
    """Return a frame to follow `history` (signed 16-bit samples) where one is missing.

    `missing_ms` is what was missing before it in the same gap.
    """
    samples = frame_samples(sample_rate)
    past = np.frombuffer(history, np.int16)[-sample_rate * HISTORY_MS // 1000 :].astype(np.float64)
    if missing_ms >= FADED_MS or len(past) < sample_rate * HISTORY_MS // 1000:
        return bytes(samples * SAMPLE_BYTES)
    period = past[-_lag(past, sample_rate) :]
    repeated = np.resize(period, samples)
    begin = 1 - missing_ms / FADED_MS
    end = max(0.0, 1 - (missing_ms + 1000 * samples / sample_rate) / FADED_MS)
    return bytes((repeated * np.linspace(begin, end, samples)).astype(np.int16).tobytes())


def _lag(past: np.ndarray[tuple[int], np.dtype[np.float64]], sample_rate: int) -> int:
    """Return the shift at which the end of `past` is most like what was before it."""
    matched = sample_rate * MATCHED_MS // 1000
    lags = np.arange(
        int(sample_rate * SHORTEST_LAG_MS / 1000), int(sample_rate * LONGEST_LAG_MS / 1000)
    )
    end = past[-matched:]
    windows = np.stack([past[len(past) - matched - lag : len(past) - lag] for lag in lags])
    energy = np.sqrt((windows**2).sum(axis=1)) + 1.0
    return int(lags[np.argmax(windows @ end / energy)])
