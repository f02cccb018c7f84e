"""What is kept of a finished call besides its whole record: grade, next action, path."""

from dataclasses import dataclass

from voicebot.call.record import CallRecord
from voicebot.campaign import grade
from voicebot.campaign.grade import Grade, Rule
from voicebot.campaign.outcome import Disposition
from voicebot.dialogue.script import EndReason

REACHED, NO_MATCH, NO_INPUT, HUNG_UP = "reached", "no_match", "no_input", "hung_up"
EVENTS = (REACHED, NO_MATCH, NO_INPUT, HUNG_UP)
"""What may happen in a state of the script; see `states`."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One call in a few columns."""

    grade: Grade
    replies: int | None
    """Turns in which the caller said something; None without a conversation."""
    states: list[str] | None
    """`offer reached`, `offer no_match` ..., each once, in the order of the call."""


def summary(
    disposition: Disposition, record: CallRecord | None, rules: tuple[Rule, ...]
) -> Summary:
    """Sum a call up; `record` is None when there was no conversation."""
    return Summary(
        grade.grade(grade.talk(disposition, record), rules),
        None if record is None else sum(bool(turn.text) for turn in record.turns),
        None if record is None else states(record),
    )


def states(record: CallRecord) -> list[str]:
    """Return what happened in each state, once however often it happened in this call.

    A call counts once in a report's `reached` and once in its `no_match`, so that the shares are
    of calls. The caller hung up in the last turn's state.
    """
    found: dict[str, None] = {}
    for turn in record.turns:
        found[f"{turn.state} {REACHED}"] = None
        event = turn.action.partition(" ")[0]
        if event in (NO_MATCH, NO_INPUT):
            found[f"{turn.state} {event}"] = None
    if record.turns and record.end_reason is EndReason.CALLER_HUNG_UP:
        found[f"{record.turns[-1].state} {HUNG_UP}"] = None
    return list(found)
