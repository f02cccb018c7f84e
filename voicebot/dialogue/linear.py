"""A linear model over the features of an utterance, small enough to ship."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from voicebot.errors import BadScript, Problem

FORMAT = 2
"""Of the bytes."""


@dataclass(frozen=True, eq=False)
class Linear:
    """Labels, and for each feature its weight for each label; it only multiplies."""

    labels: tuple[str, ...]
    keys: NDArray[np.uint32]
    """The numbers of the known features, rising."""
    importance: NDArray[np.float32]
    """Of each known feature: the rarer, the more it tells."""
    unknown: float
    """Importance of a feature that was never seen."""
    weights: NDArray[np.int8]
    """Features by labels, in units of `scale`."""
    scale: float
    bias: NDArray[np.float32]
    sharpness: float
    """What the scores are multiplied with to become shares that are right as often as they say;
    fitted on sentences that were held out."""
    about: Mapping[str, object] = field(default_factory=dict)
    """What it was made from."""

    def scores(self, numbers: NDArray[np.uint32]) -> NDArray[np.float32]:
        """Return a score for each label, given the numbers of an utterance's features."""
        if not len(self.keys):
            return self.bias
        rows = np.minimum(np.searchsorted(self.keys, numbers), len(self.keys) - 1)
        rows = rows[self.keys[rows] == numbers]
        if not len(rows):
            return self.bias
        values = self.importance[rows]
        # What is unknown makes the rest count for less: two known words of ten are no intent.
        unknown = (len(numbers) - len(rows)) * self.unknown**2
        values = values * (self.scale / np.sqrt(float(values @ values) + unknown))
        return np.asarray(values @ self.weights[rows].astype(np.float32) + self.bias, np.float32)

    def shares(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores as shares that are one together."""
        raised = np.exp((scores - scores.max()) * self.sharpness)
        return np.asarray(raised / raised.sum(), np.float32)


def to_bytes(model: Linear) -> bytes:
    """Return the model as an archive of arrays, without anything that could run."""
    about = {
        "format": FORMAT,
        "labels": model.labels,
        "unknown": model.unknown,
        "scale": model.scale,
        "sharpness": model.sharpness,
        "about": dict(model.about),
    }
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        about=np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), np.uint8),
        keys=model.keys,
        importance=model.importance.astype(np.float16),
        weights=model.weights,
        bias=model.bias,
    )
    return packed.getvalue()


def from_bytes(data: bytes) -> Linear | None:
    """Return the model of an archive; None when it is damaged or of another format."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            if about["format"] != FORMAT:
                return None
            return Linear(
                labels=tuple(about["labels"]),
                keys=arrays["keys"],
                importance=arrays["importance"].astype(np.float32),
                unknown=float(about["unknown"]),
                weights=arrays["weights"],
                scale=float(about["scale"]),
                bias=arrays["bias"],
                sharpness=float(about["sharpness"]),
                about=about["about"],
            )
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
        return None


def shipped(package: str, name: str) -> Linear:
    """Return a model that is part of `package`. Raises `BadScript` when its file is damaged."""
    path = resources.files(package).joinpath(name)
    model = from_bytes(path.read_bytes()) if path.is_file() else None
    if model is None:
        hint = "it belongs to voicebot: install it again"
        raise BadScript(Problem(name, "cannot be read", hint=hint))
    return model


def quantised(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], float]:
    """Return the weights as whole numbers of a byte, and the unit that they are in."""
    scale = float(np.abs(weights).max()) / 127 or 1.0
    return np.rint(weights / scale).astype(np.int8), scale
