"""Is it the robot's own voice that comes back?

A speakerphone returns what was just played, later and quieter, through a loudspeaker, a room and
a microphone. Before speech over a prompt is believed, the caller's last moments are compared with
what was played: an echo follows it sample by sample, another voice does not.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from voicebot.audio.frame import FRAME_MS, frame_samples, silence

COMPARED_MS = 240
"""Of the caller's side: as much as raises the suspicion of a barge-in."""

LONGEST_DELAY_MS = 600
"""From the wire out to the wire in: mobile networks take up to half a second."""

ECHO_CORRELATION = 0.5
"""Normalised peak over all delays. Measured on synthesised speech through an A-law line: an echo 6
to 20 dB under the prompt, noise at -55 dBFS, has 0.92 to 0.96 in the median and 0.81 at the 5th
percentile (0.71 and 0.46 with noise at -38 dBFS); other voices of that synthesiser have 0.14 to
0.18 in the median and 0.22 to 0.31 at the 95th."""

UNLIKE_CORRELATION = 0.35
"""Under this it is surely none: an echo in noise, or its first syllable, lies in between."""


class EchoTest:
    """Remembers what was played and what came in, a frame of each at a time, in step."""

    def __init__(self, sample_rate: int) -> None:
        self._samples = frame_samples(sample_rate)
        self._heard: deque[bytes] = deque(maxlen=COMPARED_MS // FRAME_MS)
        # Silence was played before: an echo's first syllable comes when nothing older is known.
        before = [silence(sample_rate)] * (LONGEST_DELAY_MS // FRAME_MS)
        self._played = deque(before, maxlen=len(before) + COMPARED_MS // FRAME_MS)

    def play(self, pcm: bytes) -> None:
        """Take the frame that was sent."""
        self._played.append(pcm)

    def hear(self, pcm: bytes) -> None:
        """Take the frame that came in during the same 20 ms."""
        self._heard.append(pcm)

    @property
    def correlation(self) -> float:
        """Return how much the caller's last moments follow what was played: 0 to 1."""
        heard, played = _signal(self._heard), _signal(self._played)
        if len(heard) < self._samples * 3 or len(played) < len(heard):
            return 0.0
        size = 1 << int(np.ceil(np.log2(len(played) + len(heard))))
        spectrum = np.fft.rfft(played, size) * np.conj(np.fft.rfft(heard, size))
        products = np.fft.irfft(spectrum, size)[: len(played) - len(heard) + 1]
        power = np.concatenate(([0.0], np.cumsum(played**2)))
        windows = power[len(heard) :] - power[: len(power) - len(heard)]
        scale = np.sqrt(np.maximum(windows, 1.0) * max(float(heard @ heard), 1.0))
        return float(np.max(np.abs(products) / scale))


def _signal(frames: deque[bytes]) -> NDArray[np.float64]:
    """Return the samples' differences: two deep vowels are alike, whoever says them."""
    samples = np.frombuffer(b"".join(frames), "<i2").astype(np.float64)
    return np.diff(samples, prepend=samples[:1])
