"""Who of a campaign is called next: a condition on a contact and the last attempt to reach it.

    intention in (A, B) and not bought
    disposition = NO_ANSWER or (end_reason = caller_hung_up and talk_s < 10)
    outcome.satisfied = 是 and ended_at >= 2026-11-01

Fields, in the language of `voicebot.campaign.condition`:

    intention disposition end_reason version   words
    attempts talk_s turns                      numbers
    ended_at                                   a date, a day in the campaign's zone
    name, variable.NAME, outcome.NAME          text: of the contact, of its row, of the script
    bought opted_out reached                   true or not; a person answered: reached
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from voicebot.campaign.condition import Condition, Vocabulary, fields_of, holds
from voicebot.campaign.condition import parse as parse_condition
from voicebot.campaign.outcome import Disposition, Intention
from voicebot.dialogue.script import EndReason

FIELDS = Vocabulary(
    words={
        "intention": frozenset(Intention),
        "disposition": frozenset(Disposition),
        "end_reason": frozenset(EndReason),
        "version": None,
    },
    numbers=("attempts", "talk_s", "turns"),
    dates=("ended_at",),
    texts=("name",),
    flags=("bought", "opted_out", "reached"),
    open={"variable": "variables", "outcome": "outcome"},
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One contact and the last attempt to reach it, as a segment sees them."""

    name: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 0
    """0: never dialled; then all that follows is empty."""
    disposition: str = ""
    intention: str = ""
    end_reason: str = ""
    version: str = ""
    """The script's label."""
    talk_s: float = 0.0
    turns: int = 0
    ended_at: datetime | None = None
    outcome: Mapping[str, str] = field(default_factory=dict)
    bought: bool = False
    """An order came in after the attempt."""
    opted_out: bool = False

    @property
    def reached(self) -> bool:
        """Whether a person answered."""
        return self.disposition == Disposition.ANSWERED_HUMAN


@dataclass(frozen=True, slots=True)
class Segment:
    """A condition that was read."""

    text: str
    condition: Condition

    def matches(self, candidate: Candidate, zone: tzinfo) -> bool:
        """Tell whether a contact belongs to the segment; dates are days in `zone`."""
        return holds(self.condition, FIELDS, candidate, zone)

    @property
    def fields(self) -> frozenset[str]:
        """Return the fields that it looks at."""
        return frozenset(fields_of(self.condition))


def parse(text: str) -> Segment:
    """Read a segment. Raises `BadSegment`, which says where it stops making sense."""
    return Segment(text, parse_condition(text, FIELDS))
