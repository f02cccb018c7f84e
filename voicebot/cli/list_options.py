"""What commands about do-not-call lists and consent have in common."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from voicebot.campaign import calling_window
from voicebot.campaign.lists import NotAMoment, parse_moment
from voicebot.campaign.phone import NotAPhone, parse_phone
from voicebot.store.lists import Scope

Command = TypeVar("Command", bound=Callable[..., Any])

region_option = click.option(
    "--region", default="CN", show_default=True, help="Of numbers without a country's code."
)
zone_option = click.option(
    "--timezone", "zone", default="Asia/Shanghai", show_default=True, help="Of dates and times."
)
merchant_option = click.option(
    "--merchant", default="default", show_default=True, help="To whom consent is given."
)


def scope_options(command: Command) -> Command:
    """Add the options that say which do-not-call list is meant."""
    for option in (
        click.option("--platform", is_flag=True, help="The list for everybody; the default."),
        click.option("--merchant", metavar="NAME", help="The list of one merchant."),
        click.option("--campaign", metavar="NAME", help="The list of one campaign."),
    ):
        command = option(command)
    return command


def given_scope(*, platform: bool, merchant: str | None, campaign: str | None) -> Scope | None:
    """Return the list that the options name; None when they name none."""
    given = [
        *((Scope("platform"),) if platform else ()),
        *((Scope("merchant", merchant),) if merchant else ()),
        *((Scope("campaign", campaign),) if campaign else ()),
    ]
    if len(given) > 1:
        raise click.UsageError("choose one of --platform, --merchant and --campaign")
    return given[0] if given else None


def given_phone(written: str, region: str) -> str:
    """Return a number of the command line in E.164, or say what is wrong of it."""
    try:
        return parse_phone(written, region)
    except NotAPhone as error:
        raise click.BadParameter(str(error), param_hint="PHONE") from error


def given_zone(name: str) -> ZoneInfo:
    """Return the time zone of an option."""
    zone = calling_window.zone(name)
    if zone is None:
        hint = "write a name such as Asia/Shanghai"
        raise click.BadParameter(f'"{name}" is no time zone; {hint}', param_hint="--timezone")
    return zone


def given_moment(
    written: str | None, zone: ZoneInfo, option: str, *, last: bool = False
) -> datetime | None:
    """Return the date of an option; with `last` a day counts to its end."""
    if written is None:
        return None
    try:
        return parse_moment(written, zone, last=last)
    except NotAMoment as error:
        hint = "write 2026-11-27 or 2026-11-27 09:30"
        raise click.BadParameter(f'"{written}" is no date; {hint}', param_hint=option) from error
