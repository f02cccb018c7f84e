"""The intents that every script can use without defining them."""

from collections.abc import Mapping

from voicebot.dialogue.script import Intent


def shared_intents() -> Mapping[str, Intent]:
    """Return them by name."""
    return {}
