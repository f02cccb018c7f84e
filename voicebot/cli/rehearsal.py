"""A campaign against people that do not exist, on a clock of its own, watched on the screen."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import Connection, exists, insert, select

from voicebot.bootstrap_dialler import dial_queue
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.settings import CampaignSettings
from voicebot.dialler.calls import Called, Calls, OptedOut
from voicebot.dialler.clock import FastClock
from voicebot.dialler.judging import Gate
from voicebot.dialler.worker import Worker, WorkerSettings
from voicebot.store.dialling import Intent
from voicebot.store.engine import Store
from voicebot.store.tables import attempt, consent, contact

SOON = timedelta(minutes=2)
"""Who is due within it is waited for; retries are an hour away at least, by the caps."""

REFRESH_S = 0.5
WINDOW_S = 10


def morning(timezone: str, now: datetime) -> datetime:
    """Return ten o'clock on the next Tuesday: open in every policy, and no holiday of a region is
    always on it."""
    local = now.astimezone(ZoneInfo(timezone))
    days = (1 - local.weekday()) % 7 or 7
    day = (local + timedelta(days=days)).date()
    return datetime.combine(day, time(10), tzinfo=ZoneInfo(timezone))


def new_file(folder: Path, name: str) -> Path:
    """Return a store's file that is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    return next(
        path for number in count(1) if not (path := folder / f"{name}-{number}.db").exists()
    )


def consent_of_all(connection: Connection, campaign_id: int, settings: CampaignSettings) -> None:
    """Let people that do not exist agree: nobody is asked in a rehearsal."""
    phones = connection.execute(
        select(contact.c.phone).where(contact.c.campaign_id == campaign_id)
    ).scalars()
    given = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
    rows = [
        {
            "phone": phone,
            "merchant": settings.merchant,
            "purpose": settings.purpose,
            "evidence": "rehearsal",
            "given_at": given,
        }
        for phone in phones
    ]
    for first in range(0, len(rows), 1000):
        connection.execute(insert(consent), rows[first : first + 1000])


@dataclass
class Pace:
    """When calls were dialled, on the rehearsal's clock."""

    dialled: list[datetime] = field(default_factory=list)

    def windows(self) -> list[int]:
        """Return how many calls each ten seconds had, those before all lines were busy aside."""
        if len(self.dialled) < 2:
            return []
        first = self.dialled[0]
        counted = Counter(int((at - first).total_seconds() // WINDOW_S) for at in self.dialled)
        # The last window is not full, and the first one begins in the middle.
        return [counted[number] for number in range(1, max(counted))]


class Paced:
    """Notes each call and passes it on."""

    def __init__(self, calls: Calls, clock: FastClock, pace: Pace) -> None:
        self._calls = calls
        self._clock = clock
        self._pace = pace

    async def prepare(self, intent: Intent) -> None:
        """See `voicebot.dialler.calls.Calls`."""
        await self._calls.prepare(intent)

    async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
        """See `voicebot.dialler.calls.Calls`."""
        self._pace.dialled.append(self._clock.now())
        return await self._calls.make(intent, opted_out)


class Rehearsal:
    """One worker, a clock, and what the screen shows."""

    def __init__(
        self,
        store: Store,
        campaign_id: int,
        contacts: int,
        calls: Callable[[FastClock], Calls],
        clock: FastClock,
        concurrency: int,
        console: Console,
        note: str,
    ) -> None:
        self._store = store
        self._campaign_id = campaign_id
        self._contacts = contacts
        self._clock = clock
        self._console = console
        self._note = note
        self.pace = Pace()
        made = Paced(calls(clock), clock, self.pace)
        self._worker = Worker(
            store, made, Gate(real=False), dial_queue, WorkerSettings(concurrency), clock
        )
        self._worker.dialler.finished = self._finished
        self.ends: Counter[str] = Counter()
        self._called: set[int] = set()
        self._bar = Progress(
            TextColumn("called"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        )
        self._task = self._bar.add_task("called", total=contacts)

    async def run(self) -> None:
        """Call until nobody is due soon, or somebody presses Ctrl-C."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self._worker.stop)
        watching = asyncio.create_task(self._watch())
        try:
            with self._screen() as live:
                self._live = live
                await self._worker.run()
                live.update(self._view(), refresh=True)
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _watch(self) -> None:
        """Draw, and stop the worker when there is nothing left."""
        still = 0
        while True:
            await asyncio.sleep(REFRESH_S)
            self._live.update(self._view(), refresh=True)
            idle = not self._worker.dialler.busy
            still = still + 1 if idle and not await asyncio.to_thread(self._anything_soon) else 0
            if still >= 3:
                self._worker.stop()
                return

    def _anything_soon(self) -> bool:
        with self._store.read() as connection:
            waits = exists().where(
                contact.c.campaign_id == self._campaign_id,
                contact.c.state == "wait",
                contact.c.next_at <= self._clock.now() + SOON,
            )
            called = exists().where(attempt.c.state.in_(("intent", "dialing")))
            return bool(connection.execute(select(waits | called)).scalar())

    def _finished(self, intent: Intent, called: Called) -> None:
        self._called.add(intent.contact_id)
        ended = called.record.end_reason if called.record is not None else None
        self.ends[str(ended or called.disposition)] += 1
        if called.disposition is Disposition.ANSWERED_HUMAN and called.record is None:
            self.ends["answered"] += 1
        self._bar.update(self._task, completed=len(self._called))

    @contextlib.contextmanager
    def _screen(self) -> Iterator[Live]:
        with Live(self._view(), console=self._console, auto_refresh=False) as live:
            yield live
        if not self._console.is_terminal:
            # Rich ends the last picture's line on a terminal only.
            self._console.print()

    def _view(self) -> Group:
        table = Table(box=None, pad_edge=False, show_header=False)
        local = self._clock.now()
        table.add_row("simulated time", f"{local:%Y-%m-%d %H:%M:%S}")
        table.add_row("in a call", str(self._worker.dialler.talking))
        for end, number in self.ends.most_common(12):
            table.add_row(end, f"{number:,}")
        return Group(f"[yellow]{self._note}[/]", self._bar, table)
