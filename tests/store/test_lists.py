from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from tests.store.running import NOW, PHONE, new_campaign, new_contact
from voicebot.campaign.columns import Rejected
from voicebot.campaign.frequency_cap import Purpose
from voicebot.campaign.lists import BlockRow, ConsentRow
from voicebot.errors import BadContacts, Problem
from voicebot.store import lists
from voicebot.store.engine import Store
from voicebot.store.lists import Scope
from voicebot.store.tables import consent, contact, dnc, import_batch

PLATFORM = Scope("platform")
LATER, LATEST = NOW + timedelta(days=36_500), NOW + timedelta(days=37_000)


def block(phone: str = PHONE, until: datetime | None = None, line: int = 2) -> BlockRow:
    return BlockRow(line, phone, "asked", until)


def put(store: Store, *rows: BlockRow, scope: Scope = PLATFORM) -> int:
    with store.write() as connection:
        return lists.add_blocks(connection, scope, rows, source="operator")


def bring(store: Store, rows: list[BlockRow | Rejected]) -> lists.Kept:
    return lists.import_blocks(store, PLATFORM, ("refused.csv", "abc"), rows, lambda each: None)


def phones(number: int) -> list[BlockRow | Rejected]:
    return [block(f"+86139{n:08}", line=n) for n in range(number)]


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        (None, None, None),
        (LATER, None, None),
        (None, LATER, None),
        (LATER, LATEST, LATEST),
        (LATEST, LATER, LATEST),
    ],
)
def test_an_entry_is_never_made_shorter(
    store: Store, first: datetime | None, second: datetime | None, stands: datetime | None
) -> None:
    added = put(store, block(until=first)), put(store, block(until=second))

    assert added == (1, 0)
    assert [each.expires_at for each in lists.blocks(store)] == [stands]


def test_of_a_number_that_stands_twice_the_strictest_entry_counts(store: Store) -> None:
    added = put(store, block(until=LATER), block(until=None), block(until=LATEST))

    assert added == 1
    assert [each.expires_at for each in lists.blocks(store)] == [None]


def test_lists_of_different_scopes_are_different_lists(store: Store) -> None:
    scopes = [PLATFORM, Scope("merchant", "a"), Scope("merchant", "b"), Scope("campaign", "a")]
    for scope in scopes:
        put(store, block(), scope=scope)

    removed = lists.remove_block(store, scopes[1], PHONE, "mistake")

    standing = [Scope(each.scope, each.owner) for each in lists.blocks(store, phone=PHONE)]
    assert removed
    assert set(standing) == {scopes[0], scopes[2], scopes[3]}
    assert len(lists.blocks(store, scope=scopes[2])) == 1
    assert not lists.remove_block(store, scopes[1], PHONE, "again")


def test_what_is_removed_stays_as_evidence_and_may_come_back(store: Store) -> None:
    put(store, block())
    lists.remove_block(store, PLATFORM, PHONE, "asked to be called")

    put(store, block())

    with store.read() as connection:
        rows = connection.execute(select(dnc.c.removed_reason).order_by(dnc.c.id)).scalars().all()
    assert rows == ["asked to be called", ""]
    assert len(lists.blocks(store)) == 1


def test_an_entry_that_has_expired_stands_on_no_list(store: Store) -> None:
    put(store, block(until=datetime(2020, 1, 1, tzinfo=NOW.tzinfo)))

    assert lists.blocks(store) == []


def test_importing_a_list_again_adds_nothing(store: Store) -> None:
    bad = Rejected(9, ["x"], (Problem("refused.csv", "is bad", 9),))

    first = bring(store, [*phones(1200), bad])
    again = bring(store, phones(1200))

    assert (first.rows, first.added, first.known, first.rejected) == (1201, 1200, 0, 1)
    assert (again.batch, again.added, again.known) == (None, 0, 1200)
    with store.read() as connection:
        kept = connection.execute(select(import_batch.c.state, import_batch.c.added)).all()
    assert [tuple(row) for row in kept] == [("done", 1200)]


def test_an_import_that_breaks_off_keeps_what_it_had_and_is_whole_when_done_again(
    store: Store,
) -> None:
    def broken() -> Iterator[BlockRow | Rejected]:
        yield from phones(700)
        raise BadContacts(Problem("refused.csv", "is not CSV", 702))

    with pytest.raises(BadContacts):
        lists.import_blocks(store, PLATFORM, ("refused.csv", "abc"), broken(), lambda each: None)
    kept = len(lists.blocks(store))
    again = bring(store, phones(1200))

    assert kept == 500
    assert (again.added, again.known) == (700, 500)


def test_who_comes_off_a_list_waits_again(store: Store) -> None:
    campaign_id = new_campaign(store)
    contact_id = new_contact(store, campaign_id)
    other = new_contact(store, campaign_id, phone="+8613800138001")
    put(store, block())
    with store.write() as connection:
        connection.execute(update(contact).values(state="done", state_reason="dnc_platform"))

    lists.remove_block(store, PLATFORM, PHONE, "mistake")

    with store.read() as connection:
        states = dict(
            tuple(row) for row in connection.execute(select(contact.c.id, contact.c.state))
        )
    assert states == {contact_id: "wait", other: "done"}


def test_consent_reopens_contacts_of_its_merchant_only(store: Store) -> None:
    beans, tea = new_campaign(store, merchant="beans"), new_campaign(store, "tea", merchant="tea")
    ours, theirs = new_contact(store, beans), new_contact(store, tea)
    finished = new_contact(
        store, beans, phone="+8613800138001", state="done", state_reason="finished"
    )
    with store.write() as connection:
        connection.execute(
            update(contact)
            .where(contact.c.id != finished)
            .values(state="done", state_reason="consent_missing")
        )
    rows = [
        ConsentRow(2, PHONE, Purpose.MARKETING, "order", NOW, None),
        ConsentRow(3, "+8613800138001", Purpose.MARKETING, "order", NOW, None),
        ConsentRow(4, PHONE, Purpose.MARKETING, "order", NOW, None),
    ]

    kept = lists.import_consent(store, "beans", ("a.csv", "abc"), rows, lambda each: None)

    with store.read() as connection:
        states = dict(
            tuple(row) for row in connection.execute(select(contact.c.id, contact.c.state))
        )
        records = connection.execute(select(func.count()).select_from(consent)).scalar_one()
    assert (kept.added, kept.known, records) == (2, 1, 2)
    assert states == {ours: "wait", theirs: "done", finished: "done"}


def test_withdrawing_ends_consent_of_one_purpose_or_all(store: Store) -> None:
    rows = [ConsentRow(2, PHONE, each, "order", NOW, None) for each in Purpose]
    lists.import_consent(store, "beans", ("a.csv", "abc"), rows, lambda each: None)

    ended = [
        lists.withdraw_consent(store, "tea", PHONE),
        lists.withdraw_consent(store, "beans", PHONE, Purpose.MARKETING),
        lists.withdraw_consent(store, "beans", PHONE),
        lists.withdraw_consent(store, "beans", PHONE),
    ]

    assert ended == [0, 1, 2, 0]
    assert all(each.withdrawn_at is not None for each in lists.consents(store, PHONE))
