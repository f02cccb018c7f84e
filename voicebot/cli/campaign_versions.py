"""`voicebot campaign version|rollback`: which script is spoken to whom."""

from pathlib import Path

import click

from voicebot import config
from voicebot.campaign.schedule import State
from voicebot.cli.campaign_kept import add_version, clock, kept_faults, named
from voicebot.cli.options import opened_store, store_option
from voicebot.dialogue.bundle import bundle
from voicebot.errors import BadCampaign, Problem
from voicebot.store import campaigns, versions


@click.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--share",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Of the contacts, for an A/B test or a canary; 0: everybody left over.",
)
@click.option("--canary", is_flag=True, help="Take it back by itself when its calls go wrong.")
@click.option("--label", default="", help="A name for it.")
@store_option
def version(
    name: str, folder: Path, share: float, canary: bool, label: str, store_address: str | None
) -> None:
    """Keep another version of a campaign's script. A contact hears one version always.

    \b
    Examples:
      voicebot campaign version spring campaigns/repurchase               for everybody new
      voicebot campaign version spring campaigns/new --share 0.5          half of them: A/B
      voicebot campaign version spring campaigns/new --share 0.05 --canary
    """
    if canary and not share:
        raise click.UsageError("a canary needs a --share, such as 0.05")
    kept = bundle(folder)
    with opened_store(store_address) as store, store.write() as connection:
        found = named(connection, name)
        number = add_version(connection, found.id, folder, kept, label, share, canary=canary)
        problems = kept_faults(connection, found, config.scripts_folder())
        if problems and found.state in (State.RUNNING, State.SCHEDULED, State.PAUSED):
            # The transaction takes the version back.
            raise BadCampaign(*problems)
    click.echo(f"version {number} of {name}: {kept.version}")


@click.command()
@click.argument("name")
@click.option("--to", "number", type=int, required=True, help="The version to go back to.")
@store_option
def rollback(name: str, number: int, store_address: str | None) -> None:
    """Speak an earlier version again, and none that is newer.

    \b
    Examples:
      voicebot campaign rollback spring --to 1
    """
    with opened_store(store_address) as store, store.write() as connection:
        found = named(connection, name)
        stored = {each.number: each for each in versions.stored(connection, found.id)}
        if number not in stored:
            known = ", ".join(map(str, stored))
            raise BadCampaign(Problem(name, f"has no version {number}", hint=f"it has: {known}"))
        for each in stored.values():
            if each.number > number and each.state != "retired":
                versions.retire(connection, each.id)
        versions.set_share(connection, stored[number].id, 0, "live")
        now = clock(connection)
        campaigns.note(connection, found.id, "rollback", now, reason=f"to version {number}")
    click.echo(f"{name} speaks version {number} again: {stored[number].label}")
