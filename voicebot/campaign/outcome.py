"""What became of one attempt to call somebody."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from voicebot.call.events import Ms
from voicebot.call.record import CallRecord
from voicebot.campaign.contacts import Contact
from voicebot.dialogue.script import Counts, EndReason


class Disposition(StrEnum):
    """How an attempt ended on the line; see docs/call_progress.md."""

    ANSWERED_HUMAN = "ANSWERED_HUMAN"
    ANSWERED_MACHINE = "ANSWERED_MACHINE"
    """语音信箱, 语音助手: picked up, but by nobody."""
    EMPTY = "EMPTY"
    """空号: there is no such number."""
    SUSPENDED = "SUSPENDED"
    """停机: the number is someone's, its service is stopped."""
    POWER_OFF = "POWER_OFF"
    BUSY = "BUSY"
    NO_ANSWER = "NO_ANSWER"
    REJECTED = "REJECTED"
    UNREACHABLE = "UNREACHABLE"
    REMINDER = "REMINDER"
    """来电提醒: the network tells the customer of the call by a message."""
    FORWARDED = "FORWARDED"
    BARRED = "BARRED"
    """呼入限制: the number takes no calls."""
    BLOCKED = "BLOCKED"
    """The operator does not let our line dial."""
    LINE_ERROR = "LINE_ERROR"
    """The fault is the line's or ours, never the customer's."""
    FILTERED = "FILTERED"
    """Our own gate did not let the call be made."""
    UNKNOWN = "UNKNOWN"
    """Dialled, and nobody saw the end: the worker died. Never dialled again by itself."""


class Intention(StrEnum):
    """How much the customer leans to what was offered."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, finished."""

    number: int
    """Counted from 1 within a run."""
    contact: Contact
    disposition: Disposition
    ring_ms: Ms
    record: CallRecord | None = None
    """None when nobody answered."""

    @property
    def end_reason(self) -> EndReason | None:
        """Why the conversation ended; None when there was none."""
        return None if self.record is None else self.record.end_reason


def intention(attempt: Attempt) -> tuple[Intention, str]:
    """Grade an attempt and name the rule that did it.

    A: two business questions or two affirmatives, no refusal. B: one of either and at most one
    refusal. C: only refusals, two refusals, or hardly a conversation. D: the rest. E: nobody
    answered. F: opted out.
    """
    record = attempt.record
    if record is None:
        return Intention.E, "not connected"
    if record.end_reason is EndReason.OPTED_OUT:
        return Intention.F, "opted out"
    counts = Counter(turn.counts for turn in record.turns)
    questions = counts[Counts.QUESTION]
    affirmatives = counts[Counts.AFFIRMATIVE]
    refusals = counts[Counts.REFUSAL]
    counted = f"{questions} questions, {affirmatives} affirmatives, {refusals} refusals"
    if refusals == 0 and (questions >= 2 or affirmatives >= 2):
        return Intention.A, counted
    if refusals <= 1 and questions + affirmatives >= 1:
        return Intention.B, counted
    answers = sum(turn.text is not None for turn in record.turns)
    if refusals >= 1 or answers <= 2:
        return Intention.C, f"{counted}, {answers} answers"
    return Intention.D, f"{counted}, {answers} answers"
