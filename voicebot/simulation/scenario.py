"""A scenario: what one caller does in one call, and what must happen then.

Scenarios are written as YAML, see docs/scenarios.md and `scenario_file`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from voicebot.call.session import CallSettings
from voicebot.dialogue.script import EndReason
from voicebot.simulation.line import LineSettings
from voicebot.simulation.utterance import Utterance


class Anchor(StrEnum):
    """What a cue's time counts from."""

    AT = "at"
    """The answer of the call."""
    OVER = "over"
    """The first sample of a prompt."""
    BEFORE = "before"
    """The end of a prompt that plays, backwards."""
    AFTER = "after"
    """The end of a prompt that was said whole; of any prompt: when the robot falls silent."""
    OVER_SPEECH = "over speech"
    """The first sample of what the caller said last."""
    AFTER_SPEECH = "after speech"
    """The last sample of it."""
    AFTER_NOISE = "after noise"
    """The last sample of what was begun last, whatever it was."""


@dataclass(frozen=True, slots=True)
class When:
    """When a cue is due."""

    anchor: Anchor
    offset_ms: int
    prompt: str = ""
    """Some of the prompt's text; empty: whichever comes next."""


class Sound(StrEnum):
    """What a caller's telephone hears besides words."""

    WHITE = "white"
    PINK = "pink"
    HUM = "hum"
    BABBLE = "babble"
    MUSIC = "music"
    COUGH = "cough"
    DOOR = "door"
    RING = "ring"
    BREATHING = "breathing"
    BUSY = "busy"
    RINGBACK = "ringback"


@dataclass(frozen=True, slots=True)
class Say:
    """Words, in the caller's voice or another one."""

    utterance: Utterance
    voice: str | None = None


@dataclass(frozen=True, slots=True)
class PlayFile:
    """Words that somebody recorded."""

    path: Path


@dataclass(frozen=True, slots=True)
class MakeNoise:
    """A sound that is none of the caller's words."""

    sound: Sound
    length_ms: int
    """Of what lasts; a door and a cough have a length of their own."""
    times: int = 1
    """How often one coughs."""


@dataclass(frozen=True, slots=True)
class Press:
    """A key: the gateway tells of it, and its tones are heard as well."""

    key: str


@dataclass(frozen=True, slots=True)
class Lose:
    """Frames that do not arrive."""

    share: float
    length_ms: int


@dataclass(frozen=True, slots=True)
class PutDown:
    """The caller hangs up."""


Act = Say | PlayFile | MakeNoise | Press | Lose | PutDown


@dataclass(frozen=True, slots=True)
class Cue:
    """One thing that the caller, or the place where they are, does."""

    when: When
    act: Act
    level_dbfs: float
    """Of the sound, before the line."""
    line: int
    """Of the file."""


@dataclass(frozen=True, slots=True)
class Echo:
    """The robot's voice that comes back through the caller's loudspeaker."""

    delay_ms: int
    level_db: float
    """Below the prompt itself."""


@dataclass(frozen=True, slots=True)
class CallerLine:
    """The caller's telephone."""

    settings: LineSettings = field(default_factory=LineSettings)
    echo: Echo | None = None
    loss: float = 0.0
    """Share of frames that do not arrive."""


class Since(StrEnum):
    """What the time of an expected event counts from."""

    SPEECH = "speech"
    """The last sample of what the caller said."""
    SPEECH_STARTS = "speech starts"
    """The first one."""
    PROMPT = "prompt"
    """The last sample of the prompt before."""
    PROMPT_STARTS = "prompt starts"


@dataclass(frozen=True, slots=True)
class Bound:
    """No earlier than `least_ms` and no later than `most_ms` after something."""

    least_ms: int | None
    most_ms: int | None
    since: Since


@dataclass(frozen=True, slots=True)
class Expected:
    """An event that must come, or must not come before the next one that must."""

    what: str
    """One of `scenario_events.KINDS`."""
    detail: str
    line: int
    never: bool = False
    bounds: tuple[Bound, ...] = ()
    heard: str = ""
    """What the caller must have heard of an interrupted prompt."""
    unheard: str = ""
    """What must be missing from what they heard."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One call."""

    file: str
    about: str
    script: Path
    variables: Mapping[str, str]
    voice: str
    line: CallerLine
    settings: CallSettings
    cues: tuple[Cue, ...]
    expected: tuple[Expected, ...]
    never: tuple[Expected, ...]
    """What must not happen in the whole call."""
    end: EndReason | None
    outcome: Mapping[str, str]
