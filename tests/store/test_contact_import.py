import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text, update

from tests.store.running import NOW, add, new_campaign
from voicebot.campaign.columns import Rejected
from voicebot.campaign.contacts import Contact, contact_rows
from voicebot.campaign.table_file import open_table
from voicebot.errors import BadContacts, BadInput, Busy, StorageFailed
from voicebot.store import contact_batches
from voicebot.store.contact_batches import find_campaign
from voicebot.store.contact_import import (
    DEAD_AFTER_MS,
    Imported,
    Target,
    import_contacts,
    known_contacts,
    settle,
)
from voicebot.store.engine import Store, open_store
from voicebot.store.tables import attempt, campaign, contact, import_batch

GOOD = "phone,name,product,timezone\n13800000001,王女士,云南豆,\n13800000002,李,曼特宁,Asia/Tokyo\n"


def file(folder: Path, text: str, name: str = "contacts.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def many(number: int, first: int = 0) -> str:
    return "phone,name\n" + "".join(f"139{first + n:08},王{n}\n" for n in range(number))


def target(store: Store, name: str = "repurchase") -> Target:
    return find_campaign(store, name).target


def bring(store: Store, path: Path, name: str = "repurchase") -> tuple[Imported, list[Rejected]]:
    """Import a file as the command does."""
    table = open_table(path)
    rejected: list[Rejected] = []
    rows = contact_rows(table, [], "CN")
    source = (path.name, table.sha256)
    return import_contacts(store, target(store, name), source, rows, rejected.append), rejected


def count(store: Store, state: str | None = None) -> int:
    query = select(func.count()).select_from(contact)
    if state:
        query = query.where(contact.c.state == state)
    with store.read() as connection:
        return int(connection.execute(query).scalar_one())


def test_the_contacts_of_a_file_are_kept_and_due(store: Store, tmp_path: Path) -> None:
    new_campaign(store)

    imported, rejected = bring(store, file(tmp_path, GOOD))

    with store.read() as connection:
        rows = connection.execute(select(contact).order_by(contact.c.id)).all()
    assert (imported.added, imported.known, imported.rejected, rejected) == (2, 0, 0, [])
    assert [(row.phone, row.name, row.state, row.line) for row in rows] == [
        ("+8613800000001", "王女士", "wait", 2),
        ("+8613800000002", "李", "wait", 3),
    ]
    assert [row.timezone for row in rows] == [None, "Asia/Tokyo"]
    assert rows[0].variables == {
        "phone": "13800000001",
        "name": "王女士",
        "product": "云南豆",
        "timezone": "",
    }
    assert all(row.next_at < NOW and row.batch_id == imported.batch for row in rows)


def test_importing_the_same_file_again_adds_nothing(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    path = file(tmp_path, GOOD)
    first, _ = bring(store, path)

    again, _ = bring(store, path)

    assert (again.batch, again.added, again.known) == (None, 0, 2)
    assert count(store) == 2
    assert [each.id for each in contact_batches.batches(store, 1)] == [first.batch]


def test_a_number_that_is_in_another_campaign_is_new_to_this_one(
    store: Store, tmp_path: Path
) -> None:
    new_campaign(store)
    new_campaign(store, "other")
    bring(store, file(tmp_path, GOOD))

    imported, _ = bring(store, file(tmp_path, GOOD), "other")

    assert imported.added == 2


def test_a_grown_file_adds_what_is_new_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    bring(store, file(tmp_path, GOOD))
    grown = GOOD.replace("王女士", "王太太") + "+86 138 0000 0003,赵,豆,\n+8613800000002,李,豆,\n"

    imported, rejected = bring(store, file(tmp_path, grown))

    with store.read() as connection:
        names = connection.execute(select(contact.c.name).order_by(contact.c.id)).scalars().all()
    assert (imported.added, imported.known, imported.rejected) == (1, 2, 1)
    assert [each.line for each in rejected] == [5]
    assert names == ["王女士", "李", "赵"]


def test_bad_rows_are_handed_out_and_good_ones_kept(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    path = file(tmp_path, "phone\n13800000001\n12345\n\n13800000002\n")

    imported, rejected = bring(store, path)

    assert (imported.rows, imported.added, imported.rejected) == (3, 2, 1)
    assert [(each.line, list(each.row)) for each in rejected] == [(3, ["12345"])]


def test_many_contacts_come_in_many_transactions(store: Store, tmp_path: Path) -> None:
    new_campaign(store)

    imported, _ = bring(store, file(tmp_path, many(12_345)))

    assert imported.added == count(store, "wait") == 12_345


def test_the_held_out_share_is_the_same_whichever_file_a_number_comes_with(
    store: Store, tmp_path: Path
) -> None:
    new_campaign(store, hold_out=0.2)

    first, _ = bring(store, file(tmp_path, many(2000)))

    with store.read() as connection:
        held_out = set(
            connection.execute(select(contact.c.phone).where(contact.c.held_out)).scalars()
        )
    assert 300 < first.held_out == len(held_out) < 500
    contact_batches.undo(store, paused(store), None)
    bring(store, file(tmp_path, many(1000, first=500)))
    with store.read() as connection:
        again = connection.execute(select(contact.c.phone).where(contact.c.held_out)).scalars()
        assert set(again) <= held_out | {f"+86139{n:08}" for n in range(2000, 3000)}


def test_known_contacts_are_counted_without_adding_any(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    bring(store, file(tmp_path, many(700)))

    phones = [f"+86139{n:08}" for n in range(600, 1400)]

    assert known_contacts(store, target(store), phones) == 100


# What goes wrong on the way


def test_a_file_that_breaks_off_leaves_nothing(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    path = file(tmp_path, many(11_000) + '13800000001,"王\n')

    with pytest.raises(BadContacts, match="11002: is not CSV"):
        bring(store, path)

    assert count(store) == 0
    assert contact_batches.batches(store, 1) == []
    assert bring(store, file(tmp_path, many(11_000)))[0].added == 11_000


def test_nobody_sees_contacts_before_all_are_there(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    table = open_table(file(tmp_path, many(11_000)))
    seen: list[tuple[int, int]] = []

    def rows() -> Iterator[Contact | Rejected]:
        for number, each in enumerate(contact_rows(table, [], "CN")):
            if number == 10_500:
                seen.append((count(store), count(store, "wait")))
            yield each

    import_contacts(store, target(store), ("contacts.csv", table.sha256), rows(), print)

    assert seen == [(10_000, 0)]
    assert count(store, "wait") == 11_000


IMPORT = """
import os, sys, signal
from tests.store.test_contact_import import *
store = open_store(sys.argv[1])
table = open_table(Path(sys.argv[2]))
def rows():
    for number, each in enumerate(contact_rows(table, [], "CN")):
        if number == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
        yield each
import_contacts(store, target(store), ("contacts.csv", table.sha256), rows(), print)
"""


def killed(address: str, path: Path, after: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, address, str(path), str(after)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def age(store: Store) -> None:
    """Let a minute pass for the imports that are there."""
    ms = DEAD_AFTER_MS + 1
    with store.write() as connection:
        connection.execute(text(f"UPDATE import_batch SET beat = beat - {ms}"))


def test_a_killed_import_leaves_nothing_half_done(
    store: Store, store_address: str, tmp_path: Path
) -> None:
    new_campaign(store)
    path = file(tmp_path, many(11_000))
    killed(store_address, path, after=10_500)
    left = count(store), count(store, "wait")

    with pytest.raises(Busy, match=r"contacts.csv is being imported into repurchase; wait"):
        bring(store, path)
    age(store)
    imported, _ = bring(store, path)

    assert left == (10_000, 0)
    assert imported.added == count(store, "wait") == count(store) == 11_000


def test_an_import_that_died_when_all_was_there_is_finished(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    bring(store, file(tmp_path, many(6000)))
    with store.write() as connection:
        connection.execute(update(import_batch).values(state="ready"))
        connection.execute(update(contact).where(contact.c.line > 3000).values(state="loading"))
        connection.execute(update(contact).where(contact.c.line == 7).values(state="done"))
    age(store)

    settle(store)

    assert (count(store, "wait"), count(store, "done"), count(store, "loading")) == (5999, 1, 0)
    assert [each.state for each in contact_batches.batches(store, 1)] == ["done"]


def test_an_import_that_was_taken_for_dead_says_so_and_adds_nothing(
    store: Store, tmp_path: Path
) -> None:
    new_campaign(store)
    table = open_table(file(tmp_path, many(11_000)))

    def rows() -> Iterator[Contact | Rejected]:
        for number, each in enumerate(contact_rows(table, [], "CN")):
            if number == 7000:
                age(store)
                settle(store)
            yield each

    with pytest.raises(Busy, match="stood still for so long that it was taken back"):
        import_contacts(store, target(store), ("contacts.csv", table.sha256), rows(), print)

    assert count(store) == 0


def test_two_imports_into_two_campaigns_do_not_disturb_each_other(
    store: Store, tmp_path: Path
) -> None:
    new_campaign(store)
    new_campaign(store, "other")
    table = open_table(file(tmp_path, many(6000)))

    def rows() -> Iterator[Contact | Rejected]:
        for number, each in enumerate(contact_rows(table, [], "CN")):
            if number == 5500:
                bring(store, file(tmp_path, GOOD, "other.csv"), "other")
            yield each

    import_contacts(store, target(store), ("contacts.csv", table.sha256), rows(), print)

    assert count(store, "wait") == 6002


def test_a_full_disk_leaves_nothing_half_done(tmp_path: Path) -> None:
    store = open_store(tmp_path / "shop.db")
    new_campaign(store)
    with store.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    limit = [pages + 200]

    @event.listens_for(store.engine, "begin")
    def no_more_pages(connection: object) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit[0]}")  # type: ignore[attr-defined]

    with pytest.raises(StorageFailed, match=r"shop.db: the disk is full; make room"):
        bring(store, file(tmp_path, many(11_000)))
    left = count(store)
    limit[0] = 1 << 30
    imported, _ = bring(store, file(tmp_path, many(11_000)))

    assert left == 0
    assert imported.added == count(store, "wait") == 11_000
    store.close()


def test_an_import_that_comes_back_to_life_is_not_taken_back_half(
    store: Store, tmp_path: Path
) -> None:
    new_campaign(store)
    table = open_table(file(tmp_path, many(6000)))
    seen: list[int] = []

    def rows() -> Iterator[Contact | Rejected]:
        for number, each in enumerate(contact_rows(table, [], "CN")):
            yield each
            if number == 5999:
                age(store)
                settle(store)
                seen.append(count(store))

    with pytest.raises(Busy):
        import_contacts(store, target(store), ("contacts.csv", table.sha256), rows(), print)

    assert seen == [0]
    assert count(store) == 0
    assert contact_batches.batches(store, 1) == []


def test_an_undo_that_died_half_way_is_finished(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    bring(store, file(tmp_path, GOOD))
    with store.write() as connection:
        connection.execute(update(import_batch).values(state="undone"))
    age(store)

    settle(store)

    assert count(store) == 0
    assert [each.state for each in contact_batches.batches(store, 1)] == ["undone"]


# Undo


def paused(store: Store) -> contact_batches.CampaignOfContacts:
    with store.write() as connection:
        connection.execute(update(campaign).values(state="paused"))
    return find_campaign(store, "repurchase")


def dial(store: Store, line: int) -> None:
    with store.read() as connection:
        row = connection.execute(select(contact).where(contact.c.line == line)).one()
    add(
        store,
        attempt,
        id=f"1:{row.id}:1",
        campaign_id=1,
        contact_id=row.id,
        number=1,
        phone=row.phone,
        purpose="marketing",
        state="done",
        created_at=NOW,
    )


def test_an_import_can_be_undone_while_nobody_of_it_was_dialled(
    store: Store, tmp_path: Path
) -> None:
    new_campaign(store)
    first, _ = bring(store, file(tmp_path, many(6000)))
    second, _ = bring(store, file(tmp_path, GOOD))
    dial(store, 3000)

    batch, removed = contact_batches.undo(store, paused(store), None)

    assert (batch.id, removed) == (second.batch, 2)
    assert count(store) == 6000
    with pytest.raises(BadInput) as caught:
        contact_batches.undo(store, paused(store), first.batch)
    assert str(caught.value) == (
        f"import {first.batch} (contacts.csv): cannot be undone: 1 of its contacts were dialled "
        "already; stop the campaign instead"
    )
    assert bring(store, file(tmp_path, GOOD))[0].added == 2


def test_contacts_that_are_queued_stay(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    bring(store, file(tmp_path, GOOD))
    with store.write() as connection:
        connection.execute(update(contact).where(contact.c.line == 2).values(state="queued"))

    with pytest.raises(BadInput, match="1 of its contacts were dialled already"):
        contact_batches.undo(store, paused(store), None)
    assert count(store) == 2


def test_what_a_running_campaign_may_just_dial_is_not_undone(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    bring(store, file(tmp_path, GOOD))

    with pytest.raises(Busy, match="pause it first: voicebot campaign pause repurchase"):
        contact_batches.undo(store, find_campaign(store, "repurchase"), None)
    assert count(store) == 2


def test_what_is_not_there_cannot_be_undone(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    bring(store, file(tmp_path, GOOD))
    of = paused(store)

    with pytest.raises(
        BadInput, match="repurchase: has no import 99 to undo; imports that stand: 1"
    ):
        contact_batches.undo(store, of, 99)
    contact_batches.undo(store, of, None)
    with pytest.raises(BadInput, match="has no import to undo; imports that stand: none"):
        contact_batches.undo(store, of, None)


def test_a_campaign_that_is_not_there_is_told_with_those_that_are(store: Store) -> None:
    with pytest.raises(BadInput, match=r'has no campaign "x"; make one: voicebot campaign create'):
        find_campaign(store, "x")
    new_campaign(store)
    with pytest.raises(BadInput, match='has no campaign "x"; there are: repurchase'):
        find_campaign(store, "x")


def test_contacts_that_the_gate_refused_for_good_are_let_in_again(
    store: Store, tmp_path: Path
) -> None:
    new_campaign(store)
    bring(store, file(tmp_path, many(3)))
    with store.write() as connection:
        for line, reason in ((2, "consent_missing"), (3, "zone_unknown")):
            connection.execute(
                update(contact)
                .where(contact.c.line == line)
                .values(state="done", state_reason=reason)
            )

    opened = contact_batches.reopen(store, 1, ["consent_missing", "consent_expired"])

    assert opened == 1
    assert contact_batches.count_states(store, 1) == {("wait", ""): 2, ("done", "zone_unknown"): 1}


def test_contacts_are_listed_in_pages(store: Store, tmp_path: Path) -> None:
    new_campaign(store)
    bring(store, file(tmp_path, many(5100)))

    everyone = list(contact_batches.contacts_of(store, 1))
    some = list(contact_batches.contacts_of(store, 1, "wait", 3))

    assert [each.line for each in everyone] == list(range(2, 5102))
    assert [each.line for each in some] == [2, 3, 4]
    assert list(contact_batches.contacts_of(store, 1, "done")) == []
