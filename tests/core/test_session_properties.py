"""Whatever happens in whatever order, a session keeps its promises."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import assert_never

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import prompt, said, script
from voicebot.call.events import (
    Action,
    Answered,
    CallerHungUp,
    CloseUtterance,
    DropUtterance,
    DtmfPressed,
    Event,
    HangUp,
    HookBroke,
    HookReturned,
    LineBroke,
    Ms,
    OpenUtterance,
    Partial,
    PausePrompt,
    Play,
    PromptBroke,
    PromptEnded,
    PromptResumed,
    PromptStarted,
    Recognised,
    RecogniserBroke,
    ReopenUtterance,
    ResumePrompt,
    RunHook,
    SpeechPaused,
    SpeechStarted,
    SpeechWavered,
    SpeechWentOn,
    StopPrompt,
)
from voicebot.call.session import CallSession, CallSettings
from voicebot.dialogue.hook import Hook
from voicebot.dialogue.script import BargeIn, EndReason, Script, State, Transition

TEXTS = ("", "嗯", "方便", "不方便", "很好喝", "别打了", "[unk]", "今天天气", "因为", "不")
PROMPT_MS = 3000
LATER_MS = 60_000
"""Past every deadline of turn taking."""


@dataclass
class World:
    """A line, a caller and engines that do as told, and check what the session asks of them."""

    session: CallSession
    now: Ms = 0
    playing: int | None = None
    started: bool = False
    paused: bool = False
    open: int | None = None
    kept: int | None = None
    """The utterance that was closed and whose audio is kept, since it may be opened again."""
    closed: list[int] = field(default_factory=list)
    """Utterances whose text is awaited, wanted or not."""
    last_utterance: int = 0
    last_prompt: int = 0
    last_hook: int = 0
    speaking: bool = False
    deaf: bool = False
    """The recogniser broke: it says nothing any more."""
    ended: EndReason | None = None

    def give(self, event: Event) -> None:
        """Handle an event now; a deadline that is due comes first, as in the event loop."""
        self._did(self.session.handle(event, self.now))

    def wait(self, ms: Ms) -> None:
        """Let time pass, with its deadlines."""
        until = self.now + ms
        while (due := self.session.deadline) is not None and due <= until:
            assert due >= self.now
            self.now = due
            self._did(self.session.handle_deadline(due))
        self.now = until

    def _did(self, actions: list[Action]) -> None:
        for action in actions:
            assert self.ended is None, f"{action} after the end"
            self._do(action)
        if self.ended is None:
            self._is_alive()
        else:
            assert self.session.deadline is None

    def _do(self, action: Action) -> None:
        match action:
            case Play():
                assert self.playing is None, "two prompts at once"
                assert action.prompt > self.last_prompt
                assert (self.open, self.kept) == (None, None), "audio of the last answer is kept"
                self.playing = self.last_prompt = action.prompt
                self.started = self.paused = False
            case PausePrompt():
                assert self.playing is not None
                assert not self.paused
                self.paused = True
            case ResumePrompt():
                assert self.playing is not None
                assert self.paused
                self.paused = False
            case StopPrompt():
                assert self.playing is not None
                self.playing = None
            case OpenUtterance():
                assert self.open is None
                assert action.utterance > self.last_utterance
                assert 0 <= action.from_ms <= self.now
                self.open = self.last_utterance = action.utterance
                self.kept = None
            case CloseUtterance():
                assert self.open is not None
                self.closed.append(self.open)
                self.kept, self.open = self.open, None
            case ReopenUtterance():
                assert self.kept is not None
                assert self.speaking
                assert action.utterance > self.last_utterance
                self.open = self.last_utterance = action.utterance
                self.kept = None
            case DropUtterance():
                assert (self.open, self.kept) != (None, None)
                self.open = self.kept = None
            case RunHook():
                assert self.ended is None
                assert action.hook > self.last_hook
                self.last_hook = action.hook
            case HangUp():
                self.ended = action.reason
            case _:
                assert_never(action)

    def _is_alive(self) -> None:
        """Something will happen by itself: the prompt plays, or a deadline of its own comes."""
        deadline = self.session.deadline
        assert deadline is not None
        assert deadline >= self.now
        plays = self.playing is not None and not self.paused
        turn_ends = deadline <= self.now + LATER_MS
        assert plays or turn_ends, "nothing plays, and nothing is awaited but the call's limit"


Step = Callable[[World], None] | tuple[Callable[[World, str], None], str]
History = list[tuple[Ms, Step]]


class Steps:
    """What the environment may do; each does nothing where it cannot happen."""

    @staticmethod
    def speech(world: World) -> None:
        world.speaking = not world.speaking
        at = max(0, world.now - 60)
        world.give(SpeechStarted(at) if world.speaking else SpeechPaused(at))

    @staticmethod
    def waver(world: World) -> None:
        if world.speaking:
            world.give(SpeechWavered())

    @staticmethod
    def go_on(world: World) -> None:
        if world.speaking:
            world.give(SpeechWentOn())

    @staticmethod
    def prompt_starts(world: World) -> None:
        if world.playing is not None and not world.started and not world.paused:
            world.started = True
            world.give(PromptStarted(world.playing, PROMPT_MS))

    @staticmethod
    def prompt_goes_on(world: World) -> None:
        if world.playing is not None and world.started and not world.paused:
            world.give(PromptResumed(world.playing, PROMPT_MS))

    @staticmethod
    def prompt_ends(world: World) -> None:
        if world.playing is not None and not world.paused:
            ended, world.playing = world.playing, None
            world.give(PromptEnded(ended, PROMPT_MS, "...", complete=True))

    @staticmethod
    def prompt_breaks(world: World) -> None:
        if world.playing is not None:
            broken, world.playing = world.playing, None
            world.give(PromptBroke(broken, "no voice"))

    @staticmethod
    def partial(world: World, text: str) -> None:
        if world.open is not None and not world.deaf:
            world.give(Partial(world.open, text))

    @staticmethod
    def recognised(world: World, text: str) -> None:
        if world.closed and not world.deaf:
            world.give(Recognised(world.closed.pop(0), said(text)))

    @staticmethod
    def echoes_of_the_past(world: World) -> None:
        world.give(Partial(world.last_utterance - 1, "别打了"))
        world.give(Recognised(world.last_utterance - 1, said("别打了")))
        world.give(PromptStarted(world.last_prompt - 1, PROMPT_MS))
        world.give(PromptResumed(world.last_prompt - 1, PROMPT_MS))
        world.give(PromptEnded(world.last_prompt - 1, 20, "", complete=False))
        world.give(PromptBroke(world.last_prompt - 1, "late"))
        if world.playing is None:
            world.give(PromptEnded(world.last_prompt, 20, "", complete=False))
            world.give(PromptBroke(world.last_prompt, "late"))

    @staticmethod
    def program_answers(world: World) -> None:
        world.give(HookReturned(world.last_hook, {"found": "yes"}))

    @staticmethod
    def program_answers_nonsense(world: World) -> None:
        world.give(HookReturned(world.last_hook, {"found": "perhaps"}))

    @staticmethod
    def program_breaks(world: World) -> None:
        world.give(HookBroke(world.last_hook, "no such table"))

    @staticmethod
    def key(world: World) -> None:
        world.give(DtmfPressed("1"))

    @staticmethod
    def recogniser_breaks(world: World) -> None:
        world.deaf = True
        world.give(RecogniserBroke("no ear"))


plain_steps = st.sampled_from(
    [
        *[Steps.speech] * 4,
        Steps.waver,
        Steps.go_on,
        *[Steps.prompt_starts] * 2,
        *[Steps.prompt_ends] * 4,
        Steps.prompt_goes_on,
        Steps.prompt_breaks,
        Steps.echoes_of_the_past,
        Steps.key,
        Steps.recogniser_breaks,
        *(Steps.program_answers, Steps.program_answers_nonsense, Steps.program_breaks),
    ]
)
worded_steps = st.tuples(st.sampled_from([Steps.partial, Steps.recognised]), st.sampled_from(TEXTS))
waits = st.sampled_from([0, 20, 60, 100, 240, 300, 700, 1500, 5000, 20_000])
histories = st.lists(st.tuples(waits, plain_steps | worded_steps | worded_steps), max_size=40)
barge_ins = st.sampled_from(list(BargeIn))


def asking_a_program(of: Script) -> Script:
    """Return the script with a program that is asked between its two questions."""
    looks = State(
        "looks",
        prompt("请稍等，我查一下。"),
        do="find",
        waiting=prompt("还在查。"),
        next=Transition("ask"),
        failed=Transition("lost"),
    )
    opening = of.states["opening"]
    states = {
        **of.states,
        "opening": replace(opening, on={**opening.on, "affirm": Transition("looks")}),
        "looks": looks,
    }
    hook = Hook("find", function="find", gives={"found": ("yes", "no")})
    return replace(of, states=states, actions={"find": hook})


def lived(history: History, opening: BargeIn, question: BargeIn, limits: CallSettings) -> World:
    """Run a history through a session."""
    world = World(CallSession(asking_a_program(script(opening, question)), {}, limits))
    world.give(Answered())
    for wait, step in history:
        world.wait(wait)
        if isinstance(step, tuple):
            act, text = step
            act(world, text)
        else:
            step(world)
    return world


@given(histories, barge_ins, barge_ins)
@settings(max_examples=400, deadline=None)
def test_prompts_and_utterances_never_overlap_and_nothing_follows_the_end(
    history: History, opening: BargeIn, question: BargeIn
) -> None:
    lived(history, opening, question, CallSettings())


@given(histories, barge_ins, barge_ins)
@settings(max_examples=400, deadline=None)
def test_a_call_left_alone_comes_to_its_own_end_before_the_limit(
    history: History, opening: BargeIn, question: BargeIn
) -> None:
    far = CallSettings(max_call_ms=10_000_000)
    world = lived(history, opening, question, far)

    for _ in range(60):
        Steps.prompt_starts(world)
        Steps.prompt_ends(world)
        Steps.recognised(world, "")
        world.wait(5000)

    assert world.ended is not None
    assert world.ended is not EndReason.TOO_LONG


@given(histories, st.sampled_from([CallerHungUp(), LineBroke("cut")]))
@settings(max_examples=200, deadline=None)
def test_a_line_that_closes_ends_the_call_wherever_it_is(history: History, event: Event) -> None:
    world = lived(history, BargeIn.ANY, BargeIn.ANY, CallSettings())

    world.give(event)

    assert world.ended is not None
    assert world.session.record.end_reason is world.ended
