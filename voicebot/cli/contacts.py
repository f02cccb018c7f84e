"""`voicebot contacts`: who a campaign calls."""

import csv
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TextIO

import click
from rich.table import Table

from voicebot.campaign.columns import Rejected
from voicebot.campaign.contacts import contact_rows
from voicebot.campaign.gate import Code
from voicebot.campaign.phone import mask
from voicebot.campaign.table_file import open_table
from voicebot.cli.importing import Rejects, full_option, progress_of, rejected_option
from voicebot.cli.options import opened_store, store_option, wide_console
from voicebot.dialogue.loader import load_script
from voicebot.report.privacy import hider
from voicebot.report.storage import storing
from voicebot.store import contact_batches
from voicebot.store.contact_batches import CampaignOfContacts
from voicebot.store.contact_import import Target, import_contacts, known_contacts, settle
from voicebot.store.engine import Store

LISTED = 20

campaign_option = click.option("--campaign", required=True, metavar="NAME", help="Whose contacts.")


@click.group()
def contacts() -> None:
    """Who a campaign calls: imported from a file, listed, taken back."""


@contacts.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@campaign_option
@click.option("--dry-run", is_flag=True, help="Check the file and say what would be added.")
@rejected_option
@store_option
def import_(
    path: Path, campaign: str, dry_run: bool, rejects_path: Path | None, store_address: str | None
) -> None:
    """Add the people of a CSV or XLSX file to a campaign.

    The file needs one column, `phone` (or 手机号, 电话); `name` (姓名, 称呼) and `timezone` (时区)
    have a meaning of their own, and every column is a variable of the script. Bad rows are told
    and kept in FILE.rejected.csv; good ones are added, once: importing the same file again adds
    nothing. A script variable without a column stops the import before it begins.

    \b
    Examples:
      voicebot contacts import customers.csv --campaign repurchase --dry-run
      voicebot contacts import customers.xlsx --campaign repurchase
    """
    with opened_store(store_address) as store:
        of = contact_batches.find_campaign(store, campaign)
        table = open_table(path)
        rows = contact_rows(table, _required(of.folder), of.region)
        rejects = Rejects(table, rejects_path)
        try:
            with progress_of(table) as advance:
                if dry_run:
                    told = _try(store, of.target, rows, rejects, advance)
                else:
                    source = (path.name, table.sha256)
                    done = import_contacts(store, of.target, source, rows, rejects.add, advance)
                    told = f"{done.added:,} added, {done.known:,} there already"
                    if done.held_out:
                        told += f", {done.held_out:,} of the added held out"
        finally:
            rejects.close()
        _tell(told, rejects, dry_run=dry_run)


def _required(folder: str) -> Collection[str]:
    """Return the variables that the campaign's script speaks and gives no default."""
    if not folder:
        return ()
    script = load_script(Path(folder))
    return [name for name, each in script.variables.items() if each.default is None]


def _try(store: Store, target: Target, rows: Any, rejects: Rejects, advance: Any) -> str:
    good = known = number = 0
    phones: list[str] = []
    for number, each in enumerate(rows, 1):
        if isinstance(each, Rejected):
            rejects.add(each)
        else:
            good += 1
            phones.append(each.phone)
        if len(phones) == 5000:
            known += known_contacts(store, target, phones)
            phones = []
            advance(number)
    known += known_contacts(store, target, phones)
    advance(number)
    return f"{good - known:,} would be added, {known:,} there already"


def _tell(told: str, rejects: Rejects, *, dry_run: bool) -> None:
    if rejects.count:
        told += f", {rejects.count:,} rejected: {rejects.path}"
    click.echo(f"{told}{'; nothing was changed' if dry_run else ''}")


@contacts.command("list")
@campaign_option
@click.option(
    "--state",
    type=click.Choice(["wait", "queued", "done"]),
    help="Only contacts in this state; all when not given.",
)
@click.option("--limit", type=click.IntRange(0), default=LISTED, show_default=True)
@full_option
@store_option
def list_(
    campaign: str, state: str | None, limit: int, full: bool, store_address: str | None
) -> None:
    """Show what was imported into a campaign, and its first contacts.

    \b
    Examples:
      voicebot contacts list --campaign repurchase
      voicebot contacts list --campaign repurchase --state done --limit 100
    """
    console = wide_console()
    with opened_store(store_address) as store:
        settle(store)
        of = contact_batches.find_campaign(store, campaign)
        imports = Table(box=None, pad_edge=False)
        for column in ("import", "file", "when (UTC)", "state", "added", "known", "rejected"):
            imports.add_column(column)
        for batch in contact_batches.batches(store, of.id):
            figures = (f"{each:,}" for each in (batch.added, batch.known, batch.rejected))
            when = f"{batch.created_at:%Y-%m-%d %H:%M}"
            imports.add_row(str(batch.id), batch.file, when, batch.state, *figures)
        states = Table(box=None, pad_edge=False)
        for column in ("state", "reason", "contacts"):
            states.add_column(column)
        for (kind, reason), number in contact_batches.count_states(store, of.id).most_common():
            states.add_row(kind, reason, f"{number:,}")
        people = Table(box=None, pad_edge=False)
        for column in ("phone", "name", "state", "reason", "attempts", "last", "line"):
            people.add_column(column)
        for row in contact_batches.contacts_of(store, of.id, state, limit):
            people.add_row(*_shown(row, full=full))
        for table in (imports, states, people):
            if table.row_count:
                console.print(table)
                console.print()
        if not imports.row_count and not states.row_count:
            console.print(f"{of.name} has no contacts yet: voicebot contacts import FILE")


def _shown(row: Any, *, full: bool) -> list[str]:
    return [
        row.phone if full else mask(row.phone),
        row.name,
        row.state,
        row.state_reason,
        str(row.attempts),
        row.disposition or "",
        "" if row.line is None else str(row.line),
    ]


@contacts.command()
@campaign_option
@click.option("--import", "batch", type=int, help="Its number in `contacts list`; else the last.")
@store_option
def undo(campaign: str, batch: int | None, store_address: str | None) -> None:
    """Take back an import, as long as nobody of it was dialled.

    \b
    Examples:
      voicebot contacts undo --campaign repurchase
      voicebot contacts undo --campaign repurchase --import 3
    """
    with opened_store(store_address) as store:
        settle(store)
        of = contact_batches.find_campaign(store, campaign)
        undone, removed = contact_batches.undo(store, of, batch)
    click.echo(f"import {undone.id} ({undone.file}) undone: {removed:,} contacts removed")


REOPENED = tuple(
    code.value
    for code in (
        *(Code.CONSENT_MISSING, Code.CONSENT_EXPIRED, Code.ZONE_UNKNOWN, Code.HOLIDAYS_UNKNOWN),
        *(Code.WINDOW_NEVER, Code.NUMBER_FOR_TESTS),
    )
)
"""Refusals that last until a person changes something. Consent and do-not-call entries let their
contacts in again by themselves when they change."""


@contacts.command()
@campaign_option
@store_option
def reopen(campaign: str, store_address: str | None) -> None:
    """Look once more at contacts that were refused for good, after what was wrong is mended.

    That is: a time zone or a calendar that was not known, consent that was missing, a number for
    tests on a real line. Who was called, or asked not to be, stays as they are.

    \b
    Example:
      voicebot contacts reopen --campaign repurchase
    """
    with opened_store(store_address) as store:
        of = contact_batches.find_campaign(store, campaign)
        opened = contact_batches.reopen(store, of.id, REOPENED)
    click.echo(f"{opened:,} contacts wait again")


@contacts.command()
@campaign_option
@click.option("--state", type=click.Choice(["wait", "queued", "done"]))
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Else standard output.")
@full_option
@store_option
def export(
    campaign: str, state: str | None, out: Path | None, full: bool, store_address: str | None
) -> None:
    """Write a campaign's contacts as CSV, with what became of each.

    \b
    Examples:
      voicebot contacts export --campaign repurchase -o contacts.csv
      voicebot contacts export --campaign repurchase --state wait --full -o rest.csv
    """
    with opened_store(store_address) as store:
        of = contact_batches.find_campaign(store, campaign)
        if out is None:
            _export(sys.stdout, store, of, state, full=full)
            return
        with storing(out), out.open("w", encoding="utf-8-sig", newline="") as file:
            number = _export(file, store, of, state, full=full)
    click.echo(f"{out}: {number:,} contacts", err=True)


FIXED = ("phone", "name", "state", "reason", "attempts", "last", "line")


def _export(
    file: TextIO, store: Store, of: CampaignOfContacts, state: str | None, *, full: bool
) -> int:
    columns: Sequence[str] | None = None
    count = 0
    writer = csv.writer(file)
    for row in contact_batches.contacts_of(store, of.id, state):
        if columns is None:
            # A file's contacts all have its columns; a later file's further ones are left out.
            columns = [each for each in row.variables if each not in FIXED]
            writer.writerow([*FIXED, *columns])
        # Numbers stand in other columns too, and in remarks.
        hide: Callable[[str], str] = str if full else hider(row.phone)
        phone, *rest = _shown(row, full=full)
        others = (*rest, *(row.variables.get(each, "") for each in columns))
        writer.writerow([phone, *(_inert(hide(str(each))) for each in others)])
        count += 1
    return count


def _inert(value: str) -> str:
    """Lead in by an apostrophe what a spreadsheet would run."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t") else value
