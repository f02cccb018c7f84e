"""What the network's announcements mean: a grammar of their words, and finding them by sound.

The grammar is `announcements.jsgf` beside this module; it tells its own form.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from voicebot.campaign.outcome import Disposition
from voicebot.dialogue import grammar
from voicebot.dialogue.pinyin import fuzzy
from voicebot.errors import BadScript, Problem
from voicebot.speech.recogniser import UNKNOWN

FILE = Path(__file__).with_name("announcements.jsgf")

FRAME = "frame"
_SAYS = ".says"

Syllables = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """An announcement that was understood."""

    disposition: Disposition
    words: str
    """Of the grammar, that decided it."""


@dataclass(frozen=True, slots=True)
class Announcements:
    """A grammar of announcements, ready to listen for and to look things up in."""

    sentences: tuple[str, ...]
    """What the recogniser listens for."""
    says: tuple[tuple[Disposition, str, Syllables, bool], ...]
    """Deciding words in order of weight, longer ones first within a disposition; their sound, and
    whether they decide without the frame."""
    frame: tuple[Syllables, ...]

    def find(self, text: str, only: Disposition | None = None) -> Said | None:
        """Return what `text` announces, the weightiest, or `only` this; `[unk]` in it stands for
        words that nobody knows."""
        heard = tuple(_pieces(text))
        framed = self.begins(text)
        for disposition, words, sound, alone in self.says:
            if (
                only in (None, disposition)
                and (alone or framed)
                and any(_within(sound, piece) for piece in heard)
            ):
                return Said(disposition, words)
        return None

    def begins(self, text: str) -> bool:
        """Tell whether `text` has the words that stand around every announcement."""
        heard = tuple(_pieces(text))
        return any(_within(sound, piece) for sound in self.frame for piece in heard)


@cache
def load(path: Path = FILE) -> Announcements:
    """Read a grammar of announcements. Raises `BadScript`."""
    rules = grammar.read(path)
    public = [name for name in rules.rules if f"{name}{_SAYS}" in rules.rules and name != FRAME]
    unknown = [name for name in public if name not in list(Disposition)]
    if unknown or f"{FRAME}{_SAYS}" not in rules.rules:
        name = unknown[0] if unknown else f"{FRAME}{_SAYS}"
        what = "is no disposition" if unknown else "is missing"
        hint = f"rules are named by disposition: {', '.join(Disposition)}"
        raise BadScript(Problem(str(path), what, path=f"<{name}>", hint=hint))
    sentences: dict[str, None] = {}
    says = []
    for name in public:
        whole = rules.expand(name)
        sentences.update(dict.fromkeys(whole))
        for words in sorted(rules.expand(f"{name}{_SAYS}"), key=len, reverse=True):
            alone = any(each.startswith(words) for each in whole)
            says.append((Disposition(name), words, fuzzy(words), alone))
    sentences.update(dict.fromkeys(rules.expand(FRAME)))
    frame = tuple(fuzzy(each) for each in rules.expand(f"{FRAME}{_SAYS}"))
    return Announcements(tuple(sentences), tuple(says), frame)


def _pieces(text: str) -> Iterator[Syllables]:
    for piece in text.split(UNKNOWN):
        if piece:
            yield fuzzy(piece)


def _within(part: Syllables, whole: Syllables) -> bool:
    return any(
        whole[start : start + len(part)] == part for start in range(len(whole) - len(part) + 1)
    )
