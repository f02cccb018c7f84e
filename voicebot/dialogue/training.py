"""Train a script's classifier from its sentences and the shared ones.

scikit-learn is imported where it is used: it takes seconds, and a call only needs the result.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.classifier import UNRELATED, Classifier
from voicebot.dialogue.features import WordGroups, features
from voicebot.dialogue.mishearing import Mishearings
from voicebot.dialogue.reading import core

PHRASES = 150
"""Of one intent's grammar, evenly spread: a grammar that multiplies out is not more important."""

REGULARISATION = 1.0
"""C of the linear support vector machine; 0.3 and 3 were no better on the development set."""

FOLDS = 4
"""Parts in turn held out to find how sure the scores may sound."""

SHARPNESS = np.geomspace(1.0, 12.0, 40)
"""What is tried."""

VERSION = 1
"""Of features and method: a classifier of another version is trained again."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a classifier is trained from."""

    sentences: Mapping[str, tuple[str, ...]]
    """By intent, `unrelated` among them."""
    groups: WordGroups
    mishearings: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Pairs of what was said and what the recogniser wrote."""


def train(material: Material) -> Classifier:
    """Return a classifier; the same material gives the same one (1 to 5 s)."""
    from sklearn.svm import LinearSVC

    originals = [
        (core(sentence), name)
        for name, sentences in sorted(material.sentences.items())
        for sentence in sentences
    ]
    mishearings = Mishearings(material.mishearings)
    texts: list[str] = []
    labels: list[str] = []
    source: list[int] = []
    for number, (text, name) in enumerate(originals):
        for variant in dict.fromkeys((text, *mishearings.variants(text))):
            if variant:
                texts.append(variant)
                labels.append(name)
                source.append(number)
    rows = [features(text, material.groups) for text in texts]
    counts = Counter(feature for row in rows for feature in row)
    # The first row stands for every feature that was never seen.
    vocabulary = {feature: number for number, feature in enumerate(("", *sorted(counts)))}
    importance = np.full(len(vocabulary), np.log((1 + len(rows)) / 2) + 1, np.float32)
    for feature, count in counts.items():
        importance[vocabulary[feature]] = np.log((1 + len(rows)) / (1 + count)) + 1
    matrix = _matrix(rows, vocabulary, importance)
    names = np.array(labels)

    def fitted(chosen: NDArray[np.bool_]) -> LinearSVC:
        machine = LinearSVC(C=REGULARISATION, random_state=0)
        return machine.fit(matrix[chosen], names[chosen])

    fold = np.array(source) % FOLDS
    held_out: list[tuple[NDArray[np.float64], NDArray[np.intp]]] = []
    for number in range(FOLDS):
        machine = fitted(fold != number)
        # An intent with so few sentences that all are held out is not among what was learnt.
        known = (fold == number) & np.isin(names, machine.classes_)
        scores = machine.decision_function(matrix[known])
        held_out.append((scores, np.searchsorted(machine.classes_, names[known])))
    whole = fitted(np.ones(len(names), bool))
    return Classifier(
        labels=tuple(str(name) for name in whole.classes_),
        vocabulary=vocabulary,
        importance=importance,
        weights=np.asarray(whole.coef_.T, np.float32),
        bias=np.asarray(whole.intercept_, np.float32),
        sharpness=_sharpness(held_out),
        groups=material.groups,
    )


def evenly(phrases: Sequence[str], most: int = PHRASES) -> tuple[str, ...]:
    """Return at most so many of the phrases, evenly spread."""
    if len(phrases) <= most:
        return tuple(phrases)
    return tuple(phrases[number * len(phrases) // most] for number in range(most))


def material(
    intents: Mapping[str, tuple[Sequence[str], Sequence[str]]],
    unrelated: Sequence[str],
    groups: WordGroups,
    mishearings: Sequence[tuple[str, str]] = (),
) -> Material:
    """Return training material; intents bring their grammar's phrases and their examples."""
    sentences = {
        name: tuple(dict.fromkeys((*examples, *evenly(phrases))))
        for name, (phrases, examples) in intents.items()
    }
    return Material({**sentences, UNRELATED: tuple(unrelated)}, groups, tuple(mishearings))


def _matrix(
    rows: Sequence[tuple[str, ...]],
    vocabulary: Mapping[str, int],
    importance: NDArray[np.float32],
) -> Any:
    from scipy.sparse import csr_matrix

    places = [np.array([vocabulary[each] for each in row], np.intp) for row in rows]
    values = [importance[place] / np.linalg.norm(importance[place]) for place in places]
    starts = np.cumsum([0, *map(len, places)])
    shape = (len(rows), len(vocabulary))
    return csr_matrix((np.concatenate(values), np.concatenate(places), starts), shape=shape)


def _sharpness(held_out: Sequence[tuple[NDArray[np.float64], NDArray[np.intp]]]) -> float:
    """Return the factor under which what was held out is least surprising."""

    def surprise(factor: float) -> float:
        total = 0.0
        for scores, right in held_out:
            raised = scores * factor
            raised -= raised.max(axis=1, keepdims=True)
            total += float(
                np.sum(np.log(np.exp(raised).sum(axis=1)) - raised[np.arange(len(right)), right])
            )
        return total

    return float(min(SHARPNESS, key=surprise))
