"""Train the classifier of the shared intents: `python -m recipes.understanding [FILE]`.

Its material is what the shared intents have themselves (phrases of their grammars, examples, what
is unrelated) and some 80,000 sentences of fourteen authors who wrote apart from each other
(`callers/`); of each sentence a variant as the recogniser would mishear it. Each author in turn is
left out, which tells how well a stranger is understood, and how sure the scores may sound. The same
material gives the same file. Takes some minutes and needs no more than the robot's own packages.
"""

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from voicebot.dialogue import classifier, shared_intents
from voicebot.dialogue.classifier import UNRELATED
from voicebot.dialogue.features import features, numbered
from voicebot.dialogue.linear import Linear, quantised, to_bytes
from voicebot.dialogue.mishearing import Mishearings
from voicebot.dialogue.reading import core
from voicebot.dialogue.training import evenly

log = logging.getLogger("understanding")

CALLERS = Path(__file__).parent / "callers"
EXAMPLES = "examples"
"""The author of what the shared intents have themselves; never left out."""

REGULARISATION = 1.5
"""C of the linear support vector machine; 0.3 understood two in a hundred less, 3 nothing more."""

TOLERANCE = 0.1
"""Of its solver; 0.02 took longer and understood no more."""

SEEN = 4
"""A feature that is seen less often, misheard variants included, is not kept."""

LEANING = 0.25
"""Added to the score of `unrelated`: five in a hundred more are refused of what means nothing, and
one in a hundred more of what means something. A threshold on the share costs more."""

SHARPNESS = np.geomspace(12.0, 1.0, 60)
"""What is tried, the sharpest first."""

CONFIDENT = 0.8
WRONG_AND_CONFIDENT = 0.015
"""Of a stranger's sentences, at most; phrases and patterns are wrong and sure besides."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How well a model understands an author whom it does not know; shares of one."""

    right: float
    """Of what means something."""
    refused: float
    """Of what means nothing."""
    wrong_sure: float
    """Of all."""

    def __str__(self) -> str:
        right, refused, sure = 100 * self.right, 100 * self.refused, 100 * self.wrong_sure
        return f"{right:.1f} % right, {refused:.1f} % refused, {sure:.1f} % wrong with {CONFIDENT}"


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence, or what it was misheard as."""

    author: str
    label: str
    features: NDArray[np.uint32]
    original: bool


def main(target: Path) -> None:
    """Train, judge and write."""
    rows = list(learnt_from(dict.fromkeys(sentences())))
    authors = sorted({row.author for row in rows} - {EXAMPLES})
    log.info("%d rows of %d authors", len(rows), len(authors))
    held_out = [_held_out(rows, author) for author in authors]
    sharpness = next(
        factor
        for factor in SHARPNESS
        if np.mean([_judged(*each, factor).wrong_sure for each in held_out]) <= WRONG_AND_CONFIDENT
    )
    for author, each in zip(authors, held_out, strict=True):
        log.info("without %s: %s", author, _judged(*each, sharpness))
    model = fitted(rows, sharpness=float(sharpness))
    log.info("%d features, sharpness %.2f", len(model.keys), sharpness)
    target.write_bytes(to_bytes(model))


def sentences() -> Iterator[tuple[str, str, str]]:
    """Yield author, label and text of each sentence."""
    for name, intent in shared_intents.shared_intents().items():
        for text in dict.fromkeys((*intent.examples, *evenly(intent.phrases))):
            yield EXAMPLES, name, text
    for text in shared_intents.unrelated():
        yield EXAMPLES, UNRELATED, text
    for path in sorted(CALLERS.glob("*/*.txt")):
        for text in path.read_text("utf-8").split("\n"):
            if text:
                yield path.parent.name, path.stem, text


def fitted(rows: Sequence[Row], *, sharpness: float = 1.0) -> Linear:
    """Return a model of these rows."""
    counts = Counter(number for row in rows for number in row.features.tolist())
    keys = np.array(sorted(each for each, count in counts.items() if count >= SEEN), np.uint32)
    times = np.array([counts[each] for each in keys.tolist()])
    importance = (np.log((1 + len(rows)) / (1 + times)) + 1).astype(np.float32)
    unknown = float(np.log((1 + len(rows)) / 2) + 1)
    machine = LinearSVC(C=REGULARISATION, tol=TOLERANCE, random_state=0)
    machine.fit(_matrix(rows, keys, importance, unknown), [row.label for row in rows])
    weights, scale = quantised(machine.coef_.T)
    labels = tuple(map(str, machine.classes_))
    bias = machine.intercept_.astype(np.float32)
    bias[labels.index(UNRELATED)] += LEANING
    return Linear(
        labels=labels,
        keys=keys,
        importance=importance,
        unknown=unknown,
        weights=weights,
        scale=scale,
        bias=bias,
        sharpness=sharpness,
        about={"words": words_digest()},
    )


def words_digest() -> str:
    """Return a hash of the groups of words: a model of other groups would be blind to these."""
    return sha256(repr(shared_intents.word_groups().words).encode()).hexdigest()[:16]


def learnt_from(found: dict[tuple[str, str, str], None]) -> Iterator[Row]:
    """Yield the rows of sentences (author, label, text): each as it is, and misheard."""
    mishearings = Mishearings(shared_intents.mishearings())
    groups = shared_intents.word_groups()
    for author, label, text in found:
        said = core(text)
        for number, words in enumerate(dict.fromkeys((said, *mishearings.variants(said)))):
            if words:
                row = np.unique(numbered(features(words, groups)))
                yield Row(author, label, row, original=not number)


def _matrix(
    rows: Sequence[Row], keys: NDArray[np.uint32], importance: NDArray[np.float32], unknown: float
) -> csr_matrix:
    places = []
    values = []
    for row in rows:
        place = np.minimum(np.searchsorted(keys, row.features), len(keys) - 1)
        place = place[keys[place] == row.features]
        value = importance[place]
        strange = (len(row.features) - len(place)) * unknown**2
        places.append(place)
        values.append(value / np.sqrt(float(value @ value) + strange))
    ends = np.cumsum([0, *map(len, places)])
    return csr_matrix(
        (np.concatenate(values), np.concatenate(places), ends), shape=(len(rows), len(keys))
    )


def _held_out(rows: Sequence[Row], author: str) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return the scores of an author's sentences by a model of all others, and what is right."""
    model = fitted([row for row in rows if row.author != author])
    told = [row for row in rows if row.author == author and row.original]
    scores = np.stack([model.scores(row.features) for row in told])
    return scores, np.searchsorted(model.labels, [row.label for row in told])


def _judged(scores: NDArray[np.float32], right: NDArray[np.intp], sharpness: float) -> Judged:
    raised = np.exp((scores - scores.max(axis=1, keepdims=True)) * sharpness)
    shares = raised / raised.sum(axis=1, keepdims=True)
    unrelated = sorted((*shared_intents.shared_intents(), UNRELATED)).index(UNRELATED)
    found = shares.argmax(axis=1)
    sure = (shares.max(axis=1) >= CONFIDENT) & (found != unrelated)
    means_nothing = right == unrelated
    return Judged(
        float(np.mean((found == right)[~means_nothing])),
        float(np.mean((found == right)[means_nothing])),
        float(np.mean((found != right) & sure)),
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    ours = resources.files(classifier.__package__).joinpath(classifier.MODEL)
    main(Path(sys.argv[1] if len(sys.argv) > 1 else str(ours)))
