"""The typed model of a call script: what the robot says, expects, records, and where it goes.

A script is immutable and complete: the loader (`voicebot.dialogue.loader`) has resolved grammars
to phrases and recordings to files, so nothing here can be missing at call time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class BargeIn(StrEnum):
    """What a caller may interrupt a prompt with."""

    ANY = "any"
    HOT_WORDS = "hot_words"
    NEVER = "never"


class Listen(StrEnum):
    """How the recogniser hears an answer."""

    GRAMMAR = "grammar"
    """Only what the state expects; everything else is `[unk]`. Robust on a poor line."""
    FREE = "free"
    """Anything in the model's vocabulary."""


class EndReason(StrEnum):
    """Why a call ended."""

    FINISHED = "finished"
    OPTED_OUT = "opted_out"
    TRANSFERRED = "transferred"
    CALL_LATER = "call_later"
    CALLER_HUNG_UP = "caller_hung_up"
    NO_INPUT = "no_input"
    NO_MATCH = "no_match"
    TOO_LONG = "too_long"
    TOO_MANY_TURNS = "too_many_turns"
    RECOGNISER_FAILED = "recogniser_failed"
    RECOGNISER_TIMEOUT = "recogniser_timeout"
    SYNTHESISER_FAILED = "synthesiser_failed"
    LINE_FAILED = "line_failed"
    ERROR = "error"


SCRIPT_END_REASONS = frozenset(
    {
        EndReason.FINISHED,
        EndReason.OPTED_OUT,
        EndReason.TRANSFERRED,
        EndReason.CALL_LATER,
        EndReason.NO_INPUT,
        EndReason.NO_MATCH,
    }
)
"""The reasons that a script's `end:` may name; the others belong to the call."""

SAME_STATE = "same"
"""As a transition's target: say what there is to say, then ask this state's question again."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to say a prompt: a text with `{variable}` places, perhaps recorded."""

    text: str
    recording: Path | None = None
    """A WAV that says `text`; played instead of synthesis."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the robot says at one place, in one or more wordings that take turns."""

    wordings: tuple[Wording, ...]
    barge_in: BargeIn = BargeIn.ANY


@dataclass(frozen=True, slots=True)
class Intent:
    """Something a caller may mean."""

    name: str
    phrases: tuple[str, ...] = ()
    """Every sentence of the intent's grammar, expanded."""
    examples: tuple[str, ...] = ()
    hot_words: tuple[str, ...] = ()
    """Heard anywhere in an utterance and over any prompt that is not `never`."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return phrases and examples, each once, in order."""
        return tuple(dict.fromkeys((*self.phrases, *self.examples)))


class Counts(StrEnum):
    """What an answer says about the customer's wish, for the grade of intention."""

    AFFIRMATIVE = "affirmative"
    REFUSAL = "refusal"
    QUESTION = "question"
    """About the business: price, delivery, stock."""
    NOTHING = "nothing"


AFFIRMATIVE_INTENTS = frozenset({"affirm"})
REFUSAL_INTENTS = frozenset({"deny", "not_interested", "already_bought", "no_money"})
QUESTION_PREFIX = "ask_"


def usually_counts(intent: str) -> Counts:
    """Return what an intent counts as by its name, where a transition does not say otherwise."""
    if intent in AFFIRMATIVE_INTENTS:
        return Counts.AFFIRMATIVE
    if intent in REFUSAL_INTENTS:
        return Counts.REFUSAL
    return Counts.QUESTION if intent.startswith(QUESTION_PREFIX) else Counts.NOTHING


@dataclass(frozen=True, slots=True)
class Transition:
    """What follows an intent."""

    go: str
    """A state's name, or `SAME_STATE`."""
    say: Prompt | None = None
    set: Mapping[str, str] = field(default_factory=dict)
    """Outcome fields and what they become; values may hold `{variable}` places."""
    counts: Counts | None = None
    """Overrides `usually_counts`: 没有了 is no refusal where the question was 还有别的事吗."""


@dataclass(frozen=True, slots=True)
class Reprompt:
    """What to do about silence or an answer that was not understood."""

    prompts: tuple[Prompt, ...]
    """One for each time in a row, in order."""
    then: Transition
    """When the prompts are used up."""


@dataclass(frozen=True, slots=True)
class State:
    """One place in the conversation.

    Exactly one of these holds: `end` is set (say the prompt, hang up), `next` is set (say the
    prompt, go on without listening), or the state listens.
    """

    name: str
    prompt: Prompt
    again: Prompt | None = None
    """The question alone, for coming back to it; the prompt itself when None."""
    on: Mapping[str, Transition] = field(default_factory=dict)
    """By intent; the script's `anywhere` transitions are not repeated here."""
    no_input: Reprompt | None = None
    """The script's default when None."""
    no_match: Reprompt | None = None
    listen: Listen = Listen.GRAMMAR
    save: str | None = None
    """The outcome field that takes the words of an answer of any kind: with it, what matches no
    intent is an answer too, and goes where `on: any` goes."""
    set: Mapping[str, str] = field(default_factory=dict)
    """Outcome fields set on entering."""
    endpoint_ms: int | None = None
    """Silence that ends an answer here when nothing tells whether it is complete; the call's
    default when None, as with the next two."""
    complete_ms: int | None = None
    """The same when the answer is complete."""
    incomplete_ms: int | None = None
    """The same when it trails off."""
    digits: int | None = None
    """How many digits the answer has: fewer are half a number."""
    next: str | None = None
    end: EndReason | None = None

    @property
    def listens(self) -> bool:
        """Whether an answer is awaited here."""
        return self.next is None and self.end is None


ANY_ANSWER = "any"
"""As an intent in `on`: whatever was said and matched nothing else."""


@dataclass(frozen=True, slots=True)
class Variable:
    """Something a contact brings to the call: a column of the contacts file."""

    name: str
    example: str
    """Used by `chat`, `check` and `replay` when nothing else is given."""
    default: str | None = None
    """None: every contact must have it."""


@dataclass(frozen=True, slots=True)
class OutcomeField:
    """Something the call leaves behind: a column of the outcomes."""

    name: str
    values: tuple[str, ...] = ()
    """What it may be; anything when empty."""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A whole call script."""

    name: str
    version: str
    """The author's own, followed by the first characters of the content's hash."""
    title: str
    start: str
    states: Mapping[str, State]
    intents: Mapping[str, Intent]
    anywhere: Mapping[str, Transition]
    """By intent: valid in every listening state that has no transition of its own for it."""
    no_input: Reprompt
    no_match: Reprompt
    apology: Prompt
    """Said when the robot itself fails, before it hangs up; has no variables."""
    variables: Mapping[str, Variable] = field(default_factory=dict)
    outcome: Mapping[str, OutcomeField] = field(default_factory=dict)
    folder: Path = Path()

    def transitions(self, state: State) -> dict[str, Transition]:
        """Return everything that `state` reacts to: its own transitions before `anywhere`'s."""
        return {**self.anywhere, **state.on}

    def prompts(self) -> tuple[Prompt, ...]:
        """Return every prompt of the script, for rendering before the first call."""
        found: list[Prompt] = [self.apology]
        reprompts = [self.no_input, self.no_match]
        transitions = list(self.anywhere.values())
        for state in self.states.values():
            found += [prompt for prompt in (state.prompt, state.again) if prompt]
            reprompts += [each for each in (state.no_input, state.no_match) if each]
            transitions += state.on.values()
        for reprompt in reprompts:
            found += reprompt.prompts
            transitions.append(reprompt.then)
        found += [transition.say for transition in transitions if transition.say]
        return tuple(dict.fromkeys(found))
