"""How loud a signal is and how to make it as loud as it should be.

Levels are in dBFS: decibels under a square wave of full scale, so that a full-scale sine has
-3.01. All signals here are mono, signed 16-bit little-endian.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_FULL_SCALE = 32768.0
SILENT_DBFS = -100.0
"""What digital silence measures."""
TARGET_DBFS = -20.0
"""Active level of a prompt: what the networks expect of speech (ITU-T G.223 and P.56 speak of
-20 to -26 dBov), the loud end of it because customers listen in noise."""
PEAK_DBFS = -3.0
"""The highest sample: leaves the companding of G.711 its last segment."""
MAX_GAIN_DB = 40.0
"""More only lifts the noise of a recording that has no speech."""

_FRAME_MS = 10
_HANGOVER_MS = 200
_MARGIN_DB = 15.9
"""Both of ITU-T P.56, method B: what stays less than the margin under the active level, or
follows it within the hangover, is speech."""
_QUIETEST_DBFS = -60.0
"""Nothing quieter counts as sound: the noise of A-law without a signal is at -68."""
_LOOK_AHEAD_MS = 5
"""The limiter's gain falls over this long before a peak, which makes no click."""


def rms_dbfs(pcm: bytes) -> float:
    """Return the level over everything, pauses included."""
    return _dbfs(float(np.mean(_float(pcm) ** 2)) if pcm else 0.0)


def peak_dbfs(pcm: bytes) -> float:
    """Return the level of the highest sample."""
    return _dbfs(float(np.max(np.abs(_float(pcm)))) ** 2 if pcm else 0.0)


def active_dbfs(pcm: bytes, sample_rate: int) -> float:
    """Return the level of the speech in `pcm`, without its pauses.

    After ITU-T P.56 method B, on powers of 10 ms instead of an envelope of samples, which
    differs from it by less than half a decibel. -100 when nothing is above -60.
    """
    power = _powers(pcm, sample_rate * _FRAME_MS // 1000)
    power = np.where(power > 10 ** (_QUIETEST_DBFS / 10), power, 0.0)
    if not power.any():
        return SILENT_DBFS
    hangover = _HANGOVER_MS // _FRAME_MS
    # Each threshold of the recommendation's table, in its steps of a bit, until one has the
    # margin between itself and the level it leads to.
    level = SILENT_DBFS
    for threshold_db in np.arange(_QUIETEST_DBFS, 0.0, 0.5):
        above = power > 10 ** (threshold_db / 10)
        if not above.any():
            break
        padded = np.concatenate([np.zeros(hangover, bool), above])
        active = sliding_window_view(padded, hangover + 1).any(axis=1)
        level = _dbfs(power.sum() / active.sum())
        if level - threshold_db <= _MARGIN_DB:
            break
    return level


def gain_db(pcm: bytes, sample_rate: int, target_dbfs: float = TARGET_DBFS) -> float:
    """Return what brings the speech in `pcm` to the target; 0 when there is none."""
    level = active_dbfs(pcm, sample_rate)
    return 0.0 if level <= SILENT_DBFS else min(target_dbfs - level, MAX_GAIN_DB)


def normalise(
    pcm: bytes,
    sample_rate: int,
    target_dbfs: float = TARGET_DBFS,
    ceiling_dbfs: float = PEAK_DBFS,
) -> bytes:
    """Return `pcm` with its speech at the target and no sample above the ceiling."""
    leveller = Leveller(sample_rate, gain_db(pcm, sample_rate, target_dbfs), ceiling_dbfs)
    return leveller.push(pcm) + leveller.flush()


def trim_silence(
    pcm: bytes, sample_rate: int, keep_ms: int = 40, floor_dbfs: float = -50.0
) -> bytes:
    """Return `pcm` without what is below the floor at both ends, but for `keep_ms` of it.

    Nothing at all is left of a signal that is below the floor everywhere.
    """
    trimmer = SilenceTrimmer(sample_rate, keep_ms, floor_dbfs)
    return trimmer.push(pcm) + trimmer.flush()


class Leveller:
    """Amplifies a stream and keeps its peaks under a ceiling, 5 ms late.

    The gain is the smallest that any sample within the look-ahead needs, averaged over as long:
    an average of values that all satisfy a sample satisfies it too, so that nothing ever clips.
    """

    def __init__(self, sample_rate: int, by_db: float, ceiling_dbfs: float = PEAK_DBFS) -> None:
        self._gain = 10 ** (by_db / 20)
        # A whole number of steps, so that rounding does not pass it.
        self._ceiling = math.floor(_FULL_SCALE * 10 ** (ceiling_dbfs / 20)) / _FULL_SCALE
        self._window = max(2, sample_rate * _LOOK_AHEAD_MS // 1000)
        self._restart()

    def push(self, pcm: bytes) -> bytes:
        """Take the next samples; return those that are ready."""
        return self._limit(_float(pcm) * self._gain)

    def flush(self) -> bytes:
        """Return the rest and be ready for another stream."""
        rest = self._limit(np.zeros(self._window - 1))
        self._restart()
        return rest

    def _restart(self) -> None:
        late = self._window - 1
        self._waiting = np.zeros(0)
        """Amplified samples whose gain is not known yet."""
        self._needed = np.ones(2 * late)
        """The gain that each of the last samples needs, before it is shared with neighbours."""

    def _limit(self, amplified: NDArray[np.float64]) -> bytes:
        if not len(amplified):
            return b""
        magnitude = np.maximum(np.abs(amplified), self._ceiling)
        self._waiting = np.concatenate([self._waiting, amplified])
        needed = np.concatenate([self._needed, self._ceiling / magnitude])
        late = self._window - 1
        self._needed = needed[-2 * late :]
        if needed.min() < 1.0:
            lowest = sliding_window_view(needed, self._window).min(axis=1)
            gains = np.convolve(lowest, np.full(self._window, 1 / self._window), mode="valid")
        else:
            gains = needed[2 * late :]
        # gains[i] covers needed[i : i + 2 * late + 1], whose middle is the sample it is for.
        ready = max(0, len(self._waiting) - late)
        samples = self._waiting[:ready] * gains[len(gains) - ready :]
        self._waiting = self._waiting[ready:]
        return _pcm(np.clip(samples, -self._ceiling, self._ceiling))


class SilenceTrimmer:
    """Takes the silence off both ends of a stream; pauses inside it stay."""

    def __init__(self, sample_rate: int, keep_ms: int = 40, floor_dbfs: float = -50.0) -> None:
        self._frame_bytes = sample_rate * _FRAME_MS // 1000 * 2
        self._keep_bytes = sample_rate * keep_ms // 1000 * 2
        self._floor = 10 ** (floor_dbfs / 10)
        self._unjudged = b""
        """Less than a frame."""
        self._silence = b""
        """Since the last sound: it stays when another follows."""
        self._begun = False

    def push(self, pcm: bytes) -> bytes:
        """Take the next samples; return those that are sure to stay."""
        self._unjudged += pcm
        whole = len(self._unjudged) // self._frame_bytes * self._frame_bytes
        ready = self._judge(self._unjudged[:whole])
        self._unjudged = self._unjudged[whole:]
        return ready

    def flush(self) -> bytes:
        """Return the rest and be ready for another stream."""
        ready = self._judge(self._unjudged)
        if self._begun:
            ready += self._silence[: self._keep_bytes]
        self._unjudged = self._silence = b""
        self._begun = False
        return ready

    def _judge(self, pcm: bytes) -> bytes:
        ready = []
        for index, power in enumerate(_powers(pcm, self._frame_bytes // 2)):
            frame = pcm[index * self._frame_bytes : (index + 1) * self._frame_bytes]
            if power <= self._floor:
                self._silence += frame
                if not self._begun:
                    self._silence = self._silence[-self._keep_bytes :] if self._keep_bytes else b""
                continue
            ready += [self._silence, frame]
            self._silence = b""
            self._begun = True
        return b"".join(ready)


def _powers(pcm: bytes, size: int) -> NDArray[np.float64]:
    """Return the mean power of each `size` samples; the last may be fewer."""
    squares = _float(pcm) ** 2
    starts = np.arange(0, len(squares), size)
    counts = np.diff(starts, append=len(squares))
    if not len(starts):
        return squares
    powers: NDArray[np.float64] = np.add.reduceat(squares, starts) / counts
    return powers


def _float(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2") / _FULL_SCALE


def _pcm(samples: NDArray[np.float64]) -> bytes:
    return np.rint(samples * _FULL_SCALE).astype("<i2").tobytes()


def _dbfs(power: float) -> float:
    return max(SILENT_DBFS, 10 * float(np.log10(power))) if power > 0 else SILENT_DBFS
