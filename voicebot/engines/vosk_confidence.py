"""What a confidence of a model means: the probability of being right, as it was measured.

Vosk's own numbers are shares among a handful of readings, which say little by themselves: with a
grammar there is mostly one reading, right or wrong. How well the sound fits the reading says more.
A model that was measured has `conf/confidence.json`: for utterances and words, heard with a grammar
and freely, what turns both into the log odds of being right. The bundled model has one; official
models have none, and their numbers stay as they are.
"""

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from voicebot.errors import BadModel, Problem

FILE = "conf/confidence.json"
_EDGE = 1e-4
"""The engine's 0 and 1 have no log odds."""
_MOST = 50.0
"""Log odds beyond which a probability is 0 or 1 in floating point anyway."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a whole utterance fits its best reading; both per second of words."""

    score: float = 0.0
    """Log likelihood of all the audio, in the engine's own unit."""
    silence: float = 0.0
    """Seconds without a word."""

    def of_words(self, silence_score: float) -> float:
        """Return the score without that of the silence, which is no merit of the words."""
        return self.score - silence_score * self.silence


@dataclass(frozen=True, slots=True)
class Curve:
    """Weights of what tells the log odds of being right: the log odds of the share that the
    utterance or word has of the readings, and how well the words fit."""

    share: float
    fit: float
    offset: float

    def probability(self, share: float, fit: float) -> float:
        """Return how often what has this share (0 to 1) of the readings and this fit is right."""
        odds = self.share * log_odds(share) + self.fit * fit + self.offset
        return 1 / (1 + math.exp(-min(max(odds, -_MOST), _MOST)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curves of one model."""

    silence_score: float
    """What a second of silence adds to the log likelihood."""
    grammar_utterance: Curve
    grammar_word: Curve
    free_utterance: Curve
    free_word: Curve
    sure_from: float | None = None
    """Of answers to a grammar with at least this probability 99 in 100 were right; None when no
    such number was found."""

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the calibration of a model folder, or None when it was never measured.

        Raises `BadModel` when the file is damaged.
        """
        path = folder / FILE
        if not path.is_file():
            return None
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            sure = raw["sure_from"]
            return cls(
                silence_score=_finite(raw["silence_score"]),
                grammar_utterance=_curve(raw["grammar utterance"]),
                grammar_word=_curve(raw["grammar word"]),
                free_utterance=_curve(raw["free utterance"]),
                free_word=_curve(raw["free word"]),
                sure_from=None if sure is None else _finite(sure),
            )
        except (ValueError, KeyError, TypeError) as error:
            what = f"{FILE} is damaged ({type(error).__name__}: {error})"
            raise BadModel(Problem(str(folder), what, hint="install it again")) from error


KINDS = ("grammar utterance", "grammar word", "free utterance", "free word")
"""What there are confidences of."""


def log_odds(confidence: float) -> float:
    """Return the log odds of a confidence, kept away from 0 and 1."""
    kept = min(max(confidence, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))


def _curve(raw: dict[str, Any]) -> Curve:
    return Curve(*(_finite(raw[each.name]) for each in fields(Curve)))


def _finite(number: Any) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is no finite number")
    return value
