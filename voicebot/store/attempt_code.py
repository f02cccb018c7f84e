"""What makes attempts alike, as one number: for a pass over a million of them.

The driver makes an object of each value it reads, and a dictionary looks at each of them again; one
number instead of seven values halves the time of the pass.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, case, cast, func, literal

from voicebot.campaign.outcome import Disposition, Intention
from voicebot.dialogue.script import EndReason
from voicebot.store.tables import attempt

_WORDS = 256


class _Words:
    """A closed set of words, each told by where it stands in a line of all."""

    def __init__(self, words: Iterable[str]) -> None:
        self.line = ",".join(("", *words))
        self.by_place = {self.line.index(f",{each}") + 2: str(each) for each in words}
        assert len(self.line) < _WORDS, "a place takes one byte"
        # A word within another one would be found there.
        assert all(self.line.index(each) + 1 == place for place, each in self.by_place.items())

    def place(self, connection: Connection, column: Any) -> Any:
        """Return SQL of the place, 0 for NULL."""
        postgresql = connection.dialect.name == "postgresql"
        found = (func.strpos if postgresql else func.instr)(literal(self.line), column)
        return func.coalesce(found, 0)


_DISPOSITIONS = _Words(tuple(Disposition))
_ENDS = _Words(tuple(EndReason))
_INTENTIONS = _Words(tuple(Intention))


@dataclass(frozen=True, slots=True)
class Alike:
    """What attempts of one code have in common."""

    number: int
    disposition: str
    end_reason: str
    intention: str
    replied: bool


def code(connection: Connection) -> Any:
    """Return SQL of an attempt's code."""
    told: Any = cast(attempt.c.number, BigInteger)
    for words, column in (
        (_DISPOSITIONS, attempt.c.disposition),
        (_ENDS, attempt.c.end_reason),
        (_INTENTIONS, attempt.c.intention),
    ):
        told = told * literal(_WORDS, BigInteger) + words.place(connection, column)
    return told * literal(2, BigInteger) + case((attempt.c.replies > 0, 1), else_=0)


def decoded(told: int) -> Alike:
    """Return what a code tells."""
    told, replied = divmod(told, 2)
    told, intention = divmod(told, _WORDS)
    told, end = divmod(told, _WORDS)
    number, disposition = divmod(told, _WORDS)
    return Alike(
        number,
        _DISPOSITIONS.by_place[disposition],
        _ENDS.by_place.get(end, ""),
        _INTENTIONS.by_place.get(intention, ""),
        bool(replied),
    )
