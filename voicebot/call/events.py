"""What happens to a call (events) and what the call wants done (actions).

Times ending in `_ms` are whole milliseconds of the call's monotonic clock, 0 when it was answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.dialogue.hook import HookCall
from voicebot.dialogue.script import EndReason
from voicebot.dialogue.step import Spoken
from voicebot.speech.prosody import Prosody
from voicebot.speech.recogniser import Transcript

Ms = int
"""Whole milliseconds on the call's clock."""


# Events


@dataclass(frozen=True, slots=True)
class Answered:
    """The line is open in both directions."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to speak."""

    at_ms: Ms
    """First sample of the speech; before the event, which needs some frames to be sure."""
    sharp: bool = False
    """It began with its loudest moment, as a cough or a door does and speech seldom."""


@dataclass(frozen=True, slots=True)
class SpeechStirred:
    """The caller may be about to speak; `SpeechStarted` follows within 60 ms if so."""


@dataclass(frozen=True, slots=True)
class SpeechWavered:
    """The caller may have stopped; `SpeechWentOn` or `SpeechPaused` follows within 160 ms."""


@dataclass(frozen=True, slots=True)
class SpeechWentOn:
    """The caller had only closed the mouth for a consonant."""


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The caller has been silent for a moment."""

    at_ms: Ms
    """First sample after the speech."""
    held: bool = False
    """It was one held sound, as people make who think."""


@dataclass(frozen=True, slots=True)
class Partial:
    """The recogniser's text of the open utterance so far."""

    utterance: int
    text: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """The closed utterance."""

    utterance: int
    transcript: Transcript
    voice: Prosody | None = None
    """How it was said; None when there was no voice to measure."""


@dataclass(frozen=True, slots=True)
class RecogniserBroke:
    """The recogniser raised or fell behind its backlog's limit; this call has no ear any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class PromptStarted:
    """The first sample of a prompt went to the line."""

    prompt: int
    duration_ms: Ms | None
    """None while it is still being synthesised."""


@dataclass(frozen=True, slots=True)
class PromptResumed:
    """A paused prompt goes on."""

    prompt: int
    left_ms: Ms | None
    """What is still to be played; None while it is still being synthesised."""


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """The last sample that the caller hears of a prompt went to the line."""

    prompt: int
    heard_ms: Ms
    heard_text: str
    """The phrases that were sent, the last one perhaps in part."""
    complete: bool


@dataclass(frozen=True, slots=True)
class PromptBroke:
    """A prompt could not be made or was not made in time."""

    prompt: int
    reason: str


@dataclass(frozen=True, slots=True)
class DtmfPressed:
    """The caller pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class CallerHungUp:
    """The line was closed from the other side."""


@dataclass(frozen=True, slots=True)
class LineBroke:
    """The transport failed."""

    reason: str


@dataclass(frozen=True, slots=True)
class NothingCame:
    """No audio came at all since the call was answered."""

    reason: str


@dataclass(frozen=True, slots=True)
class HookReturned:
    """The shop's program answered; what it answered is not trusted yet."""

    hook: int
    answer: object


@dataclass(frozen=True, slots=True)
class HookBroke:
    """The shop's program failed."""

    hook: int
    reason: str


Event = (
    Answered
    | SpeechStirred
    | SpeechStarted
    | SpeechWavered
    | SpeechWentOn
    | SpeechPaused
    | Partial
    | Recognised
    | RecogniserBroke
    | PromptStarted
    | PromptResumed
    | PromptEnded
    | PromptBroke
    | DtmfPressed
    | CallerHungUp
    | LineBroke
    | NothingCame
    | HookReturned
    | HookBroke
)


# Actions


@dataclass(frozen=True, slots=True)
class Play:
    """Play a prompt now; nothing else is playing."""

    prompt: int
    spoken: Spoken


@dataclass(frozen=True, slots=True)
class PausePrompt:
    """Stop sending the prompt, keep what is left of it."""


@dataclass(frozen=True, slots=True)
class ResumePrompt:
    """Go on with the paused prompt from the beginning of the phrase it was paused in."""


@dataclass(frozen=True, slots=True)
class StopPrompt:
    """Throw away what is left of the prompt; answered by `PromptEnded`."""


@dataclass(frozen=True, slots=True)
class OpenUtterance:
    """Give the recogniser the caller's audio, beginning in the past."""

    utterance: int
    from_ms: Ms
    phrases: Sequence[str] | None
    """What it may be; anything when None."""


@dataclass(frozen=True, slots=True)
class CloseUtterance:
    """Let the recogniser finish; answered by `Recognised`."""


@dataclass(frozen=True, slots=True)
class ReopenUtterance:
    """The caller goes on: recognise the utterance from its beginning, under a new number."""

    utterance: int
    phrases: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class DropUtterance:
    """Stop recognising; no answer is wanted."""


@dataclass(frozen=True, slots=True)
class RunHook:
    """Ask the shop's program; answered by `HookReturned` or `HookBroke`, or never: the session has
    its own deadline for it."""

    hook: int
    call: HookCall


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call; nothing is done after this."""

    reason: EndReason


Action = (
    Play
    | PausePrompt
    | ResumePrompt
    | StopPrompt
    | OpenUtterance
    | CloseUtterance
    | ReopenUtterance
    | DropUtterance
    | RunHook
    | HangUp
)
