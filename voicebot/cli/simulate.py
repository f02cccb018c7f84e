"""`voicebot simulate`: the dialler under load, against a made-up population."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, insert, select

from voicebot import config
from voicebot.campaign.schedule import State
from voicebot.campaign.settings import load_settings
from voicebot.cli.campaign_kept import add_version, keep
from voicebot.cli.campaign_run import NOTE
from voicebot.cli.options import engine_option, model_option
from voicebot.dialogue.bundle import bundle
from voicebot.errors import BadInput, Problem
from voicebot.store import campaigns
from voicebot.store.engine import Store, open_store
from voicebot.store.tables import attempt, contact

MOST_CONTACTS = 10_000_000
"""Numbers of the range that nobody has are so many, ten times over."""

ROWS_AT_ONCE = 5000
CALL_S = 30
"""A middling attempt, ringing included: what calls at once are reckoned by."""


@click.command()
@click.option(
    "--contacts",
    "number",
    type=click.IntRange(1, MOST_CONTACTS),
    default=1000,
    show_default=True,
    help="How many people there are.",
)
@click.option(
    "--calls-per-second",
    "cps",
    type=click.FloatRange(0.1, 500),
    default=10.0,
    show_default=True,
    help="Of the simulated trunk, on the simulated clock.",
)
@click.option(
    "--calls", type=click.IntRange(1, 5000), help="Calls at once; else enough for the pace."
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 1000),
    default=1.0,
    show_default=True,
    help="How fast the simulated clock runs. Only waiting is shortened: the database's "
    "work and the conversations' take what they take.",
)
@click.option(
    "--audio",
    type=click.IntRange(1, 100),
    metavar="CALLS",
    help="Instead of text, so "
    "many real-time calls with sound in both directions and the real recogniser.",
)
@click.option(
    "--campaign",
    "folder",
    type=click.Path(path_type=Path),
    default=config.DEMO_CAMPAIGN,
    help="Whose script and personas are used.",
)
@click.option(
    "--store", "address", metavar="FILE|URL", help="An empty store; else a new file in --out."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/simulate"),
    show_default=True,
)
@click.option("--seed", type=int, default=1, show_default=True)
@model_option
@engine_option
def simulate(
    number: int,
    cps: float,
    calls: int | None,
    speed: float,
    audio: int | None,
    folder: Path,
    address: str | None,
    out: Path,
    seed: int,
    model: Path | None,
    engine: str,
) -> None:
    """Rehearse a campaign of any size and say what it took.

    Everything but the sound is real: gate, dialler, database, retries, the script's conversations
    with the texts that a recogniser would give, outcomes. Who answers at which hour, 空号, busy
    lines, machines, colour rings and faults of the network are drawn from --seed.

    \b
    Examples:
      voicebot simulate --contacts 1000 --calls-per-second 20 --speed 10
      voicebot simulate --contacts 100000 --calls-per-second 50
      voicebot simulate --audio 8
    """
    # `dbos` takes half a second to import.
    from voicebot import bootstrap
    from voicebot.bootstrap_dialler import scripted_calls, simulated_audio_calls
    from voicebot.cli.rehearsal import Rehearsal, consent_of_all, morning, new_file
    from voicebot.dialler.calls import Calls
    from voicebot.dialler.clock import FastClock

    settings, kept = load_settings(folder), bundle(folder)
    at_once = calls or max(20, round(cps * CALL_S))
    if audio is not None:
        if speed != 1:
            raise click.UsageError("sound has its own speed: leave out --speed")
        number = audio
        at_once = calls or max(1, (os.cpu_count() or 2) - 1)
    console = Console()
    console.print(f"[yellow]{NOTE}[/]")
    store = open_store(address or new_file(out, settings.name))
    with store.write() as connection:
        if campaigns.listed(connection):
            hint = "a rehearsal needs a store of its own"
            raise BadInput(Problem(store.shown, "has campaigns in it", hint=hint))
        made = keep(connection, settings, settings.name)
        add_version(connection, made, folder, kept, "", 0, canary=False)
        campaigns.set_trunk(connection, settings.trunk, cps, at_once)
        campaigns.rehearse(connection, made, at_once)
        for first in range(0, number, ROWS_AT_ONCE):
            last = min(first + ROWS_AT_ONCE, number)
            rows = [
                {
                    "campaign_id": made,
                    "phone": f"+86154{each:08}",
                    "name": f"顾客{each}",
                    "line": each + 2,
                }
                for each in range(first, last)
            ]
            connection.execute(insert(contact), rows)
        consent_of_all(connection, made, settings)
        now = datetime.now(UTC)
        campaigns.set_state(connection, made, State.RUNNING, "start", "", now)
    clock = FastClock(morning(settings.timezone, now), speed)

    def made_calls(clock: FastClock) -> Calls:
        if audio is None:
            return scripted_calls(store, seed, clock)
        ear = bootstrap.load_model(model)
        voice = bootstrap.prompt_voice(engine)
        return simulated_audio_calls(store, ear, voice, out / "recordings", seed)

    rehearsal = Rehearsal(store, made, number, made_calls, clock, at_once, console, NOTE)
    started, cpu = time.perf_counter(), time.process_time()
    asyncio.run(rehearsal.run())
    seconds = time.perf_counter() - started
    console.print(
        _result(store, seconds, time.process_time() - cpu, rehearsal.pace.windows(), cps, speed)
    )
    store.close()
    console.print(
        f"  voicebot campaign status {settings.name} --store {store.shown}", highlight=False
    )


def _result(
    store: Store, seconds: float, cpu_s: float, windows: list[int], cps: float, speed: float
) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    with store.read() as connection:
        attempts, began, ended = connection.execute(
            select(func.count(), func.min(attempt.c.dialed_at), func.max(attempt.c.ended_at))
        ).one()
        delays = sorted(
            (row.dialed_at - row.slot_at).total_seconds() * 1000
            for row in connection.execute(
                select(attempt.c.dialed_at, attempt.c.slot_at)
                .where(attempt.c.dialed_at.is_not(None))
                .limit(200_000)
            )
        )
    table.add_row("attempts", f"{attempts:,}")
    table.add_row("real time", f"{seconds:.1f} s, {attempts / seconds:.0f} attempts/s")
    if attempts:
        table.add_row("simulated time", f"{(ended - began).total_seconds():.0f} s")
        table.add_row(
            "CPU of this process", f"{cpu_s:.1f} s, {cpu_s / attempts * 1000:.1f} ms each"
        )
        middle, worst = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
        table.add_row(
            "dialled after its slot",
            f"p50 {middle / speed:.0f} ms, p99 {worst / speed:.0f} ms of real time",
        )
    full = [each for each in windows if each > 0.5 * cps * 10]
    if full:
        low, high = min(full) / 10, max(full) / 10
        table.add_row("calls per second over 10 s", f"{low:.1f} to {high:.1f}, wanted {cps:g}")
    return table
