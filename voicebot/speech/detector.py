"""Is somebody speaking? Voice activity and level together, with hysteresis.

webrtcvad alone is sure about silence but calls noise speech; level alone calls a door speech.
A frame is voiced when both agree. Speech starts after a few voiced frames in a row, where one
miss begins the count anew, and pauses after a longer row of frames that are not.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voicebot.audio.frame import FRAME_MS, AudioFrame, frame_samples
from voicebot.speech.voicing import VOICED, periodicity

SILENT_DBFS = -100.0


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What counts as speech."""

    start_ms: int = 60
    """Voiced frames in a row that start speech."""
    pause_ms: int = 160
    """Unvoiced frames in a row that pause it: longer than the closure of a stop (90 ms)."""
    waver_ms: int = 20
    """Unvoiced frames in a row after which it may be over: a cough is, a stop goes on."""
    vowel_ms: int = 300
    """The longest sound without a vowel within speech: a consonant before a syllable's vowel and
    what is left of the one before. Breath and loud noise go on for longer."""
    margin_db: float = 9.0
    """How far over the noise floor speech is."""
    keep_margin_db: float = 6.0
    """The same once speech has started: word ends are quieter than their beginnings."""
    quietest_dbfs: float = -52.0
    """Nothing quieter is speech: about 20 dB under a caller on a bad line."""
    floor_rise_db_s: float = 4.0
    """How fast the noise floor follows a louder line. Within long speech it rises too, so that
    a detector on a line that became noisy frees itself."""
    floor_fall_db_s: float = 50.0
    """How fast it follows a quieter one: between two syllables, yet not into the digital
    silence of one lost packet."""
    quietest_floor_dbfs: float = -65.0
    loudest_floor_dbfs: float = -30.0
    """The floor stops here, so that no noise makes the detector deaf to a normal voice."""
    least_margin_db: float = 5.0
    """The margin shrinks to this at the loudest floor: over loud noise a voice stands out less."""
    under_caller_db: float = 20.0
    """Sound this much quieter than the caller's loudest moments is somebody or something else.
    The loudest moments are some 6 dB over a voice's level and its quiet syllables 12 under."""
    forget_db_s: float = 1.0
    """How fast the caller's loudest moment fades: a second person may speak more quietly."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Speech began at sample `position`."""

    position: int


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """No speech since sample `position`, the first one after the last voiced frame."""

    position: int


@dataclass(frozen=True, slots=True)
class SpeechWavered:
    """Perhaps no speech since sample `position`; `SpeechWentOn` or `SpeechPaused` follows."""

    position: int


@dataclass(frozen=True, slots=True)
class SpeechWentOn:
    """It was the gap within a word."""


def level_dbfs(pcm: bytes) -> float:
    """Return the RMS level; digital silence is -100."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    power = float(samples @ samples) / max(len(samples), 1)
    return 10 * float(np.log10(power / 32768.0**2)) if power > 0 else SILENT_DBFS


Noticed = SpeechStarted | SpeechWavered | SpeechWentOn | SpeechPaused


class SpeechDetector:
    """Finds the beginnings and pauses of speech in one stream of frames."""

    def __init__(
        self,
        is_voiced: Callable[[AudioFrame], bool],
        settings: DetectorSettings = DetectorSettings(),
    ) -> None:
        self._is_voiced = is_voiced
        self._settings = settings
        self._before = b""
        """The frame before."""
        self._toneless = 0
        """Frames since the last one with a vowel in it."""
        self._run = 0
        """Frames in a row that speak against the present state."""
        self._floor_dbfs: float | None = None
        self._loudest_dbfs = SILENT_DBFS
        """The caller's loudest moment, fading."""
        self.speaking = False

    @property
    def floor_dbfs(self) -> float:
        """The tracked level of the line without speech."""
        return SILENT_DBFS if self._floor_dbfs is None else self._floor_dbfs

    @property
    def stirring(self) -> bool:
        """Whether the last frames may be the beginning of speech."""
        return not self.speaking and self._run > 0 and self._toneless < self._run

    def process(self, frame: AudioFrame) -> Noticed | None:
        """Take the next frame; tell what it changes, in sample positions of the stream."""
        settings = self._settings
        level = level_dbfs(frame.pcm)
        floor = self._follow(level)
        threshold = max(
            floor + self._margin(floor),
            settings.quietest_dbfs,
            self._loudest_dbfs - settings.under_caller_db,
        )
        voiced = level > threshold and self._is_voiced(frame)
        self._follow_vowels(frame, voiced=voiced)
        if self.speaking and self._toneless * FRAME_MS > settings.vowel_ms:
            voiced = False
        self._note_loudness(level, voiced=voiced)
        if voiced == self.speaking:
            wavered = self.speaking and self._run * FRAME_MS >= settings.waver_ms
            self._run = 0
            return SpeechWentOn() if wavered else None
        self._run += 1
        needed_ms = settings.pause_ms if self.speaking else settings.start_ms
        size = frame_samples(frame.sample_rate)
        position = frame.position - (self._run - 1) * size
        if self.speaking and self._run * FRAME_MS == settings.waver_ms:
            return SpeechWavered(position)
        if self._run * FRAME_MS < needed_ms:
            return None
        if not self.speaking and self._toneless >= self._run:
            # Nobody's voice yet: noise may have gone on for long before somebody speaks over it.
            self._run = min(self._run, settings.vowel_ms // FRAME_MS)
            return None
        if self.speaking and self._toneless * FRAME_MS > settings.vowel_ms:
            # Where noise goes on, speech ended with its last vowel.
            position = frame.position - (self._toneless - 1) * size
        self._run = 0
        self.speaking = not self.speaking
        return SpeechStarted(position) if self.speaking else SpeechPaused(position)

    def _follow_vowels(self, frame: AudioFrame, *, voiced: bool) -> None:
        """Count the frames since a voice was heard; only sound that may be one is looked at."""
        sung = voiced and periodicity(self._before + frame.pcm, frame.sample_rate) >= VOICED
        self._toneless = 0 if sung else self._toneless + 1
        self._before = frame.pcm

    def _margin(self, floor: float) -> float:
        """Return how far over the floor speech is: less over loud noise, and once it started."""
        settings = self._settings
        span = settings.loudest_floor_dbfs - settings.quietest_dbfs
        share = min(1.0, max(0.0, (floor - settings.quietest_dbfs) / span))
        margin = settings.margin_db - share * (settings.margin_db - settings.least_margin_db)
        # At the loudest floor the noise may lie over it, and speech would never be seen to end.
        if not self.speaking or floor >= settings.loudest_floor_dbfs:
            return margin
        return margin - (settings.margin_db - settings.keep_margin_db)

    def _note_loudness(self, level: float, *, voiced: bool) -> None:
        faded = self._loudest_dbfs - self._settings.forget_db_s * FRAME_MS / 1000
        # Only what was speech for long enough: a door is louder than anybody.
        loudest = max(faded, level) if voiced and self.speaking else faded
        self._loudest_dbfs = max(loudest, SILENT_DBFS)

    def _follow(self, level: float) -> float:
        """Move the noise floor towards `level` and return it."""
        settings = self._settings
        if self._floor_dbfs is None:
            # A call may begin in the middle of a word: believe no more than a quiet line.
            self._floor_dbfs = min(level, settings.quietest_dbfs)
        low = self._floor_dbfs - settings.floor_fall_db_s * FRAME_MS / 1000
        high = self._floor_dbfs + settings.floor_rise_db_s * FRAME_MS / 1000
        followed = min(max(level, low), high)
        self._floor_dbfs = min(
            max(followed, settings.quietest_floor_dbfs), settings.loudest_floor_dbfs
        )
        return self._floor_dbfs
