"""`voicebot dnc`: who must not be called."""

from pathlib import Path
from typing import Any

import click
from rich.table import Table

from voicebot.campaign.lists import BlockRow, block_rows
from voicebot.campaign.phone import mask
from voicebot.campaign.table_file import open_table
from voicebot.cli.importing import Rejects, full_option, progress_of, rejected_option
from voicebot.cli.list_options import (
    given_moment,
    given_phone,
    given_scope,
    given_zone,
    region_option,
    scope_options,
    zone_option,
)
from voicebot.cli.options import opened_store, store_option, wide_console
from voicebot.store import lists
from voicebot.store.contact_batches import find_campaign
from voicebot.store.engine import Store
from voicebot.store.lists import Scope

PLATFORM = Scope("platform")
LISTED = 20


@click.group()
def dnc() -> None:
    """Do-not-call lists: for everybody, for one merchant, for one campaign."""


@dnc.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@scope_options
@region_option
@zone_option
@rejected_option
@store_option
def import_(
    path: Path,
    platform: bool,
    merchant: str | None,
    campaign: str | None,
    region: str,
    zone: str,
    rejects_path: Path | None,
    store_address: str | None,
) -> None:
    """Put the numbers of a CSV or XLSX file on a list.

    The file needs a column `phone`; it may have `reason` and `expires_at`, a date to whose end the
    entry stands. Entries without one stand for ever, and what stands is never made shorter.

    \b
    Examples:
      voicebot dnc import refused.csv
      voicebot dnc import refused.xlsx --merchant beans
    """
    scope = given_scope(platform=platform, merchant=merchant, campaign=campaign) or PLATFORM
    table = open_table(path)
    rows = block_rows(table, region, given_zone(zone))
    rejects = Rejects(table, rejects_path)
    with opened_store(store_address) as store:
        _check(store, scope)
        try:
            with progress_of(table) as advance:
                source = (path.name, table.sha256)
                kept = lists.import_blocks(store, scope, source, rows, rejects.add, advance)
        finally:
            rejects.close()
    told = f"{kept.added:,} added to the list of {scope}, {kept.known:,} there already"
    if kept.rejected:
        told += f", {kept.rejected:,} rejected: {rejects.path}"
    click.echo(told)


@dnc.command()
@click.argument("phones", metavar="PHONE...", nargs=-1, required=True)
@scope_options
@click.option("--reason", default="", help="Why, for who asks later.")
@click.option("--until", metavar="DATE", help="The last day; for ever when not given.")
@region_option
@zone_option
@store_option
def add(
    phones: tuple[str, ...],
    platform: bool,
    merchant: str | None,
    campaign: str | None,
    reason: str,
    until: str | None,
    region: str,
    zone: str,
    store_address: str | None,
) -> None:
    """Put numbers on a list; from then on no call to them begins.

    \b
    Examples:
      voicebot dnc add 13800138000 --reason "asked by e-mail"
      voicebot dnc add 13800138000 --campaign repurchase --until 2026-12-31
    """
    scope = given_scope(platform=platform, merchant=merchant, campaign=campaign) or PLATFORM
    expires_at = given_moment(until, given_zone(zone), "--until", last=True)
    rows = [
        BlockRow(number, given_phone(each, region), reason, expires_at)
        for number, each in enumerate(phones, 1)
    ]
    with opened_store(store_address) as store:
        _check(store, scope)
        with store.write() as connection:
            added = lists.add_blocks(connection, scope, rows, source="operator")
    click.echo(f"{added} added to the list of {scope}, {len(rows) - added} there already")


@dnc.command()
@click.argument("phone")
@scope_options
@click.option("--reason", required=True, help="Why it may be called again, for who asks later.")
@region_option
@store_option
def remove(
    phone: str,
    platform: bool,
    merchant: str | None,
    campaign: str | None,
    reason: str,
    region: str,
    store_address: str | None,
) -> None:
    """Take a number off a list. The entry is kept with the reason, but counts no more.

    \b
    Example:
      voicebot dnc remove 13800138000 --reason "asked to be called again, ticket 42"
    """
    scope = given_scope(platform=platform, merchant=merchant, campaign=campaign) or PLATFORM
    number = given_phone(phone, region)
    with opened_store(store_address) as store:
        removed = lists.remove_block(store, scope, number, reason)
    if not removed:
        click.echo(f"{mask(number)} is not on the list of {scope}")
        click.get_current_context().exit(1)
    click.echo(f"{mask(number)} is off the list of {scope}")


@dnc.command()
@click.argument("phones", metavar="PHONE...", nargs=-1, required=True)
@region_option
@store_option
def check(phones: tuple[str, ...], region: str, store_address: str | None) -> None:
    """Say on which lists numbers are; exits with 1 when any is on one.

    \b
    Example:
      voicebot dnc check 13800138000
    """
    numbers = [given_phone(each, region) for each in phones]
    listed = False
    with opened_store(store_address) as store:
        for number in numbers:
            entries = lists.blocks(store, phone=number)
            listed = listed or bool(entries)
            for entry in entries:
                click.echo(f"{mask(number)}: {_told(entry)}")
            if not entries:
                click.echo(f"{mask(number)}: on no list")
    if listed:
        click.get_current_context().exit(1)


@dnc.command("list")
@scope_options
@click.option("--limit", type=click.IntRange(1), default=LISTED, show_default=True)
@full_option
@store_option
def list_(
    platform: bool,
    merchant: str | None,
    campaign: str | None,
    limit: int,
    full: bool,
    store_address: str | None,
) -> None:
    """Show entries that stand, the newest first: of one list, or of all.

    \b
    Examples:
      voicebot dnc list
      voicebot dnc list --merchant beans --limit 100
    """
    scope = given_scope(platform=platform, merchant=merchant, campaign=campaign)
    table = Table(box=None, pad_edge=False)
    for column in ("phone", "list", "since (UTC)", "until (UTC)", "source", "reason"):
        table.add_column(column)
    with opened_store(store_address) as store:
        for entry in lists.blocks(store, scope, limit=limit):
            table.add_row(
                entry.phone if full else mask(entry.phone),
                str(Scope(entry.scope, entry.owner)),
                f"{entry.created_at:%Y-%m-%d %H:%M}",
                f"{entry.expires_at:%Y-%m-%d %H:%M}" if entry.expires_at else "for ever",
                entry.source,
                entry.reason,
            )
    if table.row_count:
        wide_console().print(table)
    else:
        click.echo("no entries")


def _check(store: Store, scope: Scope) -> None:
    """A list of a campaign that is not there would keep nobody away."""
    if scope.kind == "campaign":
        find_campaign(store, scope.owner)


def _told(entry: Any) -> str:
    until = f" until {entry.expires_at:%Y-%m-%d %H:%M} UTC" if entry.expires_at else ""
    reason = f": {entry.reason}" if entry.reason else ""
    scope = Scope(entry.scope, entry.owner)
    return (
        f"on the list of {scope} since {entry.created_at:%Y-%m-%d}{until} ({entry.source}){reason}"
    )
