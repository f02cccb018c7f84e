"""A download that breaks off goes on where it stopped, and never gives a file that is not whole."""

import hashlib
import socket
from pathlib import Path

import pytest

from tests.runtime.model_server import Site, serving
from voicebot.errors import BadInput, MissingPart
from voicebot.runtime.download import TRIES, check_address, discard, download

CONTENT = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(256)) * 40
"""330 kB without a pattern that a piece in the wrong place would match."""


def fetch(site: Site, file: Path) -> tuple[list[float], list[tuple[int, int | None]]]:
    """Download; return the waits between tries and what the bar was told."""
    waits: list[float] = []
    told: list[tuple[int, int | None]] = []
    download(site.address, file, lambda done, total: told.append((done, total)), waits.append)
    return waits, told


def test_a_whole_file_comes_at_once(tmp_path: Path) -> None:
    file = tmp_path / "model.zip"

    with serving(Site(CONTENT)) as site:
        waits, told = fetch(site, file)

    assert file.read_bytes() == CONTENT
    assert waits == []
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_a_file_that_is_there_is_not_fetched_again_until_it_is_discarded(tmp_path: Path) -> None:
    file = tmp_path / "model.zip"

    with serving(Site(CONTENT)) as site:
        fetch(site, file)
        fetch(site, file)
        assert len(site.asked) == 1
        discard(file)
        assert list(tmp_path.iterdir()) == []
        fetch(site, file)

    assert len(site.asked) == 2


def test_what_broke_off_is_continued_where_it_stopped(tmp_path: Path) -> None:
    file = tmp_path / "model.zip"

    with serving(Site(CONTENT, breaks=[100_000, 50_000])) as site:
        waits, _ = fetch(site, file)

    assert file.read_bytes() == CONTENT
    assert site.asked == ["", "bytes=100000-", "bytes=150000-"]
    assert waits == [1.0, 1.0]


def test_another_run_continues_what_an_earlier_one_left(tmp_path: Path) -> None:
    file = tmp_path / "model.zip"
    with serving(Site(CONTENT, breaks=[100_000] + [0] * TRIES)) as site:
        with pytest.raises(MissingPart, match="run the same command again"):
            fetch(site, file)
        assert not file.exists()
        site.breaks, site.asked = [], []

        fetch(site, file)

    assert file.read_bytes() == CONTENT
    assert site.asked == ["bytes=100000-"]


def test_a_file_that_changed_meanwhile_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "model.zip"
    with serving(Site(CONTENT, breaks=[100_000] + [0] * TRIES)) as site:
        with pytest.raises(MissingPart):
            fetch(site, file)
        site.content, site.etag, site.breaks = CONTENT[::-1], '"second"', []

        fetch(site, file)

    assert file.read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("site", [Site(CONTENT, ranges=False), Site(CONTENT, etag="")])
def test_a_server_that_cannot_continue_sends_everything_again(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "model.zip"
    site.breaks = [100_000]

    with serving(site):
        fetch(site, file)

    assert file.read_bytes() == CONTENT


def test_a_busy_server_is_asked_again_with_longer_waits(tmp_path: Path) -> None:
    file = tmp_path / "model.zip"

    with serving(Site(CONTENT, statuses=[503, 429, 500])) as site:
        waits, _ = fetch(site, file)

    assert file.read_bytes() == CONTENT
    assert waits == [1.0, 2.0, 4.0]


def test_a_file_that_is_not_there_is_not_asked_for_twice(tmp_path: Path) -> None:
    with serving(Site(CONTENT, statuses=[404])) as site, pytest.raises(BadInput, match="404"):
        fetch(site, tmp_path / "model.zip")

    assert len(site.asked) == 1
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_the_way_out_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    site = Site(b"", address=f"http://127.0.0.1:{port}/my-cn.zip")

    with pytest.raises(MissingPart) as caught:
        fetch(site, tmp_path / "model.zip")

    assert "cannot be reached" in str(caught.value)
    assert "download this address on another computer" in str(caught.value)
    assert "voicebot model install FILE.zip" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["http://models.example/cn.zip", "ftp://127.0.0.1/cn.zip"])
def test_a_redirect_to_an_open_line_is_not_followed(target: str, tmp_path: Path) -> None:
    with (
        serving(Site(CONTENT, moved_to=target)) as site,
        pytest.raises(BadInput, match="not encrypted"),
    ):
        fetch(site, tmp_path / "model.zip")


@pytest.mark.parametrize(
    "url",
    [
        "http://models.example/cn.zip",
        "file:///etc/passwd",
        "https://",
        "http://127.0.0.1.example/x",
    ],
)
def test_only_encrypted_addresses_are_fetched(url: str) -> None:
    with pytest.raises(BadInput):
        check_address(url)


def test_an_encrypted_address_is_fetched() -> None:
    assert check_address("https://models.example/cn.zip") == "https://models.example/cn.zip"
