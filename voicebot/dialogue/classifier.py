"""A small linear classifier of utterances; it knows a script's intents and `unrelated`.

It is trained by `training` and only multiplies here: about 0.2 ms an utterance.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.features import WordGroups, features

UNRELATED = "unrelated"
"""The class of everything that means none of the intents."""

FORMAT = 1
"""Of the bytes; another one is trained again."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """Labels, and for each feature its weight for each label."""

    labels: tuple[str, ...]
    vocabulary: Mapping[str, int]
    """Feature -> row of `weights`."""
    importance: NDArray[np.float32]
    """Of each feature: the rarer, the more it tells. The first is that of an unknown one."""
    weights: NDArray[np.float32]
    """Features by labels."""
    bias: NDArray[np.float32]
    sharpness: float
    """What the scores are multiplied with to become shares that are right as often as they say;
    fitted on sentences that were held out."""
    groups: WordGroups

    def scores(self, text: str) -> NDArray[np.float32]:
        """Return a score for each label; `text` is in the form of `reading.core`."""
        found = features(text, self.groups)
        rows = [row for each in found if (row := self.vocabulary.get(each))]
        if not rows:
            return self.bias
        values = self.importance[rows]
        # What is unknown makes the rest count for less: two known words of ten are no intent.
        unknown = (len(found) - len(rows)) * float(self.importance[0]) ** 2
        values = values / np.sqrt(float(values @ values) + unknown)
        return np.asarray(values @ self.weights[rows] + self.bias, np.float32)

    def probabilities(
        self, texts: Sequence[str], shares: Sequence[float] | None = None
    ) -> dict[str, float]:
        """Return how likely each label is, given readings of one utterance and their shares."""
        scores = np.stack([self.scores(text) for text in texts])
        weighted = np.average(scores, axis=0, weights=shares) * self.sharpness
        raised = np.exp(weighted - weighted.max())
        return dict(zip(self.labels, (raised / raised.sum()).tolist(), strict=True))


def to_bytes(classifier: Classifier) -> bytes:
    """Return the classifier as an archive of arrays, without anything that could run."""
    about = {
        "format": FORMAT,
        "labels": classifier.labels,
        "vocabulary": list(classifier.vocabulary),
        "groups": {name: list(words) for name, words in classifier.groups.words.items()},
        "sharpness": classifier.sharpness,
    }
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        about=np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), np.uint8),
        importance=classifier.importance,
        weights=classifier.weights.astype(np.float16),
        bias=classifier.bias,
    )
    return packed.getvalue()


def from_bytes(data: bytes) -> Classifier | None:
    """Return the classifier of an archive; None when it is damaged or of another format."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            if about["format"] != FORMAT:
                return None
            return Classifier(
                labels=tuple(about["labels"]),
                vocabulary={each: row for row, each in enumerate(about["vocabulary"])},
                importance=arrays["importance"],
                weights=arrays["weights"].astype(np.float32),
                bias=arrays["bias"],
                sharpness=float(about["sharpness"]),
                groups=WordGroups({name: tuple(each) for name, each in about["groups"].items()}),
            )
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
        return None
