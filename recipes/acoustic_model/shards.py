"""Training data on disk: many utterances end to end, as features with a label a frame.

A shard is one `.npz` file: `features` (frames, 40) half precision, `labels` (frames,) and
`ends` (utterances,), the frame after each utterance. A shard that exists is never made
again, so an interrupted stage goes on where it stopped.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from recipes.acoustic_model.features import mfcc


@dataclass(frozen=True, slots=True)
class Shard:
    """Features and labels of many utterances."""

    features: NDArray[np.float16]
    labels: NDArray[np.uint16]
    ends: NDArray[np.int64]


class ShardWriter:
    """Collects utterances and writes them at once."""

    def __init__(self) -> None:
        self._features: list[NDArray[np.float16]] = []
        self._labels: list[NDArray[np.uint16]] = []

    def add(self, samples: NDArray[np.float32], labels: NDArray[np.uint16]) -> None:
        """Add one utterance; `labels` has one entry for each MFCC frame of the samples."""
        rows = mfcc(samples).astype(np.float16)
        if len(rows) != len(labels):
            raise ValueError(f"{len(rows)} frames but {len(labels)} labels")
        self._features.append(rows)
        self._labels.append(labels)

    def write(self, path: Path) -> None:
        """Write atomically: a half-written shard must never look finished."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npz")
        np.savez(
            partial,
            features=np.concatenate(self._features),
            labels=np.concatenate(self._labels),
            ends=np.cumsum([len(x) for x in self._labels]),
        )
        partial.replace(path)


def read(path: Path) -> Shard:
    """Load one shard."""
    with np.load(path) as data:
        return Shard(data["features"], data["labels"], data["ends"])


def make_missing(
    paths: Iterable[Path], make: Callable[[int, Path], None], workers: int, title: str
) -> None:
    """Make every shard that is not there yet, several processes at once.

    `make(index, path)` must be picklable and draw only from a generator seeded by `index`.
    """
    missing = [(i, path) for i, path in enumerate(paths) if not path.exists()]
    if not missing:
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(make, i, path) for i, path in missing]
        for job in track(as_completed(jobs), title, total=len(jobs)):
            job.result()
