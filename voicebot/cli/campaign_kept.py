"""Campaigns in the store, for the commands: found by name, made from a folder, given versions."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from voicebot.campaign.disclosure import untold
from voicebot.campaign.policy import Policy, load_policy
from voicebot.campaign.rules import machine_rule
from voicebot.campaign.settings import FILE, CampaignSettings
from voicebot.dialogue.bundle import Bundle, unpacked
from voicebot.dialogue.document import suggest
from voicebot.dialogue.script import PLACE, Script
from voicebot.errors import BadCampaign, BadPolicy, BadScript, Problem
from voicebot.store import campaigns, versions
from voicebot.store.campaigns import StoredCampaign
from voicebot.store.instant import database_now


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


def spoken_faults(
    folder: Path, script: Script, policy: Policy, rules: Mapping[str, Any]
) -> list[Problem]:
    """Return what a call of this script does not tell although the policy wants it, and what the
    message to answering machines needs that no contact has."""
    message = machine_rule(rules).message
    problems = []
    for each in untold(script, policy, message):
        file = FILE if each.path.startswith("machine") else "script.yaml"
        problems.append(Problem(str(folder / file), each.what, path=each.path, hint=each.hint))
    for name in PLACE.findall(message):
        if name not in script.variables:
            what, hint = f'"{name}" is no variable', suggest(name, list(script.variables))
            problems.append(Problem(str(folder / FILE), what, path="machine.message", hint=hint))
    return problems


def kept_faults(connection: Connection, found: StoredCampaign, cache: Path) -> list[Problem]:
    """Return the faults of the versions that somebody may still hear, and of the policy."""
    try:
        policy = load_policy(found.policy or found.region)
    except BadPolicy as error:
        return list(error.problems)
    problems: list[Problem] = []
    for each in versions.heard(connection, found.id):
        kept = versions.kept(connection, each.id)
        if kept is None:
            continue
        try:
            script = unpacked(kept.source, kept.hash, cache, Path(kept.folder))
        except BadScript as error:
            problems += error.problems
            continue
        problems += spoken_faults(Path(kept.folder), script, policy, found.rules)
    return problems


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
