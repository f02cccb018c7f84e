"""`voicebot report`: a campaign on one page and in one workbook."""

from datetime import UTC, datetime
from pathlib import Path

import click

from voicebot.campaign.figures import figures
from voicebot.cli.options import opened_store, store_option
from voicebot.report.campaign_report import write_page, write_workbook
from voicebot.store.figures import counts
from voicebot.store.outcomes import campaign_id


@click.command()
@click.option("--campaign", required=True, metavar="NAME", help="The campaign to report.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="The page's file; the workbook lies beside it. Else NAME-report.html in this folder.",
)
@click.option(
    "--cents-per-minute",
    type=click.FloatRange(min=0),
    metavar="CENTS",
    help="Price of a begun minute, where the calls themselves have no cost.",
)
@store_option
def report(
    campaign: str, out: Path | None, cents_per_minute: float | None, store_address: str | None
) -> None:
    """Write a campaign's report: a self-contained HTML page and the same numbers as XLSX.

    Funnel with the reasons at every drop, rates with their denominators and intervals, hours and
    days, what retries yield, the script state by state, versions compared, cost, orders and lift.
    Calls that are going on are left out. The page loads nothing from anywhere.

    \b
    Examples:
      voicebot report --campaign repurchase
      voicebot report --campaign repurchase -o out/autumn.html --cents-per-minute 12
    """
    page = Path(f"{campaign}-report.html") if out is None else out
    if page.suffix == ".xlsx":
        page = page.with_suffix(".html")
    elif page.suffix not in (".html", ".htm"):
        page = page.with_name(f"{page.name}.html")
    with opened_store(store_address) as store, store.read() as connection:
        counted = counts(connection, campaign_id(connection, campaign))
    worked_out = figures(counted, cents_per_minute)
    write_page(page, worked_out, datetime.now(UTC))
    workbook = page.with_suffix(".xlsx")
    write_workbook(workbook, worked_out)
    click.echo(f"{page}: {worked_out.dialled} calls; {workbook}: the same numbers")
