"""`voicebot demo`: the sample campaign against simulated customers."""

import asyncio
import time
from pathlib import Path

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from voicebot import __version__, bootstrap, config
from voicebot.call.session import CallSession
from voicebot.campaign.contacts import Contact, mask, read_contacts
from voicebot.campaign.outcome import Attempt, intention
from voicebot.cli.options import engine_option, model_option
from voicebot.dialogue.script import Script
from voicebot.report.files import write_attempt, write_outcomes
from voicebot.report.report import write_report
from voicebot.report.sound import CallSounds
from voicebot.runtime.campaign_runner import run_campaign
from voicebot.runtime.driver import Recording
from voicebot.runtime.virtual_time import run_virtual

REALTIME_CALLS = 4
"""Calls at once with --realtime; in virtual time one at a time is as fast and more orderly."""
REFRESH_S = 0.1


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/demo"),
    show_default=True,
    help="Where the outcomes, recordings and the report go.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Another seed: other words and noise."
)
@click.option("--realtime", is_flag=True, help="At the pace of real calls, four at a time.")
@click.option(
    "--campaign",
    "folder",
    type=click.Path(path_type=Path),
    default=config.DEMO_CAMPAIGN,
    help="Another campaign's folder, with personas for its contacts.",
)
@model_option
@engine_option
def demo(
    out: Path, seed: int, realtime: bool, folder: Path, model: Path | None, engine: str
) -> None:
    """Call twelve simulated customers about their coffee beans, and report.

    Everything but the customers is real: the contacts file, the audio in both directions through
    a telephone line, the recogniser, the script, the voice, the outcomes.

    \b
    Examples:
      voicebot demo
      voicebot demo --seed 7 --out out/seven
      voicebot demo --realtime
    """
    console = Console()
    started = time.perf_counter()
    ear = bootstrap.load_model(model)
    script = bootstrap.load_script(folder, ear)
    required = [name for name, each in script.variables.items() if each.default is None]
    contacts = read_contacts(folder / "contacts.csv", required)
    trunk = bootstrap.simulated_trunk(folder, script, contacts, seed)
    voice = bootstrap.prompt_voice(engine)
    out.mkdir(parents=True, exist_ok=True)
    for contact in contacts:
        bootstrap.prepare(voice, script, contact.variables)
    run = _Run(script, contacts, out, console)

    async def calls() -> None:
        await run_campaign(
            contacts,
            script,
            trunk,
            bootstrap.parts(ear, voice, realtime=realtime),
            finished=run.finished,
            progress=run.progress,
            concurrency=REALTIME_CALLS if realtime else 1,
        )
        await trunk.close()

    with run.live:
        if realtime:
            asyncio.run(calls())
        else:
            run_virtual(calls())
        run.show(force=True)
    conditions = {
        "script": f"{script.name} {script.version}",
        "model": f"{ear.folder.name}, {ear.sample_rate} Hz",
        "voice": engine,
        "line": f"{config.LINE_RATE} Hz, simulated customers",
        "seed": str(seed),
        "time": "real" if realtime else "virtual",
        "voicebot": __version__,
    }
    run.write(conditions, virtual_time=not realtime)
    run.summarise(time.perf_counter() - started)


class _Run:
    """A campaign on the screen and on disk."""

    def __init__(
        self, script: Script, contacts: list[Contact], out: Path, console: Console
    ) -> None:
        self._script = script
        self._contacts = contacts
        self._out = out
        self._console = console
        self._attempts: dict[int, Attempt] = {}
        self._sounds = CallSounds()
        self._running: dict[int, str] = {}
        self._bar = Progress(
            TextColumn("calls"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        )
        self._task = self._bar.add_task("calls", total=len(contacts))
        self.live = Live(self._view(), console=console, auto_refresh=False)
        self._shown = 0.0

    def progress(self, number: int, contact: Contact, session: CallSession | None) -> None:
        """Note what one call is doing."""
        self._running[number] = "ringing" if session is None else session.state
        self.show()

    async def finished(self, attempt: Attempt, recording: Recording | None) -> None:
        """Keep what one attempt left behind."""
        self._attempts[attempt.number] = attempt
        self._running.pop(attempt.number, None)
        if recording is None:
            write_attempt(self._out, attempt)
        else:
            self._sounds.add(
                attempt.number, bytes(recording.caller), bytes(recording.robot), config.LINE_RATE
            )
            write_attempt(self._out, attempt, recording.caller, recording.robot, config.LINE_RATE)
        self._bar.advance(self._task)
        self.show(force=True)

    def show(self, *, force: bool = False) -> None:
        """Draw the table again, not more often than an eye follows."""
        now = time.perf_counter()
        if force or now - self._shown > REFRESH_S:
            self._shown = now
            self.live.update(self._view(), refresh=True)

    def write(self, conditions: dict[str, str], *, virtual_time: bool) -> None:
        """Write what concerns the whole run."""
        attempts = [self._attempts[number] for number in sorted(self._attempts)]
        write_outcomes(self._out / "outcomes.csv", attempts, list(self._script.outcome))
        write_report(
            self._out / "report.html",
            self._script.title,
            attempts,
            self._sounds,
            conditions,
            virtual_time=virtual_time,
        )

    def summarise(self, seconds: float) -> None:
        """Say what came of it and where it is."""
        attempts = list(self._attempts.values())
        if not self._console.is_terminal:
            # The table's last line has no end when it is not drawn over.
            self._console.print()
        talked_ms = sum(each.record.duration_ms for each in attempts if each.record)
        answered = sum(each.record is not None for each in attempts)
        self._console.print(
            f"{len(attempts)} contacts, {answered} answered, {talked_ms / 60_000:.1f} minutes of "
            f"calls in {seconds:.1f} s"
        )
        for name in ("report.html", "outcomes.csv", "calls"):
            self._console.print(f"  {self._out / name}", highlight=False)

    def _view(self) -> Group:
        table = Table(box=None, pad_edge=False)
        for column in ("#", "name", "phone", "persona", "result", "intention", "turns"):
            table.add_column(column, no_wrap=True)
        for number, contact in enumerate(self._contacts, 1):
            table.add_row(
                str(number),
                contact.name,
                mask(contact.phone),
                contact.variables.get("persona", ""),
                *self._progress_of(number),
            )
        return Group(table, self._bar)

    def _progress_of(self, number: int) -> tuple[str, str, str]:
        attempt = self._attempts.get(number)
        if attempt is None:
            return f"[yellow]{self._running.get(number, '')}[/]", "", ""
        grade, _ = intention(attempt)
        turns = "" if attempt.record is None else str(len(attempt.record.turns))
        return str(attempt.end_reason or attempt.disposition), str(grade), turns
