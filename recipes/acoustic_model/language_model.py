"""The language model: words, backed off to kinds of words, backed off to general Chinese.

    P(w | v) = b ML(w | v) + (1 - b) P(w | kind of v)
    P(w | k) = c ML(w | k) + (1 - c) P(w)

The kind is the part of speech that jieba's dictionary gives: what may follow 能不能 is much
the same as what may follow any verb, and a few thousand patterns of sentences cannot say
that word by word. P(w) is partly from the sentences and partly from jieba's frequencies; the
general part must stay large: with too little of it, common words are costly to leave and
absurd homophones win, which looks like a fault of the graph.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from recipes.acoustic_model.config import GraphConfig
from recipes.acoustic_model.lexicon import Lexicon, read_kinds

START, END = "<s>", "</s>"
JIEBA_EXPONENT = 0.7
UNKNOWN = "[unk]"
UNKNOWN_PROBABILITY = 1e-6


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the words that follow: some probabilities, else the factor times less."""

    words: dict[str, float]
    back_off: float
    parent: str  # the history to ask next; empty for the unigram


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A unigram for every word, and histories that know more."""

    unigram: dict[str, float]
    histories: dict[str, History]
    kind_of: dict[str, str]

    def history_after(self, word: str) -> str:
        """The most special history that a word leads to; empty for none."""
        if word in self.histories:
            return word
        kind = self.kind_of.get(word, "")
        return kind if kind in self.histories else ""

    def probability(self, history: str, word: str) -> float:
        """P(word | history), following the back-off."""
        if not history:
            return self.unigram[word]
        known = self.histories[history]
        if word in known.words:
            return known.words[word]
        return known.back_off * self.probability(known.parent, word)


def estimate(
    lexicon: Lexicon, sentences: Iterable[list[str]], config: GraphConfig
) -> LanguageModel:
    """Count, mix and prune."""
    kinds = {w: f"<{k}>" for w, k in read_kinds(lexicon).items()} | {START: "<s>"}
    words: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for sentence in sentences:
        padded = [START, *sentence, END]
        words.update(padded[1:])
        pairs.update(pairwise(padded))
    unigram = _unigram(lexicon, words, config.template_share)
    by_kind: Counter[tuple[str, str]] = Counter()
    for (history, word), count in pairs.items():
        by_kind[kinds[history], word] += count
    kind_histories = _histories(
        by_kind, lambda _, w: unigram[w], config.kind_weight, config.kind_limit, lambda _: ""
    )

    def from_kind(history: str, word: str) -> float:
        known = kind_histories.get(kinds[history])
        if known is None:
            return unigram[word]
        return known.words.get(word, known.back_off * unigram[word])

    frequent = Counter(
        {p: n for p, n in pairs.items() if n >= config.bigram_minimum_count and p[0] != START}
    )

    def parent(history: str) -> str:
        return kinds[history] if kinds[history] in kind_histories else ""

    word_histories = _histories(
        frequent, from_kind, config.bigram_weight, config.bigram_limit, parent
    )
    return LanguageModel(unigram, kind_histories | word_histories, kinds)


def _histories(
    counts: Counter[tuple[str, str]],
    lower: Callable[[str, str], float],
    weight: float,
    limit: int,
    parent: Callable[[str], str],
) -> dict[str, History]:
    """Histories with the `limit` pairs that say most beyond the lower model."""
    totals: Counter[str] = Counter()
    for (history, _), count in counts.items():
        totals[history] += count
    mixed = {
        (h, w): weight * n / totals[h] + (1 - weight) * lower(h, w) for (h, w), n in counts.items()
    }
    gain = {p: counts[p] * math.log(mixed[p] / lower(*p)) for p in counts}
    kept: dict[str, dict[str, float]] = {}
    for history, word in sorted(gain, key=lambda p: (-gain[p], p))[:limit]:
        kept.setdefault(history, {})[word] = mixed[history, word]
    return {h: History(words, 1 - weight, parent(h)) for h, words in sorted(kept.items())}


def _unigram(lexicon: Lexicon, words: Counter[str], template_share: float) -> dict[str, float]:
    total = sum(words.values())
    general = {w: max(e.frequency, 1) ** JIEBA_EXPONENT for w, e in sorted(lexicon.entries.items())}
    general_total = sum(general.values())
    mixed = {
        w: template_share * words[w] / total + (1 - template_share) * general[w] / general_total
        for w in general
    }
    mixed[END] = words[END] / total
    mixed[UNKNOWN] = UNKNOWN_PROBABILITY
    scale = sum(mixed.values())
    return {w: p / scale for w, p in mixed.items()}
