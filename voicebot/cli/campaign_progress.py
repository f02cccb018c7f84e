"""`voicebot campaign list|status|show`: which there are, how far they are, what they do."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from voicebot.campaign.answering_machine import Reaction
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.retry import Again
from voicebot.campaign.rules import OTHER_PART, parse_rules
from voicebot.cli.campaign_kept import named
from voicebot.cli.options import opened_store, store_option, wide_console
from voicebot.store import campaigns, versions
from voicebot.store.campaigns import Counts, StoredCampaign


@click.command("list")
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


@click.command()
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
    if counted.by_result.get(Disposition.UNKNOWN):
        console.print(
            f"of some calls nobody saw the end: voicebot campaign unknown {name}", highlight=False
        )
    for version in spoken:
        part = f", {version.share:.0%} of the contacts" if version.share else ""
        console.print(
            f"version {version.number}: {version.label}, {version.state}{part}", highlight=False
        )
    for at, what, reason in history:
        told = f": {reason}" if reason else ""
        console.print(f"{_moment(at, found)}  {what}{told}", highlight=False)


@click.command()
@click.argument("name")
@store_option
def show(name: str, store_address: str | None) -> None:
    """Tell what a campaign was told to do: its limits, its dates, what it makes of each result.

    \b
    Examples:
      voicebot campaign show repurchase
    """
    with opened_store(store_address) as store, store.read() as connection:
        found = named(connection, name)
        trunk = campaigns.trunk_of(connection, found.id)
    table = Table(box=None, pad_edge=False, show_header=False)
    for what, value in settings_rows(found, trunk):
        if value:
            table.add_row(what, value)
    wide_console().print(table)


def settings_rows(found: StoredCampaign, trunk: str) -> list[tuple[str, str]]:
    """Return what a campaign does in words, with empty words for what it does not."""
    rules = parse_rules(found.rules, found.max_attempts)
    machine = rules.machine
    reaction = {
        Reaction.HANG_UP: "hang up",
        Reaction.LEAVE_MESSAGE: f"leave a message: {machine.message}",
        Reaction.GO_ON: "go on with the script",
    }[machine.reaction]
    rows = [
        ("campaign", found.name),
        ("title", found.title),
        ("merchant", found.merchant),
        ("purpose", found.purpose),
        ("policy", found.policy or found.region),
        ("time zone", found.timezone or "of the number"),
        ("from", _day(found.starts_at, found)),
        ("to", _day(found.ends_at, found)),
        ("priority", str(found.priority)),
        ("calls at once", str(found.max_concurrent)),
        ("attempts", str(found.max_attempts)),
        ("calls a day", "" if found.daily_budget is None else str(found.daily_budget)),
        ("trunk", trunk),
        ("caller number", found.caller_number or ""),
        ("never called, to compare", f"{found.hold_out:.0%}" if found.hold_out else ""),
        ("answering machines", reaction),
    ]
    rows += [(f"after {each}", _again(again)) for each, again in rules.retry.again.items()]
    return rows


def _again(again: Again) -> str:
    least, most = (_length(each) for each in (again.least, again.most))
    words = "the next day" if again.next_day else least if least == most else f"{least} to {most}"
    words = f"{words}, {OTHER_PART}" if again.other_part else words
    return f"{words}, {again.times}x at most" if again.times else words


def _length(delay: timedelta) -> str:
    minutes = round(delay.total_seconds() / 60)
    return f"{minutes // 60} h" if minutes and minutes % 60 == 0 else f"{minutes} min"


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
