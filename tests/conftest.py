import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from voicebot.config import BUNDLED_MODEL
from voicebot.engines.vosk import VoskModel


@pytest.fixture(scope="session", autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the developer chose or installed away from the tests, and theirs from it."""
    before = dict(os.environ)
    os.environ.pop("VOICEBOT_MODEL", None)
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
