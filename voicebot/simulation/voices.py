"""Callers' voices: speakers of the synthesiser, changed until they are nobody the robot is.

The robot speaks with the synthesiser's plain Mandarin voice. A caller's voice is another speaker
of it at another pitch and pace, with a longer or shorter vocal tract: the speech is made at one
rate and played at another, which moves the formants as a smaller or larger head does. Letters of an
order number are said as in China: the synthesiser would read them in English.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicebot.audio.resample import resample
from voicebot.simulation.line import NOMINAL_DBFS
from voicebot.simulation.utterance import Pause, Utterance
from voicebot.speech.synthesiser import Synthesiser

AUDIBLE_DB = 40.0
"""Sound this much under the loudest moment of a text is not heard as speech any more."""

WINDOW_MS = 5
"""How finely the first and last audible sound of a text are found."""

ACTIVE_SHARE = 0.1
"""20 ms with less than this share of the loudest amplitude (-20 dB) are gaps between words."""

EDGE_MS = 3
"""Texts are faded in and out within this, since they are cut where they are already audible."""

# fmt: off
LETTERS = {
    "A": "诶", "B": "必", "C": "西", "D": "地", "E": "意", "F": "艾福", "G": "寄",
    "H": "诶吃", "I": "爱", "J": "杰", "K": "凯", "L": "艾楼", "M": "艾母", "N": "恩",
    "O": "欧", "P": "屁", "Q": "丘", "R": "啊", "S": "艾丝", "T": "替", "U": "优",
    "V": "威", "W": "大不留", "X": "艾克丝", "Y": "外", "Z": "贼",
}
# fmt: on
"""How people in China call them, in characters that a synthesiser reads so."""

_CODE = re.compile(
    r"(?:(?<![A-Za-z])[A-Z]\s*){1,4}(?=[-零〇一幺二三四五六七八九0-9]|横?杠|[开打]头)"
)


@dataclass(frozen=True, slots=True)
class CallerVoice:
    """How one caller sounds. Rates and pitches in the synthesiser's units, see `engines`."""

    variant: str
    rate: int = 165
    pitch: int = 50
    pitch_range: int = 50
    tract: float = 1.0
    """Over 1: a shorter vocal tract, so everything sounds higher. People: 0.85 to 1.2."""


VOICES = {
    "chen": CallerVoice("f1", 160, 52, 45, 1.04),
    "lin": CallerVoice("f2", 170, 55, 55, 1.06),
    "wang": CallerVoice("f3", 165, 48, 60, 1.02),
    "zhao": CallerVoice("f4", 150, 40, 40, 0.97),
    "xu": CallerVoice("f5", 180, 62, 65, 1.08),
    "zhang": CallerVoice("m2", 165, 42, 50, 0.93),
    "liu": CallerVoice("m3", 170, 46, 45, 0.98),
    "sun": CallerVoice("m4", 155, 35, 40, 0.92),
    "he": CallerVoice("m6", 175, 52, 55, 1.03),
    "gao": CallerVoice("m7", 145, 38, 35, 0.95),
    "ma": CallerVoice("m8", 165, 55, 60, 1.05),
}
"""By the name that personas give. Two seldom share pitch, pace and tract."""


def choose(rng: np.random.Generator) -> str:
    """Return a voice's name."""
    return sorted(VOICES)[int(rng.integers(len(VOICES)))]


MOST_SAID = 200
"""Texts that are kept as sound: about 4 MB at 8 kHz. Simulated callers say the same few things
over and over, and espeak-ng loses some memory with every text that it makes."""

_said: dict[tuple[str, str, int, float], bytes] = {}

SynthesiserFor = Callable[[CallerVoice], Synthesiser]
"""Makes a synthesiser that speaks with the voice's variant, rate, pitch and range."""


@dataclass(frozen=True, slots=True)
class Speech:
    """One utterance as sound: it begins with the first audible sample and ends after the last."""

    pcm: bytes
    """Signed 16-bit mono samples at the line's rate."""
    pauses: tuple[tuple[int, int], ...] = ()
    """Of each pause that was asked for: its first sample, and the first one after it."""


Rendering = Callable[[Utterance], Speech]
"""Turns words and pauses into what comes out of a caller's mouth."""


class CallerSpeech:
    """Renders one caller's utterances at the line's rate and the nominal level."""

    def __init__(self, synthesiser: Synthesiser, sample_rate: int, *, tract: float = 1.0) -> None:
        self._synthesiser = synthesiser
        self._rate = sample_rate
        self._tract = tract

    def __call__(self, utterance: Utterance) -> Speech:
        """Say it. Raises `SynthesiserFailed`."""
        pieces: list[bytes] = []
        pauses: list[tuple[int, int]] = []
        length = 0
        for part in utterance.parts:
            if isinstance(part, Pause):
                samples = self._rate * part.ms // 1000
                pcm = bytes(2 * samples)
                pauses.append((length, length + samples))
            else:
                pcm = self._speak(part)
            length += len(pcm) // 2
            pieces.append(pcm)
        return Speech(b"".join(pieces), tuple(pauses))

    def _speak(self, text: str) -> bytes:
        key = (self._synthesiser.identity, text, self._rate, self._tract)
        if key not in _said:
            if len(_said) >= MOST_SAID:
                _said.pop(next(iter(_said)))
            _said[key] = self._synthesise(text)
        return _said[key]

    def _synthesise(self, text: str) -> bytes:
        raw = b"".join(self._synthesiser.synthesise(_CODE.sub(_said_in_china, text)))
        # Samples read as if they came faster than they did: higher and shorter by the factor.
        read_at = round(self._synthesiser.sample_rate * self._tract)
        samples = np.frombuffer(resample(raw, read_at, self._rate), "<i2").astype(np.float64)
        begin, end = _audible(samples, self._rate)
        voice = _faded(samples[begin:end], self._rate)
        level = _active_level(voice, self._rate)
        scaled = voice * (32768 * 10 ** (NOMINAL_DBFS / 20) / level)
        return np.clip(np.rint(scaled), -32768, 32767).astype("<i2").tobytes()


def _said_in_china(code: re.Match[str]) -> str:
    """Return the letters before digits by their names, with the breaks between them."""
    return "".join(f"{LETTERS[letter]} " for letter in code[0] if letter.isalpha())


def _levels(samples: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return the RMS of each whole window, at least one."""
    padded = np.resize(samples, max(len(samples) // window, 1) * window)
    return np.asarray(np.sqrt(np.mean(padded.reshape(-1, window) ** 2, axis=1)), np.float64)


def _audible(samples: NDArray[np.float64], rate: int) -> tuple[int, int]:
    """Return the first audible sample and the first one after the last."""
    window = rate * WINDOW_MS // 1000
    levels = _levels(samples, window)
    audible = np.flatnonzero(levels > levels.max() * 10 ** (-AUDIBLE_DB / 20))
    if not len(audible):
        return 0, len(samples)
    return int(audible[0]) * window, (int(audible[-1]) + 1) * window


def _faded(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    ramp = np.linspace(0, 1, rate * EDGE_MS // 1000)
    faded = samples.copy()
    faded[: len(ramp)] *= ramp[: len(faded)]
    faded[-len(ramp) :] *= ramp[::-1][-len(faded) :]
    return faded


def _active_level(samples: NDArray[np.float64], rate: int) -> float:
    """Return the RMS of the loud part, without the gaps between words; never 0."""
    levels = _levels(samples, rate // 50)
    active = levels[levels > levels.max() * ACTIVE_SHARE]
    return float(np.sqrt(np.mean(active**2))) if len(active) else 1.0
