"""`voicebot campaign run`: a campaign folder and a contacts file, called at once."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from voicebot.campaign.contacts import contact_rows
from voicebot.campaign.schedule import State
from voicebot.campaign.settings import load_settings
from voicebot.campaign.table_file import open_table
from voicebot.cli.campaign_kept import add_version, keep
from voicebot.cli.campaign_progress import progress_table
from voicebot.cli.importing import Rejects
from voicebot.dialogue.bundle import bundle
from voicebot.dialogue.loader import load_script
from voicebot.errors import BadContacts, Problem
from voicebot.store import campaigns
from voicebot.store.contact_import import Target, import_contacts
from voicebot.store.engine import open_store

NOTE = "Simulated: nobody's telephone rings, and what contacts say is made up."


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--contacts",
    "file",
    type=click.Path(path_type=Path),
    help="Whom to call; else the campaign's own file.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/run"),
    show_default=True,
    help="Where the store of this run goes, an SQLite file.",
)
@click.option("--calls", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option(
    "--speed",
    type=click.FloatRange(1, 1000),
    default=30.0,
    show_default=True,
    help="How fast the simulated clock runs; the dialling itself takes its real time.",
)
@click.option("--seed", type=int, default=1, show_default=True)
def run(folder: Path, file: Path | None, out: Path, calls: int, speed: float, seed: int) -> None:
    """Call everybody in a contacts file, all in one, against simulated customers.

    Import, gate, dialler, retries, scripts and outcomes are the real ones; the telephone network is
    not there yet. It begins at ten on the next Tuesday of its own clock, so that the calling window
    is open, and ends when nobody is due within its next minutes: retries are hours away.

    \b
    Examples:
      voicebot campaign run campaigns/repurchase --contacts campaigns/repurchase/contacts.csv
      voicebot campaign run campaigns/repurchase --speed 5
    """
    # `dbos` takes half a second to import.
    from voicebot.bootstrap_dialler import scripted_calls
    from voicebot.cli.rehearsal import Rehearsal, consent_of_all, morning, new_file
    from voicebot.dialler.clock import FastClock

    settings, kept = load_settings(folder), bundle(folder)
    script = load_script(folder)
    required = [name for name, each in script.variables.items() if each.default is None]
    path = file or settings.contacts
    if path is None:
        raise click.UsageError("name a contacts file with --contacts")
    table = open_table(path)
    rows = contact_rows(table, required, settings.region)
    console = Console()
    console.print(f"[yellow]{NOTE}[/]")
    place = new_file(out, settings.name)
    store = open_store(place)
    started = time.perf_counter()
    with store.write() as connection:
        made = keep(connection, settings, settings.name)
        add_version(connection, made, folder, kept, "", 0, canary=False)
    rejects = Rejects(table, out / f"{path.stem}.rejected.csv")
    target = Target(made, settings.name, settings.hold_out)
    try:
        done = import_contacts(store, target, (path.name, table.sha256), rows, rejects.add)
    finally:
        rejects.close()
    if not done.added:
        raise BadContacts(Problem(str(path), "has nobody who can be called"))
    if rejects.count:
        console.print(f"{rejects.count:,} rows are not called: {rejects.path}", highlight=False)
    with store.write() as connection:
        consent_of_all(connection, made, settings)
        trunk = max(1.0, calls / 10)
        campaigns.set_trunk(connection, settings.trunk, trunk, calls)
        now = datetime.now(UTC)
        campaigns.set_state(connection, made, State.RUNNING, "start", "", now)
    clock = FastClock(morning(settings.timezone, now), speed)
    rehearsal = Rehearsal(
        store,
        made,
        done.added - done.held_out,
        lambda clock: scripted_calls(store, seed, clock),
        clock,
        calls,
        console,
        NOTE,
    )
    asyncio.run(rehearsal.run())
    with store.read() as connection:
        found = campaigns.find(connection, settings.name)
        counted = campaigns.counts(connection, made)
    store.close()
    assert found is not None
    console.print(progress_table(counted, found))
    console.print(f"{counted.dialled} calls in {time.perf_counter() - started:.1f} s")
    console.print(f"  voicebot campaign status {settings.name} --store {place}", highlight=False)
    console.print(f"  voicebot outcomes export --store {place}", highlight=False)
