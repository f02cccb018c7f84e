import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import PostgresServer, postgres_server
from voicebot.config import BUNDLED_MODEL
from voicebot.engines.vosk import VoskModel
from voicebot.store.engine import Store, open_store


@pytest.fixture(scope="session", autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the developer chose or installed away from the tests, and theirs from it."""
    before = dict(os.environ)
    for name in ("VOICEBOT_MODEL", "VOICEBOT_STORE"):
        os.environ.pop(name, None)
    for name in ("VOICEBOT_CONFIG", "VOICEBOT_DATA", "VOICEBOT_CACHE"):
        os.environ[name] = str(tmp_path_factory.mktemp(name.lower()))
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The bundled model's folder; copy it before changing anything."""
    return BUNDLED_MODEL


@pytest.fixture(scope="session")
def model(model_folder: Path) -> VoskModel:
    """The bundled model, loaded once."""
    return VoskModel(model_folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for all tests of one run."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres: PostgresServer) -> str:
    """The name of a database with all tables and nothing in them: copying it is quick."""
    open_store(postgres.new_database("template_of_stores")).close()
    return "template_of_stores"


_names = (f"test_{number}" for number in itertools.count(1))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of each kind: a test that asks for it runs on both."""
    yield from _database(request, tmp_path, None)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a store of each kind, for tests that open it in several processes."""
    yield from _database(request, tmp_path, "template")


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    """An open store of each kind, with all its tables and nothing in them."""
    store = open_store(store_address)
    yield store
    store.close()


def _database(
    request: pytest.FixtureRequest, tmp_path: Path, template: str | None
) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "voicebot.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = next(_names)
    copied = "template1" if template is None else request.getfixturevalue(template)
    yield server.new_database(name, copied)
    server.drop(name)
