"""What is spoken in training and what the language model learns: sentences of words.

Four sources, mixed: the sentence grammar, bare strings of digits (nothing but the sound tells
one digit from another), random words of the dictionary weighted by frequency (so that every
word is heard and no word order is learnt from them), and strings of syllables drawn evenly
(so that every rare syllable is heard).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from recipes.acoustic_model.grammar_text import SentenceGrammar
from recipes.acoustic_model.lexicon import Lexicon, is_hanzi

# Shares of the kinds of utterance in synthetic speech.
GRAMMAR_SHARE, DIGITS_SHARE, WORDS_SHARE = 0.48, 0.08, 0.34
ROOT = Path(__file__).parents[2]
DIGIT_STRINGS = ("phone", "phone", "digits", "order_number")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance: clauses of words, each word with the reading to be spoken."""

    clauses: tuple[tuple[tuple[str, ...], ...], ...]

    @property
    def syllables(self) -> tuple[str, ...]:
        """All toned syllables in order."""
        return tuple(s for clause in self.clauses for word in clause for s in word)


class TextSource:
    """Draws utterances; every draw takes the generator it is to use."""

    def __init__(self, lexicon: Lexicon, grammar: SentenceGrammar) -> None:
        self._lexicon = lexicon
        self._grammar = grammar
        self._words = sorted(w for w in lexicon.entries)
        self._weights = list(
            accumulate(max(lexicon.entries[w].frequency, 1) ** 0.4 for w in self._words)
        )
        self._syllables = sorted(lexicon.pinyin())

    def draw(self, rng: random.Random) -> Spoken:
        """One utterance of one to about twenty syllables."""
        kind = rng.random()
        if kind < GRAMMAR_SHARE:
            return self.spoken(self._grammar.expand("sentence", rng), rng)
        if kind < GRAMMAR_SHARE + DIGITS_SHARE:
            return self.spoken(self._grammar.slots[rng.choice(DIGIT_STRINGS)](rng), rng)
        if kind < GRAMMAR_SHARE + DIGITS_SHARE + WORDS_SHARE:
            count = rng.randint(1, 7)
            words = rng.choices(self._words, cum_weights=self._weights, k=count)
            cut = rng.randint(0, count) if rng.random() < 0.3 else 0
            parts = [p for p in (words[:cut], words[cut:]) if p]
            return Spoken(tuple(tuple(self._reading(w, rng) for w in p) for p in parts))
        syllables = rng.choices(self._syllables, k=rng.randint(1, 8))
        return Spoken((tuple((s,) for s in syllables),))

    def spoken(self, sentence: str, rng: random.Random) -> Spoken:
        """Cut a sentence into words and choose how each is read."""
        clauses: list[list[tuple[str, ...]]] = [[]]
        for word in self._lexicon.segment(sentence):
            if word in self._lexicon.entries:
                clauses[-1].append(self._reading(word, rng))
            elif not is_hanzi(word) and clauses[-1]:
                clauses.append([])
        return Spoken(tuple(tuple(_sandhi(c)) for c in clauses if c))

    def _reading(self, word: str, rng: random.Random) -> tuple[str, ...]:
        readings = self._lexicon.entries[word].readings
        if len(readings) == 1 or (len(word) == 1 and rng.random() < 0.85):
            return readings[0]
        return rng.choice(readings)

    def sentences(self, count: int, seed: int) -> Iterator[list[str]]:
        """Segmented sentences of the grammar, for the language model."""
        rng = random.Random(seed)
        for _ in range(count):
            sentence = self._grammar.expand("sentence", rng)
            clause: list[str] = []
            for word in self._lexicon.segment(sentence):
                if word in self._lexicon.entries:
                    clause.append(word)
            if clause:
                yield clause


def callers(lexicon: Lexicon) -> Iterator[list[str]]:
    """Segmented sentences that authors wrote as customers say them, for the language model."""
    written = ROOT.glob("recipes/understanding/callers/*/*.txt")
    for path in sorted((*written, *ROOT.glob("grammars/examples/*.txt"))):
        for line in path.read_text("utf-8").splitlines():
            words = [word for word in lexicon.segment(line) if word in lexicon.entries]
            if words:
                yield words


def _sandhi(clause: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Tone changes of a single 不 before a fourth tone."""
    changed = list(clause)
    for i in range(len(clause) - 1):
        if clause[i] == ("bu4",) and clause[i + 1][0].endswith("4"):
            changed[i] = ("bu2",)
    return changed
