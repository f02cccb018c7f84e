"""Which entry answers a question? Two judges, each worth half.

BM25 over jieba's words and toneless syllables asks how much of a known wording was said; a
nearest-example classifier over characters and syllables, in ones, twos and threes, asks how alike
the whole is. Recognisers hear 法票 for 发票, so both work on sounds as well. What neither is sure
of is refused: a wrong answer is worse than none.
"""

import itertools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import jieba
import numpy as np

from voicebot.dialogue.knowledge.entry import Entry
from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.wording import plain, without_fillers

SURE = 0.5
"""The least score of an answer; see docs/knowledge.md for how it was chosen."""

LEAD = 0.03
"""Two entries nearer than this in score are not told apart, unless one was asked word for word."""

GRAMS = (1, 2, 3)
IDLE = frozenset("请问一下你们我想您这个那吗呢啊吧呀的了是")
"""Characters that stand in every question; they weigh half."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry and how well it fits."""

    entry: Entry
    score: float
    """0 to 1."""
    question: str
    """The variant that fits best."""


@lru_cache(maxsize=64)
def index(entries: tuple[Entry, ...]) -> "Index":
    """Return the index of these entries; a process has few scripts, each with one."""
    return Index(entries)


class Index:
    """The questions of some entries, ready to be compared with what was heard."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        # Slow to import, and scripts without knowledge need neither.
        import bm25s
        from sklearn.feature_extraction.text import TfidfVectorizer

        jieba.setLogLevel(logging.WARNING)
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self._asked = [(entry, plain(each)) for entry in entries for each in entry.questions]
        self._exact = {text: entry for entry, text in self._asked}
        self._sounds = {fuzzy(text): entry for entry, text in self._asked}
        texts = [text for _, text in self._asked]
        self._bm25 = bm25s.BM25()
        self._tokens = [list(_tokens(text)) for text in texts]
        self._bm25.index(self._tokens, show_progress=False)
        self._known = {token for tokens in self._tokens for token in tokens}
        self._own = np.array(
            [
                self._bm25.get_scores(tokens)[number] if tokens else 1.0
                for number, tokens in enumerate(self._tokens)
            ]
        )
        self._vectors = TfidfVectorizer(analyzer=_grams, sublinear_tf=True)
        self._rows = self._vectors.fit_transform(texts)

    def search(self, text: str, count: int = 3) -> list[Hit]:
        """Return the entries that fit best, the best first; scores are 0 to 1."""
        words = without_fillers(plain(text))
        if not words:
            return []
        scores = self._scores(words)
        best: dict[int, Hit] = {}
        for number in np.argsort(-scores)[: count * 12]:
            entry, question = self._asked[number]
            best.setdefault(id(entry), Hit(entry, float(scores[number]), question))
        return list(best.values())[:count]

    def answer(self, text: str) -> Hit | None:
        """Return the entry that answers `text`, None when nothing is sure enough."""
        hits = self.search(text, 2)
        if not hits or hits[0].score < SURE:
            return None
        close = len(hits) > 1 and hits[0].score - hits[1].score < LEAD and hits[0].score < 1
        return None if close else hits[0]

    def _scores(self, words: str) -> np.ndarray:
        tokens = [token for token in _tokens(words) if token in self._known]
        scores = np.zeros(len(self._asked))
        if tokens:
            covered = np.minimum(self._bm25.get_scores(tokens) / self._own, 1.0)
            alike = (self._rows @ self._vectors.transform([words]).T).toarray()[:, 0]
            scores = 0.5 * covered + 0.5 * alike
        for number, (entry, text) in enumerate(self._asked):
            if text == words:
                scores[number] = 1.0
            elif self._sounds.get(fuzzy(words)) is entry and len(words) > 2:
                scores[number] = max(scores[number], 0.95)
        return scores


def _tokens(text: str) -> Iterator[str]:
    """Yield jieba's words and pairs of syllables."""
    for word in jieba.cut_for_search(text):
        if word not in IDLE:
            yield word
    sound = fuzzy(text)
    for first, second in itertools.pairwise(sound):
        yield f"{first} {second}"


def _grams(text: str) -> Iterator[str]:
    """Yield runs of characters and of syllables."""
    for row in (tuple(text), fuzzy(text)):
        for length in GRAMS:
            for start in range(len(row) - length + 1):
                gram = row[start : start + length]
                if length > 1 or gram[0] not in IDLE:
                    yield " ".join(gram)
