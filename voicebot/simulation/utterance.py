"""What a caller says in one breath: words, and the places where they stop to think.

Written `嗯<900>我想想<600>还可以吧`: the numbers are milliseconds of silence.
"""

import re
from dataclasses import dataclass

MAX_PAUSE_MS = 5000
"""Longer is not a pause within an utterance: the robot asks whether anybody is there."""

_PAUSE = re.compile(r"<(\d+)>")
_MARK = re.compile("[<>]")


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence within an utterance."""

    ms: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words and pauses; begins and ends with words."""

    parts: tuple[str | Pause, ...]

    @property
    def text(self) -> str:
        """Return the words alone."""
        return "".join(part for part in self.parts if isinstance(part, str))


def parse(written: str) -> Utterance:
    """Read the written form. Raises `ValueError`, whose text says what is wrong with it."""
    # Splitting by a pattern with one group gives words and milliseconds in turn.
    pieces = _PAUSE.split(written)
    words = [piece.strip() for piece in pieces[::2]]
    pauses = [int(piece) for piece in pieces[1::2]]
    if not all(words):
        raise ValueError("words must stand before and after each pause")
    if any(_MARK.search(word) for word in words):
        raise ValueError("a pause is written <900>, in milliseconds")
    if any(not 0 < pause <= MAX_PAUSE_MS for pause in pauses):
        raise ValueError(f"a pause is 1 to {MAX_PAUSE_MS} ms long")
    parts: list[str | Pause] = [words[0]]
    for pause, word in zip(pauses, words[1:], strict=True):
        parts += [Pause(pause), word]
    return Utterance(tuple(parts))
