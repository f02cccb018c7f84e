"""The figures of a benchmark on the terminal."""

from collections.abc import Iterator

from rich.table import Table

from voicebot.bench.figures import (
    NoiseFigures,
    Rate,
    Times,
    TurnFigures,
    groups,
    overlap_figures,
    turn_figures,
)
from voicebot.bench.rig import own
from voicebot.bench.run import Results

OURS = own().name


def clock(results: Results) -> str:
    """Say which clock the figures were taken on."""
    if results.further_calls is None:
        return "virtual time, what recognition takes beyond the silence added"
    return f"real time, {results.further_calls} further calls"


def ms(value: float | None) -> str:
    """Write a time."""
    return "-" if value is None else f"{value:.0f}"


def percent(rate: Rate) -> str:
    """Write a rate with its interval."""
    low, high = rate.interval
    return f"{rate.share:.1%} ({low * 100:.0f}-{high * 100:.0f})" if rate.of else "-"


def turn_tables(results: Results) -> Iterator[Table]:
    """Return our turns by group, and the endpointings beside each other."""
    ours = results.turns.get(OURS, [])
    table = _table(f"Turns: {clock(results)}")
    _turn_row(table, "all", turn_figures(ours))
    for name, figures in groups(ours).items():
        _turn_row(table, name, figures)
    yield table
    if len(results.turns) > 1:
        table = _table("The same turns, ended in other ways")
        for name, turns in results.turns.items():
            _turn_row(table, name, turn_figures(turns))
        yield table


def overlap_table(results: Results) -> Table:
    """Return what sounds over prompts did."""
    figures = overlap_figures(results.overlaps)
    table = Table(
        title=f"Sound over prompts: {clock(results)}",
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for column in ("", "minutes", "lost", "lost/min", "paused/min", "resumed"):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    for name, noise in figures.noises.items():
        _noise_row(table, name, noise)
    _noise_row(table, "all noise", figures.all_noise)
    table.caption_justify = "left"
    table.caption = (
        f"barge-in stop: p50 {ms(figures.stop.percentile(50))} ms, "
        f"p95 {ms(figures.stop.percentile(95))} ms (n = {len(figures.stop.values)}); "
        f"missed barge-ins {percent(figures.missed_barge_in)}\n"
        f"prompts lost to a backchannel: {percent(figures.lost_to_backchannel)}; to the line's "
        f"noise before the caller spoke: {percent(figures.disturbed)}\n"
        f"resumed after a pause: {percent(figures.resumed)}, after p50 "
        f"{ms(figures.resume.percentile(50))} ms, p95 {ms(figures.resume.percentile(95))} ms"
    )
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for column in (
        "n",
        "p50",
        "p90",
        "p95",
        "p99",
        "cut off",
        "harmful",
        "missed",
        "noise",
        "right",
    ):
        table.add_column(column, justify="right", no_wrap=True)
    table.caption_justify = "left"
    table.caption = (
        "p50 to p99: response latency in ms; cut off: false cut-offs with their 95 % interval;\n"
        "harmful: those that lost or changed the answer, of all turns;\n"
        "noise: taken for an answer before the caller spoke; right: heard an answer to the question"
    )
    return table


def _turn_row(table: Table, name: str, figures: TurnFigures) -> None:
    table.add_row(
        name,
        str(figures.false_answer.of),
        *_percentiles(figures.latency),
        percent(figures.cut_off),
        f"{figures.harmful.share:.1%}",
        f"{figures.missed.share:.0%}",
        f"{figures.false_answer.share:.0%}",
        f"{figures.answered.share:.0%}",
    )


def _percentiles(times: Times) -> Iterator[str]:
    for each in (50, 90, 95, 99):
        yield ms(times.percentile(each))


def _noise_row(table: Table, name: str, noise: NoiseFigures) -> None:
    table.add_row(
        name,
        f"{noise.minutes:.1f}",
        str(noise.lost),
        f"{noise.lost_per_minute:.2f}",
        f"{noise.paused_per_minute:.2f}",
        percent(noise.resumed),
    )
