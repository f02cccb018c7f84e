"""`voicebot campaign`: campaigns made, copied and cleared away. Its other commands stand apart."""

from dataclasses import replace
from pathlib import Path

import click

from voicebot.campaign.schedule import State
from voicebot.campaign.segment import parse
from voicebot.campaign.settings import load_settings
from voicebot.cli.campaign_kept import add_version, clock, keep, named
from voicebot.cli.campaign_orders import pause, resume, start, stop
from voicebot.cli.campaign_progress import list_, show, status
from voicebot.cli.campaign_run import run
from voicebot.cli.campaign_unknown import resolve, unknown
from voicebot.cli.campaign_versions import rollback, version
from voicebot.cli.options import ShareType, opened_store, store_option
from voicebot.dialogue.bundle import bundle
from voicebot.errors import BadCampaign, Problem
from voicebot.store import campaigns, segment_contacts
from voicebot.store.contact_import import Target
from voicebot.store.segments import pick


@click.group()
def campaign() -> None:
    """Make campaigns, start and stop them, and see how far they are.

    \b
    Examples:
      voicebot campaign create campaigns/repurchase
      voicebot contacts import customers.csv --campaign repurchase
      voicebot campaign start repurchase
      voicebot worker                       the process that dials
      voicebot campaign status repurchase
    """


@campaign.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="Another name than the file's.")
@click.option("--label", default="", help="A name for this version of the script.")
@click.option(
    "--from-segment",
    "segment",
    metavar="CONDITION",
    help="Whom to call: contacts of "
    "another campaign, by what came of their last call; see docs/outcomes.md.",
)
@click.option(
    "--of", "source", metavar="CAMPAIGN", help="The campaign that --from-segment looks at."
)
@click.option(
    "--hold-out",
    type=ShareType(),
    metavar="SHARE",
    help="Of the contacts, never called, to measure what the calls bring: 10% or 0.1. Else the "
    "file's `hold_out`.",
)
@store_option
def create(
    folder: Path,
    name: str | None,
    label: str,
    segment: str | None,
    source: str | None,
    hold_out: float | None,
    store_address: str | None,
) -> None:
    """Make a campaign from a folder with a campaign.yaml and a script.yaml.

    The script is kept as its first version: what is changed in the folder afterwards is spoken
    only when `voicebot campaign version` makes another one of it.

    \b
    Examples:
      voicebot campaign create campaigns/repurchase
      voicebot campaign create campaigns/repurchase --name spring
      voicebot campaign create campaigns/repurchase --name again \\
        --of spring --from-segment "intention in (A, B) and not bought" --hold-out 10%
    """
    settings, kept = load_settings(folder), bundle(folder)
    if hold_out is not None:
        settings = replace(settings, hold_out=hold_out)
    wanted = None if segment is None else parse(segment)
    if (wanted is None) != (source is None):
        raise click.UsageError("--from-segment and --of belong together")
    with opened_store(store_address) as store, store.write() as connection:
        made = keep(connection, settings, name or settings.name)
        add_version(connection, made, folder, kept, label, 0, canary=False)
        click.echo(f"{name or settings.name} is a draft with script {kept.version}")
        if wanted is None or source is None:
            click.echo(f"  next: voicebot contacts import FILE --campaign {name or settings.name}")
            return
        picked = pick(connection, named(connection, source).id, wanted)
        target = Target(made, name or settings.name, settings.hold_out)
        added = segment_contacts.add(connection, target, wanted.text, picked, clock(connection))
        held = f", {added.held_out} of them held out" if added.held_out else ""
        click.echo(f"  {added.contacts} contacts of {source}{held}")
        click.echo(f"  next: voicebot campaign start {name or settings.name}")


@campaign.command()
@click.argument("name")
@click.argument("new")
@store_option
def clone(name: str, new: str, store_address: str | None) -> None:
    """Make a draft with another campaign's settings and scripts, without its contacts.

    \b
    Examples:
      voicebot campaign clone spring summer
    """
    with opened_store(store_address) as store, store.write() as connection:
        found = named(connection, name)
        if campaigns.find(connection, new) is not None:
            raise BadCampaign(Problem(new, "there is a campaign of this name already"))
        campaigns.clone(connection, found, new, clock(connection))
    click.echo(f"{new} is a draft")


@campaign.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Without asking.")
@store_option
def delete(name: str, yes: bool, store_address: str | None) -> None:
    """Delete a campaign with its contacts and calls. Do-not-call lists and consent stay.

    \b
    Examples:
      voicebot campaign delete spring
    """
    with opened_store(store_address) as store:
        with store.read() as connection:
            found = named(connection, name)
            counted = campaigns.counts(connection, found.id)
        if found.state in (State.RUNNING, State.SCHEDULED) or counted.queued:
            hint = f"voicebot campaign stop {name}, and wait for its calls to end"
            raise BadCampaign(Problem(name, f"is {found.state} and may be calling", hint=hint))
        if not yes:
            what = f"{counted.contacts:,} contacts and {counted.dialled:,} calls"
            click.confirm(f"Delete {name} with {what}?", abort=True)
        with store.write() as connection:
            campaigns.remove(connection, found.id)
    click.echo(f"{name} is deleted")


@campaign.command()
@click.argument("name")
@click.option("--cps", type=click.FloatRange(0.01, 1000), required=True, help="Calls per second.")
@click.option("--cap", type=click.IntRange(0, 100_000), required=True, help="Calls at once.")
@store_option
def trunk(name: str, cps: float, cap: int, store_address: str | None) -> None:
    """Say what a trunk carries. It applies at once, to all workers together.

    \b
    Examples:
      voicebot campaign trunk main --cps 5 --cap 60
    """
    with opened_store(store_address) as store, store.write() as connection:
        campaigns.set_trunk(connection, name, cps, cap)
    click.echo(f"{name} carries {cps:g} calls a second, {cap} at once")


for command in (
    start,
    pause,
    resume,
    stop,
    list_,
    show,
    status,
    unknown,
    resolve,
    version,
    rollback,
    run,
):
    campaign.add_command(command)
