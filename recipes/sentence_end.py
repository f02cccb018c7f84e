"""Train the guess whether a sentence could end here: `python -m recipes.sentence_end [FILE]`.

Whole sentences, and clauses before a comma, come from the sentence grammar of the acoustic model's
recipe, without what robots and exchanges say, and from callers' sentences that several authors
wrote; beginnings are the same sentences cut between two words, where speakers stop to think, unless
nothing follows that changes the sentence: 太慢 before 了. As many of one as of the other. It is
judged by sentences written by hand, which the grammar does not make, and by each author when
trained without that one. Takes some minutes and needs no more than the packages that the robot has.
"""

import logging
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jieba
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from recipes.acoustic_model.grammar_text import SentenceGrammar
from recipes.acoustic_model.spoken_numbers import slots
from voicebot.dialogue import sentence_end
from voicebot.dialogue.completeness import AFTERWARDS
from voicebot.dialogue.sentence_end import BUCKETS, SCALE, features
from voicebot.dialogue.wording import plain

log = logging.getLogger("sentence_end")

RECIPE = Path(__file__).parent / "acoustic_model"
LANGUAGE = RECIPE / "language.toml"
BY_HAND = (RECIPE / "dev_sentences.txt", RECIPE / "test_sentences.txt")

SAID_BY_CUSTOMERS = {
    "customer": 4, "answer": 2, "daily": 2, "talk": 3, "story": 4, "plain": 1, "survey": 3,
}  # fmt: skip
"""Rules of the grammar and their weights."""
SENTENCES = 60_000
CALLERS = Path(__file__).parent / "understanding" / "callers"
"""A folder for each author, a file for each intent, a sentence a line."""
AUTHORS = ("a", "b", "c", "d")
"""The weights that are shipped were learnt from these."""
WEIGHT_OF_CALLERS = 10.0
"""Of a caller's sentence beside one of the grammar, which repeats itself."""
SEED = 7
STRENGTH = 0.03
"""Of the regression's weights; more follows the sentences closer."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Whole sentences and beginnings of them."""

    whole: list[str]
    cut: list[str]

    def __add__(self, other: "Texts") -> "Texts":
        return Texts([*self.whole, *other.whole], [*self.cut, *other.cut])


def main(target: Path) -> None:
    """Train, judge and write."""
    rng = random.Random(SEED)
    grammar = SentenceGrammar.read(LANGUAGE, dict(slots(LANGUAGE)))
    rules, weights = list(SAID_BY_CUSTOMERS), list(SAID_BY_CUSTOMERS.values())
    drawn = (grammar.expand(rng.choices(rules, weights)[0], rng) for _ in range(SENTENCES))
    made = pairs(drawn, rng)
    written = pairs((line for path in BY_HAND for line in _lines(path)), rng, most=3)
    authors = {name: _author(CALLERS / name, rng) for name in AUTHORS}
    for name, texts in authors.items():
        others = [each for other, each in authors.items() if other != name]
        _judge(f"author {name}, who was not heard", _trained(made, others), texts)
    weights_of_all = _trained(made, list(authors.values()))
    _judge("by hand", weights_of_all, written)
    target.write_bytes(weights_of_all.tobytes())


def _author(folder: Path, rng: random.Random) -> Texts:
    lines = (line for path in sorted(folder.glob("*.txt")) for line in _lines(path))
    # 你们的快递，太慢了: callers name what they talk about, and stop.
    return pairs(lines, rng, most=2, clauses_end=False)


def _trained(made: Texts, authors: Sequence[Texts]) -> NDArray[np.int8]:
    """Return the weights, a byte each."""
    callers = sum(authors, Texts([], []))
    parts = (made.whole, callers.whole, made.cut, callers.cut)
    # Whatever their number, the whole ones of a source count as much as its beginnings.
    weights = (1.0, WEIGHT_OF_CALLERS, len(made.whole) / len(made.cut))
    of_cut = WEIGHT_OF_CALLERS * len(callers.whole) / max(1, len(callers.cut))
    model = LogisticRegression(C=STRENGTH, max_iter=200, fit_intercept=False)
    model.fit(
        _rows([text for part in parts for text in part]),
        np.repeat([1, 1, 0, 0], [len(part) for part in parts]),
        np.repeat([*weights, of_cut], [len(part) for part in parts]),
    )
    return np.clip(np.rint(model.coef_[0] / SCALE), -128, 127).astype(np.int8)


def pairs(
    sentences: Iterable[str], rng: random.Random, *, most: int = 1, clauses_end: bool = True
) -> Texts:
    """Return whole sentences, and beginnings of them: at the most `most` of each clause.

    `clauses_end`: what stands before a comma is whole too.
    """
    whole: list[str] = []
    cut: list[str] = []
    for sentence in sentences:
        clauses = [plain(clause) for clause in sentence.split("，")]
        said = ""
        for clause in filter(None, clauses):
            begins = [said + begin for begin in _beginnings(clause)]
            said += clause
            if clauses_end:
                whole.append(said)
            cut += rng.sample(begins, min(most, len(begins)))
        if not clauses_end:
            whole.append(said)
    return Texts(whole, cut)


def _beginnings(clause: str) -> Iterator[str]:
    words = list(jieba.cut(clause))
    for count in range(1, len(words)):
        if not AFTERWARDS.fullmatch("".join(words[count:])):
            yield "".join(words[:count])


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def _rows(texts: list[str]) -> csr_matrix:
    places = [sorted(set(features(text))) for text in texts]
    ends = np.cumsum([0, *map(len, places)])
    columns = np.concatenate(places)
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(texts), BUCKETS))


def _judge(title: str, weights: NDArray[np.int8], texts: Texts) -> None:
    scores = _rows([*texts.whole, *texts.cut]) @ (weights * SCALE)
    likely = 1 / (1 + np.exp(-scores))
    sizes = len(texts.whole), len(texts.cut)
    truth = np.repeat([1, 0], sizes)
    area = roc_auc_score(truth, likely)
    log.info("%s, %d whole and %d cut: AUC %.3f", title, *sizes, area)
    for share in (0.1, 0.2, 0.3, 0.5, 0.7):
        missed, kept = np.mean(likely[truth == 1] < share), np.mean(likely[truth == 0] < share)
        log.info(
            "under %.1f: %.0f %% of the whole, %.0f %% of the cut", share, missed * 100, kept * 100
        )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    jieba.setLogLevel(logging.WARNING)
    ours = resources.files(sentence_end.__package__).joinpath(sentence_end.WEIGHTS)
    main(Path(sys.argv[1] if len(sys.argv) > 1 else str(ours)))
