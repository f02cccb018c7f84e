"""`voicebot outcomes`: what came of the calls, for other programs and for people."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from sqlalchemy import Connection

from voicebot.campaign.outcome_row import OutcomeRow
from voicebot.cli.options import opened_store, store_option
from voicebot.report.outcome_export import write_csv, write_jsonl, write_xlsx
from voicebot.report.storage import storing, write_whole
from voicebot.report.vcon import file_name, vcon
from voicebot.store.outcomes import campaign_id, outcome_fields, outcome_rows

ZONE = "Asia/Shanghai"


@click.group()
def outcomes() -> None:
    """What came of the calls of outbound campaigns."""


@outcomes.command()
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "xlsx", "jsonl", "vcon"]),
    default="csv",
    show_default=True,
    help="vcon writes a folder with one file a call (IETF draft vcon-core).",
)
@click.option("--campaign", metavar="NAME", help="Only this campaign's; else all.")
@click.option(
    "--since",
    metavar="DATE",
    help="Only attempts that ended then or later: 2026-11-27 or 2026-11-27T14:30.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="File, or folder for vcon; csv and jsonl go to standard output without it.",
)
@click.option("--full", is_flag=True, help="With whole telephone numbers; else 138****5678.")
@click.option("--audio", is_flag=True, help="Embed recordings (vcon only).")
@click.option("--timezone", "zone", default=ZONE, show_default=True, help="Of dates and times.")
@store_option
def export(
    kind: str,
    campaign: str | None,
    since: str | None,
    out: Path | None,
    full: bool,
    audio: bool,
    zone: str,
    store_address: str | None,
) -> None:
    """Write one row for each finished attempt, in the order of contacts.

    Telephone numbers are hidden but for their ends, wherever they stand, unless --full is given.
    CSV is UTF-8 with the mark that Excel needs; a cell that a spreadsheet would run is led in by an
    apostrophe.

    \b
    Examples:
      voicebot outcomes export --campaign repurchase -o outcomes.csv
      voicebot outcomes export --format xlsx --since 2026-11-27 -o today.xlsx
      voicebot outcomes export --format jsonl --full | crm-import
      voicebot outcomes export --format vcon --campaign repurchase -o vcons
    """
    if out is None and kind in ("xlsx", "vcon"):
        raise click.UsageError(f"--format {kind} needs --out")
    if audio and kind != "vcon":
        raise click.UsageError("--audio goes with --format vcon")
    days = _zone(zone)
    begin = None if since is None else _since(since, days)
    with opened_store(store_address) as store, store.read() as connection:
        key = None if campaign is None else campaign_id(connection, campaign)
        whole = kind in ("jsonl", "vcon")
        rows = outcome_rows(connection, key, begin, records=whole)
        match kind:
            case "vcon":
                assert out is not None
                count = _vcons(out, rows, full=full, audio=audio)
            case "xlsx":
                assert out is not None
                fields = outcome_fields(connection, key, begin)
                count = write_xlsx(out, rows, fields, days, full=full)
            case _:
                count = _text(kind, out, connection, (key, begin), rows, days, full=full)
    if out is not None:
        click.echo(f"{out}: {count} attempts", err=True)


def _text(
    kind: str,
    out: Path | None,
    connection: Connection,
    which: tuple[int | None, datetime | None],
    rows: Iterator[OutcomeRow],
    zone: tzinfo,
    *,
    full: bool,
) -> int:
    fields = outcome_fields(connection, *which) if kind == "csv" else ()

    def write(file: TextIO) -> int:
        if kind == "csv":
            return write_csv(file, rows, fields, zone, full=full)
        return write_jsonl(file, rows, zone, full=full)

    if out is None:
        return write(sys.stdout)
    unfinished = out.with_name(f".{out.name}.part")
    with storing(out):
        try:
            encoding = "utf-8-sig" if kind == "csv" else "utf-8"
            with unfinished.open("w", encoding=encoding, newline="") as file:
                count = write(file)
            unfinished.replace(out)
        finally:
            unfinished.unlink(missing_ok=True)
    return count


def _vcons(folder: Path, rows: Iterator[OutcomeRow], *, full: bool, audio: bool) -> int:
    now = datetime.now(UTC)
    count = 0
    for row in rows:
        sound = Path(row.recording) if audio and row.recording else None
        if sound is not None and not sound.is_file():
            click.echo(f"{sound}: the recording is not there (any more)", err=True)
            sound = None
        data = json.dumps(vcon(row, now, full=full, audio=sound), ensure_ascii=False, indent=1)
        write_whole(folder / file_name(row), [f"{data}\n".encode()])
        count += 1
    return count


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        what = f'"{name}" is no time zone, such as {ZONE}'
        raise click.BadParameter(what, param_hint="--timezone") from error


def _since(written: str, zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        what = f'"{written}" is no date, such as 2026-11-27 or 2026-11-27T14:30'
        raise click.BadParameter(what, param_hint="--since") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
