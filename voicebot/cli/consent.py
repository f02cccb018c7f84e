"""`voicebot consent`: who agreed to which calls, and how that is known."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.table import Table

from voicebot.campaign.frequency_cap import Purpose
from voicebot.campaign.lists import consent_rows
from voicebot.campaign.phone import mask
from voicebot.campaign.table_file import open_table
from voicebot.cli.importing import Rejects, progress_of, rejected_option, tell_if_unknown
from voicebot.cli.list_options import (
    given_phone,
    given_zone,
    merchant_option,
    region_option,
    zone_option,
)
from voicebot.cli.options import opened_store, store_option, wide_console
from voicebot.store import lists

purpose_option = click.option("--purpose", type=click.Choice([each.value for each in Purpose]))


@click.group()
def consent() -> None:
    """Records of consent: marketing calls nobody without one."""


@consent.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@purpose_option
@merchant_option
@region_option
@zone_option
@rejected_option
@store_option
def import_(
    path: Path,
    purpose: str | None,
    merchant: str,
    region: str,
    zone: str,
    rejects_path: Path | None,
    store_address: str | None,
) -> None:
    """Keep the records of a CSV or XLSX file.

    Columns: `phone`, `evidence` (凭证: how it is known, such as an order or the wording agreed to),
    `given_at` (日期), perhaps `purpose` (用途) and `expires_at` (到期). Contacts that were refused
    for want of consent wait again.

    \b
    Examples:
      voicebot consent import agreed.csv --purpose marketing
      voicebot consent import agreed.xlsx --merchant beans
    """
    table = open_table(path)
    kind = Purpose(purpose) if purpose else None
    rows = consent_rows(table, region, kind, given_zone(zone), datetime.now(UTC))
    rejects = Rejects(table, rejects_path)
    with opened_store(store_address) as store:
        tell_if_unknown(store, merchant)
        try:
            with progress_of(table) as advance:
                source = (path.name, table.sha256)
                kept = lists.import_consent(store, merchant, source, rows, rejects.add, advance)
        finally:
            rejects.close()
    told = f"{kept.added:,} records added for {merchant}, {kept.known:,} there already"
    if kept.rejected:
        told += f", {kept.rejected:,} rejected: {rejects.path}"
    click.echo(told)


@consent.command()
@click.argument("phone")
@purpose_option
@merchant_option
@region_option
@store_option
def withdraw(
    phone: str, purpose: str | None, merchant: str, region: str, store_address: str | None
) -> None:
    """Note that somebody takes their consent back; the records stay, and count no more.

    \b
    Example:
      voicebot consent withdraw 13800138000 --purpose marketing
    """
    number = given_phone(phone, region)
    with opened_store(store_address) as store:
        ended = lists.withdraw_consent(
            store, merchant, number, Purpose(purpose) if purpose else None
        )
    if not ended:
        click.echo(f"{mask(number)} has no consent in force with {merchant}")
        click.get_current_context().exit(1)
    click.echo(f"{mask(number)}: {ended} {'record' if ended == 1 else 'records'} withdrawn")


@consent.command()
@click.argument("phone")
@region_option
@store_option
def show(phone: str, region: str, store_address: str | None) -> None:
    """Show every record of one number, withdrawn ones included.

    \b
    Example:
      voicebot consent show 13800138000
    """
    number = given_phone(phone, region)
    table = Table(box=None, pad_edge=False)
    for column in ("merchant", "purpose", "given (UTC)", "until (UTC)", "withdrawn", "evidence"):
        table.add_column(column)
    with opened_store(store_address) as store:
        for each in lists.consents(store, number):
            table.add_row(
                each.merchant,
                each.purpose,
                f"{each.given_at:%Y-%m-%d %H:%M}",
                f"{each.expires_at:%Y-%m-%d %H:%M}" if each.expires_at else "for ever",
                f"{each.withdrawn_at:%Y-%m-%d %H:%M}" if each.withdrawn_at else "",
                each.evidence,
            )
    if table.row_count:
        click.echo(mask(number))
        wide_console().print(table)
    else:
        click.echo(f"{mask(number)}: no record of consent")
