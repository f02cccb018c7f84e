"""Mandarin syllables, the phones they are cut into, and the output classes of the network.

A syllable is an initial (may be missing), a final and a tone 1-5 (5 is neutral). An initial
is written with the class of the final that follows it (`sh_u`), because lips and tongue are
already in place for the final while the initial sounds; the class is known inside the
syllable, so the decoding graph stays as simple as with plain initials.

An initial has one state, a tonal final two, silence one.
"""

from dataclasses import dataclass
from functools import cache

from pypinyin.contrib.tone_convert import to_finals, to_initials

SILENCE = "SIL"

# fmt: off
INITIALS = (
    "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "zh", "ch", "sh",
    "r", "z", "c", "s",
)
FINALS = (
    "a", "ai", "an", "ang", "ao", "e", "ei", "en", "eng", "er", "i", "ia", "ian", "iang",
    "iao", "ie", "in", "ing", "iong", "iou", "o", "ong", "ou", "u", "ua", "uai", "uan",
    "uang", "uei", "uen", "ueng", "uo", "v", "van", "ve", "vn", "ii", "iii",
)
# fmt: on
_APICAL_II = {"z", "c", "s"}
_APICAL_III = {"zh", "ch", "sh", "r"}

# The shortest time an initial is given by the aligner, in 10 ms frames.
MINIMUM_FRAMES = {
    initial: frames
    for frames, initials in (
        (2, ("b", "d", "g")),
        (4, ("zh", "z", "j", "m", "n", "l", "r")),
        (5, ("p", "t", "k")),
        (6, ("f", "h")),
        (8, ("s", "sh", "x", "c", "ch", "q")),
    )
    for initial in initials
}


@dataclass(frozen=True, slots=True)
class Syllable:
    """One toned syllable, cut as the network sees it."""

    initial: str
    final: str
    tone: int

    @property
    def phones(self) -> tuple[str, ...]:
        """Names of its one or two phones."""
        final = f"{self.final}{self.tone}"
        if not self.initial:
            return (final,)
        return (f"{self.initial}_{final_class(self.final)}", final)


def final_class(final: str) -> str:
    """Which mouth shape a final begins with: `a` (open), `i`, `u`, `v` or `z` (apical)."""
    if final in {"ii", "iii"}:
        return "z"
    if final.startswith(("v", "iong")):
        return "v"
    if final.startswith("i"):
        return "i"
    if final.startswith(("u", "o")) and final != "ou":
        return "u"
    return "a"


@cache
def parse(pinyin: str) -> Syllable:
    """Cut toned pinyin such as `zhuang4` or `lü3`.

    Raises:
        ValueError: not a syllable of standard Mandarin.
    """
    text = pinyin.lower().replace("u:", "v").replace("ü", "v")
    if not text or text[-1] not in "12345":
        raise ValueError(f"{pinyin!r}: no tone digit")
    letters, tone = text[:-1], int(text[-1])
    if letters in {"ng", "n", "m", "hm", "hng"}:
        return Syllable("", "en", tone)
    initial = to_initials(letters)
    final = to_finals(letters, v_to_u=False)
    if final == "i" and initial in _APICAL_II:
        final = "ii"
    elif final == "i" and initial in _APICAL_III:
        final = "iii"
    elif final == "ê":
        final = "ei"
    if final not in FINALS or (initial and initial not in INITIALS):
        raise ValueError(f"{pinyin!r}: not a Mandarin syllable")
    return Syllable(initial, final, tone)


def toneless(pinyin: str) -> str:
    """The syllable without its tone digit."""
    return pinyin.rstrip("012345")


@dataclass(frozen=True, slots=True)
class PhoneSet:
    """The phones in use and the network outputs (states) they own, silence first."""

    phones: tuple[str, ...]

    @classmethod
    def covering(cls, pinyin: set[str]) -> "PhoneSet":
        """The phones that these syllables need, in a fixed order."""
        names = {phone for text in pinyin for phone in parse(text).phones}
        initials = sorted(n for n in names if "_" in n)
        finals = sorted(n for n in names if "_" not in n)
        return cls((SILENCE, *initials, *finals))

    @property
    def state_count(self) -> int:
        """Outputs of the network."""
        return sum(states_of(p) for p in self.phones)

    def first_states(self) -> dict[str, int]:
        """Phone name -> number of its first output."""
        table: dict[str, int] = {}
        position = 0
        for phone in self.phones:
            table[phone] = position
            position += states_of(phone)
        return table


def states_of(phone: str) -> int:
    """How many states in sequence a phone has."""
    return 1 if phone == SILENCE or "_" in phone else 2
