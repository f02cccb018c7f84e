"""What importing any list shows on the way and leaves beside the file."""

import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from voicebot.campaign.columns import Rejected
from voicebot.campaign.table_file import TableFile
from voicebot.errors import StorageFailed
from voicebot.store import campaigns
from voicebot.store.engine import Store

SHOWN = 10
"""So many bad rows are told on the screen; the file has them all."""


class Rejects:
    """The rows that were not taken: the first ones told, all of them kept with their reasons.

    The file has the columns of the imported one, so that it can be mended and imported itself.
    """

    def __init__(self, table: TableFile, path: Path | None) -> None:
        self.path = path or table.path.with_name(f"{table.path.stem}.rejected.csv")
        self.count = 0
        self._table = table
        self._file: TextIO | None = None

    def add(self, each: Rejected) -> None:
        """Keep one row. Raises `StorageFailed` when the file cannot be written."""
        self.count += 1
        try:
            if self._file is None:
                # Excel takes a CSV file for UTF-8 only by its mark.
                self._file = self.path.open("w", encoding="utf-8-sig", newline="")
                csv.writer(self._file).writerow([*self._table.header, "line", "reason"])
            width = len(self._table.header)
            row = [*each.row, *[""] * (width - len(each.row))]
            reason = "; ".join(f"{p.path}: {p.what}" if p.path else p.what for p in each.problems)
            csv.writer(self._file).writerow([*row, each.line, reason])
        except OSError as error:
            raise self._unwritten(error) from error
        if self.count <= SHOWN:
            for problem in each.problems:
                click.echo(str(problem), err=True)

    def close(self) -> None:
        """Finish the file and say where it is."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError as error:
            raise self._unwritten(error) from error
        if self.count > SHOWN:
            click.echo(f"... and {self.count - SHOWN:,} bad rows more", err=True)

    def _unwritten(self, error: OSError) -> StorageFailed:
        what = f"{self.path}: cannot be written ({error.strerror}); name another file: --rejected"
        return StorageFailed(what)


def tell_if_unknown(store: Store, merchant: str) -> None:
    """Say when no campaign is of this merchant: what is imported for another one has no effect."""
    with store.read() as connection:
        known = sorted({each.merchant for each in campaigns.listed(connection)})
    if known and merchant not in known:
        click.echo(
            f"no campaign is of the merchant {merchant}; there are: {', '.join(known)}. "
            "Another one is named with --merchant",
            err=True,
        )


@contextmanager
def progress_of(table: TableFile) -> Iterator[Callable[[int], None]]:
    """Show how far a file is read, on a terminal; yield what takes the number of rows."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not _watched()
    ) as bar:
        task = bar.add_task(table.path.name, total=table.expected_rows or None)
        yield lambda rows: bar.update(task, completed=rows)


def _watched() -> bool:
    return sys.stderr.isatty()


rejected_option = click.option(
    "--rejected",
    "rejects_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where bad rows go with their reasons; else FILE's name with .rejected.csv, beside it.",
)

full_option = click.option(
    "--full", is_flag=True, help="With whole telephone numbers; else 138****5678."
)
