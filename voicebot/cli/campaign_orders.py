"""`voicebot campaign start|pause|resume|stop`."""

from datetime import datetime

import click
from sqlalchemy import Connection

from voicebot import config
from voicebot.campaign.frequency_cap import Purpose
from voicebot.campaign.policy import load_policy
from voicebot.campaign.schedule import Order, State, obey
from voicebot.cli.campaign_kept import clock, kept_faults, named
from voicebot.cli.options import opened_store, store_option
from voicebot.errors import BadCampaign, Problem
from voicebot.store import campaigns, versions
from voicebot.store.campaigns import StoredCampaign


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
            _tell_if_nobody_agreed(connection, found)
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
        hint = f"voicebot campaign clone {found.name} NEW makes one without dates"
        problems.append(Problem(found.name, what, hint=hint))
    if not versions.spoken(connection, found.id):
        hint = f"voicebot campaign version {found.name} FOLDER"
        problems.append(Problem(found.name, "has no version of its script left", hint=hint))
    if not campaigns.has_contacts(connection, found.id):
        hint = f"voicebot contacts import FILE --campaign {found.name}"
        problems.append(Problem(found.name, "has no contacts", hint=hint))
    problems += kept_faults(connection, found, config.scripts_folder())
    if problems:
        raise BadCampaign(*problems)


def _tell_if_nobody_agreed(connection: Connection, found: StoredCampaign) -> None:
    """Say what nobody would see otherwise: a campaign that runs and refuses every contact."""
    wants_consent = load_policy(found.policy or found.region).consent
    if Purpose(found.purpose) not in wants_consent:
        return
    if not campaigns.has_consent(connection, found):
        click.echo(
            f"{found.name}: none of its contacts agreed to {found.purpose} calls of the merchant "
            f"{found.merchant}, so nobody will be called; voicebot consent import FILE "
            f"--purpose {found.purpose} --merchant {found.merchant}",
            err=True,
        )


@click.command()
@click.argument("name")
@store_option
def start(name: str, store_address: str | None) -> None:
    """Let a campaign call, now or from its first day on.

    \b
    Examples:
      voicebot campaign start repurchase
    """
    _order(name, Order.START, store_address, "")


@click.command()
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


@click.command()
@click.argument("name")
@store_option
def resume(name: str, store_address: str | None) -> None:
    """Go on with a campaign that was paused, by an operator or by the breaker.

    \b
    Examples:
      voicebot campaign resume repurchase
    """
    _order(name, Order.RESUME, store_address, "")


@click.command()
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
