"""What a question is about: the words it has, the groups they belong to, the topics it is near.

    冰箱坏了给修不 -> w:冰箱, c:修, b:坏了, s:bin xian, g:fridge, g:broken, p:broken+repair, …

Few questions share words with the entry that answers them. So a word counts as its group of like
words too (冰箱 is an appliance), and the whole is placed among a hundred topics that shops are
asked about; a regression from the features of a thousand questions tells how near each is.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import combinations

import jieba
import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.features import WordGroups
from voicebot.dialogue.knowledge.background import synonyms, topics
from voicebot.dialogue.pinyin import fuzzy, syllables
from voicebot.dialogue.wording import plain

jieba.setLogLevel(logging.WARNING)

OPENERS = re.compile(
    "^(?:(?:你好|您好|喂|那个|那|嗯|哎|对了|还有|就是|麻烦|请|我|想|要|再|顺便)*"
    "(?:请问|问问|问一下|问下|咨询一下|咨询|了解一下|打听一下|问)+(?:一下|下|你们|您|你|看)*)+"
)
"""How people begin a question; it asks nothing."""

IDLE = frozenset("请问一下你们我想您这个那吗呢啊吧呀的了是有没什么怎帮查能可以")
"""Characters that stand in all kinds of questions: what is made of them alone tells nothing."""

WEIGHTS = {"w": 1.0, "c": 0.6, "b": 0.6, "s": 0.5, "g": 1.2, "p": 0.8}
"""Of words, characters, pairs of characters, pairs of syllables, groups and pairs of groups."""

VERSION = 1
"""Of the features and the regression; kept weights of another one are computed again."""

ELSEWHERE = "elsewhere"
"""The topic of everything that one does not ask a shop."""

RIDGE = 0.7
"""What keeps the regression from learning questions by heart; chosen with some left out."""

SHARPNESS = 12.0
"""What turns nearness to topics into shares."""

Features = Mapping[str, float]
"""Each feature with its weight."""


class Groups:
    """Finds the groups of a text's words; the longest word counts first, a word may be in several.

    A word that is heard counts as one of a group that sounds so (法票 as 发票), unless it is a word
    itself.
    """

    def __init__(self, groups: WordGroups) -> None:
        self._named: dict[str, list[str]] = {}
        for name, words in groups.words.items():
            for word in words:
                self._named.setdefault(plain(word), []).append(name)
        self._sounding = {syllables(word): names for word, names in self._named.items() if word[1:]}
        self._longest = max(map(len, self._named), default=0)

    def find(self, text: str) -> list[str]:
        """Return the groups in `text`, in order."""
        sound = syllables(text)
        alone = set()
        at = 0
        for word in jieba.cut(text):
            if len(word) == 1:
                alone.add(at)
            at += len(word)
        found: list[str] = []
        at = 0
        while at < len(text):
            for length in range(min(self._longest, len(text) - at), 0, -1):
                word = text[at : at + length]
                names = self._named.get(word) if length > 1 or at in alone else None
                unknown = length > 1 and len(sound) == len(text) and not jieba.dt.FREQ.get(word)
                if not names and unknown:
                    names = self._sounding.get(sound[at : at + length])
                if names:
                    found += names
                    at += length
                    break
            else:
                at += 1
        return found


def normal(text: str) -> str:
    """Return what is asked, without the way it is begun."""
    return OPENERS.sub("", text) or text


def features(text: str, groups: Groups) -> Iterator[str]:
    """Yield the features of `text`, which is plain; the first character tells their kind."""
    for word in jieba.cut_for_search(text):
        if len(word) > 1 and not IDLE.issuperset(word):
            yield f"w:{word}"
    sound = fuzzy(text)
    for at, character in enumerate(text):
        if character not in IDLE:
            yield f"c:{character}"
        pair = text[at : at + 2]
        if len(pair) == 2 and not IDLE.issuperset(pair):
            yield f"b:{pair}"
            if len(sound) == len(text):
                yield f"s:{sound[at]} {sound[at + 1]}"
    names = sorted(set(groups.find(text)))
    for name in names:
        yield f"g:{name}"
    for one, other in combinations(names, 2):
        yield f"p:{one}+{other}"


class Meaning:
    """The background: how rare each feature is, and how near it is to each topic."""

    def __init__(self, questions: Sequence[tuple[str, str]], groups: WordGroups) -> None:
        self._digest = sha256(f"{VERSION} {questions} {dict(groups.words)}".encode())
        self.groups = Groups(groups)
        self._known = [
            tuple(dict.fromkeys(features(normal(text), self.groups))) for _, text in questions
        ]
        self._of = [topic for topic, _ in questions]
        self.topics = tuple(dict.fromkeys(self._of))
        self._seen = Counter(feature for each in self._known for feature in each)
        self._rows = {feature: row for row, feature in enumerate(self._seen)}
        self._weights: NDArray[np.float32] | None = None

    def weigh(self, text: str) -> Features:
        """Return the features of `text`, which is plain, with weights: the rarer, the heavier."""
        found = features(normal(text), self.groups)
        return {feature: self._weight(feature) for feature in found}

    def nearness(self, weighed: Features) -> NDArray[np.float32]:
        """Return how near something is to each topic; about 0 where it is far."""
        rows = [self._rows[each] for each in weighed if each in self._rows]
        values = np.array([value for each, value in weighed.items() if each in self._rows])
        length = float(np.sqrt(sum(value * value for value in weighed.values()))) or 1.0
        if not rows:
            return np.zeros(len(self.topics), np.float32)
        return np.asarray(values @ self.weights[rows] / length, np.float32)

    def digest(self) -> str:
        """Return a hash of all that the weights depend on."""
        return self._digest.hexdigest()[:32]

    @property
    def ready(self) -> bool:
        """Whether the weights are there already."""
        return self._weights is not None

    @property
    def weights(self) -> NDArray[np.float32]:
        """Features by topics; computed when first asked for (seconds) unless restored."""
        if self._weights is None:
            self._weights = self._fitted()
        return self._weights

    def restore(self, weights: NDArray[np.float32]) -> bool:
        """Take weights that were computed earlier; False when they are of other questions."""
        fits = weights.shape == (len(self._rows), len(self.topics))
        if fits:
            self._weights = weights.astype(np.float32)
        return fits

    def _fitted(self) -> NDArray[np.float32]:
        """Return a ridge regression, in the space of the questions since they are fewer than their
        features."""
        rarity = np.array([self._weight(feature) for feature in self._rows], np.float32)
        found = [np.array([self._rows[each] for each in known], int) for known in self._known]
        values = [rarity[rows] / np.linalg.norm(rarity[rows]).clip(1e-6) for rows in found]
        having: list[list[tuple[int, float]]] = [[] for _ in self._rows]
        for number, rows in enumerate(found):
            for row, value in zip(rows, values[number], strict=True):
                having[row].append((number, float(value)))
        columns = [
            (np.array([number for number, _ in each]), np.array([v for _, v in each], np.float32))
            for each in having
        ]
        alike = RIDGE * np.eye(len(found), dtype=np.float32)
        for numbers, value in columns:
            # Most features stand in one or two questions: this is far less than a dense product.
            alike[numbers[:, None], numbers] += value[:, None] * value
        wanted = np.zeros((len(found), len(self.topics)), np.float32)
        wanted[np.arange(len(found)), [self.topics.index(topic) for topic in self._of]] = 1.0
        wanted -= wanted.mean(axis=0)
        parts = np.linalg.solve(alike, wanted)
        return np.stack([value @ parts[numbers] for numbers, value in columns])

    def _weight(self, feature: str) -> float:
        # BM25's: of a line in which every word stands once, its sum is BM25.
        seen = self._seen[feature]
        rarity = np.log(1 + (len(self._known) - seen + 0.5) / (seen + 0.5))
        return WEIGHTS[feature[0]] * float(rarity)


def shares(nearness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return nearness to topics as shares that add up to 1, the last axis being the topics."""
    raised = np.exp(SHARPNESS * (nearness - nearness.max(axis=-1, keepdims=True)))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


@lru_cache(maxsize=1)
def background() -> Meaning:
    """Return the meaning of what shops are asked in general (a second of work, once)."""
    return Meaning(topics(), synonyms())
