"""Where things are: the model, the caches, the sample campaign.

An option of the command line comes before an environment variable, which comes before what
`voicebot model use` chose, which comes before what is bundled.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path, user_config_path, user_data_path

from voicebot.errors import BadModel, Problem

MODEL_VARIABLE = "VOICEBOT_MODEL"
"""A folder with a Vosk model, or the name of an installed one."""

CACHE_VARIABLE = "VOICEBOT_CACHE"
"""A folder for rendered prompts; the user's cache folder when unset."""

DATA_VARIABLE = "VOICEBOT_DATA"
"""A folder for installed models and the store; the user's data folder when unset."""

STORE_VARIABLE = "VOICEBOT_STORE"
"""Where campaigns and their outcomes are kept: a file, or a database's URL."""

CONFIG_VARIABLE = "VOICEBOT_CONFIG"
"""A folder for the user's choices; the user's configuration folder when unset."""

BUNDLED_MODEL = Path(__file__).parent / "models" / "cn"
BUNDLED = "bundled"
"""The name of the bundled model."""
DEMO_CAMPAIGN = Path(__file__).parent.parent / "campaigns" / "repurchase"

REGION, ZONE = "CN", "Asia/Shanghai"
"""Of a shop that names none."""

LINE_RATE = 8000
"""Hz: the telephone's, and what every command uses unless the line is wider."""

_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model is used, and who said so."""

    folder: Path
    because: str
    """Such as `--model` or `VOICEBOT_MODEL`."""


def model_folder(option: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the model to use. Raises `BadModel` when `use` chose one that is gone."""
    return chosen_model(option, environment).folder


def chosen_model(option: Path | None, environment: Mapping[str, str] = os.environ) -> ModelChoice:
    """Return the model to use and why. Raises `BadModel` when `use` chose one that is gone."""
    if option is not None:
        return ModelChoice(find_model(str(option), environment), "--model")
    if named := environment.get(MODEL_VARIABLE):
        return ModelChoice(find_model(named, environment), MODEL_VARIABLE)
    choice = choice_file(environment)
    try:
        used = choice.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ModelChoice(BUNDLED_MODEL, BUNDLED)
    except (OSError, UnicodeDecodeError) as error:
        raise BadModel(Problem(str(choice), f"cannot be read: {error}", hint=_CHOOSE)) from error
    folder = find_model(used, environment)
    if not used or not folder.is_dir():
        what = f'chooses the model "{used}", which is not there (any more)'
        raise BadModel(Problem(str(choice), what, 1, hint=_CHOOSE))
    return ModelChoice(folder, "voicebot model use")


_CHOOSE = f"choose another one: voicebot model use NAME, or voicebot model use {BUNDLED}"


def find_model(named: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the model of this name or path, which may not exist.

    A name means an installed model unless a folder of that name lies in the current one.
    """
    if named == BUNDLED:
        return BUNDLED_MODEL
    installed = models_folder(environment) / named
    if is_model_name(named) and installed.is_dir() and not Path(named).is_dir():
        return installed
    return Path(named)


def is_model_name(text: str) -> bool:
    """Tell whether an installed model may be called so: no path, and the same everywhere."""
    return _MODEL_NAME.fullmatch(text) is not None and text != BUNDLED


def models_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of installed models; it may not exist yet."""
    return _data_folder(environment) / "models"


def store_address(option: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the store's path or URL, which may hold a password; nothing need be there yet."""
    named = option or environment.get(STORE_VARIABLE)
    return named or str(_data_folder(environment) / "voicebot.db")


def recordings_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where recordings of campaigns go; it may not exist yet."""
    return _data_folder(environment) / "recordings"


def _data_folder(environment: Mapping[str, str]) -> Path:
    named = environment.get(DATA_VARIABLE)
    return Path(named) if named else user_data_path("voicebot", appauthor=False)


def choice_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file in which `voicebot model use` writes a name or a path; it may not exist."""
    named = environment.get(CONFIG_VARIABLE)
    folder = Path(named) if named else user_config_path("voicebot", appauthor=False)
    return folder / "model"


def classifier_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of trained classifiers; it may not exist yet."""
    named = environment.get(CACHE_VARIABLE)
    cache = Path(named) if named else user_cache_path("voicebot", appauthor=False)
    return cache / "classifiers"


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of rendered prompts; it may not exist yet."""
    named = environment.get(CACHE_VARIABLE)
    return Path(named) if named else user_cache_path("voicebot", appauthor=False) / "prompts"


def scripts_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where kept versions of scripts are unpacked; it may not exist yet."""
    named = environment.get(CACHE_VARIABLE)
    cache = Path(named) if named else user_cache_path("voicebot", appauthor=False)
    return cache / "scripts"
