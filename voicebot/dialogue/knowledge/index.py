"""Which entry answers a question? Two judges, each worth half.

BM25 over jieba's words and toneless syllables asks how much of a known wording was said; a
nearest-example classifier over characters and syllables, in ones, twos and threes, asks how alike
the whole is. Recognisers hear 法票 for 发票, so both work on sounds as well. What neither is sure
of is refused: a wrong answer is worse than none.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import jieba
import numpy as np

from voicebot.dialogue.knowledge.entry import Entry
from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.wording import plain, without_fillers
from voicebot.speech.recogniser import UNKNOWN

SURE = 0.42
"""The least score of an answer; see docs/knowledge.md for how it was chosen."""

LEAD = 0.03
"""Two entries nearer than this in score are not told apart, unless one was asked word for word."""

OPENERS = re.compile(
    "^(?:(?:你好|您好|喂|那个|那|嗯|哎|对了|还有|就是|麻烦|请|我|想|要|再|顺便)*"
    "(?:请问|问问|问一下|问下|咨询一下|咨询|了解一下|打听一下|问)+(?:一下|下|你们|您|你|看)*)+"
)
"""How people begin a question; it asks nothing."""

SAME = (
    (re.compile("什么时候|多长时间|几时|何时|多少天|几天|多少时间|大概多久|要多久"), "多久"),
    (re.compile("如何|怎样|咋样|咋|怎么样"), "怎么"),
    (re.compile("能不能|可不可以|可以不可以|能否|是否可以|可以"), "能"),
    (re.compile("邮费|快递费|物流费"), "运费"),
)
"""Words that ask the same."""

ONE_TOPIC = 0.55
"""Score of a single word that only one entry speaks of."""

GRAMS = (1, 2, 3)
IDLE = frozenset("请问一下你们我想您这个那吗呢啊吧呀的了是有没什么怎帮查能可以")
"""Characters that stand in all kinds of questions: what is made of them alone tells nothing."""


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
        self._sounds = {fuzzy(text): entry for entry, text in self._asked}
        texts = [_normal(text) for _, text in self._asked]
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
        self._topics = _topics(self._asked)
        self._vectors = TfidfVectorizer(analyzer=_grams, sublinear_tf=True)
        self._rows = self._vectors.fit_transform(texts)

    def search(self, text: str, count: int = 3) -> list[Hit]:
        """Return the entries that fit best, the best first; scores are 0 to 1."""
        words = without_fillers(plain(text.replace(UNKNOWN, "")))
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
        asked = _normal(words)
        tokens = [token for token in _tokens(asked) if token in self._known]
        scores = np.zeros(len(self._asked))
        if tokens:
            covered = np.minimum(self._bm25.get_scores(tokens) / self._own, 1.0)
            alike = (self._rows @ self._vectors.transform([asked]).T).toarray()[:, 0]
            scores = 0.5 * covered + 0.5 * alike
        topic = self._topics.get(asked)
        for number, (entry, text) in enumerate(self._asked):
            if topic is entry:
                scores[number] = max(scores[number], ONE_TOPIC)
            if text == words:
                scores[number] = 1.0
            elif self._sounds.get(fuzzy(words)) is entry and len(words) > 2:
                scores[number] = max(scores[number], 0.95)
        return scores


def _topics(asked: Sequence[tuple[Entry, str]]) -> dict[str, Entry]:
    """Return the words that one entry alone speaks of: who says 发票 and no more asks about it."""
    found: dict[str, set[int]] = {}
    entries = {id(entry): entry for entry, _ in asked}
    for entry, text in asked:
        for word in jieba.cut_for_search(_normal(text)):
            if len(word) > 1:
                found.setdefault(word, set()).add(id(entry))
    return {word: entries[min(of)] for word, of in found.items() if len(of) == 1}


def _normal(text: str) -> str:
    """Return what is asked, without the way it is begun, in one word for each thing."""
    text = OPENERS.sub("", text) or text
    for words, one in SAME:
        text = words.sub(one, text)
    return text


def _tokens(text: str) -> Iterator[str]:
    """Yield jieba's words and pairs of syllables that say what it is about."""
    for word in jieba.cut_for_search(text):
        if not IDLE.issuperset(word):
            yield word
    sound = fuzzy(text)
    if len(sound) == len(text):
        for start in range(len(text) - 1):
            if not IDLE.issuperset(text[start : start + 2]):
                yield f"{sound[start]} {sound[start + 1]}"


def _grams(text: str) -> Iterator[str]:
    """Yield runs of characters and of syllables that say what it is about."""
    sound = fuzzy(text)
    rows: list[Sequence[str]] = [text, sound] if len(sound) == len(text) else [text]
    for row in rows:
        for length in GRAMS:
            for start in range(len(row) - length + 1):
                if not IDLE.issuperset(text[start : start + length]):
                    yield " ".join(row[start : start + length])
