"""What the dialler does in a second, and what it costs when there is nothing to do.

    python -m benchmarks.dialler [--store sqlite|postgresql|both] [--only claim,status]

claim       the feed's transaction with so many contacts in the table: look, judge, release
throughput  attempts a second through the whole pipeline by one worker on a network that answers at
            once: gate, feed, queue, fence, outcome, retry
pace        calls per second over ten seconds, against what the trunk wants
status      `voicebot campaign status` with so many contacts, each called once
idle        CPU of a worker without a campaign that runs
"""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Text, cast, func, insert, literal, select, update

from benchmarks.conditions import conditions
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.schedule import State
from voicebot.dialler.calls import Called, OptedOut
from voicebot.dialler.feeder import Feeder
from voicebot.dialler.judging import Gate
from voicebot.dialler.worker import Worker, WorkerSettings
from voicebot.engines.dbos_queue import DbosQueue
from voicebot.store import campaigns, feeding, leases
from voicebot.store.dialling import Intent
from voicebot.store.engine import Store, open_store
from voicebot.store.instant import database_now
from voicebot.store.tables import IN_FLIGHT, attempt, campaign, contact

POLICY = """policy: always
title: For measurements
holidays: CN
consent: []
windows:
  marketing: {workday: [00:00-24:00], weekend: [00:00-24:00], holiday: [00:00-24:00]}
  survey: {workday: [00:00-24:00], weekend: [00:00-24:00], holiday: [00:00-24:00]}
  service: {workday: [00:00-24:00], weekend: [00:00-24:00], holiday: [00:00-24:00]}
caps:
  - {calls: 1, within: 1 hour}
  - {calls: 3, within: calendar day}
disclosure: [AI]
retention: {recordings: 30 days, records: 30 days}
"""

ROWS_AT_ONCE = 10_000
CLAIMS = 300


class Network:
    """Answers at once."""

    def __init__(self) -> None:
        self.times_s: list[float] = []

    async def prepare(self, intent: Intent) -> None:
        """Need nothing."""

    async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
        """Be busy."""
        self.times_s.append(time.perf_counter())
        return Called(Disposition.BUSY, 900)


class NoQueue:
    """Takes what is released, and forgets it: the claim is measured without `dbos`' part."""

    def release(self, connection: Connection, attempts: Sequence[str]) -> None:
        """Forget."""


def now_of(connection: Connection) -> datetime:
    return connection.execute(select(database_now())).scalar_one()


def new_campaign(store: Store, policy: Path, contacts: int, name: str, cps: float) -> int:
    with store.write() as connection:
        now = now_of(connection)
        made = campaigns.create(
            connection,
            name,
            now,
            purpose="service",
            region="CN",
            timezone="Asia/Shanghai",
            policy=str(policy),
            max_concurrent=2000,
            trunk_id=campaigns.set_trunk(connection, name, cps, 2000),
            rules={"breaker": {"least_calls": 10**9}},
            state="running",
        )
    numbers = select(literal(0).label("number")).cte(recursive=True)
    numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < contacts - 1))
    number = numbers.c.number
    people = select(
        literal(made),
        literal(f"+86154{made:02}") + func.substr(cast(number + 10**6, Text), 2),
        number + 2,
        literal("顾客"),
        literal({"name": "顾客", "product": "咖啡豆"}, contact.c.variables.type),
    )
    with store.write() as connection:
        connection.execute(
            insert(contact).from_select(
                ["campaign_id", "phone", "line", "name", "variables"], people
            )
        )
    rest(store)
    return made


def rest(store: Store) -> None:
    """Let the database do now what it puts off after a million rows, as it has when calls begin."""
    tidy = {
        "postgresql": ("VACUUM (ANALYZE) contact", "CHECKPOINT"),
        "sqlite": ("PRAGMA wal_checkpoint(TRUNCATE)",),
    }
    raw = store.engine.raw_connection()
    try:
        if store.engine.dialect.name == "postgresql":
            raw.driver_connection.autocommit = True  # type: ignore[union-attr]
        for statement in tidy[store.engine.dialect.name]:
            raw.cursor().execute(statement)
    finally:
        raw.invalidate()
        raw.close()


def stop(store: Store, campaign_id: int) -> None:
    with store.write() as connection:
        campaigns.set_state(connection, campaign_id, State.FINISHED, "stop", "", now_of(connection))


def claim(store: Store, policy: Path, contacts: int) -> str:
    """Feed 20 at a time."""
    made = new_campaign(store, policy, contacts, "claim", 10)
    feeder = Feeder("bench", 10_000, NoQueue(), Gate(real=False))  # type: ignore[arg-type]
    with store.write() as connection:
        leases.enter(connection, "bench", "here", os.getpid())
        trunk = connection.execute(
            select(campaign.c.trunk_id).where(campaign.c.id == made)
        ).scalar_one()
    looked, took, worked = list[float](), list[float](), list[float]()
    for _ in range(CLAIMS):
        with store.write() as connection:
            now = now_of(connection)
            begun = time.perf_counter()
            feeding.due(connection, made, now, 20)
            looked.append((time.perf_counter() - begun) * 1000)
        begun, cpu = time.perf_counter(), time.process_time()
        with store.write() as connection:
            fed = feeder.feed(connection, trunk, now)
        took.append((time.perf_counter() - begun) * 1000)
        worked.append((time.process_time() - cpu) * 1000)
        assert fed.released == 20, fed
        with store.write() as connection:
            # As if they had been dialled, so that there is room again.
            connection.execute(
                update(attempt)
                .where(IN_FLIGHT, attempt.c.state == "intent")
                .values(state="done", disposition="BUSY", dialed_at=now, ended_at=now)
            )
            connection.execute(
                update(contact)
                .where(contact.c.campaign_id == made, contact.c.state == "queued")
                .values(state="done", disposition="BUSY")
            )
    with store.write() as connection:
        leases.leave(connection, "bench")
    stop(store, made)
    return (
        f"claim of 20 out of {contacts:,}: {_percentiles(took)} (gate, decisions, attempts and "
        f"slots included), {_percentiles(worked)} of CPU; its query alone {_percentiles(looked)}"
    )


def _percentiles(ms: list[float]) -> str:
    found = sorted(ms)
    return f"p50 {found[len(found) // 2]:.1f}, p99 {found[len(found) * 99 // 100]:.1f} ms"


def status(store: Store, contacts: int) -> str:
    """Count a campaign whose contacts were all called."""
    with store.write() as connection:
        made = connection.execute(
            select(campaign.c.id).where(campaign.c.name == "claim")
        ).scalar_one()
        now = now_of(connection)
        connection.execute(
            update(contact)
            .where(contact.c.campaign_id == made)
            .values(state="done", disposition="NO_ANSWER")
        )
    ids = contact.c.id
    for first in range(0, contacts, 100_000):
        with store.write() as connection:
            rows = connection.execute(
                select(ids, contact.c.phone)
                .where(contact.c.campaign_id == made, contact.c.attempts == 0)
                .limit(100_000)
            ).all()
            if not rows:
                break
            for some in range(0, len(rows), ROWS_AT_ONCE):
                connection.execute(
                    insert(attempt),
                    [
                        {
                            "id": f"{made}:{row.id}:1",
                            "campaign_id": made,
                            "contact_id": row.id,
                            "number": 1,
                            "phone": row.phone,
                            "purpose": "service",
                            "state": "done",
                            "disposition": "NO_ANSWER",
                            "created_at": now,
                            "dialed_at": now,
                            "ended_at": now - timedelta(seconds=first // 1000),
                        }
                        for row in rows[some : some + ROWS_AT_ONCE]
                    ],
                )
            connection.execute(
                update(contact)
                .where(ids.in_(select(attempt.c.contact_id).where(attempt.c.number == 1)))
                .values(attempts=1)
            )
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        with store.read() as connection:
            counted = campaigns.counts(connection, made)
        took.append(time.perf_counter() - begun)
    assert counted.contacts == contacts
    took.sort()
    return f"status of {contacts:,} contacts and attempts: median {took[2]:.2f} s"


def run_worker(
    store: Store, network: Network, done: Callable[[], bool], limit_s: float, calls: int = 200
) -> tuple[float, float]:
    """Run a worker until `done`; return its seconds and its seconds of CPU."""

    async def main() -> tuple[float, float]:
        worker = Worker(
            store, network, Gate(real=False), DbosQueue, WorkerSettings(concurrency=calls)
        )
        running = asyncio.create_task(worker.run())
        while not network.times_s and not done():
            await asyncio.sleep(0.05)
        begun, cpu = time.perf_counter(), time.process_time()
        while not done() and time.perf_counter() - begun < limit_s:
            await asyncio.sleep(0.1)
        took = time.perf_counter() - begun, time.process_time() - cpu
        worker.stop()
        await running
        return took

    return asyncio.run(main())


def throughput(store: Store, policy: Path, attempts: int) -> str:
    made = new_campaign(store, policy, attempts, "throughput", 1000)
    network = Network()
    seconds, cpu = run_worker(store, network, lambda: len(network.times_s) >= attempts, 240)
    number = len(network.times_s)
    stop(store, made)
    return (
        f"throughput: {number:,} attempts in {seconds:.1f} s, {number / seconds:.0f}/s by one "
        f"worker; {cpu / number * 1000:.1f} ms of CPU each ({cpu / seconds:.0%} of a core)"
    )


def pace(store: Store, policy: Path, cps: float) -> str:
    seconds = 45
    made = new_campaign(store, policy, round(cps * seconds), f"pace{cps:g}", cps)
    network = Network()
    wanted = round(cps * seconds)
    run_worker(store, network, lambda: len(network.times_s) >= wanted, seconds * 3)
    first = network.times_s[0]
    counted = Counter(int((at - first - 2) // 10) for at in network.times_s)
    windows = [counted[number] / 10 for number in range(0, max(counted))]
    stop(store, made)
    worst = max(abs(each - cps) / cps for each in windows)
    shown = ", ".join(f"{each:.2f}" for each in windows)
    return f"pace: {cps:g} calls/s wanted; over 10 s: {shown} (at most {worst:.1%} off)"


def idle(store: Store) -> str:
    network = Network()
    seconds = 20.0

    async def main() -> tuple[float, float]:
        worker = Worker(store, network, Gate(real=False), DbosQueue, WorkerSettings())
        running = asyncio.create_task(worker.run())
        await asyncio.sleep(3)
        start, cpu_s = time.perf_counter(), time.process_time()
        await asyncio.sleep(seconds)
        took = time.perf_counter() - start, time.process_time() - cpu_s
        worker.stop()
        await running
        return took

    took, cpu = asyncio.run(main())
    return f"idle: {cpu / took:.1%} of a core over {took:.0f} s"


def measure(kind: str, options: argparse.Namespace) -> None:
    """Measure on a new database of a kind."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voicebot-bench-")))
        policy = folder / "policy.yaml"
        policy.write_text(POLICY)
        address = str(folder / "bench.db")
        if kind == "postgresql":
            from tests.postgres import postgres_server

            address = stack.enter_context(postgres_server()).new_database("bench")
        store = open_store(address)
        stages: dict[str, Callable[[], str]] = {
            "idle": lambda: idle(store),
            "throughput": lambda: throughput(store, policy, options.attempts),
            "pace": lambda: pace(store, policy, options.cps),
            "claim": lambda: claim(store, policy, options.contacts),
            "status": lambda: status(store, options.contacts),
        }
        for name, stage in stages.items():
            if options.only and name not in options.only.split(","):
                continue
            print(f"  {stage()} [load {os.getloadavg()[0]:.1f}]", flush=True)
        store.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = ("sqlite", "postgresql")
    parser.add_argument("--store", choices=(*kinds, "both"), default="sqlite")
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--attempts", type=int, default=3000)
    parser.add_argument("--cps", type=float, default=20.0)
    parser.add_argument("--only", help="stages, parted by commas; status needs claim")
    options = parser.parse_args()
    for kind in kinds if options.store == "both" else (options.store,):
        print(kind, conditions(), flush=True)
        measure(kind, options)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory {peak:.0f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
