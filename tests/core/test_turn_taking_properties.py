"""Whatever callers, recognisers and prompts do, the floor keeps its rules."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import said
from voicebot.call.decisions import Answer, Decision, Floor, Open
from voicebot.call.events import Ms
from voicebot.call.phase import Phase
from voicebot.call.turn_settings import MAX_REOPENED, TurnSettings
from voicebot.call.turn_taking import TurnTaking
from voicebot.dialogue.script import BargeIn
from voicebot.speech.recogniser import Transcript

SETTINGS = TurnSettings()
SILENCES = {"可以": 300, "好": 300, "因为": 1600, "别打了": 300}
TEXTS = (*SILENCES, "", "嗯", "今天天气")


def silence_ms(transcript: Transcript | None) -> Ms:
    return 700 if transcript is None else SILENCES.get(transcript.text, 700)


class Utterance(Enum):
    """What the ear does for the floor."""

    NONE = auto()
    OPEN = auto()
    CLOSED = auto()
    """Its words are asked for, its audio is kept."""


EAR = {
    Phase.IDLE: Utterance.NONE,
    Phase.PROMPTING: Utterance.NONE,
    Phase.SUSPECTING: Utterance.NONE,
    Phase.OVERLAP: Utterance.OPEN,
    Phase.WEIGHING: Utterance.CLOSED,
    Phase.LISTENING: Utterance.NONE,
    Phase.HEARING: Utterance.OPEN,
    Phase.TRAILING: Utterance.CLOSED,
    Phase.RECOGNISING: Utterance.CLOSED,
    Phase.KEYING: Utterance.NONE,
}
"""What the ear does in each phase: kept audio is let go with the answer."""

ANSWERING = (Phase.HEARING, Phase.TRAILING, Phase.RECOGNISING)


@dataclass
class World:
    """A prompt, a caller and an ear that do as the floor says, and check what it says."""

    turns: TurnTaking
    now: Ms = 0
    speaking: bool = False
    ended_ms: Ms = 0
    playing: bool = False
    paused: bool = False
    barge_in: BargeIn = BargeIn.ANY
    ear: Utterance = Utterance.NONE
    awaited: bool = False
    """The words of the utterance were asked for and have not come."""
    judged_over: bool = False
    """The endpoint came, and the caller has not gone on since."""
    reopened: int = 0
    answering: bool = False
    answering_since: Ms = 0
    answers: list[tuple[Ms, str]] = field(default_factory=list)

    def wait(self, ms: Ms) -> None:
        until = self.now + ms
        while (due := self.turns.deadline) is not None and due <= until:
            self.now = due
            before = self.turns.phase
            self.take(self.turns.expire(due))
            assert (self.turns.phase, self.turns.deadline) != (before, due), "nothing moves"
        self.now = until

    def take(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            match decision:
                case Open(from_ms):
                    assert self.ear is not Utterance.OPEN
                    assert 0 <= from_ms <= self.now
                    self.ear, self.awaited, self.judged_over = Utterance.OPEN, False, False
                    self.answering = False
                    self.reopened = 0
                case Answer(transcript):
                    self._is_due(transcript)
                case _:
                    self._do(decision)
        self._is_in_order()

    def _do(self, decision: Floor) -> None:
        match decision:
            case Floor.CLOSE:
                assert self.ear is Utterance.OPEN
                self.ear, self.awaited = Utterance.CLOSED, True
            case Floor.REOPEN:
                assert self.ear is Utterance.CLOSED
                assert self.speaking
                assert self.reopened <= MAX_REOPENED
                self.reopened += 1
                self.ear, self.awaited, self.judged_over = Utterance.OPEN, False, False
            case Floor.DROP:
                assert self.ear is not Utterance.NONE
                self.ear, self.awaited = Utterance.NONE, False
            case Floor.ENDPOINT:
                self.judged_over = True
            case Floor.PAUSE:
                assert self.playing
                assert not self.paused
                assert self.barge_in is BargeIn.ANY
                self.paused = True
            case Floor.RESUME:
                assert self.paused
                self.paused = False
            case Floor.STOP:
                assert self.playing
                assert self.barge_in is not BargeIn.NEVER
                self.playing = self.paused = False
            case Floor.RECOGNISER_LATE:
                # The session drops what it has.
                self.ear, self.awaited = Utterance.NONE, False
                self.playing = self.paused = False
            case Floor.NO_INPUT | Floor.KEY:
                assert not self.playing

    def _is_due(self, transcript: Transcript) -> None:
        """No caller is cut off: their silence was as long as their words need."""
        assert transcript.text
        if transcript.text.isascii():
            self.answers.append((self.now, transcript.text))
            return
        assert self.judged_over
        assert not self.playing
        at_the_limit = self.now >= self.answering_since + SETTINGS.utterance_ms
        long_enough = self.now >= self.ended_ms + silence_ms(transcript)
        assert at_the_limit or (long_enough and not self.speaking)
        self.answers.append((self.now, transcript.text))
        self.judged_over = False

    def _is_in_order(self) -> None:
        phase, deadline = self.turns.phase, self.turns.deadline
        if phase in ANSWERING and not self.answering:
            self.answering_since = self.now
        self.answering = phase in ANSWERING
        if phase is Phase.TRAILING and self.reopened >= MAX_REOPENED:
            # So many pauses: the words are asked for only when the silence is over.
            assert self.ear is (Utterance.CLOSED if self.judged_over else Utterance.OPEN)
        else:
            assert self.ear is EAR[phase]
        assert self.paused <= (phase in (Phase.OVERLAP, Phase.WEIGHING))
        if phase in (Phase.IDLE, Phase.PROMPTING):
            assert deadline is None
        else:
            assert deadline is not None
            assert self.now <= deadline <= self.now + SETTINGS.utterance_ms
        if phase is Phase.TRAILING:
            assert not self.speaking or deadline == self.now
        if phase in (*ANSWERING, Phase.LISTENING):
            assert not self.playing


Step = Callable[[World], None] | tuple[Callable[[World, str], None], str]


class Steps:
    """What may happen; each does nothing where it cannot."""

    @staticmethod
    def speech(world: World) -> None:
        world.speaking = not world.speaking
        if world.speaking:
            world.take(world.turns.speech_started(max(0, world.now - 60), world.now))
        else:
            world.ended_ms = max(0, world.now - 160)
            world.take(world.turns.speech_paused(world.ended_ms, world.now))

    @staticmethod
    def stammer(world: World) -> None:
        """Three words with pauses between them."""
        for _ in range(6):
            Steps.speech(world)
            world.wait(200)

    @staticmethod
    def waver(world: World) -> None:
        if world.speaking:
            world.turns.speech_wavered(world.now)
            world.take([])

    @staticmethod
    def go_on(world: World) -> None:
        if world.speaking:
            world.turns.speech_went_on(world.now)
            world.take([])

    @staticmethod
    def prompt(world: World) -> None:
        """A prompt begins where nothing is awaited, or ends where one plays."""
        if world.playing and not world.paused:
            world.playing = False
            world.take(world.turns.prompt_over(world.now))
        elif world.turns.phase is Phase.IDLE:
            world.playing = True
            world.turns.prompt_begins(world.barge_in, world.now)
            world.turns.prompt_lasts(world.now + 1000)
            world.take([])

    @staticmethod
    def next_prompt(world: World) -> None:
        """The next prompt of the turn follows, which may be another kind."""
        if world.playing and not world.paused:
            world.barge_in = list(BargeIn)[world.now % 3]
            world.take(world.turns.prompt_continues(world.barge_in, world.now))

    @staticmethod
    def key(world: World) -> None:
        """A key where words are asked for."""
        world.take(world.turns.key_pressed("1", None, world.now))

    @staticmethod
    def digit(world: World) -> None:
        """A key where a number is asked for; now and then the one that ends it."""
        key = "#" if world.now % 5 == 0 else str(world.now % 10)
        world.take(world.turns.key_pressed(key, 4, world.now))

    @staticmethod
    def partial(world: World, text: str) -> None:
        if world.ear is Utterance.OPEN:
            world.take(world.turns.partial(text, world.now))

    @staticmethod
    def recognised(world: World, text: str) -> None:
        if world.awaited:
            world.awaited = False
            world.take(world.turns.recognised(said(text), world.now))


plain_steps = st.sampled_from(
    [
        *[Steps.speech] * 5,
        *[Steps.stammer] * 2,
        *[Steps.prompt] * 3,
        Steps.next_prompt,
        Steps.waver,
        Steps.go_on,
        Steps.key,
        *[Steps.digit] * 2,
    ]
)
worded_steps = st.tuples(
    st.sampled_from([Steps.partial, Steps.recognised, Steps.recognised]), st.sampled_from(TEXTS)
)
waits = st.sampled_from([0, 20, 100, 160, 240, 300, 500, 700, 1500, 3000, 20_000])
histories = st.lists(st.tuples(waits, plain_steps | worded_steps), max_size=60)


def lived(history: list[tuple[Ms, Step]], barge_in: BargeIn) -> World:
    turns = TurnTaking(
        SETTINGS,
        lambda text, only_hot: text == "别打了" or (not only_hot and len(text) >= 2),
        lambda transcript: transcript.text == "好",
        silence_ms,
    )
    world = World(turns, barge_in=barge_in)
    for wait, step in history:
        world.wait(wait)
        if isinstance(step, tuple):
            act, text = step
            act(world, text)
        else:
            step(world)
    return world


@given(histories, st.sampled_from(list(BargeIn)))
@settings(max_examples=300, deadline=None)
def test_the_floor_asks_only_for_what_can_be_done_and_cuts_nobody_off(
    history: list[tuple[Ms, Step]], barge_in: BargeIn
) -> None:
    lived(history, barge_in)


@given(histories, st.sampled_from(list(BargeIn)))
@settings(max_examples=150, deadline=None)
def test_a_floor_left_alone_comes_to_rest(
    history: list[tuple[Ms, Step]], barge_in: BargeIn
) -> None:
    """Whoever speaks falls silent, prompts end and nothing is recognised: then nothing runs."""
    world = lived(history, barge_in)
    if world.speaking:
        Steps.speech(world)

    for _ in range(3):
        world.wait(60_000)
        if world.playing:
            Steps.prompt(world)

    assert world.turns.phase is Phase.IDLE
    assert world.ear is Utterance.NONE


@given(histories, st.sampled_from(list(BargeIn)), st.sampled_from(["可以", "今天天气", "因为"]))
@settings(max_examples=150, deadline=None)
def test_an_answer_after_anything_that_happened_ends_exactly_with_its_silence(
    history: list[tuple[Ms, Step]], barge_in: BargeIn, text: str
) -> None:
    world = lived(history, barge_in)
    if world.speaking:
        Steps.speech(world)
    world.wait(60_000)
    if not world.playing:
        Steps.prompt(world)
    world.wait(1000)
    Steps.prompt(world)
    world.wait(1000)

    Steps.speech(world)
    world.wait(500)
    Steps.speech(world)
    world.wait(20)
    Steps.recognised(world, text)
    world.wait(10_000)

    assert world.answers[-1] == (world.ended_ms + silence_ms(said(text)), text)
