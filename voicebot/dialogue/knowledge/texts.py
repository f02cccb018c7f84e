"""Some texts, weighed, to be compared with another one all at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.knowledge.meaning import Features, Meaning, shares

KIND = "g:q_"
"""How groups begin that tell how it is asked: how long, how much, who, where."""

Values = NDArray[np.float64]


class Texts:
    """Features of texts by rows; every method answers with one value a text."""

    def __init__(self, weighed: Sequence[Features], meaning: Meaning) -> None:
        self._columns = {
            feature: column
            for column, feature in enumerate(dict.fromkeys(f for each in weighed for f in each))
        }
        self._weights = np.zeros((len(weighed), len(self._columns)))
        for row, each in enumerate(weighed):
            for feature, weight in each.items():
                self._weights[row, self._columns[feature]] = weight
        self._lengths = np.linalg.norm(self._weights, axis=1).clip(1e-6)
        self._kinds = [
            column for feature, column in self._columns.items() if feature.startswith(KIND)
        ]
        self._groups = [feature for feature in self._columns if feature.startswith("g")]
        self._topics = np.stack([meaning.nearness(each) for each in weighed])

    def alike(self, asked: Features) -> Values:
        """Return the cosine with what was asked."""
        columns, weights = self._common(asked)
        length = float(np.sqrt(sum(weight * weight for weight in asked.values()))) or 1.0
        return np.asarray(self._weights[:, columns] @ weights / self._lengths / length, np.float64)

    def share(self, asked: Features, kinds: str) -> Values:
        """Return how much of what was asked stands in each text, in features of these kinds."""
        chosen = {each: weight for each, weight in asked.items() if each[0] in kinds}
        columns, weights = self._common(chosen)
        whole = sum(chosen.values()) or 1.0
        return np.asarray((self._weights[:, columns] > 0) @ weights / whole, np.float64)

    def asked(self, asked: Features) -> Values:
        """Return how much of each text stands in what was asked, in groups."""
        groups = self._weights[:, [self._columns[each] for each in self._groups]]
        here = np.array([each in asked for each in self._groups], float)
        return np.asarray(groups @ here / groups.sum(axis=1).clip(1e-6), np.float64)

    def same_kind(self, asked: Features) -> Values:
        """Return 1 where the text asks how long, how much, ... as it was asked."""
        columns, _ = self._common({each: 1.0 for each in asked if each.startswith(KIND)})
        return np.asarray(np.any(self._weights[:, columns] > 0, axis=1), np.float64)

    def other_kind(self, asked: Features) -> Values:
        """Return 1 where both tell how they ask, and differ."""
        if not any(each.startswith(KIND) for each in asked):
            return np.zeros(len(self._weights))
        asks = np.any(self._weights[:, self._kinds] > 0, axis=1)
        return np.asarray(asks & (self.same_kind(asked) == 0), np.float64)

    def topic(self, nearness: NDArray[np.float32]) -> Values:
        """Return the cosine with nearness to topics."""
        own = np.linalg.norm(self._topics, axis=1) * (np.linalg.norm(nearness) or 1.0)
        return np.asarray(self._topics @ nearness / own.clip(1e-6), np.float64)

    def topic_shares(self, nearness: NDArray[np.float32]) -> Values:
        """Return how much the shares of topics overlap, 0 to 1."""
        return np.asarray(np.sqrt(shares(self._topics)) @ np.sqrt(shares(nearness)), np.float64)

    def _common(self, asked: Features) -> tuple[list[int], Values]:
        known = [each for each in asked if each in self._columns]
        return [self._columns[each] for each in known], np.array([asked[each] for each in known])
