"""`voicebot retention`: forget what the policies keep no longer."""

from datetime import datetime
from pathlib import Path

import click
from rich.table import Table

from voicebot.campaign.policy import load_policy
from voicebot.cli.campaign_kept import clock, named
from voicebot.cli.options import opened_store, store_option, wide_console
from voicebot.report.kept_files import forget_files
from voicebot.store.engine import Store


@click.command()
@click.option("--campaign", help="Of one campaign; else of all.")
@click.option("--merchant", help="Of one merchant's campaigns.")
@click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Instead, of what voicebot serve or call wrote into a folder, their --out; may be given "
    "several times.",
)
@click.option(
    "--policy",
    metavar="REGION|FILE",
    default="CN",
    show_default=True,
    help="What says how long the files of --folder are kept.",
)
@click.option("--dry-run", is_flag=True, help="Tell how much it is, and leave it.")
@store_option
@click.pass_context
def retention(
    context: click.Context,
    campaign: str | None,
    merchant: str | None,
    folders: tuple[Path, ...],
    policy: str,
    dry_run: bool,
    store_address: str | None,
) -> None:
    """Delete recordings, make attempts and contacts nobody's, and delete orders, after the time
    that the policy of their campaign keeps them. Workers do so by themselves, every hour.

    With --folder, delete the recordings and records of calls that voicebot serve or call wrote
    there; nobody does that by itself.

    Consent, do-not-call lists and the counts of reports stay. Exits with 1 when something is kept
    too long and could not be deleted.

    \b
    Examples:
      voicebot retention --dry-run
      voicebot retention --merchant beans
      voicebot retention --folder out/calls --policy EU
    """
    if folders and (campaign is not None or merchant is not None):
        raise click.UsageError("--folder is about files, not about a campaign or a merchant")
    with opened_store(store_address) as store:
        with store.read() as connection:
            now = clock(connection)
            if campaign is not None:
                named(connection, campaign)
        if folders:
            failed = _folders(folders, policy, now, dry_run)
        else:
            failed = _campaigns(store, now, campaign, merchant, dry_run)
    if failed:
        context.exit(1)


def _folders(folders: tuple[Path, ...], policy: str, now: datetime, dry_run: bool) -> bool:
    kept = load_policy(policy)
    table = _table("folder", "recordings", "records")
    failed = False
    for folder in folders:
        gone = forget_files(folder, now - kept.recordings, now - kept.records, dry_run=dry_run)
        for each in gone.stuck:
            failed = True
            click.echo(f"is kept too long: {each}", err=True)
        table.add_row(str(folder), f"{gone.sounds:,}", f"{gone.records:,}")
    wide_console().print(table)
    _say_done(dry_run)
    return failed


def _campaigns(
    store: Store, now: datetime, campaign: str | None, merchant: str | None, dry_run: bool
) -> bool:
    # The dialler takes half a second to import.
    from voicebot.dialler.retention import forget, forget_orders

    failed = False
    table = _table("campaign", "policy", "recordings", "attempts", "contacts", "decisions")
    for each in forget(store, now, merchant=merchant, campaign=campaign, dry_run=dry_run):
        for fault in (*each.stuck, *each.faults):
            failed = True
            click.echo(f"{each.campaign}: is kept too long: {fault}", err=True)
        if not each.faults:
            done = each.done
            numbers = (done.sounds, done.attempts, done.contacts, done.decisions)
            table.add_row(each.campaign, each.policy, *(f"{number:,}" for number in numbers))
    orders = _table("merchant", "orders")
    if campaign is None:
        for told in forget_orders(store, now, merchant=merchant, dry_run=dry_run):
            for fault in told.faults:
                failed = True
                click.echo(f"{told.merchant}: orders are kept too long: {fault}", err=True)
            if told.orders:
                orders.add_row(told.merchant, f"{told.orders:,}")
    if table.row_count or orders.row_count:
        for each_table in (table, orders):
            if each_table.row_count:
                wide_console().print(each_table)
        _say_done(dry_run)
    elif not failed:
        click.echo("no campaign is old enough for anything to be forgotten")
    return failed


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    return table


def _say_done(dry_run: bool) -> None:
    click.echo("nothing was deleted: this was a dry run" if dry_run else "done")
