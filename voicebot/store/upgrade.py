"""Bringing a store up to date with Alembic, inside the caller's transaction."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from voicebot.errors import BadStore, Problem

MIGRATIONS = Path(__file__).parent / "migrations"

log = logging.getLogger(__name__)


def upgrade(connection: Connection, place: str) -> None:
    """Upgrade to the newest revision. Raises `BadStore` when a newer voicebot made the store."""
    config = alembic_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    for revision in _present(connection):
        if revision not in known:
            what = f"was made by a newer voicebot (revision {revision})"
            raise BadStore(Problem(place, what, hint="update voicebot, or name another store"))
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise BadStore(Problem(place, f"cannot be upgraded: {error}")) from error
    log.info("%s: brought up to date", place)


def alembic_config(connection: Connection) -> Config:
    """Return Alembic's settings for this connection, without any file of settings."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _present(connection: Connection) -> list[str]:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return []
    found = connection.execute(text("SELECT version_num FROM alembic_version"))
    return list(found.scalars())
