"""Campaigns in the store, for the commands: found by name, made from a folder, given versions."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from voicebot.campaign.settings import CampaignSettings
from voicebot.dialogue.bundle import Bundle
from voicebot.errors import BadCampaign, Problem
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
