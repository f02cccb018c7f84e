"""The folder of installed models: a model is in it whole and tried, or not at all.

models/NAME/            the model, with voicebot.json: where it is from, and its checksum
models/.downloads/      what is still being fetched, and can be continued
models/.unpacking-*/    what is not yet a model; removed by the next installation
models/.lock            held by the one installation at a time
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from voicebot import config
from voicebot.errors import BadModel, Problem, StorageFailed
from voicebot.runtime.unpacking import Advance, model_name, unpack

RECORD = "voicebot.json"
DOWNLOADS = ".downloads"
_UNPACKING = ".unpacking-"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """Where an installed model is from."""

    source: str
    """The address, or the path of the ZIP file."""
    sha256: str
    """Of the ZIP file, in hexadecimal."""
    installed: str
    """When, as an ISO 8601 date and time with its zone."""


def installed_models(models: Path) -> list[Path]:
    """Return the folders of all installed models, by name."""
    if not models.is_dir():
        return []
    return sorted(
        each for each in models.iterdir() if each.is_dir() and config.is_model_name(each.name)
    )


def read_record(folder: Path) -> Record | None:
    """Return where a model is from; None for one that was not installed by `install`."""
    try:
        return Record(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


@contextmanager
def installing(models: Path) -> Iterator[Path]:
    """Hold the folder for one installation, made and freed of what a dead one left.

    Yields the folder for downloads. Raises `StorageFailed` when it cannot be written to or another
    installation holds it.
    """
    downloads = models / DOWNLOADS
    try:
        downloads.mkdir(parents=True, exist_ok=True)
        lock = (models / ".lock").open("wb")
    except OSError as error:
        raise _unwritable(models, error) from error
    with lock:
        try:
            _lock(lock.fileno())
        except OSError as error:
            raise StorageFailed(
                f"{models}: another installation is at work; wait until it has ended"
            ) from error
        for left in models.glob(f"{_UNPACKING}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield downloads


def install(
    models: Path,
    archive: Path,
    record: Record,
    try_model: Callable[[Path], object],
    advance: Advance = lambda done, total: None,
) -> Path:
    """Unpack, try and keep the model in `archive`; return its folder. Called within `installing`.

    A model that is there already from the same archive is left as it is. Raises `BadModel` and
    `StorageFailed`, and leaves nothing behind.
    """
    name = model_name(archive)
    if not config.is_model_name(name):
        what = f'calls its model "{name}", which is no name for an installed model'
        raise _bad(archive, what, "name the folder in it with letters, digits, dots and dashes")
    target = models / name
    if target.exists():
        known = read_record(target)
        if known is not None and known.sha256 == record.sha256:
            return target
        what = f'holds a model named "{name}", and another one of that name is installed'
        raise _bad(archive, what, f"remove {target} first")
    try:
        with tempfile.TemporaryDirectory(prefix=_UNPACKING, dir=models) as temporary:
            folder = Path(temporary) / name
            folder.mkdir()
            unpack(archive, folder, advance)
            _try(archive, folder, try_model)
            _write_record(folder / RECORD, record)
            folder.rename(target)
    except OSError as error:
        raise _unwritable(models, error) from error
    return target


def sha256_of(archive: Path, advance: Advance = lambda done, total: None) -> str:
    """Return a file's checksum. Raises `BadModel` when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with archive.open("rb") as file:
            total = os.fstat(file.fileno()).st_size
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                advance(file.tell(), total)
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise BadModel(Problem(str(archive), what, hint="check the path")) from error
    return digest.hexdigest()


def _try(archive: Path, folder: Path, try_model: Callable[[Path], object]) -> None:
    try:
        try_model(folder)
    except BadModel as error:
        # The folder that the complaint names is about to go.
        problems = [
            replace(each, file=str(archive), hint=f"{each.hint}; nothing was installed")
            for each in error.problems
        ]
        raise BadModel(*problems) from error


def _write_record(file: Path, record: Record) -> None:
    # Something of that name in the archive is not ours.
    if file.is_dir():
        shutil.rmtree(file)
    text = json.dumps(asdict(record), ensure_ascii=False, indent=2)
    file.write_text(text + "\n", encoding="utf-8")


def _lock(descriptor: int) -> None:
    """Take the lock, which ends with the process. Raises `OSError` when another process has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unwritable(models: Path, error: OSError) -> StorageFailed:
    return StorageFailed(
        f"{error.filename or models}: cannot be written ({error.strerror}); make room, or name a "
        f"folder that you may write to in {config.DATA_VARIABLE}"
    )


def _bad(archive: Path, what: str, hint: str) -> BadModel:
    return BadModel(Problem(str(archive), what, hint=hint))
