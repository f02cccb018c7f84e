"""Who asked to be called back is due then, once, and only where the gate lets them be called."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.store.rows import NOW, add_attempt, add_campaign, add_contact
from voicebot.campaign.gate import Code
from voicebot.dialler.judging import Gate
from voicebot.store import feeding
from voicebot.store.callbacks import CallBack, ask_back
from voicebot.store.engine import Store
from voicebot.store.feeding import CampaignRow
from voicebot.store.tables import campaign, campaign_event, contact

PHONE = "+8615400000001"
AT = NOW + timedelta(hours=5)
NIGHT = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
"""23 o'clock in Shanghai."""


def ask(store: Store, at: datetime = AT, **told: str) -> bool:
    with store.write() as connection:
        return ask_back(connection, "callbacks", CallBack(PHONE, at, told), NOW)


def rows(store: Store) -> list[Any]:
    with store.read() as connection:
        return list(connection.execute(select(contact)))


def running(store: Store, state: str = "running") -> int:
    return add_campaign(store, "callbacks", purpose="service", state=state)


def test_a_caller_is_due_when_they_asked_for_it_and_not_before(store: Store) -> None:
    made = running(store)

    asked = ask(store, message="袋子破了")

    with store.read() as connection:
        before = feeding.due(connection, made, AT - timedelta(seconds=1), 10)
        then = feeding.due(connection, made, AT, 10)
    assert asked
    assert before == []
    assert [each.phone for each in then] == [PHONE]
    assert rows(store)[0].variables == {"message": "袋子破了"}


@pytest.mark.parametrize(
    ("now", "refused"),
    [(AT, []), (NIGHT, [Code.WINDOW_CLOSED])],
)
def test_the_gate_decides_about_them(now: datetime, refused: list[Code], store: Store) -> None:
    made = running(store)
    ask(store)

    with store.write() as connection:
        columns = (campaign.c[name] for name in CampaignRow.__slots__)
        row = CampaignRow(*connection.execute(select(*columns)).one())
        due = feeding.due(connection, made, now, 10)
        found = Gate(real=False)(connection, row, due, now)

    assert [each.code for each in found] == refused


def test_who_asks_again_is_called_once_at_the_new_time(store: Store) -> None:
    running(store)
    ask(store, message="袋子破了")

    ask(store, AT + timedelta(days=1), urgency="urgent")

    (row,) = rows(store)
    assert row.next_at == AT + timedelta(days=1)
    assert row.variables == {"message": "袋子破了", "urgency": "urgent"}


def test_who_was_called_before_is_called_again_as_the_next_attempt(store: Store) -> None:
    made = running(store)
    who = add_contact(store, made, PHONE, state="done", attempts=1, state_reason="done")
    add_attempt(store, made, who, PHONE)

    ask(store)

    (row,) = rows(store)
    assert (row.id, row.state, row.attempts, row.next_at) == (who, "wait", 1, AT)


def test_who_is_being_called_at_this_moment_is_left_alone(store: Store) -> None:
    add_contact(store, running(store), PHONE, state="queued")

    assert not ask(store)

    assert rows(store)[0].state == "queued"


def test_a_campaign_that_was_finished_goes_on_and_a_paused_one_stays(store: Store) -> None:
    made = running(store, "finished")
    ask(store)
    with store.write() as connection:
        state = connection.execute(select(campaign.c.state)).scalar_one()
        why = connection.execute(select(campaign_event.c.detail)).scalars().all()
        connection.execute(update(campaign).values(state="paused"))

    ask(store)

    assert state == "running"
    assert why[-1] == {"reason": "a caller asked to be called back"}
    with store.read() as connection:
        now = connection.execute(select(campaign.c.state).where(campaign.c.id == made))
        assert now.scalar_one() == "paused"
