"""Train the classifier of the shared intents: `python -m recipes.understanding [FILE]`.

Its material is what the shared intents have themselves (phrases of their grammars, examples, what
is unrelated) and some 148,000 sentences of 26 authors who wrote apart from each other
(`callers/`); of each sentence a variant as the recogniser would mishear it. A fifth of the authors
in turn is left out, which tells how well a stranger is understood, how much `unrelated` must be
leant to, and how sure the scores may sound. The same material gives the same file. Takes a quarter
of an hour and needs no more than the robot's own packages.
"""

import logging
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
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

SEEN = 8
"""A feature that is seen less often, misheard variants included, is not kept; 5 made the file a
third larger and understood one or two in a thousand more."""

PARTS = 5
"""Of the authors, each left out once."""

REFUSED = 0.9
"""Of a stranger's sentences that mean nothing, at least."""
LEANING = np.linspace(0.0, 0.5, 26)
"""What is tried, added to the score of `unrelated`. A threshold on the share costs more."""

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
class Scored:
    """What a model says of the sentences of an author whom it does not know."""

    scores: NDArray[np.float32]
    """Sentences by labels."""
    right: NDArray[np.intp]
    """The number of each sentence's label."""
    unrelated: int
    """The number of that label."""


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
    strangers = {
        author: scores
        for part in range(PARTS)
        for author, scores in _held_out(rows, authors[part::PARTS]).items()
    }
    leaning = _first(LEANING, lambda each: _mean(strangers, each, 1.0).refused >= REFUSED)
    sharpness = _first(
        SHARPNESS,
        lambda each: _mean(strangers, leaning, each).wrong_sure <= WRONG_AND_CONFIDENT,
    )
    for author, scored in sorted(strangers.items()):
        log.info("without %s: %s", author, _judged(scored, leaning, sharpness))
    log.info("all of these: %s", _mean(strangers, leaning, sharpness))
    model = fitted(rows, leaning=leaning, sharpness=sharpness)
    log.info("%d features, leaning %.2f, sharpness %.2f", len(model.keys), leaning, sharpness)
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


def fitted(rows: Sequence[Row], *, leaning: float = 0.0, sharpness: float = 1.0) -> Linear:
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
    bias[labels.index(UNRELATED)] += leaning
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


def _held_out(rows: Sequence[Row], authors: Collection[str]) -> dict[str, Scored]:
    """Return the scores of the authors' sentences by a model of all others."""
    model = fitted([row for row in rows if row.author not in authors])
    found = {}
    for author in authors:
        told = [row for row in rows if row.author == author and row.original]
        scores = np.stack([model.scores(row.features) for row in told])
        right = np.searchsorted(model.labels, [row.label for row in told])
        found[author] = Scored(scores, right, model.labels.index(UNRELATED))
    return found


def _judged(scored: Scored, leaning: float, sharpness: float) -> Judged:
    scores = scored.scores.copy()
    scores[:, scored.unrelated] += leaning
    raised = np.exp((scores - scores.max(axis=1, keepdims=True)) * sharpness)
    shares = raised / raised.sum(axis=1, keepdims=True)
    found = shares.argmax(axis=1)
    sure = (shares.max(axis=1) >= CONFIDENT) & (found != scored.unrelated)
    right = found == scored.right
    means_nothing = scored.right == scored.unrelated
    return Judged(
        float(np.mean(right[~means_nothing])),
        float(np.mean(right[means_nothing])),
        float(np.mean(~right & sure)),
    )


def _mean(strangers: Mapping[str, Scored], leaning: float, sharpness: float) -> Judged:
    """Return what holds of the authors on the average, each counting as much."""
    every = [_judged(scored, leaning, sharpness) for scored in strangers.values()]
    return Judged(*np.mean([astuple(each) for each in every], axis=0).tolist())


def _first(tried: NDArray[np.float64], fits: Callable[[float], bool]) -> float:
    """Return the first value that fits. Raises `StopIteration` where none does."""
    return next(value for value in tried.tolist() if fits(value))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    ours = resources.files(classifier.__package__).joinpath(classifier.MODEL)
    main(Path(sys.argv[1] if len(sys.argv) > 1 else str(ours)))
