"""Files that appear whole or not at all, and faults of the disk in words."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from voicebot.errors import StorageFailed

_HINTS = {
    errno.ENOSPC: "make room on the disk or choose another folder",
    errno.EDQUOT: "make room within your quota or choose another folder",
    errno.EFBIG: "the system limits the size of files; choose another folder",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that can be written to",
    errno.ENOTDIR: "a file is in the way of the folder; move it or choose another folder",
    errno.EEXIST: "a file is in the way of the folder; move it or choose another folder",
    errno.EISDIR: "a folder is in the way of the file; move it or choose another folder",
}


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Make the folder of `path`, and turn what the system refuses into `StorageFailed`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "check the disk or choose another folder")
        what = error.strerror or str(error)
        raise StorageFailed(f"{path}: cannot be written: {what}; {hint}") from error


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Put a file in its place in one step; what stood there before stays until then.

    Raises `StorageFailed`, and then leaves nothing of the new file.
    """
    unfinished = path.with_name(f".{path.name}.part")
    with storing(path):
        try:
            with unfinished.open("wb") as file:
                file.writelines(pieces)
                file.flush()
                # A rename may reach the disk before the data does.
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
