"""Who picks up the phone, or does not: the typed model of a simulated caller.

A persona is immutable; every random choice that it leaves open (wordings, thinking times) is
made by the caller from a seeded generator.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.call.record import CallRecord
from voicebot.campaign.outcome import Disposition
from voicebot.simulation.line import LineSettings
from voicebot.simulation.utterance import Utterance, parse


@dataclass(frozen=True, slots=True)
class Span:
    """From so many milliseconds to so many, both allowed."""

    least: int
    most: int


CONFIRM, WRONG = ".confirm", ".confirm.wrong"
"""Ends of places: what is read back is true, or is not."""

THINKING = Span(500, 900)
"""Longer than the silence between two sentences of a prompt (320 ms), so that callers wait for
the robot to finish; people leave 200 ms, since they hear a sentence coming to its end."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a caller does in one turn of theirs; with nothing to say and no hang-up: silence."""

    say: tuple[Utterance, ...] = ()
    """Wordings to choose from."""
    after_ms: Span = THINKING
    """Silence after the robot's last sound. With less than `THINKING` a caller may answer into
    the middle of a prompt."""
    barge_in_ms: int | None = None
    """Act so long after the robot began to speak, without waiting for its end."""
    hang_up: bool = False
    """Put the phone down when everything is said."""


@dataclass(frozen=True, slots=True)
class Patience:
    """What a caller does about a robot that says nothing."""

    ms: int = 9000
    """Silence of both until the caller speaks unprompted."""
    say: tuple[Utterance, ...] = ()
    """Said one after another, `ms` apart; then the caller hangs up."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a caller wants of the call; reached when every part holds."""

    ends: tuple[str, ...] = ()
    """Why the call may end; any reason when empty."""
    outcome: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By outcome field: what it may have become."""

    def reached(self, record: CallRecord) -> bool:
        """Tell whether a call came to what was wanted."""
        ended = not self.ends or str(record.end_reason) in self.ends
        return ended and all(
            record.outcome.get(name, "") in values for name, values in self.outcome.items()
        )


@dataclass(frozen=True, slots=True)
class Persona:
    """One kind of callee."""

    name: str
    about: str = ""
    """What this persona is for, in a sentence."""
    answer: Disposition = Disposition.ANSWERED_HUMAN
    ring_ms: int = 6000
    """Until the phone is picked up, or the network gives up."""
    voice: str | None = None
    """A name in `voices.VOICES`; drawn when None."""
    line: LineSettings = field(default_factory=LineSettings)
    """From the caller to the robot."""
    greeting: Reply | None = None
    """What is said on picking up, before anything is heard; `after_ms` counts from the answer."""
    patience: Patience = field(default_factory=Patience)
    replies: Mapping[str, tuple[Reply, ...]] = field(default_factory=dict)
    """By the script's place (`STATE`, in a form `STATE.SLOT`, `STATE.SLOT.confirm`): the first
    visit, the second ...; the last one serves from then on."""
    otherwise: tuple[Reply, ...] = ()
    """In every other state, counted by state too; silence when empty."""
    repeats: int = 3
    """How often a caller answers in the same state; the next time they hang up instead."""
    truth: Mapping[str, str] = field(default_factory=dict)
    """By slot: its true value. Who hears another one read back says so."""
    goal: Goal | None = None
    """None: nothing in particular."""

    def reply(self, place: str, visit: int) -> Reply:
        """Return what is done at `place` on a visit, counted from 0."""
        if visit >= self.repeats:
            return Reply(hang_up=True)
        replies = self._replies(place)
        return replies[min(visit, len(replies) - 1)] if replies else Reply()

    def _replies(self, place: str) -> tuple[Reply, ...]:
        if place in self.replies:
            return self.replies[place]
        if place.endswith(CONFIRM):
            return (Reply((parse("对的"), parse("对"))),)
        if place.endswith(WRONG):
            return (Reply((parse("不对"), parse("不是的"))),)
        return self.replies.get(place.partition(".")[0], self.otherwise)
