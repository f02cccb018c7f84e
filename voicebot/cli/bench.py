"""`voicebot bench`: how well, measured."""

import asyncio
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from voicebot import __version__, bootstrap, config
from voicebot.bench.page import write_json, write_page
from voicebot.bench.questions import FOLDER
from voicebot.bench.rig import Rig
from voicebot.bench.run import Plan, Results, run_in_real_time, run_in_virtual_time
from voicebot.bench.tables import overlap_table, turn_tables
from voicebot.bench.turn_set import turn_set
from voicebot.cli.options import engine_option, model_option

EACH = 7
"""Turns of each kind in each condition, with and without pauses: 336 in all."""
BARGE_INS, BACKCHANNELS = 108, 72
"""At the most; no more than there are turns. Half of it in real time."""


@click.group()
def bench() -> None:
    """Measure the robot against labelled callers."""


@bench.command()
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with the curve."
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False),
    help="Write every figure and every turn.",
)  # fmt: skip
@click.option(
    "--load",
    type=click.IntRange(0, 500),
    help="Measure in real time as well, while this many further calls run; 336 turns and the "
    "sounds over prompts take some 15 minutes.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed: another set.")
@click.option(
    "--turns",
    "most",
    type=click.IntRange(1, EACH * 48),
    help="Measure only so many turns, a sample of the set.",
)
@click.option(
    "--noise-minutes",
    type=click.FloatRange(0.5, 600),
    default=10.0,
    show_default=True,
    help="Of each kind of noise over prompts; a tenth of it in real time.",
)
@click.option(
    "--curve/--no-curve",
    default=True,
    help="Run the turns under fixed silences of 300 to 1500 ms too.",
)
@model_option
@engine_option
def turns(
    html: Path | None,
    json_path: Path | None,
    load: int | None,
    seed: int,
    most: int | None,
    noise_minutes: float,
    curve: bool,
    model: Path | None,
    engine: str,
) -> None:
    """Measure turn taking over a labelled set of callers' turns.

    Response latency and false cut-offs, barge-ins, backchannels and noise over prompts, with the
    real recogniser, detector, script and loop. The clock is virtual: recognition takes no time on
    it, so what recognition does take is measured and added where it does not fit into the silence
    that is waited for anyway. With --load the clock is real.

    \b
    Examples:
      voicebot bench turns
      voicebot bench turns --html turns.html --json turns.json
      voicebot bench turns --turns 60 --no-curve --noise-minutes 1
      voicebot bench turns --load 20
    """
    console = Console()
    ear = bootstrap.load_model(model)
    script = bootstrap.load_script(FOLDER, ear)
    voice = bootstrap.prompt_voice(engine)
    bootstrap.prepare(voice, script, {})
    labelled = turn_set(seed, EACH)[:most]
    runs: list[Results] = []

    def rig(*, realtime: bool) -> Rig:
        return Rig(
            script,
            bootstrap.parts(ear, voice, realtime=realtime),
            bootstrap.caller_synthesiser,
            config.LINE_RATE,
            realtime=realtime,
        )

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True,
    ) as shown:  # fmt: skip
        task = shown.add_task("", total=None)

        def progress(title: str, done: int, of: int) -> None:
            shown.update(task, description=title, completed=done, total=of)

        plan = Plan(
            labelled, seed, min(BARGE_INS, len(labelled)), min(BACKCHANNELS, len(labelled)),
            noise_minutes,
        )  # fmt: skip
        runs.append(run_in_virtual_time(rig(realtime=False), plan, progress, curve=curve))
        if load is not None:
            plan = replace(
                plan,
                barge_ins=plan.barge_ins // 2,
                backchannels=plan.backchannels // 2,
                noise_minutes=noise_minutes / 10,
            )
            live = run_in_real_time(rig(realtime=True), plan, progress, further_calls=load)
            runs.append(asyncio.run(live))
    conditions = {
        "model": f"{ear.folder.name}, {ear.sample_rate} Hz",
        "line": f"{config.LINE_RATE} Hz",
        "voice": engine,
        "seed": str(seed),
        "turns": str(len(labelled)),
        "voicebot": __version__,
    }
    for results in runs:
        for table in turn_tables(results):
            console.print(table)
        console.print(overlap_table(results))
    if html is not None:
        write_page(html, runs, conditions)
        console.print(html, highlight=False)
    if json_path is not None:
        write_json(json_path, runs, conditions)
        console.print(json_path, highlight=False)
