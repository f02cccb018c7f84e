"""`voicebot campaign unknown|resolve`: calls whose end no worker saw, and how they ended."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from voicebot.campaign.columns import check_header
from voicebot.campaign.phone import mask
from voicebot.campaign.table_file import open_table
from voicebot.cli.campaign_kept import clock, named
from voicebot.cli.options import opened_store, store_option, wide_console
from voicebot.errors import BadCampaign, Problem
from voicebot.store import recovery

COLUMNS = {"call": ("call", "attempt", "x-voicebot-call"), "result": ("result", "disposition")}


@click.command()
@click.argument("name", required=False)
@click.option("--full", is_flag=True, help="Show telephone numbers whole.")
@store_option
def unknown(name: str | None, full: bool, store_address: str | None) -> None:
    """List calls that were dialled and whose end nobody saw, since their worker died.

    Such a call is never dialled again by itself. Look it up in the records of the switch, where it
    stands under its id (the header X-Voicebot-Call), and tell what came of it with `resolve`.

    \b
    Examples:
      voicebot campaign unknown
      voicebot campaign unknown spring --full
    """
    with opened_store(store_address) as store, store.read() as connection:
        of = None if name is None else named(connection, name).id
        found = recovery.unknown(connection, of)
    if not found:
        click.echo("the end of every call is known")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("call", "campaign", "number", "from", "dialled", "worker"):
        table.add_column(column)
    for each in found:
        zone = ZoneInfo(each.timezone or "UTC")
        dialled = (
            each.dialed_at.astimezone(zone).isoformat(" ", "seconds") if each.dialed_at else ""
        )
        phone = each.phone if full else mask(each.phone)
        table.add_row(each.id, each.campaign, phone, each.caller_number, dialled, each.owner)
    wide_console().print(table)


@click.command()
@click.argument("calls", metavar="[CALL]...", nargs=-1)
@click.option("--as", "result", metavar="RESULT", help="A disposition, or the final SIP code.")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV or XLSX with the columns `call` and `result`, such as a switch's records.",
)
@store_option
def resolve(
    calls: tuple[str, ...], result: str | None, file: Path | None, store_address: str | None
) -> None:
    """Say how calls ended whose end nobody saw: what follows is as if it had been seen.

    LINE_ERROR is the result of a call that never left: it is dialled again soon, and uses up
    nothing. A whole file is taken, or nothing of it.

    \b
    Examples:
      voicebot campaign resolve 1:17:1 --as NO_ANSWER
      voicebot campaign resolve 1:17:1 1:18:1 --as 486
      voicebot campaign resolve --from switch.csv
    """
    # The dialler takes half a second to import.
    from voicebot.dialler.unknown import resolve as settle

    if (file is None) == (not calls) or (file is None) == (result is None):
        raise click.UsageError("name calls and --as RESULT, or a file with --from")
    told: list[tuple[str, str, str, int | None]] = [
        (each, result or "", each, None) for each in calls
    ]
    if file is not None:
        told = list(_rows(file))
    problems = []
    with opened_store(store_address) as store, store.write() as connection:
        now = clock(connection)
        for call, ended, where, line in told:
            try:
                disposition = settle(connection, call, ended, now)
            except ValueError as error:
                problems.append(Problem(where, f"{call}: {error}" if line else str(error), line))
                continue
            click.echo(f"{call}: {disposition}")
        if problems:
            raise BadCampaign(*problems)


def _rows(file: Path) -> Iterator[tuple[str, str, str, int | None]]:
    table = open_table(file)
    header = check_header(table, COLUMNS, tuple(COLUMNS))
    call, result = header.index("call"), header.index("result")
    for line, row in table.rows():
        fields = [*row, *[""] * len(header)]
        yield fields[call].strip(), fields[result].strip(), table.name, line
