"""Where things are: the model, the caches, the sample campaign.

An option of the command line comes before an environment variable, which comes before what is
bundled.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path

MODEL_VARIABLE = "VOICEBOT_MODEL"
"""A folder with a Vosk model."""

CACHE_VARIABLE = "VOICEBOT_CACHE"
"""A folder for rendered prompts; the user's cache folder when unset."""

BUNDLED_MODEL = Path(__file__).parent / "models" / "cn"
DEMO_CAMPAIGN = Path(__file__).parent.parent / "campaigns" / "repurchase"

LINE_RATE = 8000
"""Hz: the telephone's, and what every command uses unless the line is wider."""


def model_folder(option: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the model to use."""
    if option is not None:
        return option
    named = environment.get(MODEL_VARIABLE)
    return Path(named) if named else BUNDLED_MODEL


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of rendered prompts; it may not exist yet."""
    named = environment.get(CACHE_VARIABLE)
    return Path(named) if named else user_cache_path("voicebot", appauthor=False) / "prompts"
