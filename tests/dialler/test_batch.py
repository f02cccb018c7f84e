"""Work for many attempts in one transaction: each gets its own answer and its own fault."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, insert, select, update

from tests.dialler.rig import new_campaign, now_of, phone
from voicebot.dialler.batch import MOST, Batch
from voicebot.dialler.ledger import Ledger
from voicebot.store import dialling, feeding, leases
from voicebot.store.dialling import Fenced
from voicebot.store.engine import Store
from voicebot.store.feeding import Release
from voicebot.store.tables import attempt, campaign, dnc, number_flag


def flag(connection: Connection, numbers: Sequence[str]) -> Sequence[str]:
    """Keep numbers that are flagged, and refuse one that is no number."""
    now = now_of(connection)
    for each in numbers:
        connection.execute(insert(number_flag).values(phone=each, flag="empty", since=now))
        if not each.startswith("+"):
            raise ValueError(each)
    return [each[-1] for each in numbers]


def all_at_once(store: Store, numbers: Sequence[str]) -> list[str | BaseException]:
    async def run() -> list[str | BaseException]:
        ledger = Ledger(store, 2)
        batch = Batch(ledger, flag)
        told = await asyncio.gather(*(batch(each) for each in numbers), return_exceptions=True)
        ledger.close()
        return told

    return asyncio.run(run())


def test_each_item_gets_its_own_result_however_many_there_are(store: Store) -> None:
    numbers = [phone(each) for each in range(MOST * 2 + 7)]

    told = all_at_once(store, numbers)

    assert told == [each[-1] for each in numbers]
    with store.read() as connection:
        kept = connection.execute(select(func.count()).select_from(number_flag)).scalar_one()
        assert kept == len(numbers)


def test_what_one_item_breaks_is_kept_for_all_others(store: Store) -> None:
    numbers = [phone(0), phone(1), "nonsense", phone(2)]

    told = all_at_once(store, numbers)

    assert [str(each) for each in told] == ["0", "1", "nonsense", "2"]
    assert isinstance(told[2], ValueError)
    with store.read() as connection:
        kept = connection.execute(select(number_flag.c.phone).order_by(number_flag.c.phone))
        assert list(kept.scalars()) == [phone(0), phone(1), phone(2)]


def test_the_fence_answers_each_of_many(store: Store) -> None:
    made = new_campaign(store, 6, merchant="beans")
    with store.write() as connection:
        now = now_of(connection)
        trunk = connection.execute(select(campaign.c.trunk_id)).scalars().one()
        row = feeding.running_campaigns(connection, trunk, now)[0]
        for owner in ("one", "other"):
            leases.enter(connection, owner, "here", 1)
        releases = [Release(each, now, None) for each in feeding.due(connection, made, now, 6)]
        ids = feeding.release(connection, row, trunk, releases, "one", now, "2026-11-27")
        asking = [each for each in dialling.find(connection, ids) if each is not None]
        barred = {"phone": asking[1].phone, "scope": "merchant", "owner": "beans"}
        connection.execute(insert(dnc).values(**barred, source="call", created_at=now))
        gone = update(attempt).values(state="dialing")
        connection.execute(gone.where(attempt.c.id == ids[2]).values(owner="other"))
        connection.execute(gone.where(attempt.c.id == ids[3]).values(owner="one"))
        dialling.put_back(connection, ids[4], now)

    with store.write() as connection:
        told = dialling.fence(connection, asking, "one", now + timedelta(seconds=1))

    assert told == [
        Fenced.GO,
        Fenced.DO_NOT_CALL,
        Fenced.NOT_OURS,
        Fenced.GO,
        Fenced.NOT_OURS,
        Fenced.GO,
    ]
    with store.read() as connection:
        dialled = select(attempt.c.id).where(attempt.c.dialed_at.is_not(None))
        assert set(connection.execute(dialled).scalars()) == {ids[0], ids[5]}


@pytest.mark.parametrize("state", ["paused", "finished"])
def test_the_fence_holds_one_campaign_and_lets_another_dial(store: Store, state: str) -> None:
    made = [new_campaign(store, 1, name=name, first=at) for at, name in enumerate("ab")]
    with store.write() as connection:
        now = now_of(connection)
        leases.enter(connection, "one", "here", 1)
        ids: list[str] = []
        for row in feeding.running_campaigns(connection, 1, now):
            due = feeding.due(connection, row.id, now, 1)
            releases = [Release(due[0], now, None)]
            ids += feeding.release(connection, row, 1, releases, "one", now, "2026-11-27")
        connection.execute(update(campaign).where(campaign.c.id == made[0]).values(state=state))
        asking = [each for each in dialling.find(connection, ids) if each is not None]

        told = dialling.fence(connection, asking, "one", now)

    assert [(each.campaign, says) for each, says in zip(asking, told, strict=True)] == [
        ("a", Fenced.HELD),
        ("b", Fenced.GO),
    ]
