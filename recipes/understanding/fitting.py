"""Linear models over the features of sentences: of the shared intents, and of satisfaction."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from voicebot.dialogue import shared_intents
from voicebot.dialogue.classifier import UNRELATED
from voicebot.dialogue.features import features, numbered
from voicebot.dialogue.linear import Linear, quantised
from voicebot.dialogue.mishearing import Mishearings
from voicebot.dialogue.reading import core

REGULARISATION = 1.5
"""C of the linear support vector machine; 0.3 understood two in a hundred less, 3 nothing more."""

TOLERANCE = 0.1
"""Of its solver; 0.02 took longer and understood no more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence, or what it was misheard as."""

    author: str
    label: str
    features: NDArray[np.uint32]
    original: bool


def learnt_from(found: Iterable[tuple[str, str, str]]) -> Iterator[Row]:
    """Yield the rows of sentences (author, label, text): each as it is, and misheard."""
    mishearings = Mishearings(shared_intents.mishearings())
    groups = shared_intents.word_groups()
    for author, label, text in found:
        said = core(text)
        for number, words in enumerate(dict.fromkeys((said, *mishearings.variants(said)))):
            if words:
                row = np.unique(numbered(features(words, groups)))
                yield Row(author, label, row, original=not number)


def fitted(
    rows: Sequence[Row],
    *,
    seen: int,
    about: Mapping[str, object],
    leaning: float = 0.0,
    sharpness: float = 1.0,
) -> Linear:
    """Return a model of these rows; it keeps features that stand in `seen` of them or more."""
    counts = Counter(number for row in rows for number in row.features.tolist())
    keys = np.array(sorted(each for each, count in counts.items() if count >= seen), np.uint32)
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
        about=about,
    )


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
