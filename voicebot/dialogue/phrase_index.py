"""The phrases of a script's intents, ready to be compared with what was heard.

One reading of an utterance is tried in this order, and the first that applies decides:

    exact         is one of the phrases, fillers apart
    same sound    is one of the phrases in toneless, fuzzy pinyin: 点吃 for 电池; of one syllable
                  only an answer (队 for 对), and not fuzzily: 还 is no 嗨
    made of       is nothing but phrases, one after the other, as a grammar lets them mix
    close         differs by a small part of its syllables, with as many negations, or
    contained     holds a phrase, with no negation before or right after it: the better of both
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.negation import begins_negated, has_negation, negations
from voicebot.dialogue.one_syllable import ANSWERS
from voicebot.dialogue.pinyin import fuzzy, split, syllables
from voicebot.dialogue.script import Intent
from voicebot.dialogue.wording import plain, without_fillers

EXACT = 1.0
SAME_SOUND = 0.92
MADE_OF = 0.9
CLOSE = 0.85
"""Less the distance, so at least 0.6."""
CONTAINED = 0.55
"""Plus up to 0.3 for the share of the utterance that the phrase is."""
BESIDE_UNKNOWN = 0.6
"""Factor for a phrase that stands beside speech that the grammar does not have."""

CLOSE_DISTANCE = 0.25
"""Edits for each syllable: one in four, or half of one in two."""
SHORTEST_BY_SOUND = 2
"""Syllables: one has dozens of homophones, and most of what a call hears of one is no answer."""
SHORT_SHARE = 0.3
"""A phrase of two characters must be this much of an utterance that contains it."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence of an intent."""

    intent: str
    text: str
    sound: tuple[str, ...]
    negations: int


@dataclass(frozen=True, slots=True)
class Match:
    """How a phrase, hot word or pattern fits."""

    intent: str
    phrase: str
    score: float
    how: str


class PhraseIndex:
    """The phrases of some intents; a query names which of the intents count."""

    def __init__(self, intents: Iterable[Intent]) -> None:
        self._phrases: list[Phrase] = []
        self._by_text: dict[str, list[Phrase]] = defaultdict(list)
        self._by_sound: dict[tuple[str, ...], list[Phrase]] = defaultdict(list)
        for intent in intents:
            for sentence in intent.sentences:
                self._add(intent.name, plain(sentence))
        self._longest = max((len(each.text) for each in self._phrases), default=0)
        self._lengths = np.array([len(each.sound) for each in self._phrases], np.float64)
        self._negations = np.array([each.negations for each in self._phrases], np.intp)
        self._postings = self._posted()

    def _add(self, intent: str, text: str) -> None:
        if not text or any(each.intent == intent for each in self._by_text.get(text, ())):
            return
        phrase = Phrase(intent, text, fuzzy(text), negations(text))
        self._phrases.append(phrase)
        self._by_text[text].append(phrase)
        self._by_sound[phrase.sound].append(phrase)

    def _posted(self) -> dict[str, tuple[NDArray[np.intp], NDArray[np.float64]]]:
        """Return, for each syllable, the phrases that it is in and how often."""
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for number, phrase in enumerate(self._phrases):
            for syllable, count in Counter(phrase.sound).items():
                found[syllable][number] = count
        return {
            syllable: (np.array(list(counts), np.intp), np.array(list(counts.values()), np.float64))
            for syllable, counts in found.items()
        }

    def exact(self, text: str, names: Collection[str]) -> Phrase | None:
        """Return the phrase that is the whole text; of the first of `names` that has it."""
        found = {each.intent: each for each in self._by_text.get(text, ())}
        return next((found[name] for name in names if name in found), None)

    def whole(self, text: str, core: str, names: Collection[str]) -> list[Match]:
        """Return what the whole text is: exactly, by its sound, or made of."""
        for form in dict.fromkeys((text, core)):
            if phrase := self.exact(form, names):
                return [Match(phrase.intent, phrase.text, EXACT, "is exactly")]
        for form in dict.fromkeys((text, core)):
            if found := self._same_sound(form, names):
                return found
        return self._made_of(core, names)

    def near(self, text: str, names: Collection[str]) -> list[Match]:
        """Return what the text nearly is, or holds."""
        return self._close(text, names) + self._contained(text, names)

    def beside_unknown(self, segment: str, names: Collection[str]) -> list[Match]:
        """Return the phrase that stands between two pieces of unknown speech."""
        phrase = self.exact(segment, names) or self.exact(without_fillers(segment), names)
        if phrase is None or len(phrase.text) < 2:
            return []
        return [Match(phrase.intent, phrase.text, EXACT * BESIDE_UNKNOWN, "has, beside noise,")]

    def _same_sound(self, text: str, names: Collection[str]) -> list[Match]:
        alike = self._by_sound.get(fuzzy(text), ())
        if len(fuzzy(text)) < SHORTEST_BY_SOUND:
            alike = [each for each in alike if _same_answer(text, each.text)]
        found = {each.intent: each for each in alike}
        found = {name: found[name] for name in names if name in found}
        # Two intents that sound alike share what the sound is worth.
        score = SAME_SOUND if len(found) < 2 else SAME_SOUND / 2
        return [Match(each.intent, each.text, score, "sounds like") for each in found.values()]

    def _made_of(self, text: str, names: Collection[str]) -> list[Match]:
        """Take `text` apart into phrases, the longest first; all of it or nothing."""
        rest, found = text, list[Phrase]()
        while rest:
            lengths = range(min(self._longest, len(rest)), 0, -1)
            pieces = (self.exact(rest[:length], names) for length in lengths)
            phrase = next((each for each in pieces if each), None)
            if phrase is None:
                return []
            found.append(phrase)
            rest = without_fillers(rest[len(phrase.text) :], or_all=False)
        if len({phrase.intent for phrase in found}) > 1:
            return []
        longest = max(found, key=lambda phrase: len(phrase.text))
        return [Match(longest.intent, longest.text, MADE_OF, "is made of phrases such as")]

    def _close(self, text: str, names: Collection[str]) -> list[Match]:
        sound, spoken = fuzzy(text), negations(text)
        if not self._phrases or len(sound) < SHORTEST_BY_SOUND:
            return []
        shared = np.zeros(len(self._phrases))
        for syllable, count in Counter(sound).items():
            if syllable in self._postings:
                places, counts = self._postings[syllable]
                shared[places] += np.minimum(counts, count)
        longer = np.maximum(self._lengths, len(sound))
        shorter = np.minimum(self._lengths, len(sound))
        # A missing syllable costs a whole edit, one that is not shared at least half of one.
        least = (longer - shorter + (shorter - shared) / 2) / longer
        likely = (least <= CLOSE_DISTANCE) & (self._negations == spoken) & (shared > 0)
        best: dict[str, Match] = {}
        places = np.flatnonzero(likely)
        for number in places[np.argsort(least[places], kind="stable")]:
            phrase = self._phrases[number]
            known = best.get(phrase.intent)
            if phrase.intent not in names or (known and CLOSE - least[number] <= known.score):
                continue
            most = CLOSE_DISTANCE if known is None else CLOSE - known.score
            length = float(longer[number])
            distance = _distance(sound, phrase.sound, most * length) / length
            score = CLOSE - distance
            if distance <= CLOSE_DISTANCE and (known is None or score > known.score):
                best[phrase.intent] = Match(phrase.intent, phrase.text, score, "is close to")
        return list(best.values())

    def _contained(self, text: str, names: Collection[str]) -> list[Match]:
        best: dict[str, Match] = {}
        for start in range(len(text)):
            for length in range(2, min(self._longest, len(text) - start) + 1):
                found = self._by_text.get(text[start : start + length])
                share = length / len(text)
                if not found or (length < 3 and share < SHORT_SHARE):
                    continue
                if has_negation(text[:start]) or begins_negated(text[start + length :]):
                    continue
                score = CONTAINED + 0.3 * share
                for phrase in found:
                    known = best.get(phrase.intent)
                    if phrase.intent in names and (known is None or score > known.score):
                        best[phrase.intent] = Match(phrase.intent, phrase.text, score, "contains")
        return list(best.values())


def _same_answer(heard: str, phrase: str) -> bool:
    """Tell whether one syllable that was heard is a homophone of an answer of one syllable."""
    return phrase in ANSWERS and syllables(heard) == syllables(phrase)


def _distance(first: Sequence[str], second: Sequence[str], most: float) -> float:
    """Return the edits from one row of syllables to the other; half of one for a near miss.

    What is sure to be over `most` is not counted to its end.
    """
    row = [float(column) for column in range(len(second) + 1)]
    for line, left in enumerate(first, 1):
        diagonal, row[0] = row[0], float(line)
        for column, right in enumerate(second, 1):
            best = min(row[column] + 1, row[column - 1] + 1, diagonal + _cost(left, right))
            diagonal, row[column] = row[column], best
        if min(row) > most:
            return min(row)
    return row[-1]


@lru_cache(maxsize=4096)
def _cost(left: str, right: str) -> float:
    """Return 0 for the same syllable, 0.5 where the final agrees, else 1.

    Finals are what a small telephone model hears rightly; initials are not.
    """
    if left == right:
        return 0.0
    return 0.5 if split(left)[1] == split(right)[1] else 1.0
