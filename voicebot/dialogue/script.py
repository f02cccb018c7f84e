"""The typed model of a call script: what the robot says, expects, records, and where it goes.

A script is immutable and complete: the loader (`voicebot.dialogue.loader`) has resolved grammars
to phrases and recordings to files, so nothing here can be missing at call time.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from voicebot.dialogue.classifier import Classifier
from voicebot.dialogue.condition import Condition, holds
from voicebot.dialogue.hook import Hook
from voicebot.dialogue.knowledge.entry import Entry


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
    NO_MEDIA = "no_media"
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

PLACE = re.compile(r"\{(\w+)\}")
"""A `{name}` in a text of the script."""

SAME_STATE = "same"
"""As a transition's target: say what there is to say, then ask this state's question again."""

RETURN = "return"
"""As a target: go back to where the present sub-flow was called."""

EMOTION, INTENT = "emotion", "intent"
"""What conditions may ask besides the script's own names: of the caller's last answer."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to say a prompt: a text with `{variable}` places, perhaps recorded."""

    text: str
    recording: Path | None = None
    """A WAV that says `text`; played instead of synthesis."""
    when: Condition | None = None
    """Said only when this holds; wordings without one are said when no other's holds."""


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
    patterns: tuple[str, ...] = ()
    """Templates of sentences, see `voicebot.dialogue.patterns`."""

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
    count: tuple[str, ...] = ()
    """Counters that go up by one."""
    forget: tuple[str, ...] = ()
    """Slots that are empty again."""
    call: str | None = None
    """A state that begins a sub-flow; `go` is where its `return` leads."""
    when: Condition | None = None
    otherwise: "Transition | None" = None
    """What is followed instead where `when` does not hold."""

    def chain(self) -> "Iterator[Transition]":
        """Yield this transition and those that are followed instead, in order."""
        each: Transition | None = self
        while each is not None:
            yield each
            each = each.otherwise

    def chosen(self, values: Mapping[str, str]) -> "Transition":
        """Return the first of the chain whose condition holds; the last one has none."""
        for each in self.chain():
            if each.when is None or holds(each.when, values):
                return each
        return each


@dataclass(frozen=True, slots=True)
class Reprompt:
    """What to do about silence or an answer that was not understood."""

    prompts: tuple[Prompt, ...]
    """One for each time in a row, in order."""
    then: Transition
    """When the prompts are used up."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """How an answer is heard and when it is over, at one place of the script."""

    listen: Listen = Listen.GRAMMAR
    endpoint_ms: int | None = None
    """Silence that ends an answer here when nothing tells whether it is complete; the call's
    default when None, as with the next two."""
    complete_ms: int | None = None
    """The same when the answer is complete."""
    incomplete_ms: int | None = None
    """The same when it trails off."""
    digits: int | None = None
    """How many digits the answer has: fewer are half a number."""
    private: bool = False
    """A card number or the like: neither sound nor words of it are kept."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Something that the caller tells and the script needs: an order number, a day, a reason."""

    name: str
    kind: str
    """One of `voicebot.dialogue.slots.KINDS`, or `text`: any words."""
    ask: Prompt
    again: Prompt | None = None
    """The question alone, for asking once more."""
    confirm: Prompt | None = None
    """Read back for a yes, a no or a correction, where a mistake would do harm."""
    options: tuple[str, ...] = ()
    """The products or names that it may be."""
    hear: tuple[str, ...] = ()
    """Phrases for the recogniser besides those of the kind."""
    when: Condition | None = None
    """Needed only when this holds."""
    hearing: Hearing = Hearing()


ANY_WORDS = "text"
"""The kind of a slot that takes any words; only as the answer to its own question."""


@dataclass(frozen=True, slots=True)
class State:
    """One place in the conversation.

    Exactly one of these holds: `end` is set (say the prompt, hang up), `do` is set (say the prompt
    while the hook runs, go on to `next`), `form` is set (ask until it is filled, go on to `next`),
    `next` alone is set (say the prompt, go on without listening), or the state listens.
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
    """See `Hearing`, as for the next four."""
    complete_ms: int | None = None
    incomplete_ms: int | None = None
    digits: int | None = None
    private: bool = False
    count: tuple[str, ...] = ()
    """Counters that go up on entering."""
    forget: tuple[str, ...] = ()
    """Slots that are empty again on entering."""
    form: tuple[str, ...] = ()
    """Slots that are asked for here, in order."""
    do: str | None = None
    """The action that is run here."""
    waiting: Prompt | None = None
    """Said when the action takes longer than the prompt."""
    failed: Transition | None = None
    """What follows an action that failed, or a form that could not be filled; the latter may be
    None: as with an answer that is never understood."""
    next: Transition | None = None
    end: EndReason | None = None

    @property
    def listens(self) -> bool:
        """Whether an answer is awaited here."""
        silent = self.next is not None or self.end is not None or self.do is not None
        return bool(self.form) or not silent

    @property
    def hearing(self) -> Hearing:
        """How the state's own answer is heard."""
        return Hearing(
            self.listen,
            self.endpoint_ms,
            self.complete_ms,
            self.incomplete_ms,
            self.digits,
            self.private,
        )


AFFIRM, DENY = "affirm", "deny"
"""The intents that answer 对吗？ when a slot is read back."""

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
class Calming:
    """What is done about a caller who is annoyed."""

    say: Prompt | None = None
    """Said before the answer to annoyed words, not twice in a row."""
    after: int = 2
    """Annoyed answers in a row that lead to `then`."""
    then: Transition | None = None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Questions that callers may ask in every state that listens."""

    entries: tuple[Entry, ...]
    back: Prompt | None = None
    """Leads back to the open question: said between the answer and the question."""
    unknown: Prompt | None = None
    """Said about a question that has no answer here, instead of `no_match`."""


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
    slots: Mapping[str, Slot] = field(default_factory=dict)
    counters: tuple[str, ...] = ()
    experiments: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By name: its variants and their weights. A contact always gets the same one."""
    actions: Mapping[str, Hook] = field(default_factory=dict)
    knowledge: Knowledge | None = None
    emotion: Calming | None = None
    borrowed: frozenset[str] = frozenset()
    """Names of intents that are shared with all scripts, not written in this one."""
    folder: Path = Path()
    classifier: Classifier | None = field(default=None, compare=False, repr=False)
    """Of its intents and the shared ones; without one only phrases and patterns are understood."""

    @property
    def private_names(self) -> frozenset[str]:
        """The slots and outcome fields that hold what must not be kept, and those set from them."""
        found = {slot.name for slot in self.slots.values() if slot.hearing.private}
        found |= {each.save for each in self.states.values() if each.private and each.save}
        if not found:
            return frozenset()
        sets = [each.set for each in self.states.values()]
        sets += [each.set for _, each in self.all_transitions()]
        while more := {
            name
            for fields in sets
            for name, text in fields.items()
            if name not in found and found.intersection(PLACE.findall(text))
        }:
            found |= more
        return frozenset(found)

    def transitions(self, state: State) -> dict[str, Transition]:
        """Return everything that `state` reacts to: its own transitions before `anywhere`'s."""
        return {**self.anywhere, **state.on}

    def reprompts(self) -> "Iterator[tuple[str, Reprompt]]":
        """Yield every re-prompt with its path in the file."""
        yield "no_input", self.no_input
        yield "no_match", self.no_match
        for state in self.states.values():
            for kind, each in (("no_input", state.no_input), ("no_match", state.no_match)):
                if each is not None:
                    yield f"states.{state.name}.{kind}", each

    def all_transitions(self) -> "Iterator[tuple[str, Transition]]":
        """Yield every transition with its path, those of a chain one by one."""
        heads = [(f"anywhere.{name}", each) for name, each in self.anywhere.items()]
        for state in self.states.values():
            path = f"states.{state.name}"
            heads += [(f"{path}.on.{name}", each) for name, each in state.on.items()]
            heads += [
                (f"{path}.{key}", each)
                for key, each in (("next", state.next), ("failed", state.failed))
                if each is not None
            ]
        heads += [(f"{path}.then", each.then) for path, each in self.reprompts()]
        if self.emotion is not None and self.emotion.then is not None:
            heads.append(("emotion.then", self.emotion.then))
        for path, head in heads:
            chain = list(head.chain())
            for number, each in enumerate(chain, 1):
                yield (path if len(chain) == 1 else f"{path}[{number}]"), each

    def all_prompts(self) -> "Iterator[tuple[str, Prompt]]":
        """Yield every prompt with its path."""
        yield "apology", self.apology
        for path, transition in self.all_transitions():
            if transition.say is not None:
                yield f"{path}.say", transition.say
        for path, reprompt in self.reprompts():
            for number, prompt in enumerate(reprompt.prompts, 1):
                yield f"{path}.prompts[{number}]", prompt
        for state in self.states.values():
            for key, said in (
                ("prompt", state.prompt),
                ("again", state.again),
                ("waiting", state.waiting),
            ):
                if said is not None and said.wordings:
                    yield f"states.{state.name}.{key}", said
        for slot in self.slots.values():
            for key, said in (("ask", slot.ask), ("again", slot.again), ("confirm", slot.confirm)):
                if said is not None:
                    yield f"slots.{slot.name}.{key}", said
        if self.emotion is not None and self.emotion.say is not None:
            yield "emotion.say", self.emotion.say
        if self.knowledge is not None:
            for key, said in (("back", self.knowledge.back), ("unknown", self.knowledge.unknown)):
                if said is not None:
                    yield f"knowledge.{key}", said

    def prompts(self) -> tuple[Prompt, ...]:
        """Return every prompt of the script, for rendering before the first call."""
        found = [prompt for _, prompt in self.all_prompts()]
        if self.knowledge is not None:
            found += [Prompt((Wording(entry.answer),)) for entry in self.knowledge.entries]
        return tuple(dict.fromkeys(found))
