"""Changing the sample rate of live sound, a block at a time, with hardly any delay.

`stream_resampler` holds back up to 170 ms: nothing to a prompt, and too much in a talk. Here
what goes in comes out at once. The places of the new samples between the old ones are the same in
every block, so a block is one product with a matrix of windowed sincs.
"""

import numpy as np

from voicebot.audio.frame import FRAME_MS

HALF_WIDTH_S = 0.003
"""Of the filter; the delay."""
PASSED = 0.875
"""Share of the band below half of the lower rate: at 8 kHz up to 3.5 kHz, as telephones have it."""


class BlockResampler:
    """One direction of one stream."""

    def __init__(self, from_hz: int, to_hz: int, block_ms: int = FRAME_MS) -> None:
        """Both rates must have whole samples in a block."""
        taken, given = from_hz * block_ms // 1000, to_hz * block_ms // 1000
        before = round(2 * HALF_WIDTH_S * from_hz)
        cutoff_hz = PASSED * min(from_hz, to_hz)
        old_s = (np.arange(-before, taken) / from_hz)[np.newaxis, :]
        new_s = (np.arange(given) / to_hz - HALF_WIDTH_S)[:, np.newaxis]
        away_s = new_s - old_s
        window = np.where(
            np.abs(away_s) < HALF_WIDTH_S,
            0.42
            + 0.5 * np.cos(np.pi * away_s / HALF_WIDTH_S)
            + 0.08 * np.cos(2 * np.pi * away_s / HALF_WIDTH_S),
            0.0,
        )
        weights = np.sinc(cutoff_hz * away_s) * window
        self._weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
        self._taken = taken
        self._before = np.zeros(before, np.float32)

    def push(self, pcm: bytes) -> bytes:
        """Take blocks of signed 16-bit samples, return as many at the other rate.

        Raises `ValueError` for what is no whole number of blocks.
        """
        samples = np.concatenate([self._before, np.frombuffer(pcm, "<i2").astype(np.float32)])
        before = len(self._before)
        blocks, rest = divmod(len(samples) - before, self._taken)
        if rest:
            raise ValueError(f"{len(pcm)} bytes are no blocks of {self._taken} samples")
        self._before = samples[len(samples) - before :]
        size = before + self._taken
        made = [
            self._weights @ samples[at : at + size]
            for at in range(0, blocks * self._taken, self._taken)
        ]
        if not made:
            return b""
        samples = np.clip(np.rint(np.concatenate(made)), -32768, 32767)
        return bytes(samples.astype("<i2").tobytes())
