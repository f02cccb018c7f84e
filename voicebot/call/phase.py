"""The phase of a call's floor.

What the robot does with its prompt, whether the caller is speaking and what is known about the
caller's words make it together:

    IDLE         nothing plays and nothing is awaited
    PROMPTING    the robot speaks, the caller does not (or may not)
    SUSPECTING   both speak, for less than `barge_in_ms`: a cough, or an interruption
    OVERLAP      both spoke for longer: the prompt is paused (if it may be interrupted at all),
                 the recogniser listens, nothing is decided
    WEIGHING     the caller fell silent in OVERLAP: the recogniser's last word decides whether it
                 was an interruption, then an answer as any other, or the prompt goes on
    LISTENING    neither speaks, an answer is awaited: no-input runs
    HEARING      the caller answers
    TRAILING     the caller has paused: the endpoint's silence runs, and inside it the recogniser
                 already closes the utterance, so that its words tell how long to wait
    RECOGNISING  the answer is over, its text is still awaited
    KEYING       the caller types a number instead of saying it

Every phase but IDLE and PROMPTING has a deadline, and PROMPTING ends when the prompt does.
"""

from enum import Enum, auto


class Phase(Enum):
    """See the module's description."""

    IDLE = auto()
    PROMPTING = auto()
    SUSPECTING = auto()
    OVERLAP = auto()
    WEIGHING = auto()
    LISTENING = auto()
    HEARING = auto()
    TRAILING = auto()
    RECOGNISING = auto()
    KEYING = auto()


HEARKENING = (
    *(Phase.OVERLAP, Phase.WEIGHING),
    *(Phase.HEARING, Phase.TRAILING, Phase.RECOGNISING),
)
"""Phases in which the recogniser has an utterance."""
