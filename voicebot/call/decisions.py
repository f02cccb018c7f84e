"""What turn taking decides; the session carries it out."""

from dataclasses import dataclass
from enum import Enum, auto

from voicebot.call.events import Ms
from voicebot.speech.recogniser import Transcript


@dataclass(frozen=True, slots=True)
class Open:
    """Recognise the caller's audio from this moment on."""

    from_ms: Ms


class Floor(Enum):
    """What the floor wants done."""

    CLOSE = auto()
    """Let the recogniser finish; its transcript is wanted."""
    REOPEN = auto()
    """The caller goes on: forget the transcript and hear the whole answer again."""
    ENDPOINT = auto()
    """The caller's turn was judged over."""
    DROP = auto()
    PAUSE = auto()
    RESUME = auto()
    STOP = auto()
    NO_INPUT = auto()
    """The caller has been silent for too long."""
    KEY = auto()
    """The caller pressed a key where words are asked for."""
    RECOGNISER_LATE = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """The caller's turn is over; this was said."""

    transcript: Transcript


Decision = Open | Floor | Answer
