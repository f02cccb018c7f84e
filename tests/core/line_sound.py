"""Sound of a telephone line, frame by frame."""

from collections.abc import Iterator

import numpy as np

from voicebot.audio.frame import AudioFrame, frame_bytes
from voicebot.simulation.line import LineSettings, Noise, telephone_line

RATE = 8000


def frames(pcm: bytes) -> Iterator[AudioFrame]:
    """Cut sound into frames; what is less than one at the end is left out."""
    size = frame_bytes(RATE)
    for start in range(0, len(pcm) - size + 1, size):
        yield AudioFrame(pcm[start : start + size], RATE, start // 2)


def quiet(ms: int) -> bytes:
    """Return digital silence."""
    return bytes(RATE * ms // 1000 * 2)


def telephone(pcm: bytes, snr_db: float | None = None, seed: int = 1) -> bytes:
    """Send sound through a telephone line, with pink noise if a ratio is given."""
    noise = None if snr_db is None else Noise.PINK
    settings = LineSettings(noise=noise, snr_db=snr_db or 0.0)
    line = telephone_line(RATE, settings, np.random.default_rng(seed))
    return b"".join(line(frame.pcm) for frame in frames(pcm))
