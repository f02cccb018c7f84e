"""A whole worker on a real database, SQLite and PostgreSQL; only the network is played."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, insert, select, update

from tests.dialler.rig import (
    Network,
    attempts,
    feed,
    new_campaign,
    now_of,
    phone,
    run_worker,
    set_state,
    state_of,
    states,
    until,
    worker,
)
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.pacing import LATE
from voicebot.campaign.schedule import State
from voicebot.dialler.calls import Called, OptedOut
from voicebot.store import campaigns, versions
from voicebot.store.dialling import Intent
from voicebot.store.engine import Store
from voicebot.store.feeding import CampaignRow, Due, Refusal
from voicebot.store.tables import contact, decision, dnc, number_flag


def test_every_contact_is_dialled_once_and_waits_for_its_retry(store: Store) -> None:
    campaign = new_campaign(store, 100)
    network = Network()

    run_worker(worker(store, network), lambda: until(lambda: len(network.dialled) == 100))

    assert set(network.dialled.values()) == {1}
    assert states(store, campaign) == {"wait": 100}
    assert {each.disposition for each in attempts(store)} == {"BUSY"}
    assert state_of(store, campaign) == ("running", "")


def test_a_campaign_whose_contacts_are_all_done_is_finished(store: Store) -> None:
    campaign = new_campaign(store, 20)
    network = Network(fate=Disposition.EMPTY)

    run_worker(
        worker(store, network),
        lambda: until(lambda: state_of(store, campaign)[0] == "finished"),
    )

    assert state_of(store, campaign) == ("finished", "every contact is done")
    with store.read() as connection:
        assert len(connection.execute(select(number_flag)).all()) == 20


def test_a_paused_campaign_dials_nobody_new_and_lets_its_calls_end(store: Store) -> None:
    campaign = new_campaign(store, 200, cps=20)
    network = Network(rings_s=1.5)

    async def story() -> None:
        await until(lambda: len(network.dialled) >= 10)
        await asyncio.to_thread(set_state, store, campaign, State.PAUSED)
        paused_s = asyncio.get_running_loop().time()
        await until(lambda: states(store, campaign)["queued"] == 0)
        assert max(network.times_s) - paused_s < 1.0

    run_worker(worker(store, network), story)

    found = attempts(store)
    assert len(found) == len(network.dialled) < 200
    assert {each.state for each in found} == {"done"}
    assert states(store, campaign) == {"wait": 200}


def test_an_opt_out_stops_an_attempt_that_is_queued_already(store: Store) -> None:
    campaign = new_campaign(store, 2, cps=1)
    network = Network()

    async def story() -> None:
        # The second one waits for the slot after the first one's.
        await until(lambda: len(attempts(store)) == 2)

        def refuse() -> None:
            with store.write() as connection:
                connection.execute(
                    insert(dnc).values(
                        phone=phone(1),
                        scope="platform",
                        source="call",
                        created_at=now_of(connection),
                    )
                )

        await asyncio.to_thread(refuse)
        await until(lambda: states(store, campaign) == {"wait": 1, "done": 1})

    run_worker(worker(store, network), story)

    assert network.dialled == {phone(0): 1}
    filtered = attempts(store, phone=phone(1))[0]
    assert (filtered.disposition, filtered.dialed_at) == ("FILTERED", None)
    with store.read() as connection:
        refused = connection.execute(select(decision).where(decision.c.stage == "fence")).one()
        assert (refused.code, refused.allowed) == ("do_not_call", False)


def test_who_opts_out_in_a_call_is_on_the_list_before_the_call_ends(store: Store) -> None:
    new_campaign(store, 1, merchant="beans")
    listed: list[str] = []

    class Refuses:
        async def prepare(self, intent: Intent) -> None:
            return

        async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
            await opted_out()
            with store.read() as connection:
                listed.extend(
                    connection.execute(select(dnc.c.phone).where(dnc.c.owner == "beans")).scalars()
                )
            return Called(Disposition.ANSWERED_HUMAN, 900)

    run_worker(worker(store, Refuses()), lambda: until(lambda: bool(listed)))

    assert listed == [phone(0)]


def test_what_will_be_said_is_ready_before_the_right_to_dial_is_asked_for(store: Store) -> None:
    campaign = new_campaign(store, 1)
    seen: list[tuple[str, str]] = []

    def state() -> str:
        return str(attempts(store)[0].state)

    class Renders:
        async def prepare(self, intent: Intent) -> None:
            seen.append(("prepare", await asyncio.to_thread(state)))

        async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
            seen.append(("make", await asyncio.to_thread(state)))
            return Called(Disposition.ANSWERED_HUMAN, 900)

    run_worker(
        worker(store, Renders()), lambda: until(lambda: states(store, campaign) == {"done": 1})
    )

    assert seen == [("prepare", "intent"), ("make", "dialing")]


def test_what_cannot_be_prepared_is_a_fault_of_its_call(store: Store) -> None:
    campaign = new_campaign(store, 1)

    class Broken:
        async def prepare(self, intent: Intent) -> None:
            raise OSError("no room to render")

        async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
            raise OSError("no room to render")

    def story() -> Awaitable[None]:
        return until(lambda: any(each.state == "done" for each in attempts(store)))

    run_worker(worker(store, Broken()), story)

    (made,) = attempts(store)
    assert (made.disposition, made.uses_cap) == ("LINE_ERROR", False)
    assert states(store, campaign) == {"wait": 1}


def test_one_number_in_two_campaigns_is_in_one_call_at_a_time(store: Store) -> None:
    new_campaign(store, 20, name="one", trunk="a")
    new_campaign(store, 20, name="other", trunk="b")
    network = Network(rings_s=0.5)
    talking: Counter[str] = Counter()

    class Watched:
        async def prepare(self, intent: Intent) -> None:
            return

        async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
            talking[intent.phone] += 1
            assert talking[intent.phone] == 1
            called = await network.make(intent, opted_out)
            talking[intent.phone] -= 1
            return called

    run_worker(worker(store, Watched()), lambda: until(lambda: network.dialled.total() >= 20))

    assert {each.disposition for each in attempts(store)} <= {"BUSY"}
    with store.read() as connection:
        codes = connection.execute(
            select(decision.c.code).where(decision.c.allowed.is_(False))
        ).scalars()
        assert set(codes) == {"in_call"}


def test_the_urgent_campaign_is_called_first(store: Store) -> None:
    new_campaign(store, 10, name="calm", cps=10)
    new_campaign(store, 10, name="urgent", cps=10, priority=5, first=100)

    # Without a worker: on a busy machine one of them may miss its slot and take a later one.
    with store.write() as connection:
        feed(connection)

    by_slot = [each.phone for each in sorted(attempts(store), key=lambda each: each.slot_at)]
    assert set(by_slot[:10]) == {phone(100 + each) for each in range(10)}
    assert set(by_slot[10:]) <= {phone(each) for each in range(10)} != set()


def test_no_more_calls_at_once_than_campaign_trunk_and_worker_carry(store: Store) -> None:
    new_campaign(store, 40, name="narrow", max_concurrent=3, trunk="a", cap=20)
    new_campaign(store, 40, name="wide", trunk="b", cap=5, max_concurrent=50, first=100)
    network = Network(rings_s=0.2)

    run_worker(
        worker(store, network, concurrency=7),
        lambda: until(lambda: len(network.dialled) >= 60),
    )

    assert network.most_at_once <= 7


def test_a_days_budget_is_not_exceeded(store: Store) -> None:
    campaign = new_campaign(store, 30, daily_budget=12)
    network = Network()

    async def story() -> None:
        await until(lambda: len(network.dialled) == 12)
        # Time for three looks more.
        await asyncio.sleep(2)

    run_worker(worker(store, network), story)

    assert len(network.dialled) == 12
    with store.read() as connection:
        assert campaigns.counts(connection, campaign).dialled == 12


def test_calls_are_paced_as_the_trunk_wants_them(store: Store) -> None:
    new_campaign(store, 100, cps=20)
    network = Network()

    run_worker(worker(store, network), lambda: until(lambda: len(network.dialled) == 100))

    found = attempts(store)
    taken = sorted(each.slot_at for each in found)
    apart = [later - first for first, later in pairwise(taken)]
    assert min(apart) >= timedelta(milliseconds=49)
    late = [each.dialed_at - each.slot_at for each in found]
    assert timedelta(0) <= min(late)
    assert max(late) <= LATE


def test_a_line_that_fails_pauses_the_campaign_with_the_reason(store: Store) -> None:
    campaign = new_campaign(store, 100, cps=10)
    network = Network(fate=Disposition.LINE_ERROR)

    run_worker(
        worker(store, network),
        lambda: until(lambda: state_of(store, campaign)[0] == "paused"),
    )

    assert "failed technically" in state_of(store, campaign)[1]
    assert len(network.dialled) < 60


class Mute(Network):
    """Has no voice to call with."""

    async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
        raise ValueError("no voice")


def test_a_campaign_whose_calls_break_is_paused_with_what_broke_them(store: Store) -> None:
    campaign = new_campaign(store, 100, cps=10)

    run_worker(
        worker(store, Mute()),
        lambda: until(lambda: state_of(store, campaign)[0] == "paused"),
    )

    assert "the last technical fault: ValueError('no voice')" in state_of(store, campaign)[1]


def test_what_stopped_a_campaign_before_does_not_stop_it_when_it_is_resumed(store: Store) -> None:
    campaign = new_campaign(store, 60, cps=10)
    network = Network(fate=Disposition.LINE_ERROR)

    async def story() -> None:
        await until(lambda: state_of(store, campaign)[0] == "paused")
        network.fate = Disposition.EMPTY
        await asyncio.to_thread(set_state, store, campaign, State.RUNNING, "resume")
        dialled = len(network.dialled)
        await until(lambda: len(network.dialled) > dialled + 10)

    run_worker(worker(store, network), story)

    assert state_of(store, campaign)[0] == "running"


def test_a_canary_that_fails_is_taken_back_and_its_contacts_hear_the_old_script(
    store: Store,
) -> None:
    rules = {"retry": {"LINE_ERROR": "0min"}, "breaker": {"least_calls": 100000}}
    campaign = new_campaign(store, 100, cps=50, rules=rules)
    with store.write() as connection:
        for label, share, canary in (("old", 0.0, False), ("new", 0.3, True)):
            versions.add(
                connection,
                campaign,
                label=label,
                content_hash=label,
                folder="",
                source="",
                share=share,
                canary=canary,
                now=now_of(connection) - timedelta(minutes=1),
            )
        old, new = (each.id for each in versions.stored(connection, campaign))
    heard: Counter[int | None] = Counter()

    class BreaksWithTheNew:
        async def prepare(self, intent: Intent) -> None:
            return

        async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
            heard[intent.script_version_id] += 1
            failed = intent.script_version_id == new
            return Called(Disposition.LINE_ERROR if failed else Disposition.EMPTY, 100)

    run_worker(
        worker(store, BreaksWithTheNew()),
        lambda: until(lambda: state_of(store, campaign)[0] == "finished"),
    )

    assert heard[new] > 0
    assert heard[old] == 100
    with store.read() as connection:
        assert versions.stored(connection, campaign)[1].state == "retired"
        assert campaigns.history(connection, campaign, 10)[1][1] == "canary stopped"


def test_whom_the_gate_refuses_is_not_called_and_waits_or_is_done(store: Store) -> None:
    campaign = new_campaign(store, 3)
    network = Network()
    never, later = phone(0), phone(1)

    def gate(
        connection: Connection, campaign: CampaignRow, due: Sequence[Due], now: datetime
    ) -> Sequence[Refusal]:
        refusals = {
            never: Refusal(0, "", "number_empty", "", None),
            later: Refusal(0, "", "window_closed", "", now + timedelta(hours=12)),
        }
        return [
            Refusal(each.id, each.phone, found.code, "", found.next_at)
            for each in due
            if (found := refusals.get(each.phone)) is not None
        ]

    run_worker(worker(store, network, judge=gate), lambda: until(lambda: len(network.dialled) == 1))

    assert list(network.dialled) == [phone(2)]
    with store.read() as connection:
        rows = connection.execute(
            select(contact.c.phone, contact.c.state, contact.c.state_reason)
            .where(contact.c.campaign_id == campaign)
            .order_by(contact.c.phone)
        ).all()
    assert [(row.state, row.state_reason) for row in rows[:2]] == [
        ("done", "number_empty"),
        ("wait", "window_closed"),
    ]


def test_a_call_that_raises_is_the_lines_fault_and_ends_no_other(store: Store) -> None:
    new_campaign(store, 10)
    network = Network()

    class Breaks:
        async def prepare(self, intent: Intent) -> None:
            return

        async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
            if intent.phone == phone(3):
                raise RuntimeError("the line broke")
            return await network.make(intent, opted_out)

    run_worker(worker(store, Breaks()), lambda: until(lambda: len(network.dialled) == 9))

    broken = attempts(store, phone=phone(3))[0]
    assert (broken.disposition, broken.uses_cap) == ("LINE_ERROR", False)
    assert "the line broke" in broken.evidence["error"]


def test_a_scheduled_campaign_begins_and_ends_by_itself(store: Store) -> None:
    with store.read() as connection:
        now = now_of(connection)
    campaign = new_campaign(
        store,
        50,
        cps=5,
        state="scheduled",
        starts_at=now + timedelta(seconds=3),
        ends_at=now + timedelta(seconds=6),
    )
    network = Network()

    run_worker(
        worker(store, network),
        lambda: until(lambda: state_of(store, campaign)[0] == "finished"),
    )

    assert 0 < len(network.dialled) < 40
    assert state_of(store, campaign)[1] == "its last day is over"


def test_a_worker_that_is_told_to_stop_lets_its_calls_end_and_puts_the_rest_back(
    store: Store,
) -> None:
    campaign = new_campaign(store, 100, cps=5)
    network = Network(rings_s=1)

    run_worker(worker(store, network), lambda: until(lambda: len(network.dialled) >= 3))

    found = attempts(store)
    assert len(found) == len(network.dialled)
    assert {each.disposition for each in found} == {"BUSY"}
    assert states(store, campaign) == {"wait": 100}
    with store.write() as connection:
        due = connection.execute(
            update(contact).where(contact.c.attempts == 0).values(attempts=0)
        ).rowcount
    assert due == 100 - len(network.dialled)
