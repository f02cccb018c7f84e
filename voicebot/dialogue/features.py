"""What a classifier sees of an utterance: characters, sounds, and groups of words.

    包裹还没到 -> 包, 包裹, 包_还, 包…到, …, bao, bao guo, …, parcel, ¬arrive, parcel ¬arrive, …

Sounds are there because a recogniser writes homophones, groups (`parcel` for 包裹, 快递, 物流)
because no examples hold every word. Two that stand next to each other are a feature, and so are
two with one between. Of characters it is told too which one comes after which, however far: 不是…
要 and 要…不是 are other meanings. Of groups it is told which follow each other at some distance,
and which are denied. `goods.food` is `goods` too: what is said about rice is said about shoes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.negation import has_negation
from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.wording import plain

NEGATION = "¬"
DENIED_WITHIN = 2
"""Characters or words between a negation and the group that it denies, at most."""
FAR = 20
"""Characters after one that are paired with it, however many stand between."""
REACH = 3
"""Groups after one that are paired with it."""
SHORTEST_BY_SOUND = 3
"""Syllables: shorter words have too many homophones among some thousand."""


@dataclass(frozen=True)
class WordGroups:
    """Words that mean nearly the same, by the group's name; a word may be in several."""

    words: Mapping[str, tuple[str, ...]]

    @cached_property
    def _by_text(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for name, words in self.words.items():
            for word in dict.fromkeys(map(plain, words)):
                found.setdefault(word, []).append(name)
        return {word: tuple(names) for word, names in found.items()}

    @cached_property
    def _by_sound(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        return {
            fuzzy(text): names
            for text, names in self._by_text.items()
            if len(text) >= SHORTEST_BY_SOUND
        }

    @cached_property
    def _longest(self) -> dict[str, int]:
        """The length of the longest word, by its first character."""
        longest: dict[str, int] = {}
        for word in self._by_text:
            longest[word[0]] = max(longest.get(word[0], 0), len(word))
        return longest

    @cached_property
    def _longest_sound(self) -> int:
        return max(map(len, self._by_sound), default=0)

    def find(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        """Return `text` in words that are in groups, the longest first, and single characters."""
        sounds = fuzzy(text)
        heard = len(sounds) == len(text)
        found: list[tuple[str, tuple[str, ...]]] = []
        at = 0
        while at < len(text):
            left = len(text) - at
            names: tuple[str, ...] = ()
            length = 1
            for length in range(min(self._longest.get(text[at], 0), left), 0, -1):
                names = self._by_text.get(text[at : at + length], ())
                if names:
                    break
            if heard and length < SHORTEST_BY_SOUND:
                for longer in range(min(self._longest_sound, left), SHORTEST_BY_SOUND - 1, -1):
                    by_sound = self._by_sound.get(sounds[at : at + longer])
                    if by_sound:
                        names, length = by_sound, longer
                        break
            found.append((text[at : at + length], names))
            at += length
        return found


def features(text: str, groups: WordGroups) -> tuple[str, ...]:
    """Return the features of `text`, which is in the form of `reading.core`, each once."""
    found: dict[str, None] = {}
    for kind, row in (("c", tuple(text)), ("s", fuzzy(text))):
        framed = ("^", *row, "$")
        found.update((f"{kind} {each}", None) for each in row)
        found.update((f"{kind} {one} {two}", None) for one, two in pairwise(framed))
        ends = zip(framed, framed[2:], strict=False)
        found.update((f"{kind} {one} _ {two}", None) for one, two in ends)
    for number, one in enumerate(text):
        found.update((f"o {one} {two}", None) for two in text[number + 2 : number + 1 + FAR])
    found.update(dict.fromkeys(_of_groups(groups.find(text))))
    return tuple(found)


def _of_groups(words: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    row = ["^"]
    chain: list[str] = []
    since_negation = DENIED_WITHIN + 1
    for word, names in words:
        since_negation += 1
        if not names:
            row.append(word)
            if has_negation(word):
                since_negation = 0
            continue
        denied = NEGATION if since_negation <= DENIED_WITHIN else ""
        for name in names:
            yield f"g {name}"
            yield f"g {denied}{name} {denied or '+'}"
            if "." in name:
                yield f"g {_family(name)}"
        row.append(f"<{_family(names[0])}>")
        chain.append(denied + (_family(names[0]) if _is_thing(names[0]) else names[0]))
        if names[0] == "no":
            since_negation = 0
    row.append("$")
    for one, two in pairwise(row):
        yield f"w {one} {two}"
    for number, one in enumerate(chain):
        for two in chain[number + 1 : number + 1 + REACH]:
            yield f"p {one} {two}"


def _family(name: str) -> str:
    return name.partition(".")[0]


def _is_thing(name: str) -> bool:
    """Tell whether it matters little which one it is: rice or shoes, mother or uncle."""
    return _family(name) in ("goods", "people", "world")


def numbered(found: Iterable[str]) -> NDArray[np.uint32]:
    """Return a number for each feature: 32 bits of a checksum, so that no text need be kept."""
    return np.array([crc32(each.encode()) for each in found], np.uint32)
