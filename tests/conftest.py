from pathlib import Path

import pytest

from voicebot.config import BUNDLED_MODEL
from voicebot.engines.vosk import VoskModel


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The bundled model's folder; copy it before changing anything."""
    return BUNDLED_MODEL


@pytest.fixture(scope="session")
def model(model_folder: Path) -> VoskModel:
    """The bundled model, loaded once."""
    return VoskModel(model_folder)
