"""What the classifier sees of an utterance: characters, sounds, finals, groups of words.

    包裹还没到 -> 包, 包裹, 包_还, …, bao, bao guo, …, ao uo, …, parcel, parcel ¬, …

Sounds are there because a recogniser writes homophones, finals because they are what it still
hears in noise, groups (`parcel` for 包裹, 快递, 物流) because examples cannot hold every word. Two
that stand next to each other are a feature, and so are two with one between; a pair of groups
stands in the order in which they were said, with whatever lies between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from voicebot.dialogue.negation import has_negation
from voicebot.dialogue.pinyin import fuzzy, split
from voicebot.dialogue.wording import plain

NEGATION = "¬"


@dataclass(frozen=True)
class WordGroups:
    """Words that mean nearly the same, by the group's name."""

    words: Mapping[str, tuple[str, ...]]

    @cached_property
    def _by_text(self) -> dict[str, str]:
        return {plain(word): name for name, words in self.words.items() for word in words}

    @cached_property
    def _by_sound(self) -> dict[tuple[str, ...], str]:
        # One syllable alone has too many homophones.
        return {fuzzy(text): name for text, name in self._by_text.items() if len(text) > 1}

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._by_text), default=0)

    def find(self, text: str) -> list[str]:
        """Return the groups and negations in `text` in order, the longest words first."""
        sound = fuzzy(text)
        heard = self._by_sound if len(sound) == len(text) else {}
        found: list[str] = []
        at = 0
        while at < len(text):
            for length in range(min(self._longest, len(text) - at), 0, -1):
                name = self._by_text.get(text[at : at + length])
                name = name or heard.get(sound[at : at + length])
                if name is not None:
                    found.append(name)
                    at += length
                    break
            else:
                if has_negation(text[at]):
                    found.append(NEGATION)
                at += 1
        return found


def features(text: str, groups: WordGroups) -> tuple[str, ...]:
    """Return the features of `text`, which is in the form of `reading.core`, each once."""
    found: dict[str, None] = {}
    sounds = fuzzy(text)
    for kind, row in (("c", text), ("s", sounds), ("f", [split(sound)[1] for sound in sounds])):
        framed = ("^", *row, "$")
        if kind != "f":
            found.update((f"{kind} {each}", None) for each in row)
        found.update((f"{kind} {one} {two}", None) for one, two in pairwise(framed))
        ends = zip(framed, framed[2:], strict=False)
        found.update((f"{kind} {one} _ {two}", None) for one, two in ends)
        if kind == "f":
            # One final says little, three in a row say what a bigram of sounds does.
            threes = zip(framed, framed[1:], framed[2:], strict=False)
            found.update((f"f {' '.join(three)}", None) for three in threes)
    names = groups.find(text)
    for number, name in enumerate(names):
        found[f"g {name}"] = None
        for other in names[number + 1 :]:
            found[f"g {name} {other}"] = None
    if len(names) == 1:
        found[f"only {names[0]}"] = None
    return tuple(found)
