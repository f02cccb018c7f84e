"""What callers asked in vain, put together and proposed as new entries."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from voicebot.dialogue.knowledge.index import Index
from voicebot.dialogue.knowledge.meaning import IDLE
from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.wording import plain, without_fillers

ALIKE = 0.3
"""Least mean likeness of two groups that are joined: below it they ask different things."""

SHORTEST = 3
"""Characters of a question; 嗯 and 什么 ask for nothing that could be written down."""

MANY = 5000
"""Of different questions that are grouped; the most frequent ones, since the time grows with the
square."""


GRAMS = (1, 2, 3)
"""Lengths of the runs by which questions are compared."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that mean the same and have no answer."""

    question: str
    """The most usual wording."""
    variants: tuple[str, ...]
    """The others, the most usual first."""
    times: int
    nearest: str = ""
    """The entry that comes nearest: perhaps it only needs another variant."""
    nearest_score: float = 0.0


def gaps(asked: Sequence[str], index: Index | None = None) -> list[Gap]:
    """Group questions that were not answered, the most frequent group first."""
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = Counter(without_fillers(plain(each)) for each in asked)
    texts = [text for text, _ in words.most_common(MANY) if len(text) >= SHORTEST]
    if not texts:
        return []
    if len(texts) == 1:
        groups = np.zeros(1, dtype=int)
    else:
        rows = TfidfVectorizer(analyzer=_grams, sublinear_tf=True).fit_transform(texts)
        apart = np.clip(1 - (rows @ rows.T).toarray(), 0, 1)
        joined = AgglomerativeClustering(
            n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - ALIKE
        )
        groups = joined.fit_predict(apart)
    found: dict[int, list[str]] = {}
    for group, text in zip(groups, texts, strict=True):
        found.setdefault(int(group), []).append(text)
    proposed = [_gap(each, words, index) for each in found.values()]
    return sorted(proposed, key=lambda gap: (-gap.times, gap.question))


def _gap(texts: list[str], words: Counter[str], index: Index | None) -> Gap:
    ordered = sorted(texts, key=lambda text: (-words[text], len(text), text))
    near = index.search(ordered[0], 1) if index is not None else []
    return Gap(
        ordered[0],
        tuple(ordered[1:]),
        sum(words[text] for text in ordered),
        near[0].entry.question if near else "",
        near[0].score if near else 0.0,
    )


def _grams(text: str) -> Iterator[str]:
    """Yield runs of characters and of syllables that say what it is about."""
    sound = fuzzy(text)
    rows: list[Sequence[str]] = [text, sound] if len(sound) == len(text) else [text]
    for row in rows:
        for length in GRAMS:
            for start in range(len(row) - length + 1):
                if not IDLE.issuperset(text[start : start + length]):
                    yield " ".join(row[start : start + length])
