"""What an exchange says without words: one pure tone, and the cadence it is keyed with.

A tone is a frame whose power lies in one bin of its spectrum and the two beside it. Frequencies and
cadences are those of GB/T 3380 (China) and ITU-T E.180 (special information tones). Music that
plays a note of 440 Hz is no ringback: notes have overtones and are not keyed 350 ms on, 350 off.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from voicebot.audio.frame import FRAME_MS, AudioFrame

EXCHANGE_HZ = 450
"""Of every tone of a Chinese exchange but the special information tones."""

EXCHANGE_TOLERANCE_HZ = 25
"""GB/T 3380 allows as much."""

SPECIAL_HZ = (950, 1400, 1800)
"""The three special information tones, 330 ms each, that announce an announcement."""

SPECIAL_TOLERANCE_HZ = 50

PURE = 0.72
"""Share of a frame's power in three bins of 50 Hz. A tone over noise 10 dB under it has 0.9, voices
and music seldom 0.6 for longer than a syllable."""

QUIETEST_DBFS = -45.0
"""The quietest tone: a line loses at most 20 dB of what an exchange sends at -10."""

MISSED_FRAMES = 1
"""Frames within a tone that noise may spoil."""

_MARGINS = {100: 45, 350: 70, 400: 70, 700: 110, 1000: 160, 330: 80}
"""How far a length may be from what the standard says, edges of frames included."""

_LOWEST_BIN = 5
"""250 Hz, where the telephone band begins: 50 Hz a bin."""


class Signal(StrEnum):
    """What a cadence means."""

    RINGBACK = "ringback"
    """回铃音, 1 s in 5: the telephone rings."""
    BUSY = "busy"
    """忙音, 350 ms on and off."""
    CONGESTION = "congestion"
    """拥塞音, 700 ms on and off: no way through the network."""
    VACANT = "vacant"
    """空号音, three of 100 ms and one of 400."""
    SPECIAL = "special"
    """Three rising tones before an announcement."""


@dataclass(frozen=True, slots=True)
class Burst:
    """One tone from its beginning to its end."""

    hz: float
    start_ms: int
    """On the media clock."""
    length_ms: int
    purity: float
    """The mean of its frames' shares."""

    @property
    def end_ms(self) -> int:
        """Return the first millisecond after it."""
        return self.start_ms + self.length_ms


@dataclass(frozen=True, slots=True)
class Heard:
    """A cadence that was recognised, and when its first tone began."""

    signal: Signal
    start_ms: int


class ToneDetector:
    """Finds tones and their cadences in one stream of frames."""

    def __init__(self) -> None:
        self._now_ms = 0
        self._burst: Burst | None = None
        """The tone that sounds now."""
        self._missed = 0
        self._bursts: list[Burst] = []
        """The last ones, as many as the longest cadence needs."""
        self._told: tuple[Signal, int] | None = None
        self.last: Burst | None = None
        """The last tone that ended; who listens for a beep asks here."""

    @property
    def length_ms(self) -> int:
        """For how long the tone that sounds now has sounded; 0 without one."""
        return 0 if self._burst is None else self._burst.length_ms

    def process(self, frame: AudioFrame) -> Heard | None:
        """Take the next frame; tell the cadence that it completes."""
        self._now_ms = frame.start_ms
        found = pure_tone(frame)
        before = self._burst
        if found is None:
            self._miss()
        else:
            self._sound(*found)
        ended = before is not None and self._burst is not before and self.last is not None
        return self._cadence(ended=ended)

    def _miss(self) -> None:
        if self._burst is None:
            return
        self._missed += 1
        if self._missed > MISSED_FRAMES:
            self._end()

    def _sound(self, hz: float, purity: float) -> None:
        burst = self._burst
        if burst is not None and abs(hz - burst.hz) > SPECIAL_TOLERANCE_HZ * 2:
            self._end()
            burst = None
        if burst is None:
            self._burst = Burst(hz, self._now_ms, FRAME_MS, purity)
        else:
            length = self._now_ms + FRAME_MS - burst.start_ms
            share = FRAME_MS / length
            self._burst = replace(
                burst,
                length_ms=length,
                hz=burst.hz + (hz - burst.hz) * share,
                purity=burst.purity + (purity - burst.purity) * share,
            )
        self._missed = 0

    def _end(self) -> None:
        if self._burst is not None:
            # A single frame is a click or a syllable's middle.
            if self._burst.length_ms > 2 * FRAME_MS:
                self._bursts = [*self._bursts[-7:], self._burst]
                self.last = self._burst
            self._burst = None
            self._missed = 0

    def _cadence(self, *, ended: bool) -> Heard | None:
        if not self._bursts:
            return None
        last = self._bursts[-1]
        signal: Signal | None = None
        count = 1
        if ended:
            if self._keyed(3, 350):
                signal, count = Signal.BUSY, 3
            elif self._keyed(2, 700):
                signal, count = Signal.CONGESTION, 2
            elif self._vacant():
                signal, count = Signal.VACANT, 4
            elif self._special():
                signal, count = Signal.SPECIAL, 3
        elif (
            # Nothing tells a ring from the first part of another cadence before it is silent.
            self._burst is None
            and _exchange(last)
            and _near(last.length_ms, 1000)
            and self._now_ms - last.end_ms >= 1200
        ):
            signal = Signal.RINGBACK
        if signal is None or self._told == (signal, last.start_ms):
            return None
        self._told = signal, last.start_ms
        return Heard(signal, self._bursts[-count].start_ms)

    def _keyed(self, count: int, ms: int) -> bool:
        """Tell whether the last bursts are all `ms` long and as far apart."""
        bursts = self._bursts[-count:]
        return (
            len(bursts) == count
            and all(_exchange(each) and _near(each.length_ms, ms) for each in bursts)
            and all(_near(gap, ms) for gap in _gaps(bursts))
        )

    def _vacant(self) -> bool:
        bursts = self._bursts[-4:]
        return (
            len(bursts) == 4
            and all(map(_exchange, bursts))
            and all(_near(each.length_ms, 100) for each in bursts[:3])
            and _near(bursts[3].length_ms, 400)
            and all(_near(gap, 100) for gap in _gaps(bursts))
        )

    def _special(self) -> bool:
        bursts = self._bursts[-3:]
        return (
            len(bursts) == 3
            and all(
                abs(each.hz - hz) <= SPECIAL_TOLERANCE_HZ and _near(each.length_ms, 330)
                for each, hz in zip(bursts, SPECIAL_HZ, strict=True)
            )
            and all(gap <= 100 for gap in _gaps(bursts))
        )


def pure_tone(frame: AudioFrame) -> tuple[float, float] | None:
    """Return a frame's frequency in Hz and its share of the power, when it is one tone."""
    samples = np.frombuffer(frame.pcm, "<i2").astype(np.float64) / 32768
    power = float(np.mean(samples**2))
    if power <= 10 ** (QUIETEST_DBFS / 10):
        return None
    spectrum: NDArray[np.float64] = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    top = min(len(spectrum), 3500 // 50) - 1
    total = float(spectrum[1:].sum())
    peak = _LOWEST_BIN + int(np.argmax(spectrum[_LOWEST_BIN:top]))
    around = spectrum[peak - 1 : peak + 2]
    share = float(around.sum()) / total
    if share < PURE:
        return None
    # The roots of a Hann window's main lobe are nearly a parabola's: good to 5 Hz.
    amplitude = np.sqrt(around)
    offset = float((amplitude[2] - amplitude[0]) / amplitude.sum())
    return (peak + offset) * 50.0, share


def _exchange(burst: Burst) -> bool:
    return abs(burst.hz - EXCHANGE_HZ) <= EXCHANGE_TOLERANCE_HZ


def _near(length_ms: int, standard_ms: int) -> bool:
    return abs(length_ms - standard_ms) <= _MARGINS[standard_ms]


def _gaps(bursts: list[Burst]) -> list[int]:
    return [after.start_ms - before.end_ms for before, after in pairwise(bursts)]
