"""Train a small model of a script's own intents against everything else, in well under a second.

A kernel ridge regression: its answers for each sentence had that one been left out follow without
training again, and tell how sure the scores may sound. scipy is imported where it is used: a call
only needs the result.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.classifier import OTHER
from voicebot.dialogue.features import WordGroups, features, numbered
from voicebot.dialogue.linear import Linear, quantised
from voicebot.dialogue.reading import core

PHRASES = 150
"""Of one intent's grammar, evenly spread: a grammar that multiplies out is not more important."""

OTHERS = 1200
"""Sentences that are none of the script's own, at most."""

STIFFNESS = 0.3
"""Of the ridge, for a sentence of an intent of average size."""

SHARPNESS = np.geomspace(1.0, 12.0, 25)
LEANING = np.linspace(-0.4, 0.8, 13)
"""What is tried; how much more `other` needs no reason."""

VERSION = 5
"""Of features and method: a model of another version is trained again."""


def evenly(phrases: Sequence[str], most: int = PHRASES) -> tuple[str, ...]:
    """Return at most so many of the phrases, evenly spread."""
    if len(phrases) <= most:
        return tuple(phrases)
    return tuple(phrases[number * len(phrases) // most] for number in range(most))


def train(
    sentences: Mapping[str, Sequence[str]], others: Sequence[str], groups: WordGroups
) -> Linear:
    """Return a model of intents with their sentences, and of `other`; the same for the same."""
    labelled = {core(text): OTHER for text in evenly(others, OTHERS)}
    for name, texts in sentences.items():
        labelled.update((core(text), name) for text in texts)
    labels = tuple(sorted({*sentences, OTHER}))
    right = np.array([labels.index(name) for name in labelled.values()])
    rows = [np.unique(numbered(features(text, groups))) for text in labelled]
    counts = Counter(number for row in rows for number in row.tolist())
    keys = np.array(sorted(counts), np.uint32)
    times = np.array([counts[number] for number in keys.tolist()])
    importance = (np.log((1 + len(rows)) / (1 + times)) + 1).astype(np.float32)
    matrix = _matrix(rows, keys, importance)
    target = np.full((len(rows), len(labels)), -1.0)
    target[np.arange(len(rows)), right] = 1.0
    # An intent with ten sentences weighs as much as the hundreds that are none.
    sizes = np.bincount(right, minlength=len(labels))
    stiffness = STIFFNESS * np.sqrt(sizes[right] / sizes.mean())
    inverse = np.linalg.inv((matrix @ matrix.T).toarray() + 1.0 + np.diag(stiffness))
    dual = inverse @ target
    left_out = target - dual / np.diag(inverse)[:, None]
    sharpness, leaning = _calibrated(left_out, right, labels.index(OTHER), 1 / sizes[right])
    bias = dual.sum(axis=0)
    bias[labels.index(OTHER)] += leaning
    weights, scale = quantised(np.asarray(matrix.T @ dual, np.float32))
    return Linear(
        labels=labels,
        keys=keys,
        importance=importance,
        unknown=float(np.log((1 + len(rows)) / 2) + 1),
        weights=weights,
        scale=scale,
        bias=bias.astype(np.float32),
        sharpness=sharpness,
    )


def _matrix(
    rows: Sequence[NDArray[np.uint32]], keys: NDArray[np.uint32], importance: NDArray[np.float32]
) -> Any:
    from scipy.sparse import csr_matrix

    places = [np.searchsorted(keys, row) for row in rows]
    values = [importance[place] / np.linalg.norm(importance[place]) for place in places]
    ends = np.cumsum([0, *map(len, places)])
    shape = (len(rows), len(keys))
    return csr_matrix((np.concatenate(values), np.concatenate(places), ends), shape=shape)


def _calibrated(
    scores: NDArray[np.float64],
    right: NDArray[np.intp],
    other: int,
    weights: NDArray[np.float64],
) -> tuple[float, float]:
    """Return the sharpness and the leaning to `other` that surprise least."""

    def surprise(factor: float, leaning: float) -> float:
        raised = scores.copy()
        raised[:, other] += leaning
        raised *= factor
        raised -= raised.max(axis=1, keepdims=True)
        picked = raised[np.arange(len(right)), right]
        return float(weights @ (np.log(np.exp(raised).sum(axis=1)) - picked))

    best = min(product(SHARPNESS, LEANING), key=lambda each: surprise(*each))
    return float(best[0]), float(best[1])
