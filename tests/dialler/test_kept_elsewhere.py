"""Files of calls that came in, and the shop's orders, are forgotten after their time as well."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.store.rows import NOW, add_campaign, add_order
from voicebot.cli.main import main
from voicebot.dialler.retention import OrdersForgotten, forget_orders
from voicebot.errors import BadInput
from voicebot.report.kept_files import FilesForgotten, forget_files
from voicebot.store.engine import Store, open_store
from voicebot.store.tables import shop_order

PHONE = "+8613800138000"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def call(folder: Path, number: int, ended_at: datetime) -> None:
    """Leave a record and a recording as `voicebot serve` does."""
    (folder / "calls").mkdir(parents=True, exist_ok=True)
    for name in (f"{number:03d}.wav", f"{number:03d}-张丽.json"):
        file = folder / "calls" / name
        file.write_bytes(b"")
        os.utime(file, (ended_at.timestamp(), ended_at.timestamp()))


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in (folder / "calls").iterdir())


def test_a_recording_goes_after_its_time_and_the_record_after_its_own(tmp_path: Path) -> None:
    call(tmp_path, 1, NOON - 1096 * DAY)
    call(tmp_path, 2, NOON - 91 * DAY)
    call(tmp_path, 3, NOON - 90 * DAY)
    (tmp_path / "calls" / "notes.txt").write_text("ours")

    found = forget_files(tmp_path, NOON - 90 * DAY, NOON - 1095 * DAY)

    assert found == FilesForgotten(sounds=2, records=1, stuck=[])
    assert names(tmp_path) == ["002-张丽.json", "003-张丽.json", "003.wav", "notes.txt"]


def test_a_dry_run_counts_the_same_and_leaves_it(tmp_path: Path) -> None:
    call(tmp_path, 1, NOON - 91 * DAY)

    found = forget_files(tmp_path, NOON - 90 * DAY, NOON - 1095 * DAY, dry_run=True)

    assert found == FilesForgotten(sounds=1, records=0, stuck=[])
    assert names(tmp_path) == ["001-张丽.json", "001.wav"]


def test_outcomes_go_with_the_records(tmp_path: Path) -> None:
    call(tmp_path, 1, NOON)
    outcomes = tmp_path / "outcomes.csv"
    outcomes.write_text("phone")
    os.utime(outcomes, ((NOON - 2 * DAY).timestamp(),) * 2)

    assert forget_files(tmp_path, NOON - DAY, NOON - 3 * DAY).records == 0
    assert forget_files(tmp_path, NOON - DAY, NOON - DAY).records == 1
    assert not outcomes.exists()


def test_a_folder_without_calls_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no folder calls"):
        forget_files(tmp_path, NOON, NOON)


def test_what_cannot_be_deleted_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "calls" / "001.wav"
    folder.mkdir(parents=True)
    os.utime(folder, ((NOON - DAY).timestamp(),) * 2)

    found = forget_files(tmp_path, NOON, NOON)

    assert found.sounds == 0
    assert len(found.stuck) == 1
    assert str(folder) in found.stuck[0]


def test_the_command_clears_folders_by_a_policy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # China keeps recordings for 90 days, the European Union for 30.
    call(tmp_path, 1, datetime.now(UTC) - 60 * DAY)
    address = ["--store", str(tmp_path / "shop.db")]
    folder = ["retention", "--folder", str(tmp_path), *address]

    assert main(folder) == 0
    assert "001.wav" in names(tmp_path)
    assert main([*folder, "--policy", "EU", "--dry-run"]) == 0
    assert "001.wav" in names(tmp_path)
    assert main([*folder, "--policy", "EU"]) == 0
    assert names(tmp_path) == ["001-张丽.json"]
    assert main([*folder, "--campaign", "spring"]) == 2
    assert "--folder is about files" in capsys.readouterr().err


def orders(store: Store) -> list[str]:
    with store.read() as connection:
        found = connection.execute(select(shop_order.c.order_no).order_by(shop_order.c.order_no))
        return list(found.scalars())


def test_orders_stay_as_long_as_any_campaign_of_their_merchant_keeps_records(store: Store) -> None:
    add_campaign(store, "spring")
    add_order(store, "A", PHONE, NOW - 1096 * DAY)
    add_order(store, "B", PHONE, NOW - 1095 * DAY)

    assert list(forget_orders(store, NOW, dry_run=True)) == [OrdersForgotten("default", 1)]
    assert orders(store) == ["A", "B"]
    assert list(forget_orders(store, NOW)) == [OrdersForgotten("default", 1)]
    assert orders(store) == ["B"]

    # The United States' policy keeps records for 1826 days.
    add_campaign(store, "autumn", region="US")
    assert list(forget_orders(store, NOW + 700 * DAY)) == [OrdersForgotten("default", 0)]
    assert list(forget_orders(store, NOW + 732 * DAY)) == [OrdersForgotten("default", 1)]
    assert orders(store) == []


def test_no_order_is_deleted_by_a_policy_that_cannot_be_read(store: Store, tmp_path: Path) -> None:
    add_campaign(store, "spring", policy=str(tmp_path / "gone.yaml"))
    add_order(store, "A", PHONE, NOW - 5000 * DAY)

    (told,) = forget_orders(store, NOW)

    assert told.orders == 0
    assert "gone.yaml" in told.faults[0]
    assert orders(store) == ["A"]


def test_another_merchants_orders_are_left(store: Store) -> None:
    add_campaign(store, "spring")
    add_campaign(store, "tea", merchant="tea")
    add_order(store, "A", PHONE, NOW - 5000 * DAY)

    assert list(forget_orders(store, NOW, merchant="tea")) == [OrdersForgotten("tea", 0)]
    assert orders(store) == ["A"]


def test_the_command_deletes_orders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = str(tmp_path / "shop.db")
    store = open_store(address)
    add_campaign(store, "spring")
    add_order(store, "A", PHONE, datetime.now(UTC) - 5000 * DAY)

    assert main(["retention", "--dry-run", "--store", address]) == 0
    assert orders(store) == ["A"]
    assert main(["retention", "--store", address]) == 0

    assert orders(store) == []
    assert "default" in capsys.readouterr().out
    store.close()
