"""`voicebot campaign`: campaigns made, told to start and stop, and looked at."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.table import Table
from sqlalchemy import Connection, select

from voicebot.campaign.policy import load_policy
from voicebot.campaign.schedule import Order, State, obey
from voicebot.campaign.segment import parse
from voicebot.campaign.settings import CampaignSettings, load_settings
from voicebot.cli.options import opened_store, store_option, wide_console
from voicebot.dialogue.bundle import Bundle, bundle
from voicebot.errors import BadCampaign, BadPolicy, Problem
from voicebot.store import campaigns, segment_contacts, versions
from voicebot.store.campaigns import Counts, StoredCampaign
from voicebot.store.instant import database_now
from voicebot.store.segments import pick


def clock(connection: Connection) -> datetime:
    """Return the database's present moment."""
    return connection.execute(select(database_now())).scalar_one()


def named(connection: Connection, name: str) -> StoredCampaign:
    """Return a campaign by its name. Raises `BadCampaign` with what there is instead."""
    found = campaigns.find(connection, name)
    if found is None:
        known = ", ".join(each.name for each in campaigns.listed(connection)) or "none"
        raise BadCampaign(Problem(name, "there is no such campaign", hint=f"there are: {known}"))
    return found


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
@store_option
def create(
    folder: Path,
    name: str | None,
    label: str,
    segment: str | None,
    source: str | None,
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
        --of spring --from-segment "intention in (A, B) and not bought"
    """
    settings, kept = load_settings(folder), bundle(folder)
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
        number = segment_contacts.add(connection, made, wanted.text, picked, clock(connection))
        click.echo(f"  {number} contacts of {source}")
        click.echo(f"  next: voicebot campaign start {name or settings.name}")


def keep(connection: Connection, settings: CampaignSettings, name: str) -> int:
    """Keep a campaign as a draft; its trunk is made when it is not there."""
    values = {
        each: getattr(settings, each)
        for each in (
            *("title", "purpose", "region", "timezone", "merchant", "policy", "starts_at"),
            *("ends_at", "max_attempts", "max_concurrent", "daily_budget", "priority"),
            *("caller_number", "hold_out", "rules"),
        )
    }
    if campaigns.find(connection, name) is not None:
        hint = f"choose another one with --name, or voicebot campaign delete {name}"
        raise BadCampaign(Problem(name, "there is a campaign of this name already", hint=hint))
    trunk = campaigns.trunk_named(connection, settings.trunk)
    return campaigns.create(
        connection,
        name,
        clock(connection),
        folder=str(settings.folder.resolve()),
        trunk_id=trunk,
        **values,
    )


def add_version(
    connection: Connection,
    campaign_id: int,
    folder: Path,
    kept: Bundle,
    label: str,
    share: float,
    *,
    canary: bool,
) -> int:
    """Keep a version of a campaign's script and return its number."""
    now = clock(connection)
    number = versions.add(
        connection,
        campaign_id,
        label=label or kept.version,
        content_hash=kept.content_hash,
        folder=str(folder.resolve()),
        source=kept.text,
        share=share,
        canary=canary,
        now=now,
    )
    campaigns.note(connection, campaign_id, "version", now, reason=f"version {number}")
    return number


def _order(name: str, order: Order, store_address: str | None, reason: str) -> None:
    with opened_store(store_address) as store, store.write() as connection:
        found = named(connection, name)
        now = clock(connection)
        state = obey(State(found.state), order, found.starts_at, now)
        if state is None:
            what = f"is {found.state}, and cannot {order}"
            raise BadCampaign(Problem(name, what, hint=_HINTS.get(State(found.state), "")))
        if state in (State.RUNNING, State.SCHEDULED):
            _check_startable(connection, found, now)
        campaigns.set_state(connection, found.id, state, str(order), reason, now)
    click.echo(f"{name} is {state}")


_HINTS = {
    State.DRAFT: "start it first",
    State.RUNNING: "it runs already",
    State.PAUSED: "resume it",
    State.FINISHED: "start it again, or clone it",
}


def _check_startable(connection: Connection, found: StoredCampaign, now: datetime) -> None:
    """Find everything that would keep a campaign from calling anybody."""
    problems = []
    if found.ends_at is not None and found.ends_at <= now:
        what = f"its last day is over: {found.ends_at:%Y-%m-%d}"
        problems.append(Problem(found.name, what, hint="change `ends` and update it"))
    if not versions.spoken(connection, found.id):
        hint = f"voicebot campaign version {found.name} FOLDER"
        problems.append(Problem(found.name, "has no version of its script left", hint=hint))
    if not campaigns.has_contacts(connection, found.id):
        hint = f"voicebot contacts import FILE --campaign {found.name}"
        problems.append(Problem(found.name, "has no contacts", hint=hint))
    try:
        load_policy(found.policy or found.region)
    except BadPolicy as error:
        problems += error.problems
    if problems:
        raise BadCampaign(*problems)


@campaign.command()
@click.argument("name")
@store_option
def start(name: str, store_address: str | None) -> None:
    """Let a campaign call, now or from its first day on.

    \b
    Examples:
      voicebot campaign start repurchase
    """
    _order(name, Order.START, store_address, "")


@campaign.command()
@click.argument("name")
@click.option("--reason", default="", help="For the history.")
@store_option
def pause(name: str, reason: str, store_address: str | None) -> None:
    """Dial nobody new within a second; calls under way go on to their end.

    \b
    Examples:
      voicebot campaign pause repurchase --reason "the shop is closed"
    """
    _order(name, Order.PAUSE, store_address, reason)


@campaign.command()
@click.argument("name")
@store_option
def resume(name: str, store_address: str | None) -> None:
    """Go on with a campaign that was paused, by an operator or by the breaker.

    \b
    Examples:
      voicebot campaign resume repurchase
    """
    _order(name, Order.RESUME, store_address, "")


@campaign.command()
@click.argument("name")
@click.option("--reason", default="", help="For the history.")
@store_option
def stop(name: str, reason: str, store_address: str | None) -> None:
    """Finish a campaign before its contacts are done; calls under way go on to their end.

    \b
    Examples:
      voicebot campaign stop repurchase
    """
    _order(name, Order.STOP, store_address, reason)


@campaign.command("list")
@store_option
def list_(store_address: str | None) -> None:
    """List the campaigns.

    \b
    Examples:
      voicebot campaign list
    """
    with opened_store(store_address) as store, store.read() as connection:
        found = campaigns.listed(connection)
    if not found:
        click.echo("no campaigns yet: voicebot campaign create FOLDER")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "state", "purpose", "priority", "from", "to", "why"):
        table.add_column(column)
    for each in found:
        table.add_row(
            each.name,
            each.state,
            each.purpose,
            str(each.priority),
            _day(each.starts_at, each),
            _day(each.ends_at, each),
            each.state_reason,
        )
    wide_console().print(table)


@campaign.command()
@click.argument("name")
@store_option
def status(name: str, store_address: str | None) -> None:
    """Tell how far a campaign is, and what happened to it.

    \b
    Examples:
      voicebot campaign status repurchase
    """
    with opened_store(store_address) as store, store.read() as connection:
        found = named(connection, name)
        counted = campaigns.counts(connection, found.id)
        spoken = versions.stored(connection, found.id)
        history = campaigns.history(connection, found.id, 8)
    console = wide_console()
    why = f" ({found.state_reason})" if found.state_reason else ""
    console.print(f"{found.name}: {found.state}{why}", highlight=False)
    console.print(progress_table(counted, found))
    for version in spoken:
        part = f", {version.share:.0%} of the contacts" if version.share else ""
        console.print(
            f"version {version.number}: {version.label}, {version.state}{part}", highlight=False
        )
    for at, what, reason in history:
        told = f": {reason}" if reason else ""
        console.print(f"{_moment(at, found)}  {what}{told}", highlight=False)


def progress_table(counted: Counts, found: StoredCampaign) -> Table:
    """Return how far a campaign is."""
    table = Table(box=None, pad_edge=False, show_header=False)
    rows = [
        ("contacts", counted.contacts),
        ("never called, to compare", counted.held_out),
        ("waiting", counted.waiting),
        ("about to be called", counted.queued - counted.ringing),
        ("in a call", counted.ringing),
        ("done", counted.done),
        ("dialled", counted.dialled),
        ("answered by a person", counted.answered),
    ]
    for what, number in rows:
        if number or what in ("contacts", "done"):
            table.add_row(what, f"{number:,}")
    if counted.waiting and counted.next_at is not None and counted.next_at.year > 1970:
        table.add_row("next due", _moment(counted.next_at, found))
    for result, number in counted.by_result.items():
        table.add_row(f"  {result}", f"{number:,}")
    return table


def _moment(at: datetime, found: StoredCampaign) -> str:
    return f"{at.astimezone(ZoneInfo(found.timezone or 'UTC')):%Y-%m-%d %H:%M:%S}"


def _day(at: datetime | None, found: StoredCampaign) -> str:
    return "" if at is None else _moment(at, found)[:16]


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
    click.echo(f"version {number} of {name}: {kept.version}")


@campaign.command()
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
