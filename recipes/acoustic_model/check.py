"""Stage `check`: the finished folder loads in the real vosk and hears better than chance."""

import logging

from recipes.acoustic_model import test_sets
from recipes.acoustic_model.config import Config
from recipes.acoustic_model.hearing import Ear, size_on_disk

LOG = logging.getLogger(__name__)
VOICES = ("f2", "m3")
LARGEST_BYTES = 5_000_000
# Thirty phrases: a model that guesses gets one in thirty.
LEAST_RIGHT = 0.2


def run(config: Config) -> None:
    """Raises `SystemExit` when the model is not a model."""
    size = size_on_disk(config.model)
    if size > LARGEST_BYTES:
        raise SystemExit(f"{config.model.name}: {size} bytes, more than {LARGEST_BYTES}")
    ear = Ear(config.model)
    grammar = [ear.segment(p) for p in test_sets.PHRASES]
    items = test_sets.phrases(test_sets.test_build(), VOICES, test_sets.PHRASES)
    right = sum(
        ear.listen(test_sets.in_condition(item.wave, "clean", i), grammar) == item.text
        for i, item in enumerate(items)
    )
    share = right / len(items)
    LOG.info("%d of %d phrases right, %.1f MB", right, len(items), size / 1e6)
    if share < LEAST_RIGHT:
        raise SystemExit(f"{share:.0%} of the phrases right: no better than chance")
