"""Changing the sample rate of whole signals and of streams, by soxr."""

from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray


def resample(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Return the whole mono signal (signed 16-bit little-endian) at another rate."""
    if from_hz == to_hz:
        return pcm
    return _pcm(soxr.resample(_samples(pcm), from_hz, to_hz))


class StreamResampler(Protocol):
    """Resamples a stream piece by piece, holding back what its filter still needs."""

    def push(self, pcm: bytes) -> bytes:
        """Take the next samples; return those that are ready, perhaps none."""
        ...

    def flush(self) -> bytes:
        """Return the rest and be ready for another stream."""
        ...


def stream_resampler(from_hz: int, to_hz: int) -> StreamResampler:
    """Return a resampler for a mono stream; one that does nothing when the rates are equal."""
    return _Same() if from_hz == to_hz else _Soxr(from_hz, to_hz)


class _Same:
    def push(self, pcm: bytes) -> bytes:
        return pcm

    def flush(self) -> bytes:
        return b""


class _Soxr:
    def __init__(self, from_hz: int, to_hz: int) -> None:
        # QQ and LQ alias audibly; HQ is soxr's own default and costs 5 us for a frame.
        self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")

    def push(self, pcm: bytes) -> bytes:
        return _pcm(self._stream.resample_chunk(_samples(pcm)))

    def flush(self) -> bytes:
        rest = self._stream.resample_chunk(np.zeros(0, np.float32), last=True)
        self._stream.clear()
        return _pcm(rest)


def _samples(pcm: bytes) -> NDArray[np.float32]:
    # With 16-bit samples soxr adds dither that differs from one stream to the next.
    return np.frombuffer(pcm, "<i2").astype(np.float32)


def _pcm(samples: NDArray[np.float32]) -> bytes:
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
