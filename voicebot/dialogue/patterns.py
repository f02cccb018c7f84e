"""Templates of sentences: `(别|不要) * (打|来电)`, matched on text and on sound.

    (a|b)   one of these          [a|b]   one of these, or none
    *       up to six characters  spaces  mean nothing

What a grammar would need thousands of sentences for, a template says in a line; unlike a
classifier it never misses what it describes, so it guards the intents that must not be missed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from voicebot.dialogue.pinyin import fuzzy

GAP = 6
"""Characters that `*` stands for at most."""

_TOKEN = re.compile(r"[()\[\]|*]|[^()\[\]|*\s]+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One template, ready to be searched for."""

    text: re.Pattern[str]
    sound: re.Pattern[str]

    def search(self, words: str) -> tuple[int, int] | None:
        """Return where the template stands in `words`."""
        found = self.text.search(words)
        return found.span() if found else None

    def search_sound(self, words: str) -> tuple[int, int] | None:
        """Return where something stands that sounds like the template."""
        found = self.sound.search(spelled(words))
        if found is None:
            return None
        before = found.string[: found.start()].count(" ")
        return before, before + found[0].count(" ")


@lru_cache(maxsize=4096)
def spelled(words: str) -> str:
    """Return each character with its fuzzy syllable: 电话 -> "dian电 hua话 "."""
    sounds = fuzzy(words)
    if len(sounds) != len(words):  # what has no sound stands for itself
        sounds = tuple("".join(fuzzy(character)) for character in words)
    return "".join(f"{sound}{each} " for sound, each in zip(sounds, words, strict=True))


@lru_cache(maxsize=2048)
def compiled(written: str) -> Pattern:
    """Return the template. Raises `ValueError`, whose text says what is wrong with it."""
    tokens = _TOKEN.findall(written)
    text = _expression(tokens, re.escape, ".")
    sound = _expression(tokens, _sounding, "[^ ]+ ")
    if not re.sub(r"[()\[\]|*\s]", "", re.sub(r"\[[^\]]*\]", "", written)):
        raise ValueError("has no word that must be there")
    # A syllable must not be found in the middle of another: an in tian.
    return Pattern(re.compile(text), re.compile(f"(?:^|(?<= )){sound}"))


def _sounding(word: str) -> str:
    """Return an expression for a word's sound; one character alone must be that character."""
    sounds = fuzzy(word)
    if len(word) == 1 or len(sounds) != len(word):
        return re.escape(spelled(word))
    return "".join(f"{re.escape(sound)}[^ a-z0-9] " for sound in sounds)


def _expression(tokens: list[str], word: Callable[[str], str], anything: str) -> str:
    parts: list[str] = []
    open_brackets: list[str] = []
    for token in tokens:
        if token in ("(", "["):
            open_brackets.append(token)
            parts.append("(?:")
        elif token in (")", "]"):
            if not open_brackets or open_brackets.pop() + token not in ("()", "[]"):
                raise ValueError(f'has a "{token}" that closes nothing')
            parts.append(")" if token == ")" else ")?")
        elif token == "|":
            if not open_brackets:
                raise ValueError('has a "|" outside brackets')
            parts.append("|")
        elif token == "*":
            parts.append(f"(?:{anything}){{0,{GAP}}}?")
        else:
            parts.append(f"(?:{word(token)})")
    if open_brackets:
        raise ValueError(f'has a "{open_brackets[-1]}" that is never closed')
    return "".join(parts)
