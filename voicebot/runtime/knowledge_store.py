"""What questions and moods are learnt from takes seconds to compute: kept in the user's cache."""

import io
import logging
from pathlib import Path
from tempfile import NamedTemporaryFile
from zipfile import BadZipFile

import numpy as np

from voicebot.dialogue.knowledge.meaning import Meaning

log = logging.getLogger(__name__)


def prepare(meaning: Meaning, folder: Path) -> None:
    """Restore the weights, or compute and keep them: the first question of a call does not wait."""
    if meaning.ready:
        return
    path = folder / f"meaning-{meaning.digest()}.npz"
    if path.is_file():
        if _restored(meaning, path):
            return
        log.warning("%s is damaged; computing again", path)
    packed = io.BytesIO()
    np.savez(packed, weights=meaning.weights.astype(np.float16))
    try:
        _keep(path, packed.getvalue())
    except OSError as error:
        # It works without; the next start computes again.
        log.warning("%s cannot be written (%s)", path, error.strerror)


def _restored(meaning: Meaning, path: Path) -> bool:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
            return meaning.restore(kept["weights"])
    except (ValueError, KeyError, OSError, EOFError, BadZipFile):
        return False


def _keep(path: Path, data: bytes) -> None:
    """Write the file whole or not at all: two processes may start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)
