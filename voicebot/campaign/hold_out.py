"""Who is never called, so that what the calls bring can be measured against them."""

import zlib


def is_held_out(campaign: str, phone: str, share: float) -> bool:
    """Tell whether a number belongs to the held-out share of a campaign, from 0 to 1.

    The same number always does in the same campaign, whichever file it comes with.
    """
    return zlib.crc32(f"{campaign}:{phone}".encode()) < share * (1 << 32)
