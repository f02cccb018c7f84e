"""A campaign of numbers nobody has, and a network that answers at once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from voicebot.campaign.outcome import Disposition
from voicebot.campaign.schedule import State
from voicebot.dialler.calls import Called, OptedOut
from voicebot.dialler.clock import Clock
from voicebot.dialler.feeder import Fed, Feeder
from voicebot.dialler.worker import Ended, Worker, WorkerSettings
from voicebot.engines.dbos_queue import DbosQueue
from voicebot.store import campaigns, feeding, leases
from voicebot.store.dialling import Intent
from voicebot.store.engine import Store
from voicebot.store.feeding import CampaignRow, Due, Refusal
from voicebot.store.instant import database_now
from voicebot.store.tables import attempt, campaign, contact


def phone(number: int) -> str:
    """Return a number of a range that is given to nobody."""
    return f"+86154{number:08}"


def new_campaign(
    store: Store,
    contacts: int,
    *,
    name: str = "spring",
    trunk: str = "sim",
    cps: float = 200,
    cap: int = 200,
    first: int = 0,
    **more: Any,
) -> int:
    """Keep a running campaign with contacts that are due."""
    with store.write() as connection:
        values = {
            "purpose": "service",
            "region": "CN",
            "timezone": "Asia/Shanghai",
            "max_concurrent": cap,
            "trunk_id": campaigns.set_trunk(connection, trunk, cps, cap),
            "state": "running",
            **more,
        }
        made = campaigns.create(connection, name, now_of(connection), **values)
        campaigns.set_state(
            connection, made, State(values["state"]), "start", "", now_of(connection)
        )
        if contacts:
            connection.execute(
                insert(contact),
                [
                    {
                        "campaign_id": made,
                        "phone": phone(first + each),
                        "name": f"顾客{each}",
                        "variables": {"name": f"顾客{each}"},
                        "line": each + 2,
                    }
                    for each in range(contacts)
                ],
            )
    return made


def now_of(connection: Connection) -> datetime:
    """Return the database's clock."""
    return connection.execute(select(database_now())).scalar_one()


def set_state(store: Store, campaign_id: int, state: State, what: str = "pause") -> None:
    with store.write() as connection:
        campaigns.set_state(connection, campaign_id, state, what, "", now_of(connection))


def anybody(
    connection: Connection, campaign: CampaignRow, due: Sequence[Due], now: datetime
) -> Sequence[Refusal]:
    """Let everybody be called."""
    return []


class _NoQueue:
    """Takes what is released, and forgets it."""

    def release(self, connection: Connection, attempts: Sequence[str]) -> None:
        """Forget."""


def feed(connection: Connection, *, alive: bool = True) -> Fed:
    """Feed the only trunk once, as a worker w1 that does not dial what is released; without a lease
    when it is not alive."""
    (trunk,) = feeding.trunks_to_feed(connection)
    feeder = Feeder("w1", 50, _NoQueue(), anybody)  # type: ignore[arg-type]
    if alive:
        leases.enter(connection, "w1", "here", 1)
    fed = feeder.feed(connection, trunk, now_of(connection))
    leases.leave(connection, "w1")
    return fed


@dataclass
class Network:
    """Answers as it is told, and counts who was dialled."""

    fates: Mapping[str, Disposition] = field(default_factory=dict)
    fate: Disposition = Disposition.BUSY
    rings_s: float = 0.0
    dialled: Counter[str] = field(default_factory=Counter)
    times_s: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def prepare(self, intent: Intent) -> None:
        return

    async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
        self.dialled[intent.phone] += 1
        self.times_s.append(asyncio.get_running_loop().time())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.rings_s)
        self.at_once -= 1
        return Called(self.fates.get(intent.phone, self.fate), 1200)


def worker(
    store: Store, network: Any, clock: Clock | None = None, judge: Any = anybody, **settings: Any
) -> Worker:
    made = WorkerSettings(**{"concurrency": 50, **settings})
    return Worker(store, network, judge, DbosQueue, made, clock)


def run_worker(one: Worker, story: Callable[[], Awaitable[None]]) -> Ended:
    """Let a worker work while the story is told, then stop it."""

    async def run() -> Ended:
        running = asyncio.create_task(one.run())
        told = asyncio.ensure_future(story())
        done, _ = await asyncio.wait([running, told], return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()
        one.stop()
        await told
        return await running

    return asyncio.run(run())


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that happens in real time: in a worker's own threads and database."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def states(store: Store, campaign_id: int) -> Counter[str]:
    with store.read() as connection:
        rows = connection.execute(
            select(contact.c.state).where(contact.c.campaign_id == campaign_id)
        )
        return Counter(rows.scalars())


def state_of(store: Store, campaign_id: int) -> tuple[str, str]:
    with store.read() as connection:
        row = connection.execute(
            select(campaign.c.state, campaign.c.state_reason).where(campaign.c.id == campaign_id)
        ).one()
        return row.state, row.state_reason


def attempts(store: Store, **which: Any) -> list[Any]:
    with store.read() as connection:
        query = select(attempt).order_by(attempt.c.contact_id, attempt.c.number)
        for name, value in which.items():
            query = query.where(attempt.c[name] == value)
        return list(connection.execute(query))
