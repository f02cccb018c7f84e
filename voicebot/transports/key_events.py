"""Keys as RTP says them: telephone-event, RFC 4733."""

import struct
from collections.abc import Iterator

from voicebot.audio.frame import FRAME_MS
from voicebot.errors import LineFailed

KEYS = "0123456789*#ABCD"
"""By event number."""
CLOCK_RATE = 8000
"""Hz: the one of the audio around it, as the RFC wants."""
KEY_MS = 160
"""How long each key that we send is pressed."""
LAST_PACKETS = 3
"""The end of a key is sent so often, in case one is lost."""
_EVENT = struct.Struct("!BBH")
_END, _VOLUME = 0x80, 10
"""-10 dBm0, where a receiver makes a tone of it."""


def check_keys(keys: str) -> None:
    """Raise `LineFailed` unless each of them is one of `KEYS`."""
    unknown = next((key for key in keys if key not in KEYS), None)
    if unknown is not None:
        raise LineFailed(f"there is no key {unknown}; keys are {KEYS}")


def key_events(key: str) -> Iterator[bytes]:
    """Yield the payloads that press a key, one for each 20 ms from its beginning on.

    All of them carry the timestamp of the first one, which alone has the marker.
    """
    number, ticks = KEYS.index(key), CLOCK_RATE * FRAME_MS // 1000
    whole = KEY_MS // FRAME_MS * ticks
    for duration in range(ticks, whole, ticks):
        yield _EVENT.pack(number, _VOLUME, duration)
    for _ in range(LAST_PACKETS):
        yield _EVENT.pack(number, _END | _VOLUME, whole)
