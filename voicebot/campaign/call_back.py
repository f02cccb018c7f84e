"""Somebody who called wants to be called back."""

from collections.abc import Mapping
from dataclasses import dataclass

SOON = "soon"
"""The wish of who presses a key instead of waiting."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who, when and why."""

    campaign: str
    """Of the store: it calls them."""
    caller: str
    """As the line named them."""
    wish: str
    """When; see `voicebot.campaign.retry.callback_at`."""
    told: Mapping[str, str]
    """What they said, for the script that calls them."""
