"""An archive that is not simply a model is refused, and writes nothing outside its folder."""

import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from voicebot.errors import BadModel, StorageFailed
from voicebot.runtime.unpacking import Limits, model_name, unpack

MODEL = {"cn/am/final.mdl": b"model", "cn/conf/mfcc.conf": b"--sample-frequency=8000\n"}


def archive(folder: Path, files: Mapping[str, bytes | zipfile.ZipInfo] = MODEL) -> Path:
    """Write a ZIP file; a `ZipInfo` in the place of content is an entry of its own with "x"."""
    path = folder / "given.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            if isinstance(content, bytes):
                packed.writestr(name, content)
            else:
                packed.writestr(content, "x")
    return path


def into(folder: Path) -> Path:
    target = folder / "models" / "unpacked"
    target.mkdir(parents=True)
    return target


def everything(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def refused(given: Path, target: Path, message: str, limits: Limits | None = None) -> None:
    """The archive is refused for this reason, is named, and nothing was written."""
    with pytest.raises(BadModel, match=message) as caught:
        unpack(given, target, limits=limits or Limits())

    assert str(given) in str(caught.value)
    assert everything(target.parent) == []


def test_a_model_is_unpacked_from_its_folder(tmp_path: Path) -> None:
    given, target = archive(tmp_path, {"note.txt": b"hello", **MODEL}), into(tmp_path)
    told: list[tuple[int, int]] = []

    unpack(given, target, lambda done, total: told.append((done, total)))

    assert everything(target) == ["am/final.mdl", "conf/mfcc.conf"]
    assert (target / "am/final.mdl").read_bytes() == b"model"
    assert told[-1] == (29, 29)
    assert model_name(given) == "cn"


def test_a_model_without_a_folder_is_named_after_the_archive(tmp_path: Path) -> None:
    given, target = archive(tmp_path, {"am/final.mdl": b"model"}), into(tmp_path)

    unpack(given, target)

    assert everything(target) == ["am/final.mdl"]
    assert model_name(given) == "given"


def test_what_a_mac_adds_is_left_out(tmp_path: Path) -> None:
    given = archive(tmp_path, {**MODEL, "__MACOSX/cn/am/._final.mdl": b"mac"})
    target = into(tmp_path)

    unpack(given, target)

    assert everything(target) == ["am/final.mdl", "conf/mfcc.conf"]


@pytest.mark.parametrize(
    "name",
    [
        "../escaped",
        "cn/../../escaped",
        "/tmp/escaped",
        "cn//escaped",
        "cn/./escaped",
        "cn\\..\\escaped",
        "C:/escaped",
        "cn/escaped:stream",
        "cn/bell\x07",
        "cn/right\u202eleft",
        "cn/space ",
        "cn/dot.",
        "cn/" + "long" * 60,
        "cn/" + "deep/" * 12 + "file",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    given = archive(tmp_path, {**MODEL, name: b"x"})

    refused(given, into(tmp_path), "leads out|no name for a file|folders deep")

    assert not (tmp_path / "escaped").exists()
    assert not Path("/tmp/escaped").exists()


def test_a_name_that_hides_behind_a_zero_byte_is_refused(tmp_path: Path) -> None:
    given = archive(tmp_path, {**MODEL, "cn/harmless_evil": b"x"})
    given.write_bytes(given.read_bytes().replace(b"harmless_evil", b"harmless\0evil"))

    refused(given, into(tmp_path), "no name for a file")


def test_a_name_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    given = archive(tmp_path, {**MODEL, "cn/说明": b"x"})
    given.write_bytes(given.read_bytes().replace("说明".encode(), b"\xff\xfe\xff\xfe\xff\xfe"))

    refused(given, into(tmp_path), "damaged")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind: int, tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("cn/link")
    entry.create_system = 3
    entry.external_attr = (kind | 0o777) << 16
    given = archive(tmp_path, {**MODEL, "cn/link": entry})

    refused(given, into(tmp_path), "link or a device")


@pytest.mark.parametrize("other", ["CN/am/FINAL.mdl", "cn/AM/other", "cn/conf/MFCC.conf"])
def test_names_that_are_one_on_some_systems_are_refused(other: str, tmp_path: Path) -> None:
    given = archive(tmp_path, {**MODEL, other: b"x"})

    refused(given, into(tmp_path), "one name on some systems")


def test_a_file_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    given = archive(tmp_path)
    with (
        zipfile.ZipFile(given, "a") as packed,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        packed.writestr("cn/am/final.mdl", b"another")

    refused(given, into(tmp_path), "twice")


def test_a_file_that_is_a_folder_too_is_refused(tmp_path: Path) -> None:
    given = archive(tmp_path, {**MODEL, "cn/conf": b"x"})

    refused(given, into(tmp_path), "both a file and a folder")


def test_a_bomb_is_refused_by_how_far_it_is_packed(tmp_path: Path) -> None:
    given = archive(tmp_path, {**MODEL, "cn/graph/HCLG.fst": bytes(3 << 20)})

    refused(given, into(tmp_path), "ZIP bomb")


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path: Path) -> None:
    given = archive(tmp_path)

    refused(given, into(tmp_path), "when unpacked", Limits(total_bytes=20))


def test_an_archive_of_very_many_files_is_refused(tmp_path: Path) -> None:
    given = archive(tmp_path, {**MODEL, **{f"cn/{number}": b"" for number in range(30)}})

    refused(given, into(tmp_path), "32 files; 31 are the most", Limits(files=31))


def test_files_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    content = bytes(range(256)) * 16
    given = archive(tmp_path, {**MODEL, "cn/one": content, "cn/two": content, "cn/three": content})
    # Every entry of the table of contents is made to claim the whole archive.
    data = bytearray(given.read_bytes())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        struct.pack_into("<I", data, at + 20, len(data) // 2)
        at += 4
    given.write_bytes(data)

    refused(given, into(tmp_path), "overlap")


def test_a_locked_archive_is_refused(tmp_path: Path) -> None:
    given = archive(tmp_path)
    data = bytearray(given.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    given.write_bytes(data)

    refused(given, into(tmp_path), "password")


def test_another_kind_of_packing_is_refused(tmp_path: Path) -> None:
    given = tmp_path / "given.zip"
    with zipfile.ZipFile(given, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("cn/am/final.mdl", b"model")

    refused(given, into(tmp_path), "neither stored nor deflated")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"<html>404</html>",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-30],
    ],
)
def test_what_is_no_whole_archive_is_refused(
    damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    given = archive(tmp_path)
    given.write_bytes(damage(given.read_bytes()))

    refused(given, into(tmp_path), "is no ZIP file, is cut short or damaged")


def test_content_that_was_changed_is_noticed(tmp_path: Path) -> None:
    given = tmp_path / "given.zip"
    with zipfile.ZipFile(given, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("cn/am/final.mdl", b"a model of the best kind")
    given.write_bytes(given.read_bytes().replace(b"best", b"bets"))

    with pytest.raises(BadModel, match="damaged"):
        unpack(given, into(tmp_path))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"readme.txt": b"hello"}, "has no Vosk model"),
        ({"a/am/final.mdl": b"x", "b/am/final.mdl": b"x"}, "has 2 models"),
    ],
)
def test_an_archive_of_no_model_or_of_several_is_refused(
    files: dict[str, bytes], message: str, tmp_path: Path
) -> None:
    refused(archive(tmp_path, files), into(tmp_path), message)


def test_a_full_disk_is_named_with_what_is_needed(tmp_path: Path) -> None:
    given, target = archive(tmp_path), into(tmp_path)
    # More than any disk has, so that this one is too full.
    limits = Limits(reserve_bytes=1 << 62)

    with pytest.raises(StorageFailed, match="are free; make room"):
        unpack(given, target, limits=limits)

    assert everything(target) == []
