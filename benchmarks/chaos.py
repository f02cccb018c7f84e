"""Kill, freeze and starve workers while they dial, and count: nobody lost, nobody dialled twice.

    python -m benchmarks.chaos sqlite --attempts 3000
    python -m benchmarks.chaos postgresql --attempts 3000

Workers are processes of their own (`benchmarks.chaos_worker`) on one store. Whoever is dialled is
written into a file that is only ever appended to, before anything else happens on the line. In
random order a worker is killed (-9) and replaced, frozen (SIGSTOP) for longer than its lease, finds
its disk full or its clock moved by an hour; PostgreSQL is restarted, once as a crash.

A worker whose clock is an hour ahead puts retries off by that hour. When nothing else is left, all
clocks are set right and what was put off is due at once; how much that was is told.

At the end every contact is done and each line of the file is an attempt that the store knows.
"""

import argparse
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from benchmarks.chaos_worker import CLOCK_SIGNALS, COULD_NOT_BEGIN
from benchmarks.conditions import conditions
from voicebot.errors import StorageFailed
from voicebot.store import campaigns
from voicebot.store.engine import Store, open_store
from voicebot.store.tables import attempt, contact

LEASE_S = 2.0
CONTACTS_PER_ATTEMPT = 0.55
"""With what the network of the workers answers; see `chaos_worker`."""
RETRY = {"retry": {"BUSY": "0min", "NO_ANSWER": "0min", "LINE_ERROR": "0min"}}


@dataclass
class Chaos:
    """What is done to whom, and what came of it."""

    seconds: float = 0.0
    done_to: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    dialled: int = 0
    unknown: int = 0
    lost: list[str] = field(default_factory=list)
    """Contacts that are not done, and calls that the store does not know."""
    twice: list[str] = field(default_factory=list)
    """Attempts that were dialled more than once, and contacts dialled after an unknown end."""
    crashed: list[str] = field(default_factory=list)
    """Workers that ended by themselves, and their last words: none should."""
    unable: int = 0
    """Workers that could not begin without their database or disk, said so and ended."""
    put_off: int = 0
    """Contacts that clocks which ran ahead had put off."""
    never: int = 0
    """Attempts with an unknown end that were not dialled: the worker died just before."""

    def __str__(self) -> str:
        did = ", ".join(f"{number} x {what}" for what, number in sorted(self.done_to.items()))
        return (
            f"{self.attempts} attempts in {self.seconds:.0f} s ({did or 'left in peace'}): "
            f"{len(self.lost)} lost, {len(self.twice)} dialled twice; {self.unknown} with an "
            f"unknown end, {self.never} of them not dialled; {len(self.crashed)} workers ended by "
            f"themselves, {self.unable} could not begin; {self.put_off} contacts put off by an hour"
        )


class Workers:
    """Some worker processes and the ways to hurt them."""

    def __init__(self, address: str, folder: Path, seed: int) -> None:
        self._address = address
        self._folder = folder
        self._random = random.Random(seed)
        self._started = 0
        self._names: dict[int, int] = {}
        """By process."""
        self._ahead: Counter[int] = Counter()
        """Hours, by process."""
        self.alive: list[subprocess.Popen[bytes]] = []

    def start(self, number: int = 1) -> None:
        """Start more of them."""
        for _ in range(number):
            self._started += 1
            # Inherited: a clock that is moved while the worker still begins would end it.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, CLOCK_SIGNALS)
            with self._log_of(self._started).open("wb") as log:
                process = subprocess.Popen(
                    [
                        *(sys.executable, "-m", "benchmarks.chaos_worker", self._address),
                        *(str(self._folder / "dialled"), str(LEASE_S), str(self._started)),
                    ],
                    stdout=log,
                    stderr=log,
                )
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            self.alive.append(process)
            self._names[process.pid] = self._started

    def _log_of(self, name: int) -> Path:
        return self._folder / f"worker{name}.log"

    def kill(self) -> None:
        """End one as the kernel does, and start another."""
        victim = self.alive.pop(self._random.randrange(len(self.alive)))
        victim.kill()
        victim.wait()
        self.start()

    def freeze(self) -> None:
        """Stop one for longer than its lease."""
        victim = self._random.choice(self.alive)
        victim.send_signal(signal.SIGSTOP)
        time.sleep(LEASE_S * self._random.uniform(1.5, 2.5))
        victim.send_signal(signal.SIGCONT)

    def fill_disk(self) -> None:
        """Let no file of one worker grow for a while: every write of the store fails."""
        victim = self._random.choice(self.alive)
        resource.prlimit(victim.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        time.sleep(self._random.uniform(0.5, 2))
        resource.prlimit(
            victim.pid,
            resource.RLIMIT_FSIZE,
            (resource.RLIM_INFINITY, resource.RLIM_INFINITY),
        )

    def move_clock(self) -> None:
        """Move one worker's clock by an hour, forth or back."""
        self._move(self._random.choice(self.alive), self._random.choice((1, -1)))

    def set_clocks_right(self) -> None:
        """Let all clocks show the time again."""
        for each in self.alive:
            while self._ahead[each.pid]:
                self._move(each, -1 if self._ahead[each.pid] > 0 else 1)
                # A signal that waits to be handled swallows another of its kind.
                time.sleep(0.2)

    def _move(self, one: subprocess.Popen[bytes], hours: int) -> None:
        self._ahead[one.pid] += hours
        one.send_signal(signal.SIGUSR1 if hours > 0 else signal.SIGUSR2)

    def mourn(self) -> tuple[list[str], int]:
        """Replace those that ended by themselves: how each that should not have did, and how many
        could not begin since the database or the disk was taken from them."""
        ended = [each for each in self.alive if each.poll() is not None]
        for each in ended:
            self.alive.remove(each)
            self.start()
        unable = [each for each in ended if each.returncode == COULD_NOT_BEGIN]
        return [self._end_of(each) for each in ended if each not in unable], len(unable)

    def _end_of(self, ended: subprocess.Popen[bytes]) -> str:
        name = self._names[ended.pid]
        said = self._log_of(name).read_text(errors="replace").strip()
        return f"worker {name} ended with {ended.returncode}: {said[-4000:] or 'it said nothing'}"

    def stop(self) -> None:
        """Let them all end in peace."""
        for each in self.alive:
            each.terminate()
        for each in self.alive:
            try:
                each.wait(timeout=30)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()


def campaign_of(store: Store, contacts: int, cps: float) -> int:
    """Keep a running campaign whose retries come at once."""
    now = datetime.now(UTC)
    with store.write() as connection:
        made = campaigns.create(
            connection,
            "chaos",
            now,
            purpose="service",
            region="CN",
            timezone="Asia/Shanghai",
            max_concurrent=200,
            trunk_id=campaigns.set_trunk(connection, "sim", cps, 200),
            # The breaker would stop what the chaos breaks.
            rules={**RETRY, "breaker": {"technical_share": 1, "least_calls": 10**9}},
            state="running",
        )
        connection.execute(
            insert(contact),
            [
                {"campaign_id": made, "phone": f"+86154{number:08}", "line": number + 2}
                for number in range(contacts)
            ],
        )
    return made


def run(
    address: str,
    folder: Path,
    *,
    attempts: int,
    workers: int = 3,
    seed: int = 1,
    every_s: tuple[float, float] = (3.0, 8.0),
    hurt: Sequence[Callable[[], None]] = (),
    cps: float = 60,
    limit_s: float = 900,
) -> Chaos:
    """Dial `attempts` or so through a chaos. `hurt` is done besides what is done to workers."""
    store = open_store(address)
    campaign = campaign_of(store, round(attempts * CONTACTS_PER_ATTEMPT), cps)
    choice = random.Random(seed)
    found = Chaos()
    started = time.monotonic()
    crowd = Workers(address, folder, seed)
    crowd.start(workers)
    ways = [crowd.kill, crowd.kill, crowd.freeze, crowd.move_clock, *hurt]
    if store.engine.dialect.name == "sqlite":
        ways.append(crowd.fill_disk)
    bag: list[Callable[[], None]] = []
    next_at = time.monotonic() + 5
    try:
        while _open_contacts(store, campaign) and time.monotonic() - started < 2 * limit_s:
            time.sleep(0.25)
            crashed, unable = crowd.mourn()
            found.crashed += crashed
            found.unable += unable
            if _only_put_off(store, campaign):
                crowd.set_clocks_right()
                found.put_off += _bring_forward(store, campaign)
            # After `limit_s` they are left in peace, so that a slow machine comes to an end too.
            if time.monotonic() < next_at or time.monotonic() - started > limit_s:
                continue
            if not bag:
                bag = choice.sample(ways, len(ways))
            way = bag.pop()
            way()
            found.done_to[way.__name__] += 1
            next_at = time.monotonic() + choice.uniform(*every_s)
    finally:
        crowd.stop()
    found.seconds = time.monotonic() - started
    _count(store, campaign, folder / "dialled", found)
    store.close()
    return found


Found = TypeVar("Found")


def _patiently(ask: Callable[[], Found]) -> Found:
    for _ in range(100):
        try:
            return ask()
        except (StorageFailed, DBAPIError):
            # The database is being restarted.
            time.sleep(0.2)
    raise TimeoutError("the database does not come back")


def _number(store: Store, *which: ColumnElement[bool]) -> int:
    with store.read() as connection:
        found = select(func.count()).select_from(contact).where(*which)
        return connection.execute(found).scalar_one()


def _open_contacts(store: Store, campaign: int) -> int:
    return _patiently(
        lambda: _number(store, contact.c.campaign_id == campaign, contact.c.state != "done")
    )


def _put_off(campaign: int) -> ColumnElement[bool]:
    later = datetime.now(UTC) + timedelta(minutes=1)
    return and_(
        contact.c.campaign_id == campaign, contact.c.state == "wait", contact.c.next_at > later
    )


def _only_put_off(store: Store, campaign: int) -> bool:
    left = _open_contacts(store, campaign)
    return left > 0 and left == _patiently(lambda: _number(store, _put_off(campaign)))


def _bring_forward(store: Store, campaign: int) -> int:
    def bring() -> int:
        with store.write() as connection:
            due = update(contact).where(_put_off(campaign)).values(next_at=datetime.now(UTC))
            return connection.execute(due).rowcount

    return _patiently(bring)


def _count(store: Store, campaign: int, log: Path, found: Chaos) -> None:
    lines = [line.split() for line in log.read_text().splitlines()]
    times = Counter(line[0] for line in lines)
    with store.read() as connection:
        rows = connection.execute(
            select(attempt.c.id, attempt.c.contact_id, attempt.c.number, attempt.c.disposition)
        ).all()
        unfinished = connection.execute(
            select(contact.c.id, contact.c.state, contact.c.attempts, contact.c.next_at).where(
                contact.c.campaign_id == campaign, contact.c.state != "done"
            )
        ).all()
    known = {row.id: row for row in rows}
    last: dict[int, int] = {}
    for row in rows:
        last[row.contact_id] = max(last.get(row.contact_id, 0), row.number)
    unknown = [row for row in rows if row.disposition == "UNKNOWN"]
    found.attempts = len(rows)
    found.dialled = len(lines)
    found.unknown = len(unknown)
    found.never = sum(row.id not in times for row in unknown)
    found.lost += [
        f"contact {row.id} is {row.state} after {row.attempts} attempts, due at {row.next_at}"
        for row in unfinished
    ]
    found.lost += [f"{each} was dialled and is not known" for each in times if each not in known]
    found.twice += [f"{each} {number} times" for each, number in times.items() if number > 1]
    found.twice += [
        f"{row.contact_id} was dialled again after {row.id}"
        for row in unknown
        if last[row.contact_id] > row.number
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", choices=("sqlite", "postgresql"))
    parser.add_argument("--attempts", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=900, help="seconds")
    options = parser.parse_args()
    print(conditions())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voicebot-chaos-")))
        address, hurt = str(folder / "chaos.db"), list[Callable[[], None]]()
        if options.store == "postgresql":
            from tests.postgres import postgres_server

            server = stack.enter_context(postgres_server())
            address = server.new_database("chaos")

            def restart_database() -> None:
                server.restart()

            def crash_database() -> None:
                server.stop("immediate")
                server.start()

            hurt = [restart_database, crash_database]
        found = run(
            address,
            folder,
            attempts=options.attempts,
            workers=options.workers,
            seed=options.seed,
            limit_s=options.limit,
            hurt=hurt,
        )
    print(found)
    for each in (*found.lost, *found.twice, *found.crashed):
        print(" ", each)
    return 1 if found.lost or found.twice or found.crashed else 0


if __name__ == "__main__":
    sys.exit(main())
