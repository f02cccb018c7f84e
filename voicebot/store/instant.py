"""Moments in the database: whole milliseconds since 1970 UTC, aware datetimes in Python.

A number compares, adds and indexes alike in SQLite and PostgreSQL, and has no time zone to forget.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970 UTC. Raises `ValueError` for a datetime without zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """Return the moment in UTC."""
    return EPOCH + ms * _MS


class Instant(TypeDecorator[datetime]):
    """A BIGINT column of milliseconds that Python sees as aware datetimes in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Write a moment."""
        return None if value is None else to_ms(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read a moment."""
        return None if value is None else from_ms(int(value))


class database_now(FunctionElement[datetime]):  # noqa: N801 # an SQL function, written like one
    """The database's clock: leases and slots of several hosts must agree on one.

    It is read when the statement runs, not when its transaction began.
    """

    type = Instant()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(element: database_now, compiler: Any, **options: Any) -> str:
    # `unixepoch('subsec')` would be plainer, but needs SQLite 3.42.
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"


@compiles(database_now, "postgresql")
def _postgresql_now(element: database_now, compiler: Any, **options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
