"""How likely each intent is: shared ones by a model that ships, a script's own by one of its own.

The shared model (`understanding.bin`, made by `recipes.understanding`) knows the shared intents and
`unrelated`. What a script adds is told from everything else by a small model that `training` makes
from the script's sentences; what that one leaves is for the shared one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from voicebot.dialogue.features import WordGroups, features, numbered
from voicebot.dialogue.linear import Linear, shipped

UNRELATED = "unrelated"
"""The class of everything that means none of the intents."""

OTHER = "other"
"""The class of everything that is none of a script's own intents."""

MODEL = "understanding.bin"


@dataclass(frozen=True, eq=False)
class Classifier:
    """Two models as one."""

    shared: Linear
    groups: WordGroups
    own: Linear | None = None
    routes: Mapping[str, str] = field(default_factory=dict)
    """Shared label -> the script's own intent that takes its place, or `unrelated`."""

    def probabilities(
        self, texts: Sequence[str], shares: Sequence[float] | None = None
    ) -> dict[str, float]:
        """Return how likely each label is, given readings of one utterance and their shares.

        The texts are in the form of `reading.core`.
        """
        found = [numbered(features(text, self.groups)) for text in texts]
        weights = np.full(len(texts), 1 / len(texts)) if shares is None else np.asarray(shares)

        def likely(model: Linear) -> dict[str, float]:
            scores = np.asarray(weights @ np.stack([model.scores(each) for each in found]))
            return dict(zip(model.labels, model.shares(scores).tolist(), strict=True))

        own = likely(self.own) if self.own is not None else {}
        rest = own.pop(OTHER, 1.0)
        for label, share in likely(self.shared).items():
            goes_to = self.routes.get(label, label)
            own[goes_to] = own.get(goes_to, 0.0) + rest * share
        return own


@lru_cache(maxsize=1)
def shared_model() -> Linear:
    """Return the model of the shared intents. Raises `BadScript` when its file is damaged."""
    return shipped(__package__, MODEL)
