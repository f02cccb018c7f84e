"""What a call leaves behind: its turns, its timeline and its outcome."""

from dataclasses import asdict, dataclass, field
from typing import Any

from voicebot.call.events import Ms
from voicebot.dialogue.emotion import trend
from voicebot.dialogue.intents import Understanding
from voicebot.dialogue.script import EndReason
from voicebot.speech.recogniser import Transcript

MAX_MOMENTS = 5000
"""The longest timeline that is kept: about 16 events a second for the longest call."""


@dataclass(slots=True)
class PromptRecord:
    """One prompt and what the caller heard of it."""

    text: str
    started_ms: Ms | None = None
    ended_ms: Ms | None = None
    heard_ms: Ms = 0
    heard_text: str = ""
    complete: bool = False
    interruptible: str = "any"


@dataclass(slots=True)
class TurnRecord:
    """One turn: what the robot said in a state, and what the caller answered."""

    state: str
    prompts: list[PromptRecord] = field(default_factory=list)
    speech_start_ms: Ms | None = None
    """First sample of the answer."""
    speech_end_ms: Ms | None = None
    """First sample after it."""
    endpoint_ms: Ms | None = None
    """When the turn was judged over."""
    final_ms: Ms | None = None
    """When its text was there."""
    reply_ms: Ms | None = None
    """First sample of the robot's reply."""
    text: str | None = None
    """What was recognised; None when nothing was said."""
    confidence: float | None = None
    alternatives: tuple[str, ...] = ()
    intent: str | None = None
    intent_confidence: float | None = None
    runner_up: str | None = None
    reason: str = ""
    """Why this intent."""
    counts: str = ""
    """What the answer says about the customer's wish; see `voicebot.dialogue.script.Counts`."""
    action: str = ""
    """`answer`, `no_input`, `no_match` or `end`, and the state it led to."""
    barge_in: bool = False
    place: str = ""
    """The state, and in a form what was asked for; see `Conversation.place`."""
    slots: dict[str, str] = field(default_factory=dict)
    """What the answer filled, canonical."""
    knowledge: str = ""
    """The entry of the knowledge base that was told."""
    emotion: str = ""
    """negative, neutral or positive; empty when nothing was said."""
    emotion_score: float = 0.0
    """-1 to 1."""
    emotion_reason: str = ""

    @property
    def latency_ms(self) -> Ms | None:
        """Response latency: first sample of the reply after the last sample of the speech."""
        if self.reply_ms is None or self.speech_end_ms is None:
            return None
        return self.reply_ms - self.speech_end_ms

    def understood(self, transcript: Transcript, understanding: Understanding) -> None:
        """Note what was recognised, and what it was taken to mean."""
        self.text = transcript.text
        self.confidence = transcript.confidence
        self.alternatives = transcript.alternatives
        self.intent = understanding.intent
        self.intent_confidence = understanding.confidence
        self.runner_up = understanding.runner_up
        self.reason = understanding.reason


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of a call's timeline."""

    at_ms: Ms
    what: str
    """The event's or action's name in snake case, such as `speech_started`."""
    detail: dict[str, Any]


@dataclass(slots=True)
class CallRecord:
    """One call, whole."""

    script: str
    version: str
    variables: dict[str, str]
    turns: list[TurnRecord] = field(default_factory=list)
    timeline: list[Moment] = field(default_factory=list)
    outcome: dict[str, str] = field(default_factory=dict)
    end_reason: EndReason | None = None
    end_detail: str = ""
    """What failed, when something did."""
    end_state: str = ""
    duration_ms: Ms = 0
    dropped_frames: int = 0
    """Frames of the caller that came faster than they could be taken."""
    slots: dict[str, str] = field(default_factory=dict)
    """What was told and understood, canonical."""
    experiments: dict[str, str] = field(default_factory=dict)
    """Which variant of each of the script's experiments this contact got."""

    def prompt(self, number: int) -> PromptRecord:
        """Return a prompt by its number, which counts from 1 over the whole call."""
        return [each for turn in self.turns for each in turn.prompts][number - 1]

    def note(self, at_ms: Ms, what: str, /, **detail: Any) -> None:
        """Add to the timeline; past `MAX_MOMENTS` nothing is added."""
        if len(self.timeline) < MAX_MOMENTS:
            self.timeline.append(Moment(at_ms, what, detail))

    @property
    def emotion_trend(self) -> float:
        """How the caller's mood moved over the call: -2, down, to 2, up."""
        return trend([turn.emotion_score for turn in self.turns if turn.emotion])

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; turns carry their response latency."""
        data = asdict(self)
        data["emotion_trend"] = self.emotion_trend
        for turn, plain in zip(self.turns, data["turns"], strict=True):
            plain["latency_ms"] = turn.latency_ms
        return data
