"""Which version of a script does a contact hear? The same one each time it is called."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a campaign's script that may be spoken."""

    id: int
    number: int
    share: float
    """Of the contacts, 0 to 1; what is left of 1 goes to the newest version without a share."""
    canary: bool = False


def choose(versions: Sequence[Version], campaign: str, phone: str) -> Version:
    """Choose by a hash of the number: neither order nor other contacts change the choice.

    Raises `ValueError` when there is no version.
    """
    if not versions:
        raise ValueError("no version of the script is live")
    ordered = sorted(versions, key=lambda version: version.number)
    point = _point(campaign, phone)
    shared = [version for version in ordered if version.share > 0]
    rest = [version for version in ordered if version.share == 0 and not version.canary]
    scale = 1.0
    if not rest:
        # Nobody takes what is left over, so the shares are taken of what they add up to.
        scale = sum(version.share for version in shared) or 1.0
    reached = 0.0
    for version in shared:
        reached += version.share / scale
        if point < reached:
            return version
    return (rest or shared or ordered)[-1]


def _point(campaign: str, phone: str) -> float:
    """Return a number from 0 to 1 that is the same for a contact on every machine."""
    digest = hashlib.sha256(f"{campaign}\0{phone}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
