"""Which entry answers a question?

Every entry is compared with what was heard in several ways, by words and by meaning (`EVIDENCE`),
among them BM25 over jieba's words, characters, toneless syllables (recognisers hear 法票 for 发票)
and groups of like words. One set of weights makes a score of them that ranks the entries; another
says how likely it is that the first one answers at all. What is not likely is refused: a wrong
answer is worse than none.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import jieba
import numpy as np

from voicebot.dialogue.knowledge.entry import Entry
from voicebot.dialogue.knowledge.meaning import ELSEWHERE, Features, background, normal
from voicebot.dialogue.knowledge.texts import Texts, Values
from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.wording import plain, without_fillers
from voicebot.speech.recogniser import UNKNOWN

SURE = 0.45
"""The least score of an answer; see docs/knowledge.md for how it was chosen."""

SAME = (
    (re.compile("什么时候|多长时间|几时|何时|多少天|几天|多少时间|大概多久|要多久"), "多久"),
    (re.compile("如何|怎样|咋样|咋|怎么样"), "怎么"),
    (re.compile("能不能|可不可以|可以不可以|能否|是否可以|可以"), "能"),
    (re.compile("邮费|快递费|物流费"), "运费"),
)
"""Words that ask the same."""

ONE_TOPIC = 0.55
"""Score of a single word that only one entry speaks of."""

MOST_LEAD = 4.0
"""More lead than this makes nothing surer."""

BEST_GUESS = 0.89
"""The most that a question scores which is not asked word for word."""

EVIDENCE = {
    "alike": 0.64,
    "groups_known": 0.7,
    "groups_asked": 2.44,
    "known": 0.41,
    "known_or_told": 3.62,
    "topic": 5.33,
    "topic_shares": 1.13,
    "topic_shares_told": 0.37,
    "topic_told": 2.46,
    "same_kind": 0.38,
    "other_kind": 0.26,
    "alike_told": 1.92,
    "elsewhere": 0.0,
}
"""What speaks for an entry, each about 0 to 1, and how much it counts.

`alike`: cosine with the nearest wording; `known`, `known_or_told`: BM25 of all wordings, and of
them with the answer, as a share of what it could be; `groups_known`, `groups_asked`: share of what
was asked that a wording has, and the other way round, in groups; `topic…`: likeness of topics with
a wording, or with the answer (`told`); `same_kind`, `other_kind`: both ask how long, how much, who,
…, or both say how and differ; `alike_told`: cosine with the answer; `elsewhere`: how much it sounds
like nothing that one asks a shop (the same for all entries, so it only counts in `LIKELY`).

Fitted by `python -m benchmarks.understanding.fit_knowledge`.
"""

LIKELY = {
    "bias": -3.89,
    "total": 0.21,
    "lead": 0.4,
    "groups_known": 0.22,
    "groups_asked": 0.64,
    "topic_shares": 0.35,
    "topic_shares_told": 0.89,
    "topic_told": 0.5,
    "other_kind": -0.19,
    "alike_told": 0.92,
    "elsewhere": -2.14,
}
"""From the first entry's evidence, and its lead in score over the second, to the log odds that it
answers. Fitted by the same."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry and how well it fits."""

    entry: Entry
    score: float
    """0 to 1: how likely it is the answer."""
    question: str
    """The variant that fits best."""


@lru_cache(maxsize=64)
def index(entries: tuple[Entry, ...]) -> "Index":
    """Return the index of these entries; a process has few scripts, each with one."""
    return Index(entries)


class Index:
    """The questions of some entries, ready to be compared with what was heard."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)
        asked = [(number, plain(q)) for number, e in enumerate(entries) for q in e.questions]
        self._questions = [question for entry in entries for question in entry.questions]
        of = np.array([number for number, _ in asked])
        self._starts = np.searchsorted(of, np.arange(len(self._entries)))
        self._whole = {text: number for number, text in reversed(asked)}
        self._sounds = {fuzzy(text): number for number, text in asked}
        self._topics = _topics(asked)
        self._meaning = background()
        self._elsewhere = self._meaning.topics.index(ELSEWHERE)
        wordings = [self._meaning.weigh(text) for _, text in asked]
        answers = [self._meaning.weigh(plain(entry.answer)) for entry in entries]
        all_wordings = [
            _union(wordings[row] for row in np.flatnonzero(of == number))
            for number in range(len(self._entries))
        ]
        self._wordings = Texts(wordings, self._meaning)
        self._answers = Texts(answers, self._meaning)
        self._entire = Texts(all_wordings, self._meaning)
        both = [_union(each) for each in zip(all_wordings, answers, strict=True)]
        self._with_answers = Texts(both, self._meaning)

    def search(self, text: str, count: int = 3) -> list[Hit]:
        """Return the entries that fit best, the best first; scores are 0 to 1."""
        words = without_fillers(plain(text.replace(UNKNOWN, "")))
        if not words or not self._entries:
            return []
        evidence, nearest = self.evidence(words)
        totals = evidence @ np.array(list(EVIDENCE.values()))
        scores = self._scores(words, evidence, totals)
        order = sorted(range(len(scores)), key=lambda number: (-scores[number], -totals[number]))
        return [
            Hit(self._entries[number], float(scores[number]), self._questions[nearest[number]])
            for number in order[:count]
        ]

    def answer(self, text: str) -> Hit | None:
        """Return the entry that answers `text`, None when nothing is sure enough."""
        hits = self.search(text, 1)
        return hits[0] if hits and hits[0].score >= SURE else None

    def evidence(self, words: str) -> tuple[Values, list[int]]:
        """Return what speaks for each entry (columns as `EVIDENCE`), and its nearest wording.

        `words` is plain.
        """
        asked = self._meaning.weigh(words)
        nearness = self._meaning.nearness(asked)
        wordings, answers = self._wordings, self._answers
        alike = wordings.alike(asked)
        by_wording = {
            "alike": alike,
            "groups_known": wordings.share(asked, "g"),
            "groups_asked": wordings.asked(asked),
            "topic": wordings.topic(nearness),
            "topic_shares": wordings.topic_shares(nearness),
            "same_kind": wordings.same_kind(asked),
            "other_kind": wordings.other_kind(asked),
        }
        found = {name: np.maximum.reduceat(v, self._starts) for name, v in by_wording.items()}
        found |= {
            "known": self._entire.share(asked, "wcgs"),
            "known_or_told": self._with_answers.share(asked, "wcgs"),
            "topic_told": answers.topic(nearness),
            "topic_shares_told": answers.topic_shares(nearness),
            "alike_told": answers.alike(asked),
            "elsewhere": np.full(
                len(self._entries), nearness[self._meaning.topics.index(ELSEWHERE)]
            ),
        }
        ends = [*self._starts[1:], len(alike)]
        nearest = [
            int(start + np.argmax(alike[start:end]))
            for start, end in zip(self._starts, ends, strict=True)
        ]
        return np.stack([found[name] for name in EVIDENCE], axis=1), nearest

    def _scores(self, words: str, evidence: Values, totals: Values) -> list[float]:
        """Return how likely each entry answers: the first as `likely`, the others by their lag."""
        first = int(np.argmax(totals))
        chance = BEST_GUESS * likely(evidence, totals)
        scores = [float(chance * np.exp(total - totals[first])) for total in totals]
        topic = self._topics.get(_one_word(normal(words)))
        if topic is not None:
            scores[topic] = max(scores[topic], ONE_TOPIC)
        sounding = self._sounds.get(fuzzy(words))
        if sounding is not None and len(words) > 2:
            scores[sounding] = max(scores[sounding], 0.95)
        if words in self._whole:
            scores[self._whole[words]] = 1.0
        return scores


def signs(evidence: Values, totals: Values) -> dict[str, float]:
    """Return what tells whether the first entry answers at all."""
    order = np.argsort(-totals, kind="stable")
    first = dict(zip(EVIDENCE, evidence[order[0]].tolist(), strict=True))
    lead = float(totals[order[0]] - totals[order[1]]) if len(order) > 1 else MOST_LEAD
    return {
        "bias": 1.0,
        "total": float(totals[order[0]]),
        "lead": min(lead, MOST_LEAD),
        **{name: value for name, value in first.items() if name in LIKELY},
    }


def likely(evidence: Values, totals: Values) -> float:
    """Return how likely the first entry answers."""
    odds = sum(LIKELY[name] * value for name, value in signs(evidence, totals).items())
    return float(1 / (1 + np.exp(-odds)))


def _union(weighed: Iterable[Features]) -> Features:
    return {feature: weight for each in weighed for feature, weight in each.items()}


def _topics(asked: Sequence[tuple[int, str]]) -> dict[str, int]:
    """Return the words that one entry alone speaks of: who says 发票 and no more asks about it."""
    found: dict[str, set[int]] = {}
    for entry, text in asked:
        for word in jieba.cut_for_search(_one_word(normal(text))):
            if len(word) > 1:
                found.setdefault(word, set()).add(entry)
    return {word: min(of) for word, of in found.items() if len(of) == 1}


def _one_word(text: str) -> str:
    """Return `text` with one word for each way to ask the same."""
    for words, one in SAME:
        text = words.sub(one, text)
    return text
