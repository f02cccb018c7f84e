"""Is somebody speaking? Voice activity and level together, with hysteresis.

webrtcvad alone is sure about silence but calls noise speech; level alone calls a door speech.
A frame is voiced when both agree. Speech starts after a few voiced frames in a row, where one
miss begins the count anew, and pauses after a longer row of frames that are not.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voicebot.audio.frame import FRAME_MS, AudioFrame, frame_samples
from voicebot.speech.background import Background
from voicebot.speech.held import LONGEST_MS, is_held
from voicebot.speech.voicing import SUNG, VOICED, periodicity

SILENT_DBFS = -100.0


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What counts as speech."""

    start_ms: int = 60
    """Voiced frames in a row that start speech."""
    sung_start_ms: int = 40
    """The same where each of them clearly repeats itself with a pitch."""
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
    toneless_rise_db_s: float = 12.0
    """The same while nothing repeats itself, for longer than any consonant."""
    consonant_ms: int = 200
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
    sung_margin_db: float = 3.0
    """The margin is this much smaller for what repeats itself with a pitch, as noise does not."""
    sharp_db: float = 5.0
    """Sound that fell by so much while it was made sure of began with a blow."""
    sung_least_db: float = 3.0
    """No smaller than this: hum has a pitch too."""
    initial_ms: int = 160
    """The longest sound before the first voiced frame that belongs to it: 转 begins with one."""
    keep_near_db: float = 1.5
    """How far under the level that a caller needs over a background they may fall once begun."""
    forget_db_s: float = 1.0
    """How fast the caller's loudest moment fades: a second person may speak more quietly."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Speech began at sample `position`."""

    position: int
    sharp: bool = False
    """It began with its loudest moment, as a cough or a door does and speech seldom."""


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """No speech since sample `position`, the first one after the last voiced frame."""

    position: int
    held: bool = False
    """All of it was one held sound, as people make who think."""


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
        kept_ms = settings.pause_ms + settings.vowel_ms + LONGEST_MS
        self._kept: deque[bytes] = deque([b""], maxlen=kept_ms // FRAME_MS)
        """The last frames."""
        self._toneless = 0
        """Frames since the last one with a vowel in it."""
        self._sung = 0
        """Frames in a row with a clear pitch."""
        self._run = 0
        """Frames in a row that speak against the present state."""
        self._sings_since = 0
        """The first voiced sample of the present speech."""
        self._sounding = 0
        """Frames in a row that are loud enough, whatever they are."""
        self._peak_dbfs = SILENT_DBFS
        """The loudest of them."""
        self._background = Background()
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
        """Whether the last frames may be the beginning of speech: loud, if only a consonant yet."""
        return not self.speaking and self._sounding > 0

    def process(self, frame: AudioFrame) -> Noticed | None:
        """Take the next frame; tell what it changes, in sample positions of the stream."""
        settings = self._settings
        level = level_dbfs(frame.pcm)
        voiced = self._is_speech(frame, level)
        if self.speaking and self._toneless * FRAME_MS > settings.vowel_ms:
            voiced = False
        self._note_loudness(level, voiced=voiced)
        if voiced == self.speaking:
            wavered = self.speaking and self._run * FRAME_MS >= settings.waver_ms
            self._run = 0
            return SpeechWentOn() if wavered else None
        self._run += 1
        needed_ms = settings.pause_ms if self.speaking else settings.start_ms
        if not self.speaking and self._sung >= self._run:
            needed_ms = settings.sung_start_ms
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
        if not self.speaking:
            self._sings_since = position
            initial = min(self._sounding - self._run, settings.initial_ms // FRAME_MS)
            position = max(0, position - max(0, initial) * size)
            self._background.forget(max(self._run, self._sounding))
        self._run = 0
        self.speaking = not self.speaking
        if self.speaking:
            return SpeechStarted(position, self._peak_dbfs - level > settings.sharp_db)
        return SpeechPaused(position, self._was_held(frame, position))

    def _was_held(self, frame: AudioFrame, position: int) -> bool:
        """Tell whether the speech that ended at `position` was one held sound."""
        size = frame_samples(frame.sample_rate)
        length = (position - self._sings_since) // size
        behind = (frame.position - position) // size + 1
        kept = list(self._kept)[: len(self._kept) - behind]
        return length <= len(kept) and is_held(b"".join(kept[-length:]), frame.sample_rate)

    def _is_speech(self, frame: AudioFrame, level: float) -> bool:
        """Tell whether a frame is the caller's voice, by level, spectrum and pitch."""
        settings = self._settings
        floor = self._follow(level)
        near = self._background.loud_dbfs - (settings.keep_near_db if self.speaking else 0.0)
        others = max(settings.quietest_dbfs, self._loudest_dbfs - settings.under_caller_db, near)
        margin = self._margin(floor)
        before = self._kept[-1]
        self._kept.append(frame.pcm)
        sung = clear = False
        if level > max(floor + margin - settings.sung_margin_db, settings.quietest_dbfs):
            pitch = periodicity(before + frame.pcm, frame.sample_rate)
            sung = pitch >= VOICED
            clear = pitch >= SUNG
            if clear:
                margin = max(margin - settings.sung_margin_db, min(margin, settings.sung_least_db))
        loud = level > max(floor + margin, others)
        speech = self._is_voiced(frame)
        self._sounding = self._sounding + 1 if loud else 0
        self._peak_dbfs = max(self._peak_dbfs, level) if self._sounding > 1 else level
        # A hummed 嗯 is no speech to WebRTC's detector; it begins as one and goes on as a tone.
        voiced = loud and (speech or (self.speaking and sung))
        self._toneless = 0 if voiced and sung else self._toneless + 1
        self._sung = self._sung + 1 if voiced and clear else 0
        if self._background.hear(level, voice=speech, near=self.speaking):
            self._loudest_dbfs = SILENT_DBFS
        return voiced

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
        noise = self._toneless * FRAME_MS > settings.consonant_ms
        rise_db_s = settings.toneless_rise_db_s if noise else settings.floor_rise_db_s
        high = self._floor_dbfs + rise_db_s * FRAME_MS / 1000
        followed = min(max(level, low), high)
        self._floor_dbfs = min(
            max(followed, settings.quietest_floor_dbfs), settings.loudest_floor_dbfs
        )
        return self._floor_dbfs
