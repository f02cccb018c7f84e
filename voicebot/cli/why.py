"""`voicebot why`: why a number was or was not called, and when it may be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from voicebot.campaign.gate import callee_zones, explain, next_allowed
from voicebot.campaign.phone import mask
from voicebot.cli.list_options import given_moment, given_phone, given_zone, region_option
from voicebot.cli.options import opened_store, store_option, wide_console
from voicebot.store import lists
from voicebot.store.lists import Scope
from voicebot.store.why import Called, campaigns_of

Clock = Callable[[datetime | None], str]
"""Writes a moment for people."""

RULE_WORDS = {"do_not_call": "do not call", "caller_number": "caller number"}


@click.command()
@click.argument("phone")
@click.option("--campaign", metavar="NAME", help="Only this campaign; else every one that has it.")
@click.option("--at", metavar="TIME", help="As if it were then: 2026-12-01 10:00. Else now.")
@click.option("--timezone", "zone", metavar="NAME", help="Of the times shown; else the callee's.")
@region_option
@store_option
def why(
    phone: str,
    campaign: str | None,
    at: str | None,
    zone: str | None,
    region: str,
    store_address: str | None,
) -> None:
    """Tell why a number was or was not called, and when it may be called next.

    Every rule is asked in its order; the first that refuses decides. Then the latest decisions and
    calls follow, as they were kept.

    \b
    Examples:
      voicebot why 13800138000
      voicebot why 13800138000 --campaign repurchase --at "2026-12-01 10:00"
    """
    console = wide_console()
    number = given_phone(phone, region)
    shown_in = given_zone(zone) if zone else None
    when = given_moment(at, shown_in or given_zone("Asia/Shanghai"), "--at") or datetime.now(UTC)
    with opened_store(store_address) as store:
        with store.read() as connection:
            found = campaigns_of(connection, number, when, campaign)
        entries = [] if found else lists.blocks(store, phone=number)
    console.print(mask(number), highlight=False)
    if not found:
        console.print(f"is in {'no campaign' if campaign is None else f'no campaign {campaign}'}")
    for entry in entries:
        console.print(f"is on the do-not-call list of {Scope(entry.scope, entry.owner)}")
    for each in found:
        _tell(console, each, shown_in)


def _tell(console: Console, each: Called, shown_in: ZoneInfo | None) -> None:
    zone = shown_in or next(iter(callee_zones(each.facts)), ZoneInfo("UTC"))

    def clock(moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"

    of, contact = each.campaign, each.contact
    console.print()
    console.print(
        f"[bold]{of.name}[/]: {of.purpose}, {of.state}; the contact is {contact.state}"
        f"{f' ({contact.state_reason})' if contact.state_reason else ''}, "
        f"{contact.attempts} of {of.max_attempts} attempts made",
        highlight=False,
    )
    if each.policy_fault:
        console.print(each.policy_fault, markup=False, highlight=False)
    console.print(_when(each, clock, zone), highlight=False)
    rules = Table(box=None, pad_edge=False)
    for column in ("rule", "verdict", "until", "because"):
        rules.add_column(column)
    for name, verdict in explain(each.facts):
        until = "for good" if verdict.final else clock(verdict.next_at)
        rules.add_row(RULE_WORDS.get(name, name), verdict.code, until, verdict.detail)
    console.print(rules)
    _history(console, each, clock)


def _when(each: Called, clock: Clock, zone: ZoneInfo) -> str:
    if each.contact.state == "done":
        return "it is not called again in this campaign"
    if each.contact.attempts >= each.campaign.max_attempts:
        return "its attempts are used up"
    rests = each.facts.state != "running"
    once = f"the campaign is {each.facts.state}; once it runs, " if rests else ""
    opens = next_allowed(replace(each.facts, state="running"))
    if opens is None:
        return f"{once}it may not be called, and time alone does not change that"
    due = max(opens, each.contact.next_at)
    if due <= each.facts.now:
        return f"{once}it may be called now"
    return f"{once}it may be called from {clock(due)} on ({zone.key})"


def _history(console: Console, each: Called, clock: Clock) -> None:
    happened = [
        *((row.at, row.stage, row.code, row.detail) for row in each.decisions),
        *(
            (
                row.dialed_at or row.created_at,
                f"call {row.number}",
                row.disposition or row.state,
                row.end_reason or "",
            )
            for row in each.attempts
        ),
    ]
    if not happened:
        console.print("nothing was decided about it yet")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("when", "what", "verdict", "because"):
        table.add_column(column)
    for at, *rest in sorted(happened, key=lambda row: row[0]):
        table.add_row(clock(at), *rest)
    console.print(table)
