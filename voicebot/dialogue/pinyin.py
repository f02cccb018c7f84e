"""How Chinese sounds: toneless syllables, and the same with common mishearings folded together.

A recogniser's mistakes in Chinese are mostly homophones (货 heard as 或), and speakers of many
regions do not tell zh from z or an from ang; so phrases are compared by sound as well as by text.
"""

from functools import lru_cache

from pypinyin import Style
from pypinyin.core import Pinyin

CACHED_TEXTS = 8192
"""Texts kept, oldest dropped first: a script's phrases are some hundreds, what callers say is
short and repeats; about 4 MB when full."""

CACHED_WORDS = 32768
"""Words kept: sentences are new, their words seldom, and reading one takes most of the time."""

_HUMMED = ("zh", "ch", "sh", "z", "c", "s", "r")
"""Initials after which i is another vowel: 是 does not rhyme with 你."""
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_NASAL_FINALS = ("ang", "eng", "ing")
_PINYIN = Pinyin()


@lru_cache(maxsize=CACHED_TEXTS)
def syllables(text: str) -> tuple[str, ...]:
    """Return the toneless pinyin of `text`, one syllable a character: 买咖啡 -> mai ka fei.

    Latin letters and digits stand for themselves, one each; punctuation and spaces are dropped.
    """
    return tuple(syllable for word in _PINYIN.seg(text) for syllable in _of_word(word))


@lru_cache(maxsize=CACHED_WORDS)
def _of_word(word: str) -> tuple[str, ...]:
    parts = _PINYIN.lazy_pinyin(word, style=Style.NORMAL, errors=_keep_alphanumerics)
    return tuple(syllable for part in parts for syllable in part.split())


@lru_cache(maxsize=CACHED_TEXTS)
def fuzzy(text: str) -> tuple[str, ...]:
    """Return `syllables` with zh/z, ch/c, sh/s, n/l, an/ang, en/eng and in/ing made equal."""
    return tuple(fold(syllable) for syllable in syllables(text))


def fold(syllable: str) -> str:
    """Return one toneless syllable with its confusable parts replaced."""
    for initial, replacement in _INITIALS:
        if syllable.startswith(initial) and len(syllable) > len(initial):
            syllable = replacement + syllable[len(initial) :]
            break
    return syllable[:-1] if syllable.endswith(_NASAL_FINALS) else syllable


def split(syllable: str) -> tuple[str, str]:
    """Return initial and final of a toneless syllable; y and w count as initials."""
    start = 2 if syllable[1:2] == "h" and syllable[0] in "zcs" else 1
    if syllable[0] in "aeo" or len(syllable) == 1:
        return "", syllable
    initial, final = syllable[:start], syllable[start:]
    if initial in ("j", "q", "x", "y") and final.startswith("u"):
        final = "v" + final[1:]  # written u, said ü
    return initial, final


def rhyme(character: str) -> str:
    """Return what is heard of a syllable when its initial is not; y and w are part of it."""
    found = syllables(character)
    if len(found) != 1:
        return ""
    initial, final = split(found[0])
    if final == "i" and initial in _HUMMED:
        return "z"
    if initial in ("y", "w"):
        glide = {"y": "i", "w": "u"}[initial]
        final = final if final[:1] in (glide, "v") else glide + final
    return fold(final)


def _keep_alphanumerics(text: str) -> str:
    return " ".join(character.lower() for character in text if character.isalnum())
