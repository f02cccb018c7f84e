"""Train the guess whether a sentence could end here: `python -m recipes.sentence_end [FILE]`.

Whole sentences, and clauses before a comma, come from the sentence grammar of the acoustic model's
recipe, without what robots and exchanges say; beginnings are the same sentences cut between two
words, where speakers stop to think. As many of one as of the other. It is judged by sentences
written by hand, which the grammar does not make. Takes about a minute and needs no more than the
packages that the robot has.
"""

import logging
import random
import sys
from collections.abc import Iterable, Iterator
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
SENTENCES = 120_000
SEED = 7
STRENGTH = 0.3
"""Of the regression's weights; more follows the sentences closer."""


def main(target: Path) -> None:
    """Train, judge and write."""
    rng = random.Random(SEED)
    grammar = SentenceGrammar.read(LANGUAGE, dict(slots(LANGUAGE)))
    rules, weights = list(SAID_BY_CUSTOMERS), list(SAID_BY_CUSTOMERS.values())
    drawn = (grammar.expand(rng.choices(rules, weights)[0], rng) for _ in range(SENTENCES))
    whole, cut = pairs(drawn, rng)
    log.info("%d whole sentences, %d beginnings", len(whole), len(cut))
    model = LogisticRegression(C=STRENGTH, max_iter=200, fit_intercept=False)
    model.fit(_rows([*whole, *cut]), np.repeat([1, 0], [len(whole), len(cut)]))
    quantised = np.clip(np.rint(model.coef_[0] / SCALE), -128, 127).astype(np.int8)
    written = [line for path in BY_HAND for line in _lines(path)]
    _judge(quantised, *pairs(written, rng, most=3))
    target.write_bytes(quantised.tobytes())


def pairs(
    sentences: Iterable[str], rng: random.Random, *, most: int = 1
) -> tuple[list[str], list[str]]:
    """Return whole sentences, and beginnings of them: at the most `most` of each."""
    whole: list[str] = []
    cut: list[str] = []
    for sentence in sentences:
        clauses = [plain(clause) for clause in sentence.split("，")]
        said = ""
        for clause in filter(None, clauses):
            begins = [said + begin for begin in _beginnings(clause)]
            said += clause
            whole.append(said)
            cut += rng.sample(begins, min(most, len(begins)))
    return whole, cut


def _beginnings(clause: str) -> Iterator[str]:
    words = list(jieba.cut(clause))
    for count in range(1, len(words)):
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


def _judge(weights: NDArray[np.int8], whole: list[str], cut: list[str]) -> None:
    scores = _rows([*whole, *cut]) @ (weights * SCALE)
    likely = 1 / (1 + np.exp(-scores))
    truth = np.repeat([1, 0], [len(whole), len(cut)])
    log.info(
        "by hand, %d whole and %d cut: AUC %.3f", len(whole), len(cut), roc_auc_score(truth, likely)
    )
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
