"""The versions of a campaign's script: which are spoken, which were taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from voicebot.campaign.version_choice import Version
from voicebot.store.tables import contact, script_version


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version, as kept."""

    id: int
    number: int
    label: str
    hash: str
    folder: str
    share: float
    state: str
    created_at: datetime


def add(
    connection: Connection,
    campaign_id: int,
    *,
    label: str,
    content_hash: str,
    folder: str,
    source: str,
    share: float,
    canary: bool,
    now: datetime,
) -> int:
    """Keep a version and return its number."""
    highest = connection.execute(
        select(func.max(script_version.c.number)).where(script_version.c.campaign_id == campaign_id)
    ).scalar()
    number = (highest or 0) + 1
    connection.execute(
        insert(script_version).values(
            campaign_id=campaign_id,
            number=number,
            label=label,
            hash=content_hash,
            folder=folder,
            source=source,
            share=share,
            state="canary" if canary else "live",
            created_at=now,
        )
    )
    return number


def stored(connection: Connection, campaign_id: int) -> Sequence[StoredVersion]:
    """Return all versions of a campaign, oldest first."""
    rows = connection.execute(_STORED, {"campaign": campaign_id})
    return [StoredVersion(*row) for row in rows]


_STORED = (
    select(*(script_version.c[name] for name in StoredVersion.__slots__))
    .where(script_version.c.campaign_id == bindparam("campaign"))
    .order_by(script_version.c.number)
)


def spoken(connection: Connection, campaign_id: int) -> Sequence[Version]:
    """Return the versions that contacts may be given."""
    return [
        Version(each.id, each.number, each.share, each.state == "canary")
        for each in stored(connection, campaign_id)
        if each.state != "retired"
    ]


def heard(connection: Connection, campaign_id: int) -> Sequence[StoredVersion]:
    """Return the versions that somebody may still hear: those that new contacts are given, and
    those that contacts which are not done keep."""
    live = [each for each in stored(connection, campaign_id) if each.state != "retired"]
    rest = [each.id for each in live if each.share == 0 and each.state != "canary"]
    kept_by = set(
        connection.execute(
            select(contact.c.script_version_id)
            .where(contact.c.campaign_id == campaign_id, contact.c.state.in_(("wait", "queued")))
            .distinct()
        ).scalars()
    )
    return [each for each in live if each.share > 0 or each.id in kept_by or each.id in rest[-1:]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a version says."""

    source: str
    hash: str
    folder: str


def kept(connection: Connection, version_id: int) -> Kept | None:
    """Return what a version says."""
    row = connection.execute(
        select(script_version.c.source, script_version.c.hash, script_version.c.folder).where(
            script_version.c.id == version_id
        )
    ).first()
    return None if row is None else Kept(*row)


def retire(connection: Connection, version_id: int) -> int:
    """Take a version back; its contacts that are still to be called get another one. Say how
    many."""
    connection.execute(
        update(script_version)
        .where(script_version.c.id == version_id)
        .values(state="retired", share=0)
    )
    return connection.execute(
        update(contact)
        .where(contact.c.script_version_id == version_id, contact.c.state == "wait")
        .values(script_version_id=None)
    ).rowcount


def set_share(connection: Connection, version_id: int, share: float, state: str) -> None:
    """Change whom a version is for from now on; who heard it before hears it again."""
    connection.execute(
        update(script_version)
        .where(script_version.c.id == version_id)
        .values(share=share, state=state)
    )
