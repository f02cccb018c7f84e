"""Workers that are killed, frozen and starved lose nobody and dial nobody twice.

The quick form; `benchmarks/chaos.py` does the same for thousands of attempts.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.chaos import run
from tests.postgres import PostgresServer, postgres_server
from voicebot.store.engine import open_store

ATTEMPTS = 400
OFTEN = (1.0, 3.0)
"""Seconds between two blows: the whole of it takes no more than a quarter of a minute."""


def test_nobody_is_lost_and_nobody_dialled_twice_on_sqlite(tmp_path: Path) -> None:
    found = run(
        str(tmp_path / "chaos.db"),
        tmp_path,
        attempts=ATTEMPTS,
        workers=2,
        every_s=OFTEN,
        limit_s=240,
    )

    assert (found.lost, found.twice, found.crashed) == ([], [], [])
    assert found.attempts > ATTEMPTS / 2
    assert sum(found.done_to.values()) >= 2


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may be crashed without spoiling other tests."""
    with postgres_server() as server:
        yield server


def test_nobody_is_lost_and_nobody_dialled_twice_on_postgresql(
    tmp_path: Path, own_server: PostgresServer
) -> None:
    address = own_server.new_database("chaos")
    open_store(address).close()

    def crash_database() -> None:
        own_server.stop("immediate")
        own_server.start()

    hurt: list[Callable[[], None]] = [crash_database]
    found = run(
        address, tmp_path, attempts=ATTEMPTS, workers=2, every_s=OFTEN, hurt=hurt, limit_s=240
    )

    assert (found.lost, found.twice, found.crashed) == ([], [], [])
    assert found.attempts > ATTEMPTS / 2
    assert sum(found.done_to.values()) >= 2
