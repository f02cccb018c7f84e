"""Asking a Vosk model what it hears, and counting how wrong that is."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import vosk
from pypinyin import lazy_pinyin

from recipes.acoustic_model.features import SAMPLE_RATE
from voicebot.engines.vosk import VoskModel
from voicebot.engines.vosk_confidence import Fit
from voicebot.speech.recogniser import Transcript

UNKNOWN = "[unk]"
_CHUNK = 3_200  # bytes: 200 ms


def rejected(text: str) -> bool:
    """Nothing was understood, or something that is not in the grammar."""
    return not text or UNKNOWN in text


@dataclass(slots=True)
class Ear:
    """A loaded model, with the time spent listening."""

    folder: Path
    load_s: float = 0.0
    audio_s: float = 0.0
    cpu_s: float = 0.0
    words: frozenset[str] = field(default_factory=frozenset)
    silence_score: float = 0.0  # see `answers.silence_score`
    fit: float = 0.0  # how well the words of the last answer fitted
    _model: vosk.Model = None
    _robot: VoskModel = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        vosk.SetLogLevel(-1)
        began = time.perf_counter()
        self._model = vosk.Model(str(self.folder))
        self.load_s = time.perf_counter() - began
        self._robot = VoskModel(self.folder, calibrated=False)
        rows = (self.folder / "graph" / "words.txt").read_text("utf-8").splitlines()
        self.words = frozenset(row.split()[0] for row in rows if row)

    def answer(self, pcm: bytes, phrases: Sequence[str] | None) -> Transcript:
        """Hear one utterance as the robot does, with its grammar of phrases and [unk].

        The confidences are the engine's own, before any calibration.
        """
        heard, fit = self.answer_and_fit(pcm, phrases)
        self.fit = fit.of_words(self.silence_score)
        return heard

    def answer_and_fit(self, pcm: bytes, phrases: Sequence[str] | None) -> tuple[Transcript, Fit]:
        """The same, with how well the whole fits."""
        robot = self._robot.recogniser(SAMPLE_RATE)
        robot.listen(phrases)
        for start in range(0, len(pcm), _CHUNK):
            robot.accept(pcm[start : start + _CHUNK])
        return robot.finish(), robot.fit

    def listen(self, pcm: bytes, grammar: Sequence[str] | None = None) -> str:
        """Decode one utterance, freely or with a run-time grammar of spaced phrases."""
        began = time.process_time()
        if grammar is None:
            recogniser = vosk.KaldiRecognizer(self._model, SAMPLE_RATE)
        else:
            phrases = json.dumps(list(grammar), ensure_ascii=False)
            recogniser = vosk.KaldiRecognizer(self._model, SAMPLE_RATE, phrases)
        parts = []
        for start in range(0, len(pcm), _CHUNK):
            if recogniser.AcceptWaveform(pcm[start : start + _CHUNK]):
                parts.append(json.loads(recogniser.Result()))
        parts.append(json.loads(recogniser.FinalResult()))
        self.cpu_s += time.process_time() - began
        self.audio_s += len(pcm) / 2 / SAMPLE_RATE
        return "".join(part["text"] for part in parts).replace(" ", "")

    def segment(self, phrase: str) -> str:
        """A phrase in the model's own words, longest first; a missing character is an error."""
        out, position = [], 0
        while position < len(phrase):
            for length in range(min(8, len(phrase) - position), 0, -1):
                word = phrase[position : position + length]
                if word in self.words:
                    out.append(word)
                    position += length
                    break
            else:
                raise ValueError(f"{phrase}: {phrase[position]} is not in the model")
        return " ".join(out)


def plain(text: str) -> str:
    """Characters only: no unknowns, one way of writing the digit 1."""
    return text.replace(UNKNOWN, "").replace(" ", "").replace("幺", "一")


def syllables(text: str) -> list[str]:
    """Toneless pinyin."""
    return lazy_pinyin(plain(text))


def distance(left: Sequence[str], right: Sequence[str]) -> int:
    """Least number of insertions, deletions and substitutions."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def nearest(text: str, keys: Mapping[str, Sequence[str]], limit: float = 0.34) -> str | None:
    """The key whose syllables occur best somewhere in the text; None when none fits."""
    heard = syllables(text)
    best: tuple[float, str] | None = None
    for name, key in keys.items():
        windows = [
            heard[i : i + size]
            for size in range(max(1, len(key) - 1), len(key) + 2)
            for i in range(max(1, len(heard) - size + 1))
        ]
        share = min(distance(w, key) for w in windows) / len(key)
        # Of two that fit equally well the longer one says more.
        if best is None or (share, -len(key)) < (best[0], -len(keys[best[1]])):
            best = (share, name)
    return best[1] if best and best[0] <= limit else None


def size_on_disk(folder: Path) -> int:
    """Bytes of all files of a model."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
