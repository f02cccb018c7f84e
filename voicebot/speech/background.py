"""Who talks in the background? People around the caller are told from the caller by loudness.

A restaurant, an office or a television is speech to every voice detector. What gives it away is
that it does not stop: one talker's level falls to the line's own noise between words, several
together fill each other's gaps. So sound that goes on like that for `LEARNED_MS` is the
background, and from then on only what stands out of it is the caller. The louder moments of a
background that fluctuates must be stood out of by more than those of one that does not.
"""

from collections import deque

import numpy as np

from voicebot.audio.frame import FRAME_MS

SILENT_DBFS = -100.0
LEARNED_MS = 2400
"""The opening lasts longer, and most answers do not."""
EVERY_FRAMES = 5
"""Percentiles are worth looking at ten times a second."""
MOSTLY = 0.8
"""Of the frames are speech, as far as one frame can tell."""
SPREAD_DB = 13.0
"""90th over 10th percentile of a background's levels in 2 s: babble of four voices has 9 to 14;
one voice has 20 or more through a telephone, 13 to 18 with babble 10 dB under it."""
FLAT_DB = 2.5
"""25th over 5th percentile where steady noise lies under the talker: 1; babble has 5."""
LOUDER_DB = 12.0
"""Over the background that is known already: less is the caller on top of it."""
NEAR_DB = 5.0
"""How far over the loud moments of a fluctuating background (80th percentile) a caller is."""
NEAR_SHARE = 0.7
"""Of what it fluctuates by (80th over 20th percentile), if that is less."""


class Background:
    """What is known of the people around one caller."""

    def __init__(self) -> None:
        frames = LEARNED_MS // FRAME_MS
        self._recent: deque[tuple[float, bool]] = deque(maxlen=frames)
        """Levels of all frames, and whether they may be speech at all."""
        self._around: deque[tuple[float, bool]] = deque(maxlen=frames)
        """The same of the frames in which nobody near spoke."""
        self._frames = 0
        self.loud_dbfs = SILENT_DBFS
        """The caller is louder than this."""

    def hear(self, level: float, *, voice: bool, near: bool) -> bool:
        """Take a frame's level; tell whether what was taken for the caller is the background.

        `voice`: it may be speech; `near`: the caller speaks, as far as was known.
        """
        self._recent.append((level, voice))
        if not near:
            self._around.append((level, voice))
        self._frames += 1
        if self._frames % EVERY_FRAMES:
            return False
        took = near and self._goes_on()
        if took:
            self._around = self._recent.copy()
        self.loud_dbfs = self._loud()
        return took

    def forget(self, frames: int) -> None:
        """The last `frames` were the beginning of the caller's speech."""
        for _ in range(min(frames, len(self._around))):
            self._around.pop()

    def _goes_on(self) -> bool:
        if len(self._recent) < (self._recent.maxlen or 0):
            return False
        if sum(voice for _, voice in self._recent) < MOSTLY * len(self._recent):
            return False
        p5, p10, p25, p80, p90 = np.percentile(
            [level for level, _ in self._recent], (5, 10, 25, 80, 90)
        )
        around = [level for level, _ in self._around]
        known = float(np.percentile(around, 80)) if around else SILENT_DBFS
        return bool(p90 - p10 < SPREAD_DB and p25 - p5 > FLAT_DB and p80 > known + LOUDER_DB)

    def _loud(self) -> float:
        voices = [level for level, voice in self._around if voice]
        if len(voices) < MOSTLY * (self._around.maxlen or 0):
            # Hum and hiss are no voices; the detector's noise floor follows them.
            return SILENT_DBFS
        p20, p80 = np.percentile(voices, (20, 80))
        return float(p80 + min(NEAR_DB, NEAR_SHARE * (p80 - p20)))
