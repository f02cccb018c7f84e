"""How well speech was recognised: error rates, and how sure the rates are.

Characters are compared after both texts were brought to what is said: digits in words, no
punctuation, one case. Syllables are the caller's business, since how Chinese sounds is known
elsewhere. Every interval is one of 95 %.
"""

import math
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicebot.speech.recogniser import UNKNOWN
from voicebot.speech.text_normaliser import spoken

Z = 1.959964
"""Of the normal distribution: 95 % lie within."""
DRAWS = 1000
"""Bootstrap samples: the ends of the interval then wander by some hundredths of its width."""
DRAWN_AT_ONCE = 50
"""Of 10,000 recordings these take 12 MB."""

Spell = Callable[[str], Sequence[str]]
"""Takes a text apart into what is compared."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """One utterance: what was said and what was understood."""

    source: str
    """The recording it is from; utterances of one recording go wrong together."""
    condition: str
    said: str
    """Empty when nothing is said."""
    heard: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of a total, with its interval; shares from 0 (an error rate may pass 1)."""

    count: int
    total: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """None when there was nothing to count."""
        return self.count / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Score:
    """How well one set of utterances was recognised."""

    utterances: int
    characters: Rate
    """Character error rate: substituted, missing and added ones by those that were said."""
    syllables: Rate
    """The same over toneless syllables: what homophones do not spoil."""
    sentences: Rate
    """Right as a whole, by characters."""


@dataclass(frozen=True, slots=True)
class GrammarScore:
    """What a grammar did to sentences that it has and to others."""

    inside: Rate
    """Sentences of the grammar that were heard exactly."""
    outside: Rate
    """Other utterances that were wrongly taken for a phrase of the grammar."""


def characters(text: str) -> tuple[str, ...]:
    """Return the characters that are said: 您有2个订单！ -> 您 有 两 个 订 单.

    Each `[unk]` of a recogniser counts as one character, which is always wrong.
    """
    return _around_unknown(text, _characters)


def toneless(spell: Spell) -> Spell:
    """Return `spell` (texts of Chinese characters to syllables) made to bear `[unk]`."""
    return lambda text: _around_unknown(text, lambda part: spell("".join(_characters(part))))


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return the fewest substitutions, deletions and insertions that lead from one to the other."""
    row = list(range(len(heard) + 1))
    for number, wanted in enumerate(said, 1):
        before, row[0] = row[0], number
        for index, got in enumerate(heard, 1):
            change = before + (wanted != got)
            before = row[index]
            row[index] = min(change, row[index] + 1, row[index - 1] + 1)
    return row[-1]


def score(hearings: Sequence[Hearing], syllables: Spell, rng: np.random.Generator) -> Score:
    """Judge a set of utterances; `syllables` as for `toneless`, `rng` for the intervals."""
    right = sum(characters(each.said) == characters(each.heard) for each in hearings)
    return Score(
        len(hearings),
        _error_rate(hearings, characters, rng),
        _error_rate(hearings, toneless(syllables), rng),
        wilson(right, len(hearings)),
    )


def score_grammar(hearings: Iterable[Hearing], phrases: Collection[str]) -> GrammarScore:
    """Judge decisions that were made with a grammar of `phrases`."""
    known = {characters(phrase) for phrase in phrases}
    inside = exact = outside = accepted = 0
    for each in hearings:
        said, heard = characters(each.said), characters(each.heard)
        if said in known:
            inside += 1
            exact += said == heard
        else:
            outside += 1
            accepted += heard in known
    return GrammarScore(wilson(exact, inside), wilson(accepted, outside))


def wilson(count: int, total: int) -> Rate:
    """Return a share of independent trials with Wilson's score interval, true for few trials."""
    if total == 0:
        return Rate(0, 0, 0.0, 1.0)
    share = count / total
    middle = share + Z**2 / (2 * total)
    half = Z * math.sqrt(share * (1 - share) / total + Z**2 / (4 * total**2))
    # Rounding alone leads past the ends.
    low, high = (max(0.0, (middle + side) / (1 + Z**2 / total)) for side in (-half, half))
    return Rate(count, total, low if count else 0.0, min(1.0, high) if count < total else 1.0)


def _error_rate(hearings: Sequence[Hearing], spell: Spell, rng: np.random.Generator) -> Rate:
    """Return errors over tokens said, with a percentile bootstrap over recordings.

    Utterances stand in when there is one recording only. Where drawing again tells nothing, which
    is without a single error and for a single utterance, the upper end is Wilson's for the share of
    recordings with an error, or everything.
    """
    one = len({each.source for each in hearings}) == 1
    drawn: dict[object, tuple[int, int]] = {}
    for number, each in enumerate(hearings):
        said, heard = spell(each.said), spell(each.heard)
        unit = number if one else each.source
        wrong, length = drawn.get(unit, (0, 0))
        drawn[unit] = wrong + errors(said, heard), length + len(said)
    table = np.array(list(drawn.values()), np.int64).reshape(-1, 2)
    wrong, length = (int(total) for total in table.sum(axis=0))
    if length == 0 or (wrong and len(table) == 1):
        return Rate(wrong, length, 0.0, max(1.0, wrong / max(length, 1)))
    if wrong == 0:
        return Rate(0, length, 0.0, wilson(0, len(table)).high)
    low, high = np.percentile(_drawn_again(table, rng), (2.5, 97.5))
    return Rate(wrong, length, float(low), float(high))


def _drawn_again(table: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the rate of each of `DRAWS` sets of as many recordings, drawn with repetition."""
    rates = []
    for _ in range(DRAWS // DRAWN_AT_ONCE):
        drawn = rng.integers(len(table), size=(DRAWN_AT_ONCE, len(table)))
        wrong, length = table[drawn].sum(axis=1).T
        # A draw of recordings in which nothing is said has no rate; it counts as one token.
        rates.append(wrong / np.maximum(length, 1))
    return np.concatenate(rates)


def _around_unknown(text: str, spell: Spell) -> tuple[str, ...]:
    first, *others = (tuple(spell(part)) for part in text.split(UNKNOWN))
    for other in others:
        first = (*first, UNKNOWN, *other)
    return first


def _characters(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text)
    if any(character.isdigit() for character in plain):
        plain = spoken(plain)
    return [character.lower() for character in plain if character.isalnum()]
