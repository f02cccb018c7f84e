"""Where things are kept."""

from pathlib import Path

from voicebot import config


def test_what_may_be_made_again_stays_inside_the_cache_folder() -> None:
    named = {"VOICEBOT_CACHE": "/var/cache/voicebot"}

    for folder in (config.cache_folder, config.classifier_folder, config.scripts_folder):
        assert folder(named).is_relative_to(Path("/var/cache/voicebot"))
