"""What the call needs of a speech recogniser, and what it gets back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

UNKNOWN = "[unk]"
"""The word a recogniser with a grammar writes for speech that the grammar does not have."""


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word; times count from the first sample of the utterance."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was understood of one utterance. An empty text means that no speech was found."""

    text: str
    """Chinese without spaces between words; `[unk]` stands where the grammar has no word."""
    confidence: float = 1.0
    """0 to 1: the probability that this reading is right, where the model was measured for it;
    else its posterior among the engine's alternatives."""
    words: tuple[Word, ...] = ()
    alternatives: tuple[str, ...] = ()
    """Other readings, the best first, without `text`."""
    freely: str = ""
    """What was heard without the grammar, where the grammar lacked some of it or was not sure."""
    freely_alternatives: tuple[str, ...] = ()
    """Other readings of that, the best first."""


class Recogniser(Protocol):
    """One call's ear: blocking, one utterance at a time, used from one thread at a time."""

    def listen(self, phrases: Sequence[str] | None) -> None:
        """Begin an utterance that is one of `phrases`, or anything when None."""
        ...

    def accept(self, pcm: bytes) -> str:
        """Take signed 16-bit mono samples at the line's rate; return the text so far."""
        ...

    def finish(self) -> Transcript:
        """Close the utterance and return it. Raises `RecogniserFailed`."""
        ...
