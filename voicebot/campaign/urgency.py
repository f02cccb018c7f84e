"""Who of several waiting callers comes first, and why.

Urgency is a small number that is worth minutes of waiting, not a class of its own: an urgent caller
goes before those who came a little earlier, and nobody waits for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.call.record import CallRecord
from voicebot.dialogue.emotion import Mood

WORTH_S = 120.0
"""Seconds of waiting that one step of urgency stands for."""
MOST = 3
FIELD = "urgency"
"""The outcome field in which a script may say it itself: normal, urgent."""
TRIED_AGAIN_S = 1800.0
"""Who gave up waiting so short a time ago has waited before."""
ANNOYED_TURNS = 2
"""Answers in an annoyed mood that count."""


@dataclass(frozen=True, slots=True)
class Urgency:
    """How many steps a caller goes ahead, and why, for the log."""

    steps: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def ahead_s(self) -> float:
        """How much earlier they count as having come."""
        return self.steps * WORTH_S


def urgency(
    known: Mapping[str, str] = {},
    record: CallRecord | None = None,
    *,
    gave_up_s_ago: float | None = None,
) -> Urgency:
    """Judge a caller by what the shop knows of them, by what they said to the robot, and by when
    they gave up waiting before."""
    reasons = []
    if known.get("order_no"):
        reasons.append("is a customer")
    if gave_up_s_ago is not None and gave_up_s_ago <= TRIED_AGAIN_S:
        reasons.append("gave up waiting before")
    if record is not None:
        annoyed = sum(turn.emotion == Mood.NEGATIVE for turn in record.turns)
        if annoyed >= ANNOYED_TURNS:
            reasons.append(f"was annoyed in {annoyed} answers")
        if record.outcome.get(FIELD) == "urgent":
            # The script knows best.
            return Urgency(MOST, (*reasons, "the script calls it urgent"))
    return Urgency(min(len(reasons), MOST), tuple(reasons))
