"""`voicebot retention`: forget what the policies keep no longer."""

import click
from rich.table import Table

from voicebot.cli.campaign_kept import clock, named
from voicebot.cli.options import opened_store, store_option, wide_console


@click.command()
@click.option("--campaign", help="Of one campaign; else of all.")
@click.option("--merchant", help="Of one merchant's campaigns.")
@click.option("--dry-run", is_flag=True, help="Tell how much it is, and leave it.")
@store_option
@click.pass_context
def retention(
    context: click.Context,
    campaign: str | None,
    merchant: str | None,
    dry_run: bool,
    store_address: str | None,
) -> None:
    """Delete recordings, and make attempts and contacts nobody's, after the time that the policy of
    their campaign keeps them. Workers do so by themselves, every hour.

    Consent, do-not-call lists and the counts of reports stay. Exits with 1 when something is kept
    too long and could not be deleted.

    \b
    Examples:
      voicebot retention --dry-run
      voicebot retention --merchant beans
    """
    # The dialler takes half a second to import.
    from voicebot.dialler.retention import forget

    failed = False
    table = Table(box=None, pad_edge=False)
    for column in ("campaign", "policy", "recordings", "attempts", "contacts", "decisions"):
        table.add_column(column)
    with opened_store(store_address) as store:
        with store.read() as connection:
            now = clock(connection)
            if campaign is not None:
                named(connection, campaign)
        for each in forget(store, now, merchant=merchant, campaign=campaign, dry_run=dry_run):
            for fault in (*each.stuck, *each.faults):
                failed = True
                click.echo(f"{each.campaign}: is kept too long: {fault}", err=True)
            if not each.faults:
                done = each.done
                numbers = (done.sounds, done.attempts, done.contacts, done.decisions)
                table.add_row(each.campaign, each.policy, *(f"{number:,}" for number in numbers))
    if table.row_count:
        wide_console().print(table)
        click.echo("nothing was deleted: this was a dry run" if dry_run else "done")
    elif not failed:
        click.echo("no campaign is old enough for anything to be forgotten")
    if failed:
        context.exit(1)
