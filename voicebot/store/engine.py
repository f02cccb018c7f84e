"""Opening the store: an SQLite file by default, PostgreSQL by URL, brought up to date at once.

Other machinery that keeps its tables in the same database (the dial queue) takes `Store.url`.
"""

import importlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from voicebot.errors import BadStore, Problem, StorageFailed
from voicebot.store.migrations import REVISION

BUSY_TIMEOUT_MS = 10_000
"""How long a write to SQLite waits for another process's."""

SYNCHRONOUS = ("NORMAL", "FULL")
"""NORMAL loses nothing when a process is killed; FULL nothing when the power goes, and is slower
with each transaction. `?synchronous=full` of an SQLite URL asks for it."""

CHECKPOINT_PAGES = 8000
"""Of 4 kB, after which SQLite carries its log over into the file: in the middle of whoever's write
fills it. Eight times the usual, so that it is seldom, and writes a page once that changed often."""

POOL = 20
"""Connections kept to PostgreSQL by one process; as many again when it is busy."""

_UPGRADE_LOCK = 0x766F6963
"""PostgreSQL's advisory lock, so that one process of many upgrades."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. Its own engine is thread-safe; connections are not."""

    engine: Engine
    url: str
    """With the driver and the password: do not print it; `shown` is for people."""

    @property
    def shown(self) -> str:
        """The place without its password."""
        return show(self.engine.url)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction that writes; it is kept whole or not at all.

        SQLite has one writer at a time: the lock is taken at the beginning, since a transaction
        that turned to writing half-way would fail rather than wait. Raises `StorageFailed` for a
        full disk, a database that went away or one that stays busy.
        """
        with _told(self.shown), self.engine.connect() as connection:
            connection.info["begin"] = "BEGIN IMMEDIATE"
            with connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run one transaction that only reads, on one state of the database."""
        with _told(self.shown), self.engine.connect() as connection:
            connection.info["begin"] = "BEGIN"
            if self.engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def open_store(address: str | Path) -> Store:
    """Open the store at a path or URL, made when it is not there and upgraded when it is old.

    Raises `BadStore` when the address is wrong or the store is newer than this voicebot, and
    `StorageFailed` when it cannot be reached or written.
    """
    url = _url(address)
    if url.get_backend_name() == "sqlite":
        url, engine = _sqlite(url)
    else:
        # `prepare_threshold=None` keeps connections usable behind a pooler such as PgBouncer.
        engine = create_engine(
            url,
            pool_size=POOL,
            max_overflow=POOL,
            pool_pre_ping=True,
            connect_args={"prepare_threshold": None, "connect_timeout": 10},
        )
    store = Store(engine, url.render_as_string(hide_password=False))
    try:
        with _told(store.shown):
            _upgrade(store)
    except BaseException:
        store.close()
        raise
    return store


def show(url: URL) -> str:
    """Return a store's place for people: a file's path, or a URL without its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    return url.set(drivername="postgresql").render_as_string()


def _url(address: str | Path) -> URL:
    written = str(address)
    if "://" not in written:
        return URL.create("sqlite", database=str(Path(written).expanduser()))
    try:
        url = make_url(written)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise _bad_address("is not a URL") from error
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise _bad_address(f'names "{backend}", which is not supported')
    if not url.database or url.database == ":memory:":
        raise _bad_address("names no file")
    return url.set(drivername="sqlite")


def _bad_address(what: str) -> BadStore:
    # The address itself may hold a password.
    hint = "give a file, or sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/DATABASE"
    return BadStore(Problem("the store's address", what, hint=hint))


def _sqlite(url: URL) -> tuple[URL, Engine]:
    query = dict(url.query)
    synchronous = str(query.pop("synchronous", "normal")).upper()
    if synchronous not in SYNCHRONOUS:
        raise _bad_address(f'has synchronous={synchronous.lower()}; it is "normal" or "full"')
    if query:
        raise _bad_address(f"has settings that are not known: {', '.join(query)}")
    url = url.set(query={})
    file = Path(url.database or "")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failed(str(file), error.strerror or str(error)) from error
    if file.is_dir():
        raise BadStore(Problem(str(file), "is a folder", hint="name a file for the store"))
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, record: object) -> None:
        # The driver's own idea of when a transaction begins is not SQLite's: see "begin" below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            "foreign_keys = ON",
            "cache_size = -65536",
            "temp_store = MEMORY",
            "journal_size_limit = 67108864",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begins(connection: Connection) -> None:
        connection.exec_driver_sql(connection.info.pop("begin", "BEGIN IMMEDIATE"))

    return url, engine


def _upgrade(store: Store) -> None:
    with store.engine.connect() as connection:
        connection.info["begin"] = "BEGIN"
        if _revision(connection) == REVISION:
            return
    with store.engine.connect() as connection, connection.begin():
        if store.engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        # Another process may have been quicker.
        if _revision(connection) != REVISION:
            # Alembic is slow to import and needed once in a release.
            migrate = importlib.import_module("voicebot.store.upgrade")
            migrate.upgrade(connection, store.shown)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Say in words what the database complains about, where a person can mend it."""
    try:
        yield
    except DBAPIError as error:
        original = error.orig
        what = _sqlite_fault(original) or _postgresql_fault(original)
        if what is None:
            raise
        raise _failed(place, what) from error


def _failed(place: str, what: str) -> StorageFailed:
    return StorageFailed(f"{place}: {what}; nothing of this step was kept")


def _sqlite_fault(error: Any) -> str | None:
    if not isinstance(error, sqlite3.Error):
        return None
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return "the disk is full; make room"
        case sqlite3.SQLITE_IOERR:
            return "cannot be read or written (is the disk full or broken?)"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return "may not be written; check its owner and permissions"
        case sqlite3.SQLITE_CANTOPEN:
            return "cannot be opened; check its folder and permissions"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"another process kept it busy for {BUSY_TIMEOUT_MS // 1000} s; try again"
        case sqlite3.SQLITE_NOTADB:
            return "is not a voicebot store; name another file"
        case sqlite3.SQLITE_CORRUPT:
            return "is damaged; take the last backup (sqlite3's .recover may save its rows)"
    return None


def _postgresql_fault(error: Any) -> str | None:
    state = getattr(error, "sqlstate", None)
    if not type(error).__module__.startswith("psycopg"):
        return None
    said = " ".join(str(error).split())
    if state is None and type(error).__name__ in ("OperationalError", "InterfaceError"):
        return f"PostgreSQL cannot be reached ({said})"
    match state[:2] if state else "":
        case "08" | "57":
            return f"PostgreSQL went away ({said})"
        case "53":
            return f"PostgreSQL has no room or no connection left ({said})"
        case "28" | "3D" | "42" if state in ("28P01", "28000", "3D000", "42501"):
            return f"PostgreSQL refuses ({said})"
    return None
