"""Unpacking a model's ZIP file, which anybody may have made.

Everything that can be judged by the archive's table of contents is judged before a byte is
written; the rest is counted while it is written. Names that another file system would read
otherwise are refused rather than changed.
"""

import os
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from voicebot.errors import BadModel, Problem, StorageFailed

ACOUSTIC_MODEL = "am/final.mdl"
"""The one file by which every Vosk model is known."""

CHUNK = 1 << 20
_ENCRYPTED = 0x1
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LEFTOVERS = ("__MACOSX/",)
"""What a Mac adds to an archive that it makes."""

Advance = Callable[[int, int], None]
"""Told the bytes written and the bytes of the whole."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may be; what is more is taken for an attack."""

    files: int = 2000
    """The official models have about twenty."""
    total_bytes: int = 8 << 30
    """Unpacked. The largest Chinese model has 2 GB."""
    ratio: int = 100
    """Of the whole and of each file above `ratio_from`. Graphs and matrices are packed to a third,
    lists of numbers to a tenth; DEFLATE itself ends at 1,032."""
    ratio_from: int = 1 << 20
    """Bytes."""
    depth: int = 8
    """Folders within folders."""
    reserve_bytes: int = 64 << 20
    """Left free on the disk."""


def unpack(
    archive: Path,
    into: Path,
    advance: Advance = lambda done, total: None,
    limits: Limits = Limits(),
) -> None:
    """Write the model in `archive` (its folder's content) into `into`, which must be empty.

    Raises `BadModel` when the archive is damaged, dangerous or has no model, `StorageFailed` when
    the disk does not take it. What was written until then is for the caller to remove.
    """
    with _opened(archive) as opened:
        entries = _judged(archive, opened, limits)
        root = _root(archive, entries)
        wanted = {
            path.relative_to(root): entry
            for path, entry in entries.items()
            if path.is_relative_to(root) and not entry.is_dir()
        }
        total = sum(entry.file_size for entry in wanted.values())
        free = shutil.disk_usage(into).free
        if total + limits.reserve_bytes > free:
            raise StorageFailed(
                f"{into}: unpacking needs {total / 1e6:.0f} MB and {free / 1e6:.0f} MB are free; "
                "make room, or name another folder in VOICEBOT_DATA"
            )
        done = 0
        for path, entry in wanted.items():
            target = into / path
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(entry) as source, target.open("xb") as file:
                    while chunk := source.read(CHUNK):
                        done += len(chunk)
                        if done > total:
                            raise _bad(archive, f"{path} is longer than announced")
                        file.write(chunk)
                        advance(done, total)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise StorageFailed(
                    f"{target}: cannot be written ({error.strerror}); make room or take a folder "
                    "that you may write to (VOICEBOT_DATA)"
                ) from error


def model_name(archive: Path) -> str:
    """Return what the archive calls its model: its one folder, else its own name.

    Raises `BadModel` like `unpack`.
    """
    with _opened(archive) as opened:
        root = _root(archive, _judged(archive, opened, Limits()))
    return root.name or archive.stem


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive; whatever the library says about a damaged one becomes `BadModel`."""
    try:
        with zipfile.ZipFile(archive) as opened:
            yield opened
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
        raise _bad(archive, f"is no ZIP file, is cut short or damaged ({error})") from error
    except (NotImplementedError, RuntimeError) as error:
        raise _bad(archive, f"uses a kind of ZIP that is not read ({error})") from error
    except FileNotFoundError as error:
        problem = Problem(str(archive), "does not exist", hint="check the path")
        raise BadModel(problem) from error
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise BadModel(Problem(str(archive), what, hint="check the file")) from error


def _judged(
    archive: Path, opened: zipfile.ZipFile, limits: Limits
) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Return the entries by path; refuse the archive when one of them is not what a model has."""
    entries = [each for each in opened.infolist() if not each.filename.startswith(_LEFTOVERS)]
    if len(opened.infolist()) > limits.files:
        raise _bad(archive, f"has {len(entries)} files; {limits.files} are the most")
    _judge_sizes(archive, opened.infolist(), limits)
    found: dict[PurePosixPath, zipfile.ZipInfo] = {}
    taken: dict[str, str] = {}
    for entry in entries:
        if why := _refusal(entry, limits):
            raise _bad(archive, f"{_shown(entry.orig_filename)} {why}")
        path = PurePosixPath(entry.filename)
        if path in found and not entry.is_dir():
            raise _bad(archive, f"{path} is in it twice")
        found[path] = entry
        # Folders, too: `AM/final.mdl` beside `am/tree` is one folder on some systems.
        for part in (path, *path.parents):
            key = unicodedata.normalize("NFC", str(part)).casefold()
            if taken.setdefault(key, str(part)) != str(part):
                raise _bad(archive, f"{part} and {taken[key]} are one name on some systems")
    for path in found:
        for parent in path.parents:
            if parent in found and not found[parent].is_dir():
                raise _bad(archive, f"{parent} is both a file and a folder")
    return found


def _judge_sizes(archive: Path, entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if total > limits.total_bytes:
        most = f"{limits.total_bytes / 1e9:.1f} GB are the most"
        raise _bad(archive, f"would be {total / 1e9:.1f} GB when unpacked; {most}")
    if packed > archive.stat().st_size:
        raise _bad(archive, "holds more than it is long: its files overlap, as in a ZIP bomb")
    parts = [(entry.file_size, entry.compress_size) for entry in entries]
    for size, small in [*parts, (total, packed)]:
        if size > limits.ratio_from and size > limits.ratio * max(small, 1):
            what = f"is packed {size // max(small, 1)} times, as a ZIP bomb is"
            raise _bad(archive, f"{what}; {limits.ratio} times are the most")


def _refusal(entry: zipfile.ZipInfo, limits: Limits) -> str:
    """Return what is wrong with an entry, or nothing."""
    # The library cuts a name at a zero byte and says nothing.
    name = entry.orig_filename
    parts = name.removesuffix("/").split("/")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if not name.isprintable() or "\\" in name or ":" in name:
        return "is no name for a file on every system"
    if name.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return "leads out of the folder that it is unpacked to"
    if any(part.endswith((" ", ".")) or len(part.encode()) > 200 for part in parts):
        return "is no name for a file on every system"
    if len(parts) > limits.depth:
        return f"lies {len(parts)} folders deep; {limits.depth} are the most"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device, not a file"
    if entry.flag_bits & _ENCRYPTED:
        return "is locked by a password"
    if entry.compress_type not in _PLAIN:
        return "is packed in a way that models are not (neither stored nor deflated)"
    return ""


def _root(archive: Path, entries: dict[PurePosixPath, zipfile.ZipInfo]) -> PurePosixPath:
    """Return the model's folder within the archive."""
    model = PurePosixPath(ACOUSTIC_MODEL)
    roots = [path.parents[1] for path in entries if path.parts[-2:] == model.parts]
    if len(roots) == 1:
        return roots[0]
    what = (
        f"has {len(roots)} models" if roots else f"has no Vosk model: there is no {ACOUSTIC_MODEL}"
    )
    hint = "give the ZIP file of one Vosk model"
    raise BadModel(Problem(str(archive), what, hint=hint))


def _shown(name: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in name)[:100]


def _bad(archive: Path, what: str) -> BadModel:
    hint = "nothing was installed; get the file again, from a source that you trust"
    return BadModel(Problem(str(archive), what, hint=hint))
