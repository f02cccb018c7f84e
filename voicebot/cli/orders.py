"""`voicebot orders`: what customers bought, so that calls can be measured by it."""

from pathlib import Path

import click

from voicebot.campaign.orders import order_rows
from voicebot.campaign.table_file import open_table
from voicebot.cli.importing import Rejects, progress_of, rejected_option, tell_if_unknown
from voicebot.cli.list_options import given_zone, merchant_option, region_option, zone_option
from voicebot.cli.options import opened_store, store_option
from voicebot.store.orders import import_orders


@click.group()
def orders() -> None:
    """Orders of the shop: reports attribute them to calls, segments ask who bought."""


@orders.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@merchant_option
@region_option
@zone_option
@rejected_option
@store_option
def import_(
    path: Path,
    merchant: str,
    region: str,
    zone: str,
    rejects_path: Path | None,
    store_address: str | None,
) -> None:
    """Keep the orders of a CSV or XLSX file.

    Columns: `phone` (手机号), `order_no` (订单号), `placed_at` (下单时间), `amount` (金额), perhaps
    `product` (商品). An order number counts once for a merchant: the same file again adds nothing.

    \b
    Examples:
      voicebot orders import november.csv
      voicebot orders import november.xlsx --merchant beans
    """
    table = open_table(path)
    rows = order_rows(table, region, given_zone(zone))
    rejects = Rejects(table, rejects_path)
    with opened_store(store_address) as store:
        tell_if_unknown(store, merchant)
        try:
            with progress_of(table) as advance:
                source = (path.name, table.sha256)
                kept = import_orders(store, merchant, source, rows, rejects.add, advance)
        finally:
            rejects.close()
    told = f"{kept.added:,} orders added for {merchant}, {kept.known:,} there already"
    if kept.rejected:
        told += f", {kept.rejected:,} rejected: {rejects.path}"
    click.echo(told)
