"""Speech recognition by Vosk, offline.

The model's own rate is read from its folder and the line is resampled to it: a model that is fed
at another rate than it was trained for hears nonsense and says nothing about it.
"""

import json
import math
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

import vosk

from voicebot.audio.resample import StreamResampler, stream_resampler
from voicebot.engines import vosk_folder
from voicebot.engines.vosk_confidence import Calibration, Fit
from voicebot.errors import RecogniserFailed
from voicebot.speech.recogniser import UNKNOWN, Transcript, Word

ALTERNATIVES = 5
"""Readings asked of the lattice; their costs give the confidence, their texts serve the intents."""

# Vosk and Kaldi write to standard error past Python; what matters reaches us as a return value.
vosk.SetLogLevel(-1)


class VoskModel:
    """A model folder, loaded once and shared by all calls of the process."""

    def __init__(self, folder: Path, *, calibrated: bool = True) -> None:
        """Load `folder`; confidences are the engine's own when not `calibrated`."""
        self.folder = folder
        self.sample_rate = vosk_folder.check(folder)
        self.calibration = Calibration.read(folder) if calibrated else None
        self.takes_grammar = vosk_folder.has_runtime_graph(folder)
        captured = _CapturedStandardError()
        failure: Exception | None = None
        with captured:
            try:
                self._model = vosk.Model(str(folder))
            except Exception as error:
                failure = error
        # A broken graph is only printed; the first call would end the process.
        why = captured.first_error()
        if failure is not None or why:
            # Only the acoustic model is read without being named.
            what = "cannot be loaded" if str(folder) in why else "am/final.mdl is damaged"
            raise vosk_folder.bad(folder, f"{what}: {why}", "install it again") from failure
        self._pieces = lru_cache(maxsize=20_000)(self._segment)

    def recogniser(self, line_rate: int) -> "VoskRecogniser":
        """Return a recogniser for one call whose line runs at `line_rate` Hz."""
        return VoskRecogniser(self, line_rate)

    def knows(self, word: str) -> bool:
        """Tell whether the vocabulary has `word`."""
        return int(self._model.vosk_model_find_word(word)) >= 0

    def segment(self, phrase: str) -> tuple[str, ...]:
        """Split a phrase into the fewest words of this model's vocabulary.

        Characters that no word covers come out as themselves; `missing` names them.
        """
        return self._pieces(phrase)

    def missing(self, phrase: str) -> tuple[str, ...]:
        """Return the pieces of `phrase` that this model can never recognise."""
        return tuple(piece for piece in self.segment(phrase) if not self.knows(piece))

    def start(self, phrases: Sequence[str] | None) -> Any:
        """Return a Kaldi recogniser for one utterance (about 1 ms with 300 phrases).

        A model with a static graph hears anything.
        """
        if phrases is None or not self.takes_grammar:
            kaldi = vosk.KaldiRecognizer(self._model, self.sample_rate)
        else:
            spoken = [" ".join(self.segment(each)) for each in phrases if not self.missing(each)]
            grammar = json.dumps([*spoken, UNKNOWN], ensure_ascii=False)
            kaldi = vosk.KaldiRecognizer(self._model, self.sample_rate, grammar)
        kaldi.SetWords(True)
        kaldi.SetMaxAlternatives(ALTERNATIVES)
        return kaldi

    def _segment(self, phrase: str) -> tuple[str, ...]:
        """Fewest words by dynamic programming; unknown characters cost more than any word."""
        text = "".join(phrase.split())
        best: list[tuple[int, tuple[str, ...]]] = [(0, ())]
        for end in range(1, len(text) + 1):
            options = []
            for start in range(max(0, end - 8), end):
                word = text[start:end]
                if self.knows(word) or len(word) == 1:
                    cost = best[start][0] + (1 if self.knows(word) else 100)
                    options.append((cost, (*best[start][1], word)))
            best.append(min(options))
        return best[-1][1]


class VoskRecogniser:
    """One call's recogniser; see `voicebot.speech.recogniser.Recogniser`."""

    def __init__(self, model: VoskModel, line_rate: int) -> None:
        self._model = model
        self._resampler: StreamResampler = stream_resampler(line_rate, model.sample_rate)
        self._kaldi: Any = None
        self._with_grammar = False
        self._closed: list[dict[str, Any]] = []
        """Segments that Vosk's own endpoint closed inside the utterance."""
        self._fed_bytes = 0
        self.fit = Fit()
        """How well the last utterance fitted its reading."""

    def listen(self, phrases: Sequence[str] | None) -> None:
        """Begin an utterance."""
        self._resampler.flush()
        self._kaldi = self._model.start(phrases)
        self._with_grammar = phrases is not None and self._model.takes_grammar
        self._closed = []
        self._fed_bytes = 0

    def accept(self, pcm: bytes) -> str:
        """Take audio; return the text so far."""
        if self._kaldi is None:
            raise RecogniserFailed("accept() before listen()")
        if self._feed(self._resampler.push(pcm)):
            return self._text()
        partial: str = json.loads(self._kaldi.PartialResult()).get("partial", "")
        return self._text() + partial.replace(" ", "")

    def finish(self) -> Transcript:
        """Close the utterance."""
        if self._kaldi is None:
            raise RecogniserFailed("finish() before listen()")
        self._feed(self._resampler.flush())
        self._closed.append(json.loads(self._kaldi.FinalResult()))
        self._kaldi = None
        heard = _transcript(self._closed)
        self.fit = _fit(self._closed, heard.words, self._fed_bytes / 2 / self._model.sample_rate)
        if self._model.calibration is None or not heard.text:
            return heard
        return _sure(heard, self.fit, self._model.calibration, self._with_grammar)

    def _feed(self, pcm: bytes) -> bool:
        """Return whether Vosk closed a segment by its own endpoint rule."""
        if not pcm:
            return False
        self._fed_bytes += len(pcm)
        accepted = self._kaldi.AcceptWaveform(pcm)
        if accepted < 0:
            raise RecogniserFailed("vosk could not decode the audio")
        if accepted:
            self._closed.append(json.loads(self._kaldi.Result()))
        return bool(accepted)

    def _text(self) -> str:
        return "".join(_best(segment)["text"].replace(" ", "") for segment in self._closed)


def _best(segment: dict[str, Any]) -> dict[str, Any]:
    best: dict[str, Any] = segment["alternatives"][0]
    return best


def _transcript(segments: list[dict[str, Any]]) -> Transcript:
    words: list[Word] = []
    confidence = 1.0
    spoken = [segment for segment in segments if _best(segment)["text"]]
    for segment in spoken:
        shares = _posteriors([each["confidence"] for each in segment["alternatives"]])
        confidence *= shares[0]
        for word in _best(segment).get("result", []):
            agreeing = sum(
                share
                for share, each in zip(shares, segment["alternatives"], strict=True)
                if word["word"] in each["text"].split()
            )
            words.append(
                Word(
                    word["word"],
                    round(word["start"] * 1000),
                    round(word["end"] * 1000),
                    min(1.0, agreeing),
                )
            )
    readings = [_joined(segment["alternatives"]) for segment in spoken]
    text = "".join(reading[0] for reading in readings)
    # Alternatives of the whole: one segment varies while the others keep their best reading.
    others: list[str] = []
    for index, reading in enumerate(readings):
        before = "".join(each[0] for each in readings[:index])
        after = "".join(each[0] for each in readings[index + 1 :])
        others += [before + other + after for other in reading[1:]]
    distinct = tuple(other for other in dict.fromkeys(others) if other and other != text)
    return Transcript(text, confidence, tuple(words), distinct)


def _fit(segments: list[dict[str, Any]], words: Sequence[Word], audio_s: float) -> Fit:
    # A word of one frame (30 ms) is the shortest there is; without any nothing fits.
    spoken_s = sum(word.end_ms - word.start_ms for word in words) / 1000
    if not spoken_s:
        return Fit()
    score = sum(_best(segment)["confidence"] for segment in segments)
    return Fit(score / spoken_s, max(0.0, audio_s - spoken_s) / spoken_s)


def _sure(heard: Transcript, fit: Fit, calibration: Calibration, with_grammar: bool) -> Transcript:
    """Return the transcript with probabilities of being right as confidences."""
    if with_grammar:
        whole, each = calibration.grammar_utterance, calibration.grammar_word
    else:
        whole, each = calibration.free_utterance, calibration.free_word
    fitting = fit.of_words(calibration.silence_score)
    words = tuple(
        replace(word, confidence=each.probability(word.confidence, fitting)) for word in heard.words
    )
    return replace(heard, confidence=whole.probability(heard.confidence, fitting), words=words)


def _joined(alternatives: list[dict[str, Any]]) -> list[str]:
    return [each["text"].replace(" ", "") for each in alternatives]


def _posteriors(log_scores: list[float]) -> list[float]:
    """Turn Vosk's n-best scores (negated lattice costs, natural log) into shares of 1."""
    best = max(log_scores)
    weights = [math.exp(score - best) for score in log_scores]
    return [weight / sum(weights) for weight in weights]


class _CapturedStandardError:
    """Keeps what C code prints off the terminal, and has it to say why something failed."""

    def __enter__(self) -> Self:
        self._printed = TemporaryFile()
        self._saved = os.dup(2)
        os.dup2(self._printed.fileno(), 2)
        return self

    def __exit__(self, *reason: object) -> None:
        os.dup2(self._saved, 2)
        os.close(self._saved)
        self._printed.seek(0)
        self._text = self._printed.read().decode(errors="replace")
        self._printed.close()

    def first_error(self) -> str:
        """Return the text of the first error without its place in Kaldi's source, or nothing."""
        errors = (line for line in self._text.splitlines() if line.startswith("ERROR"))
        text = re.sub(r"^ERROR( \(\S*\))?:? ?(\w+::\w+: )?", "", next(errors, ""))
        return "".join(each if each.isprintable() else "?" for each in text)[:200]
