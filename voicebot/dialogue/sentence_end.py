"""Could a sentence end here? A guess from its last words, for answers that no grammar expects.

我等了 waits for how long, 味道有点 for how it tastes, while 味道有点淡 is whole. What tells them
apart is in the last few characters, so the guess is a logistic regression over them: as written
and, since recognisers take one homophone for another, as they sound. It was trained by
`recipes.sentence_end` on sentences of the grammar that the bundled acoustic model's language
comes from, and on their beginnings.
"""

from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from zlib import crc32

from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.wording import plain

BUCKETS = 1 << 16
"""Weights, one byte each; a feature has the one that its checksum gives it."""
SCALE = 1 / 16
"""Of a weight: -8 to 8."""
WRITTEN, SOUNDED = 3, 2
"""The longest ending that is looked at, in characters and in syllables."""
NEARBY, AROUND = 6, 10
"""Characters at the end of which it also counts that they are there at all: 太, 把, 没; and
together with which last one: 等 … 到."""
LENGTHS = (1, 2, 3, 4, 5, 6, 8, 10)
"""Beginnings are short: the length counts too, in steps."""

WEIGHTS = "sentence_end.bin"


def features(text: str) -> Iterator[int]:
    """Yield the places of the weights that speak about the end of `text`."""
    words = plain(text)
    length = sum(len(words) >= step for step in LENGTHS)
    yield _place(f"length {length}")
    last = words[-1:]
    yield _place(f"last {last} {length}")
    sounds = fuzzy(words[-SOUNDED:])
    for size in range(1, min(WRITTEN, len(words)) + 1):
        yield _place(f"written {words[-size:]}")
    for size in range(1, min(SOUNDED, len(sounds)) + 1):
        yield _place(f"sounded {' '.join(sounds[-size:])}")
    for character in sorted(set(words[-NEARBY:-1])):
        yield _place(f"nearby {character}")
    for character in sorted(set(words[-AROUND:-1])):
        yield _place(f"around {character}")
        yield _place(f"around {character} {last}")


def ends(text: str) -> float:
    """Return the log-odds that `text` is whole, where half of all texts are."""
    weights = _weights()
    return sum(weights[place] for place in features(text)) * SCALE


@lru_cache(maxsize=1)
def _weights() -> memoryview:
    data = resources.files(__package__).joinpath(WEIGHTS).read_bytes()
    return memoryview(data).cast("b")


def _place(feature: str) -> int:
    return crc32(feature.encode()) % BUCKETS
