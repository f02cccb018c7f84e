"""What is spoken in training and what the language model learns: sentences of words.

Five sources, mixed: the sentence grammar, what authors wrote as customers say it, bare strings of
digits (nothing but the sound tells one digit from another), random words of the dictionary
weighted by frequency (so that every word is heard and no word order is learnt from them), and
strings of syllables drawn evenly (so that every rare syllable is heard).
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from recipes.acoustic_model.grammar_text import SentenceGrammar
from recipes.acoustic_model.lexicon import Lexicon, is_hanzi

# Shares of the kinds of utterance in synthetic speech; the rest are strings of syllables.
_GRAMMAR, _CALLERS, _DIGITS, _WORDS = accumulate((0.3, 0.18, 0.08, 0.34))
LONGEST_SAID = 24
"""Characters of an author's sentence that is spoken: about four seconds."""
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

    def __init__(
        self, lexicon: Lexicon, grammar: SentenceGrammar, callers: Sequence[str] = ()
    ) -> None:
        """Without `callers`, sentences of the grammar are spoken in place of theirs."""
        self._lexicon = lexicon
        self._callers = [
            line
            for line in callers
            if len(line) <= LONGEST_SAID and any(map(is_hanzi, line)) and lexicon.known(line)
        ]
        self._grammar = grammar
        self._words = sorted(w for w in lexicon.entries)
        self._weights = list(
            accumulate(max(lexicon.entries[w].frequency, 1) ** 0.4 for w in self._words)
        )
        self._syllables = sorted(lexicon.pinyin())

    def draw(self, rng: random.Random) -> Spoken:
        """One utterance of one to about twenty syllables."""
        kind = rng.random()
        if kind < _GRAMMAR or (kind < _CALLERS and not self._callers):
            return self.spoken(self._grammar.expand("sentence", rng), rng)
        if kind < _CALLERS:
            return self.spoken(rng.choice(self._callers), rng)
        if kind < _DIGITS:
            return self.spoken(self._grammar.slots[rng.choice(DIGIT_STRINGS)](rng), rng)
        if kind < _WORDS:
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
        drawn = (self._grammar.expand("sentence", rng) for _ in range(count))
        return segmented(drawn, self._lexicon)


def callers() -> Iterator[str]:
    """Sentences that authors wrote as customers say them."""
    written = ROOT.glob("recipes/understanding/callers/*/*.txt")
    for path in sorted((*written, *ROOT.glob("grammars/examples/*.txt"))):
        yield from path.read_text("utf-8").splitlines()


def segmented(sentences: Iterable[str], lexicon: Lexicon) -> Iterator[list[str]]:
    """Words of each sentence that has any, for the language model."""
    for sentence in sentences:
        words = [word for word in lexicon.segment(sentence) if word in lexicon.entries]
        if words:
            yield words


def _sandhi(clause: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Tone changes of a single 不 before a fourth tone."""
    changed = list(clause)
    for i in range(len(clause) - 1):
        if clause[i] == ("bu4",) and clause[i + 1][0].endswith("4"):
            changed[i] = ("bu2",)
    return changed
