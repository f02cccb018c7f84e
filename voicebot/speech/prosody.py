"""How something was said: pitch, loudness and length of what is voiced in one utterance."""

from dataclasses import dataclass

import numpy as np

from voicebot.speech.voicing import HIGHEST_HZ, LOWEST_HZ, VOICED

FRAME_MS, HOP_MS = 40, 20
"""Two periods of a deep voice fit into a frame."""

QUIET_DB = 25.0
"""What is this much below the loudest frame is a pause or the room."""

LEAST_VOICED_MS = 200
"""With less than a syllable nothing can be said about a voice."""


@dataclass(frozen=True, slots=True)
class Prosody:
    """One utterance's voice, in medians over its voiced frames."""

    pitch_hz: float
    level_dbfs: float
    speech_ms: int
    """From the first to the last voiced frame, without pauses."""


def measure(pcm: bytes, sample_rate: int) -> Prosody | None:
    """Measure signed 16-bit mono samples; None when there is no voice in them to speak of.

    About 1 ms of computing for each second of sound.
    """
    size, hop = sample_rate * FRAME_MS // 1000, sample_rate * HOP_MS // 1000
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32)
    if len(samples) < size:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    frames = frames - frames.mean(axis=1, keepdims=True)
    energy = (frames**2).sum(axis=1)
    level = 10 * np.log10(energy / size + 1e-3) - 20 * np.log10(32768)
    lags = np.arange(sample_rate // HIGHEST_HZ, sample_rate // LOWEST_HZ)
    spectrum = np.fft.rfft(frames, 2 * size, axis=1)
    products = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, lags]
    # What overlaps gets shorter with the lag.
    similar = products / (energy[:, None] * (1 - lags / size)[None, :] + 1.0)
    best = similar.max(axis=1)
    # The shortest lag that is nearly as good: twice the period fits too.
    first = (similar >= 0.9 * best[:, None]).argmax(axis=1)
    voiced = (best >= VOICED) & (level >= level.max() - QUIET_DB)
    if voiced.sum() * HOP_MS < LEAST_VOICED_MS:
        return None
    loud = level >= level.max() - QUIET_DB
    return Prosody(
        float(np.median(sample_rate / lags[first[voiced]])),
        float(np.median(level[voiced])),
        int(loud.sum() * HOP_MS),
    )
