"""What a campaign changes of the rules of dialling: its `rules`, as kept with it.

retry:   {NO_ANSWER: 2h-4h other part, BUSY: 20min, REJECTED: never}
breaker: {window_s: 120, least_calls: 5, technical_share: 0.5, ...}
canary:  the same, for the canary's calls alone
machine: {reaction: leave_message, message: ...}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

from voicebot.campaign.answering_machine import MachineRule, Reaction
from voicebot.campaign.breaker import BreakerRules
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.retry import AGAIN, Again, RetryRules

CANARY = BreakerRules(least_calls=5, least_answered=30, unwanted_share=0.05)
"""Fewer calls than a campaign's are enough to stop a new script, and two people are none yet."""

KEYS = ("retry", "breaker", "canary", "machine")

NEVER = "never"

OTHER_PART = "other part"

_DELAY = re.compile(rf"(\d+)(min|h|d)(?:-(\d+)(min|h|d))?( {OTHER_PART})?")
_UNITS = {"min": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class CampaignRules:
    """The rules of one campaign."""

    retry: RetryRules
    breaker: BreakerRules
    canary: BreakerRules
    machine: MachineRule


def parse_rules(rules: Mapping[str, Any], max_attempts: int) -> CampaignRules:
    """Read a campaign's rules. Raises `ValueError` that names the key and what it may be."""
    for key in rules:
        if key not in KEYS:
            raise ValueError(f"{key}: is not known; rules are {', '.join(KEYS)}")
    return CampaignRules(
        RetryRules(max_attempts, _retry(rules.get("retry", {}))),
        _limits("breaker", BreakerRules(), rules.get("breaker", {})),
        _limits("canary", CANARY, rules.get("canary", {})),
        machine_rule(rules),
    )


def machine_rule(rules: Mapping[str, Any]) -> MachineRule:
    """Read what answering machines get. Raises `ValueError` as `parse_rules` does."""
    written = rules.get("machine", {})
    for name in written:
        if name not in ("reaction", "message"):
            raise ValueError(f"machine.{name}: is not known; it may have reaction, message")
    known = ", ".join(Reaction)
    try:
        reaction = Reaction(written.get("reaction", Reaction.HANG_UP))
    except ValueError:
        what = f'"{written["reaction"]}" is not known; it may be {known}'
        raise ValueError(f"machine.reaction: {what}") from None
    message = str(written.get("message", "")).strip()
    if reaction is Reaction.LEAVE_MESSAGE and not message:
        raise ValueError("machine: a message is to be left and there is none; write message: ...")
    if reaction is not Reaction.LEAVE_MESSAGE and message:
        raise ValueError(f"machine.message: is never said, since the reaction is {reaction}")
    return MachineRule(reaction, message)


def _retry(written: Mapping[str, Any]) -> Mapping[Disposition, Again]:
    again = dict(AGAIN)
    for name, delay in written.items():
        try:
            disposition = Disposition(name.upper())
        except ValueError:
            known = ", ".join(sorted(AGAIN))
            raise ValueError(f"retry.{name}: is no disposition; such as {known}") from None
        if disposition is Disposition.UNKNOWN:
            raise ValueError("retry.UNKNOWN: what may have been dialled is never dialled by itself")
        if delay == NEVER:
            again.pop(disposition, None)
            continue
        found = _DELAY.fullmatch(str(delay))
        if found is None:
            raise ValueError(
                f'retry.{name}: "{delay}" is no delay; such as 30min, 2h-4h, 1d, never'
            )
        least = timedelta(**{_UNITS[found[2]]: int(found[1])})
        most = timedelta(**{_UNITS[found[4]]: int(found[3])}) if found[3] else least
        if most < least:
            raise ValueError(f'retry.{name}: "{delay}" ends before it begins')
        usual = again.get(disposition, Again(least, most))
        again[disposition] = replace(
            usual, least=least, most=most, other_part=found[5] is not None, next_day=False
        )
    return again


def _limits(key: str, usual: BreakerRules, written: Mapping[str, Any]) -> BreakerRules:
    known = {each.name: type(getattr(usual, each.name)) for each in fields(usual)}
    found: dict[str, Any] = {}
    for name, value in written.items():
        if name not in known:
            raise ValueError(f"{key}.{name}: is not known; it may have {', '.join(known)}")
        try:
            found[name] = known[name](value)
        except (TypeError, ValueError):
            raise ValueError(f'{key}.{name}: "{value}" is no number') from None
        if found[name] < 0 or (name.endswith("_share") and found[name] > 1):
            raise ValueError(f'{key}.{name}: "{value}" is out of range')
    return replace(usual, **found)
