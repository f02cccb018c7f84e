"""Who has the right to dial, statement by statement, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, select, update

from tests.dialler.rig import new_campaign, now_of, phone
from voicebot.campaign.outcome import Disposition
from voicebot.store import conclusions, dialling, feeding, leases, recovery
from voicebot.store.conclusions import Outcome
from voicebot.store.dialling import Fenced, Intent
from voicebot.store.engine import Store
from voicebot.store.feeding import Release
from voicebot.store.tables import attempt, campaign, contact, dnc, lease


def released(store: Store) -> str:
    """Keep a campaign with one attempt that waits for its slot; return the attempt's id."""
    made = new_campaign(store, 1, merchant="beans")
    with store.write() as connection:
        now = now_of(connection)
        trunk = connection.execute(select(campaign.c.trunk_id)).scalars().first()
        assert trunk is not None
        row = feeding.running_campaigns(connection, trunk, now)[0]
        due = feeding.due(connection, made, now, 1)
        for owner in ("one", "other"):
            leases.enter(connection, owner, "here", 1)
        return feeding.release(
            connection, row, trunk, [Release(due[0], now, None)], "one", now, "2026-11-27"
        )[0]


def intent_of(connection: Connection, attempt_id: str) -> Intent:
    (found,) = dialling.find(connection, [attempt_id])
    assert found is not None
    return found


def ask(store: Store, attempt_id: str, owner: str) -> Fenced:
    with store.write() as connection:
        each = intent_of(connection, attempt_id)
        (fenced,) = dialling.fence(connection, [each], owner, now_of(connection))
        return fenced


def outcome(store: Store, disposition: Disposition = Disposition.BUSY) -> Outcome:
    with store.read() as connection:
        return Outcome(disposition, now_of(connection), 900)


def test_one_worker_may_dial_and_no_other_ever_will(store: Store) -> None:
    attempt_id = released(store)

    assert ask(store, attempt_id, "other") is Fenced.GO
    assert ask(store, attempt_id, "one") is Fenced.NOT_OURS


def test_who_did_not_hear_the_answer_hears_it_again(store: Store) -> None:
    attempt_id = released(store)

    assert ask(store, attempt_id, "one") is Fenced.GO
    assert ask(store, attempt_id, "one") is Fenced.GO


def test_a_worker_that_was_declared_dead_may_dial_nothing(store: Store) -> None:
    attempt_id = released(store)
    with store.write() as connection:
        connection.execute(update(lease).where(lease.c.executor == "one").values(state="dead"))

    assert ask(store, attempt_id, "one") is Fenced.LEASE_LOST
    assert ask(store, attempt_id, "other") is Fenced.GO


@pytest.mark.parametrize("state", ["paused", "finished", "draft"])
def test_a_campaign_that_does_not_run_holds_its_attempts(store: Store, state: str) -> None:
    attempt_id = released(store)
    with store.write() as connection:
        connection.execute(update(campaign).values(state=state))

    assert ask(store, attempt_id, "one") is Fenced.HELD


def test_a_campaign_whose_last_moment_has_come_holds_its_attempts(store: Store) -> None:
    attempt_id = released(store)
    with store.write() as connection:
        connection.execute(update(campaign).values(ends_at=now_of(connection)))

    assert ask(store, attempt_id, "one") is Fenced.HELD


@pytest.mark.parametrize(
    ("scope", "owner", "days", "expected"),
    [
        ("platform", "", None, Fenced.DO_NOT_CALL),
        ("merchant", "beans", None, Fenced.DO_NOT_CALL),
        ("merchant", "tea", None, Fenced.GO),
        ("campaign", "spring", None, Fenced.DO_NOT_CALL),
        ("campaign", "autumn", None, Fenced.GO),
        ("platform", "", 1, Fenced.DO_NOT_CALL),
        ("platform", "", -1, Fenced.GO),
    ],
)
def test_the_lists_are_asked_once_more(
    store: Store, scope: str, owner: str, days: int | None, expected: Fenced
) -> None:
    attempt_id = released(store)
    with store.write() as connection:
        now = now_of(connection)
        entry = {
            "phone": phone(0),
            "scope": scope,
            "owner": owner,
            "source": "call",
            "created_at": now - timedelta(days=2),
            "expires_at": None if days is None else now + timedelta(days=days),
        }
        connection.execute(insert(dnc).values(entry))

    assert ask(store, attempt_id, "one") is expected


def test_an_outcome_is_kept_once(store: Store) -> None:
    attempt_id = released(store)
    ask(store, attempt_id, "one")
    told = outcome(store)

    with store.write() as connection:
        each = intent_of(connection, attempt_id)
        assert not conclusions.finish(connection, "other", [(each, told)])
        assert conclusions.finish(connection, "one", [(each, told)]) == {attempt_id}
        assert not conclusions.finish(connection, "one", [(each, told)])


def test_a_late_true_outcome_replaces_an_unknown_end(store: Store) -> None:
    attempt_id = released(store)
    ask(store, attempt_id, "one")
    told = outcome(store, Disposition.NO_ANSWER)

    with store.write() as connection:
        assert recovery.lose(connection, "one", now_of(connection)) == [attempt_id]
        lost = connection.execute(select(contact.c.state, contact.c.disposition)).one()
        assert tuple(lost) == ("done", "UNKNOWN")
        lost_call = intent_of(connection, attempt_id)
        assert conclusions.finish(connection, "one", [(lost_call, told)]) == {attempt_id}

    with store.read() as connection:
        assert connection.execute(select(attempt.c.disposition)).scalar_one() == "NO_ANSWER"


def test_what_was_not_dialled_goes_back_as_if_it_had_not_been_taken(store: Store) -> None:
    attempt_id = released(store)
    with store.write() as connection:
        now = now_of(connection)
        assert dialling.put_back(connection, attempt_id, now)
        assert not dialling.put_back(connection, attempt_id, now)

    with store.read() as connection:
        kept = connection.execute(select(contact.c.state, contact.c.attempts)).one()
        assert tuple(kept) == ("wait", 0)
        assert dialling.find(connection, [attempt_id]) == [None]


def test_what_was_dialled_does_not_go_back(store: Store) -> None:
    attempt_id = released(store)
    ask(store, attempt_id, "one")

    with store.write() as connection:
        assert not dialling.put_back(connection, attempt_id, now_of(connection))


def test_a_worker_is_declared_dead_by_one_other_and_not_if_it_beat_meanwhile(store: Store) -> None:
    released(store)
    with store.write() as connection:
        found = {each.executor: each for each in leases.seen(connection)}

        assert leases.declare_dead(connection, found["one"], "other")
        assert not leases.declare_dead(connection, found["one"], "third")
        connection.execute(
            update(lease)
            .where(lease.c.executor == "other")
            .values(beat=found["other"].beat + timedelta(seconds=1))
        )
        assert not leases.declare_dead(connection, found["other"], "third")
        assert leases.beat(connection, "one") is None


def test_the_work_of_a_recoverer_that_died_is_inherited_once(store: Store) -> None:
    released(store)
    with store.write() as connection:
        found = {each.executor: each for each in leases.seen(connection)}
        leases.declare_dead(connection, found["one"], "other")

        assert not leases.inherit(connection, found["one"], "third")
        leases.leave(connection, "other")
        leases.enter(connection, "third", "here", 2)
        leases.enter(connection, "fourth", "here", 3)
        assert leases.inherit(connection, found["one"], "third")
        assert not leases.inherit(connection, found["one"], "fourth")
