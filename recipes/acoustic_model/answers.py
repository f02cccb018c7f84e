"""Answers given with a grammar, as the robot hears them: how many are right, how sure they are.

Every decision is kept with the engine's numbers; `calibration` turns them into what a confidence
means.
"""

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from statistics import median
from typing import Any

from pypinyin import lazy_pinyin
from rich.progress import track

from recipes.acoustic_model import lexicon, recordings, test_sets
from recipes.acoustic_model.config import Config
from recipes.acoustic_model.features import SAMPLE_RATE
from recipes.acoustic_model.hearing import Ear, plain
from recipes.acoustic_model.test_sets import Item
from voicebot.speech.evaluation import Rate, wilson
from voicebot.speech.recogniser import Transcript

GRAMMAR_WORDS, OTHER_WORDS = 60, 240
PEOPLE_CONDITIONS = ("clean", "telephone", "+10 dB")
# For calibration every recording is asked again in other company and on other lines.
CALIBRATION_GRAMMARS = 24
CALIBRATION_CONDITIONS = ("telephone", "+10 dB", "+5 dB")

Line = Callable[[Item, int], bytes]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a confidence rests on, and whether what it stood for was right."""

    share: float
    right: bool
    source: str
    """Of one recording or text; what has the same source goes to the same half."""
    fit: float


@dataclass(slots=True)
class Decisions:
    """By what the confidence is of: `grammar utterance`, `free word` and so on."""

    by_kind: dict[str, list[Decision]] = field(default_factory=dict)

    def add_answer(
        self, heard: Transcript, fit: float, said: str, source: str, grammar: Collection[str]
    ) -> None:
        """An utterance heard with a grammar; what is no phrase of it is no answer."""
        if heard.text in grammar:
            self._add("grammar", heard, fit, heard.text == said, said, source)

    def add_free(self, heard: Transcript, fit: float, said: str, source: str) -> None:
        """An utterance heard freely."""
        if heard.text:
            self._add("free", heard, fit, plain(heard.text) == plain(said), said, source)

    def _add(
        self, kind: str, heard: Transcript, fit: float, right: bool, said: str, source: str
    ) -> None:
        whole = self.by_kind.setdefault(f"{kind} utterance", [])
        whole.append(Decision(heard.confidence, right, source, fit))
        self.by_kind.setdefault(f"{kind} word", []).extend(
            Decision(word.confidence, word_right, source, fit)
            for word, word_right in zip(heard.words, words_right(heard, said), strict=True)
        )


def words_right(heard: Transcript, said: str) -> list[bool]:
    """Which words stand whole in what was said, by the longest common runs of characters."""
    texts = [plain(word.text) for word in heard.words]
    matcher = SequenceMatcher(None, "".join(texts), plain(said), autojunk=False)
    right = {
        index
        for start, _, size in matcher.get_matching_blocks()
        for index in range(start, start + size)
    }
    found, position = [], 0
    for text in texts:
        found.append(bool(text) and all(i in right for i in range(position, position + len(text))))
        position += len(text)
    return found


SILENCES_S = (1, 3)
_ZEROS = bytes(2 * SAMPLE_RATE)


def silence_score(ear: Ear, inside: Sequence[Item], line: Line) -> float:
    """What a second of silence adds to the log likelihood: the median over the phrases, each heard
    with less and with more silence after it."""
    found = []
    for i, item in enumerate(inside):
        pcm, scores = line(item, i), []
        for seconds in SILENCES_S:
            heard, fit = ear.answer_and_fit(pcm + seconds * _ZEROS, test_sets.PHRASES)
            spoken_s = sum(word.end_ms - word.start_ms for word in heard.words) / 1000
            scores.append(fit.score * spoken_s)
        found.append((scores[1] - scores[0]) / (SILENCES_S[1] - SILENCES_S[0]))
    return round(median(found), 2)


def phrases(
    ear: Ear, inside: Sequence[Item], outside: Sequence[Item], line: Line, decisions: Decisions
) -> dict[str, Any]:
    """The thirty phrases + [unk], and sentences that are none of them."""
    exact = 0
    for i, item in enumerate(inside):
        heard = ear.answer(line(item, i), test_sets.PHRASES)
        exact += heard.text == item.text
        decisions.add_answer(heard, ear.fit, item.text, item.text, test_sets.PHRASES)
    accepted = 0
    for i, item in enumerate(outside):
        heard = ear.answer(line(item, i), test_sets.PHRASES)
        accepted += heard.text in test_sets.PHRASES
        decisions.add_answer(heard, ear.fit, item.text, item.text, test_sets.PHRASES)
    return {
        "grammar_exact": as_row(wilson(exact, len(inside))),
        "false_accepts": as_row(wilson(accepted, len(outside))),
    }


def as_row(rate: Rate) -> dict[str, float | int]:
    """Per cent with the ends of the 95 % interval."""
    share = rate.share or 0.0
    return {
        "value": round(100 * share, 1),
        "low": round(100 * rate.low, 1),
        "high": round(100 * rate.high, 1),
        "of": rate.total,
    }


def held_out_words(config: Config, ear: Ear) -> list[recordings.Recording]:
    """Words of people that training never heard and the model knows."""
    words = lexicon.load(config)
    found = [
        r
        for folder in config.human_folders
        for r in recordings.read_folder(folder, words)
        if recordings.held_out(r.path.name, config.human.held_out_fifth)
    ]
    return [r for r in found if lexicon.is_hanzi(r.text) and set(r.text) <= ear.words]


def people(ear: Ear, config: Config, seed: int, decisions: Decisions) -> dict[str, Any]:
    """Sixty words + [unk] against others, and the same words in other grammars."""
    usable = [r for r in held_out_words(config, ear) if len(r.text) > 1 and r.text in ear.words]
    random.Random(seed).shuffle(usable)
    figures: dict[str, Any] = {"words": len(usable)}
    if not usable:
        return figures
    chosen, others = _grammar_and_others(usable)
    for condition in PEOPLE_CONDITIONS:
        figures[condition] = _asked(ear, chosen, others[:OTHER_WORDS], condition)
    rng = random.Random(seed + 1)
    for turn in track(range(CALIBRATION_GRAMMARS), "people, other grammars", transient=True):
        rng.shuffle(usable)
        chosen, others = _grammar_and_others(usable)
        condition = CALIBRATION_CONDITIONS[turn % len(CALIBRATION_CONDITIONS)]
        _asked(ear, chosen, others[:GRAMMAR_WORDS], condition, decisions)
    return figures


def _grammar_and_others(
    found: Sequence[recordings.Recording],
) -> tuple[list[recordings.Recording], list[recordings.Recording]]:
    """The first words that all sound different, and those that sound like none of them."""
    by_sound: dict[str, recordings.Recording] = {}
    for r in found:
        by_sound.setdefault(_sound(r), r)
    chosen = list(by_sound.values())[:GRAMMAR_WORDS]
    sounds = {_sound(r) for r in chosen}
    return chosen, [r for r in found if _sound(r) not in sounds]


def _sound(recording: recordings.Recording) -> str:
    return " ".join(lazy_pinyin(recording.text))


def _asked(
    ear: Ear,
    chosen: Sequence[recordings.Recording],
    others: Sequence[recordings.Recording],
    condition: str,
    decisions: Decisions | None = None,
) -> dict[str, Any]:
    grammar = [r.text for r in chosen]
    right = wrong = refused = 0
    for item, heard in _heard(ear, chosen, grammar, condition):
        right += heard.text == item.text
        wrong += heard.text != item.text and heard.text in grammar
        if decisions:
            decisions.add_answer(heard, ear.fit, item.text, item.text, grammar)
    for item, heard in _heard(ear, others, grammar, condition):
        refused += heard.text not in grammar
        if decisions:
            decisions.add_answer(heard, ear.fit, item.text, item.text, grammar)
    return {
        "right": as_row(wilson(right, len(chosen))),
        "wrong": as_row(wilson(wrong, len(chosen))),
        "others_rejected": as_row(wilson(refused, len(others))),
    }


def _heard(
    ear: Ear, found: Sequence[recordings.Recording], grammar: list[str], condition: str
) -> Iterable[tuple[Item, Transcript]]:
    for i, item in enumerate(test_sets.people(found)):
        yield item, ear.answer(test_sets.in_condition(item.wave, condition, i), grammar)
