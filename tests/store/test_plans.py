"""What is asked many times a minute never reads all attempts or all contacts there ever were."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from tests.dialler.rig import feed, new_campaign
from tests.store.rows import NOW
from voicebot.store import recovery, tallies
from voicebot.store.engine import Store, open_store

ASKED: dict[str, Callable[[Connection], object]] = {
    "feed": feed,
    "lose": lambda it: recovery.lose(it, "w1", NOW),
    "stranded": lambda it: recovery.stranded(it, NOW),
    "orphans": recovery.orphans,
    "is_done": lambda it: tallies.is_done(it, 1),
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """SQLite alone: PostgreSQL plans by what it counted, and reads small tables whole."""
    return open_store(tmp_path / "voicebot.db")


@pytest.mark.parametrize("asked", ASKED)
def test_a_question_that_is_asked_all_the_time_has_an_index(store: Store, asked: str) -> None:
    new_campaign(store, 60)
    plans: list[str] = []

    @event.listens_for(store.engine, "after_cursor_execute")
    def explain(_: object, cursor: Any, statement: str, given: Any, *more: Any) -> None:
        many = more[1]
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and not many:
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)
            plans.extend(row[3] for row in rows)

    with store.write() as connection:
        ASKED[asked](connection)
    store.close()

    read_whole = [each for each in plans if each.startswith(("SCAN attempt", "SCAN contact"))]
    assert plans
    # An index that holds only what is under way may be read whole.
    assert [each for each in read_whole if "_in_flight" not in each] == []
