"""A PostgreSQL of the tests' own: an empty cluster on a free port, gone when the tests are."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.needs import missing

USER = "voicebot"
PASSWORD = "tests-only"
START_S = 60


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server; `restart` and `stop` are for tests of what a worker does then."""

    programs: Path
    data: Path
    port: int

    @property
    def address(self) -> str:
        """The URL of its first database, without a name at the end."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    def new_database(self, name: str, template: str = "template1") -> str:
        """Make a database and return its URL."""
        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return f"{self.address}/{name}"

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._control("start", "--wait", f"--timeout={START_S}", f"--log={self.data / 'log'}")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is as a crash."""
        self._control("stop", "--wait", f"--mode={mode}")

    def restart(self) -> None:
        """Stop it as an administrator does, and start it again."""
        self.stop()
        self.start()

    def _control(self, *arguments: str) -> None:
        _run([str(self.programs / "pg_ctl"), f"--pgdata={self.data}", *arguments], self.data)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server for as long as the context lasts; skip the test where there is no PostgreSQL."""
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="voicebot-postgres-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
            shutil.chown(data, "postgres")
        password = Path(folder) / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        password.chmod(0o644)
        _run(
            [
                str(programs / "initdb"),
                f"--pgdata={data}",
                f"--username={USER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            data,
        )
        server = PostgresServer(programs, data, _free_port())
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(
                f"port = {server.port}\n"
                "listen_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{data}'\n"
                "max_connections = 200\n"
                # A test's data need not outlive a power cut, only a killed server.
                "fsync = off\n"
            )
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


def _programs() -> Path:
    """Return the folder of PostgreSQL's server programs, which Debian keeps out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve())
    if not found:
        missing("PostgreSQL is not installed: apt-get install postgresql")
    if os.getuid() == 0 and not _has_user("postgres"):
        missing("PostgreSQL does not run as root, and there is no user postgres to run it as")
    return found[-1].parent


def _has_user(name: str) -> bool:
    return subprocess.run(["id", name], capture_output=True, check=False).returncode == 0


def _run(command: list[str], data: Path) -> None:
    as_user = "postgres" if os.getuid() == 0 else None
    done = subprocess.run(
        command,
        user=as_user,
        group=as_user,
        extra_groups=[] if as_user else None,
        cwd=data.parent,
        stdin=subprocess.DEVNULL,
        # A server that inherits a pipe would keep it open for ever.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=2 * START_S,
        check=False,
    )
    if done.returncode != 0:
        log = data / "log"
        said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        raise RuntimeError(f"{Path(command[0]).name} failed ({done.returncode})\n{said}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
