"""How a recogniser mishears, learned from pairs of what was said and what it wrote."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher
from zlib import crc32

from voicebot.dialogue.pinyin import syllables
from voicebot.dialogue.wording import plain

SHARE = 0.2
"""Of the characters of a variant that are misheard: the bundled model at 10 dB of noise."""

VARIANTS = 1
"""Made of each sentence; two made training slower and nothing better."""


class Mishearings:
    """What each syllable was heard as, and how often."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for said, heard in pairs:
            for syllable, wrong in _differences(plain(said), plain(heard)):
                found[syllable][wrong] += 1
        self._heard = {
            syllable: tuple(sorted(counts.elements())) for syllable, counts in found.items()
        }

    def variants(self, text: str) -> tuple[str, ...]:
        """Return the text as it might be heard; the same for the same text."""
        if not self._heard:
            return ()
        return tuple(self._variant(text, number) for number in range(VARIANTS))

    def _variant(self, text: str, number: int) -> str:
        sounds = syllables(text)
        if len(sounds) != len(text):
            return text
        said: list[str] = []
        for place, (character, sound) in enumerate(zip(text, sounds, strict=True)):
            heard = self._heard.get(sound)
            dice = crc32(f"{number} {place} {text}".encode())
            # Two independent numbers of one hash: whether, and as what.
            if heard and dice % 1000 < SHARE * 1000:
                said.append(heard[dice // 1000 % len(heard)])
            else:
                said.append(character)
        return "".join(said)


def _differences(said: str, heard: str) -> Iterable[tuple[str, str]]:
    """Yield each syllable that was heard as another character, or as none."""
    sounds = syllables(said)
    if len(sounds) != len(said):
        return
    for kind, start, end, begin, stop in SequenceMatcher(None, said, heard, False).get_opcodes():
        if kind == "replace" and end - start == stop - begin:
            yield from zip(sounds[start:end], heard[begin:stop], strict=True)
        elif kind == "delete":
            yield from ((sound, "") for sound in sounds[start:end])
