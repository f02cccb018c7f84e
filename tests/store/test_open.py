import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from tests.store.running import NOW, new_campaign
from voicebot import config
from voicebot.errors import BadStore, StorageFailed
from voicebot.store.engine import Store, open_store
from voicebot.store.instant import database_now, from_ms, to_ms
from voicebot.store.migrations import REVISION
from voicebot.store.tables import attempt, campaign, dnc, metadata, trunk
from voicebot.store.upgrade import alembic_config


def call(campaign_id: int, contact_id: int, number: int, **more: object) -> dict[str, object]:
    return {
        "id": f"{campaign_id}:{contact_id}:{number}",
        "campaign_id": campaign_id,
        "contact_id": contact_id,
        "number": number,
        "phone": "+8615400000001",
        "purpose": "marketing",
        "created_at": NOW,
        **more,
    }


# What the tables hold


def test_migrations_make_the_tables_that_the_code_describes(store: Store) -> None:
    with store.read() as connection:
        elsewhere = set() if connection.dialect.name == "sqlite" else {"ix_attempt_states"}
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_object": lambda thing, name, *rest: name not in elsewhere,
            },
        )

        assert compare_metadata(context, metadata) == []


def test_constraints_are_named_alike_in_code_and_migrations(tmp_path: Path) -> None:
    store = open_store(tmp_path / "shop.db")
    named = {str(each.name) for table in metadata.tables.values() for each in table.constraints}

    with store.read() as connection:
        rows = connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'table'"))
        made = set(re.findall(r"CONSTRAINT (\w+)", " ".join(rows.scalars())))
    store.close()

    assert named == {name for name in made if "alembic" not in name}


def test_the_newest_revision_is_the_one_that_opening_looks_for(store: Store) -> None:
    with store.read() as connection:
        heads = ScriptDirectory.from_config(alembic_config(connection)).get_heads()

    assert heads == [REVISION]


def test_a_moment_comes_back_as_it_was_to_the_millisecond(store: Store) -> None:
    new_campaign(store)

    with store.read() as connection:
        assert connection.execute(select(campaign.c.created_at)).scalar_one() == NOW


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    with store.write() as connection, pytest.raises(Exception, match="has no time zone"):
        connection.execute(insert(trunk).values(name="a", next_slot=datetime(2026, 1, 1)))


@pytest.mark.parametrize("ms", [0, 1, 1_795_000_000_123, -1])
def test_milliseconds_and_moments_are_one(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms


def test_the_clock_of_the_database_is_a_clock(store: Store) -> None:
    with store.read() as connection:
        now = connection.execute(select(database_now())).scalar_one()

    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_slot_of_a_trunk_is_taken_in_one_statement_by_the_clock_of_the_database(
    store: Store,
) -> None:
    with store.write() as connection:
        connection.execute(insert(trunk).values(name="a", cps=4))
        taken = [
            connection.execute(
                update(trunk)
                .values(next_slot=text("next_slot + CAST(1000 / cps AS INTEGER)"))
                .returning(trunk.c.next_slot)
            ).scalar_one()
            for _ in range(2)
        ]

    assert [to_ms(slot) for slot in taken] == [250, 500]


def test_a_number_is_in_one_call_at_a_time(store: Store) -> None:
    one, other = new_campaign(store), new_campaign(store, "other")
    with store.write() as connection:
        connection.execute(insert(attempt).values(**call(one, 1, 1, state="dialing")))

    with pytest.raises(IntegrityError), store.write() as connection:
        connection.execute(insert(attempt).values(**call(other, 2, 1)))
    with store.write() as connection:
        connection.execute(update(attempt).values(state="done"))
        connection.execute(insert(attempt).values(**call(other, 2, 1)))


def test_an_entry_of_the_do_not_call_list_may_come_back_after_it_was_removed(store: Store) -> None:
    entry = {"phone": "+8615400000001", "scope": "platform", "source": "call", "created_at": NOW}
    with store.write() as connection:
        connection.execute(insert(dnc).values(**entry))

    with pytest.raises(IntegrityError), store.write() as connection:
        connection.execute(insert(dnc).values(**entry))
    with store.write() as connection:
        connection.execute(update(dnc).values(removed_at=NOW))
        connection.execute(insert(dnc).values(**entry))


# Transactions


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    rows = [{"name": "a"}, {"name": "a"}]

    with pytest.raises(IntegrityError), store.write() as connection:
        connection.execute(insert(trunk), rows)

    with store.read() as connection:
        assert connection.execute(select(trunk)).all() == []


def test_a_reader_sees_one_state_while_others_write(store: Store) -> None:
    with store.read() as reader:
        before = reader.execute(select(trunk)).all()
        with store.write() as writer:
            writer.execute(insert(trunk).values(name="a"))

        assert reader.execute(select(trunk)).all() == before


# Opening


def test_an_open_store_keeps_what_was_written(empty_address: str) -> None:
    first = open_store(empty_address)
    new_campaign(first)
    first.close()

    second = open_store(empty_address)

    with second.read() as connection:
        assert connection.execute(select(campaign.c.name)).scalar_one() == "repurchase"
    second.close()


def test_many_processes_may_open_a_new_store_at_once(empty_address: str) -> None:
    program = "import sys; from voicebot.store.engine import open_store; open_store(sys.argv[1])"

    opened = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", program, empty_address])
        for _ in range(4)
    ]

    assert [process.wait(timeout=60) for process in opened] == [0, 0, 0, 0]


def test_a_store_of_a_newer_voicebot_is_left_alone(store_address: str) -> None:
    store = open_store(store_address)
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()

    with pytest.raises(BadStore) as caught:
        open_store(store_address)

    assert "was made by a newer voicebot (revision 9999); update voicebot" in str(caught.value)
    assert "tests-only" not in str(caught.value)


def test_sqlite_keeps_a_log_of_writes_and_waits_for_other_writers(tmp_path: Path) -> None:
    store = open_store(tmp_path / "deep" / "down" / "shop.db")

    with store.read() as connection:
        pragmas = [
            connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")
        ]
    store.close()

    assert pragmas == ["wal", 10_000, 1, 1]


def test_sqlite_may_be_asked_to_outlive_a_power_cut(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/shop.db?synchronous=full")

    with store.read() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
    store.close()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("mysql://shop:secret@host/db", 'names "mysql", which is not supported'),
        ("://secret", "is not a URL"),
        ("postgresql://shop:secret@host:port/db", "is not a URL"),
        ("sqlite://", "names no file"),
        ("sqlite:///x.db?synchronous=off", 'synchronous=off; it is "normal" or "full"'),
        ("sqlite:///x.db?cache=1", "settings that are not known: cache"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(address: str, told: str) -> None:
    with pytest.raises(BadStore) as caught:
        open_store(address)

    assert told in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StorageFailed) as caught:
        open_store("postgresql://shop:secret@127.0.0.1:1/voicebot")

    assert "PostgreSQL cannot be reached" in str(caught.value)
    assert "127.0.0.1:1/voicebot" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(BadStore, match="is a folder; name a file for the store"):
        open_store(tmp_path)


def test_another_file_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are no tables " * 100, encoding="utf-8")

    with pytest.raises(StorageFailed, match="is not a voicebot store"):
        open_store(path)
    assert path.read_text(encoding="utf-8").startswith("these are no tables")


def test_a_place_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageFailed, match=r"Not a directory|File exists"):
        open_store(tmp_path / "file" / "shop.db")


def test_a_store_that_another_process_keeps_busy_is_told(tmp_path: Path) -> None:
    store = open_store(tmp_path / "shop.db")
    other = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    pooled = store.engine.raw_connection()
    pooled.cursor().execute("PRAGMA busy_timeout = 10")
    pooled.close()

    with pytest.raises(StorageFailed, match="another process kept it busy"), store.write():
        pass

    other.close()
    store.close()


def test_the_place_is_the_option_then_the_environment_then_the_users_data_folder() -> None:
    environment = {"VOICEBOT_STORE": "postgresql://host/db", "VOICEBOT_DATA": "data"}

    assert config.store_address("mine.db", environment) == "mine.db"
    assert config.store_address(None, environment) == "postgresql://host/db"
    assert config.store_address(None, {"VOICEBOT_DATA": "data"}) == str(Path("data", "voicebot.db"))
