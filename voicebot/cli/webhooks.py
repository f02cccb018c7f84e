"""`voicebot webhooks`: who is told of finished calls, and what did not arrive."""

import click
from rich.table import Table

from voicebot.cli.campaign_kept import clock, named
from voicebot.cli.options import opened_store, store_option, wide_console
from voicebot.dialler.webhook_address import check_url, told_private
from voicebot.errors import BadInput, Problem
from voicebot.store import webhooks as kept


@click.group()
def webhooks() -> None:
    """Tell the shop's systems of finished calls; docs/dialler.md describes the messages.

    \b
    Examples:
      voicebot webhooks add https://shop.example/calls --campaign spring
      voicebot webhooks dead
      voicebot webhooks retry --all
    """


@webhooks.command()
@click.argument("url")
@click.option("--campaign", "name", help="Only this campaign's calls; else all.")
@store_option
def add(url: str, name: str | None, store_address: str | None) -> None:
    """Tell a URL of each call that is finished from now on.

    \b
    Examples:
      voicebot webhooks add https://shop.example/calls
    """
    check_url(url)
    with opened_store(store_address) as store, store.write() as connection:
        campaign_id = None if name is None else named(connection, name).id
        hook = kept.add_hook(connection, url, campaign_id, clock(connection))
    click.echo(f"webhook {hook.id}: {url}")
    if why := told_private(url):
        click.echo(
            f"it is {why}: workers send nothing there unless their VOICEBOT_WEBHOOK_HOSTS names it",
            err=True,
        )
    click.echo(f"its messages are signed with this secret, shown once: {hook.secret}")


@webhooks.command("list")
@store_option
def list_(store_address: str | None) -> None:
    """List the webhooks and how many messages wait, arrived, and were given up.

    \b
    Examples:
      voicebot webhooks list
    """
    with opened_store(store_address) as store, store.read() as connection:
        found = kept.hooks(connection)
    if not found:
        click.echo("no webhooks: voicebot webhooks add URL")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("id", "URL", "campaign", "waiting", "sent", "dead"):
        table.add_column(column)
    for hook, counted in found:
        state = "" if hook.active else " (removed)"
        numbers = [f"{counted.get(each, 0):,}" for each in ("wait", "sent", "dead")]
        table.add_row(str(hook.id), hook.url + state, hook.campaign or "all", *numbers)
    wide_console().print(table)


@webhooks.command()
@click.argument("hook", type=int)
@store_option
def remove(hook: int, store_address: str | None) -> None:
    """Tell a webhook nothing more.

    \b
    Examples:
      voicebot webhooks remove 2
    """
    with opened_store(store_address) as store, store.write() as connection:
        if not kept.remove_hook(connection, hook):
            raise BadInput(Problem(f"webhook {hook}", "is not there"))
    click.echo(f"webhook {hook} is told nothing more")


@webhooks.command()
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@store_option
def dead(limit: int, store_address: str | None) -> None:
    """List the messages that were given up, and why.

    \b
    Examples:
      voicebot webhooks dead
    """
    with opened_store(store_address) as store, store.read() as connection:
        found = kept.dead(connection, limit)
    if not found:
        click.echo("no dead messages")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("message", "event", "tries", "URL", "the last time"):
        table.add_column(column)
    for each in found:
        table.add_row(str(each.id), each.event_id, str(each.attempts), each.url, each.last_error)
    wide_console().print(table)


@webhooks.command()
@click.argument("messages", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All dead messages.")
@store_option
def retry(messages: tuple[int, ...], every: bool, store_address: str | None) -> None:
    """Send dead messages again, by their numbers.

    \b
    Examples:
      voicebot webhooks retry 17 18
      voicebot webhooks retry --all
    """
    if every == bool(messages):
        raise click.UsageError("name messages, or say --all")
    with opened_store(store_address) as store, store.write() as connection:
        number = kept.retry(connection, None if every else messages, clock(connection))
    click.echo(f"{number} messages are sent again")
