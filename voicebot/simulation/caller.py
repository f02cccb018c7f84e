"""A simulated caller at the far end of a line.

What they hear is audio, and a detector tells them when the robot speaks and stops; only what they
answer follows the robot's script. Their clock is their own stream: every frame that arrives means
that one frame of theirs went out, so in virtual time a seeded caller does the same every time.

A turn of theirs opens when the robot begins to speak, and is used up by their reply to it, spoken
or silent. What the robot says while they reply opens no turn, unless it is still speaking when
they have finished. Words that are no reply (a greeting, an impatient 喂) use up nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from voicebot.audio.frame import FRAME_MS, SAMPLE_BYTES, AudioFrame, frame_bytes
from voicebot.call.leg import CallLeg
from voicebot.simulation.persona import Persona, Reply
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import Rendering
from voicebot.speech.detector import SpeechDetector, SpeechPaused, SpeechStarted

SETTLE_MS = 1500
"""Who has just spoken over the robot gives it this long to react before they speak again."""


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance; times count from the first sample of the caller's own stream."""

    text: str
    state: str
    """The script's state that the caller believed the robot in."""
    start_ms: int
    """First sample."""
    end_ms: int
    """First sample after the last one that was sent."""
    pauses: tuple[tuple[int, int], ...] = ()
    """Silences within it, the same way."""
    barge_in: bool = False
    """Whether the robot was speaking when it began."""
    complete: bool = True
    """False: the call ended within it."""


@dataclass(slots=True)
class CallerRecord:
    """What one caller did."""

    persona: str
    voice: str
    said: list[Said] = field(default_factory=list)
    hung_up_ms: int | None = None
    """When they put the phone down; None when the robot did."""
    heard_ms: int = 0
    """Length of the call."""


@dataclass(frozen=True, slots=True)
class _Plan:
    reply: Reply
    state: str
    at_ms: int


class SimulatedCaller:
    """One caller in one call."""

    def __init__(
        self,
        persona: Persona,
        leg: CallLeg,
        *,
        detector: SpeechDetector,
        render: Rendering,
        rng: np.random.Generator,
        state: Callable[[], str],
        voice: str = "",
    ) -> None:
        """`state` tells which of the script's states the robot is in, asked in each turn."""
        self._persona = persona
        self._leg = leg
        self._detector = detector
        self._render = render
        self._rng = rng
        self._state = state
        self._mouth = _Mouth(leg.sample_rate)
        self._visits: Counter[str] = Counter()
        self._plan: _Plan | None = None
        self._interruption: _Plan | None = None
        """What is done in the open turn without waiting for the robot's silence."""
        self._greets_at_ms: int | None = None
        self._reply = Reply()
        """To the open turn."""
        self._replies_to: str | None = None
        """The state that it was chosen for; None: not chosen yet."""
        self._turn_open = self._replying = False
        self._robot_spoke_ms = 0
        """Last sample of the robot's speech."""
        self._settled_ms = 0
        """Before this the caller does not speak, having just spoken over the robot."""
        self._spoke_ms = 0
        """Last sample of their own."""
        self._saying: Said | None = None
        self._unprompted = 0
        self._hang_up_after = False
        self._gone = False
        self.record = CallerRecord(persona.name, voice)

    async def run(self) -> CallerRecord:
        """Stay on the line until either side hangs up."""
        self._leg.playout = self._mouth
        greeting = self._persona.greeting
        self._greets_at_ms = None if greeting is None else self._thinking(greeting)
        try:
            async for frame in self._leg.incoming():
                self._take(frame)
                if self._gone:
                    self.record.hung_up_ms = self._now_ms
                    break
        finally:
            self._cut_off()
            self.record.heard_ms = self._now_ms
            await self._leg.hang_up()
        return self.record

    # One frame

    def _take(self, frame: AudioFrame) -> None:
        match self._detector.process(frame):
            case SpeechStarted(position):
                self._robot_starts(position * 1000 // frame.sample_rate)
            case SpeechPaused(position):
                self._robot_pauses(position * 1000 // frame.sample_rate)
            case None:
                pass
        now = frame.start_ms + FRAME_MS
        if self._saying is not None and not self._mouth.speaking:
            self._fall_silent(self._saying, now)
        if not self._mouth.speaking:
            self._begin_what_is_due(now)

    def _begin_what_is_due(self, now: int) -> None:
        greeting = self._persona.greeting
        if greeting is not None and self._greets_at_ms is not None and now >= self._greets_at_ms:
            self._greets_at_ms = None
            self._say_one_of(greeting, "")
        elif self._plan is not None and now >= self._plan.at_ms:
            self._act(self._plan)
        elif self._waited_too_long(now):
            self._lose_patience()

    def _robot_starts(self, at_ms: int) -> None:
        if self._replying:
            return
        if not self._turn_open or self._state() != self._replies_to:
            self._open_turn(at_ms)
        # What was planned for the robot's silence has to wait: it only took a breath.
        self._plan = self._interruption

    def _robot_pauses(self, at_ms: int) -> None:
        self._robot_spoke_ms = at_ms
        if self._replying or not self._turn_open:
            return
        reply, state = self._choose()
        due = max(at_ms + self._thinking(reply), self._settled_ms)
        if self._plan is None or due < self._plan.at_ms:
            self._plan = _Plan(reply, state, due)

    def _open_turn(self, at_ms: int) -> None:
        self._turn_open = True
        self._replies_to = self._interruption = None
        reply, state = self._choose()
        if reply.barge_in_ms is not None:
            self._interruption = _Plan(reply, state, at_ms + reply.barge_in_ms)

    def _fall_silent(self, said: Said, now: int) -> None:
        self._saying = None
        self._spoke_ms = said.end_ms
        self.record.said.append(said)
        self._gone = self._hang_up_after
        if self._replying:
            self._replying = False
            self._turn_open = self._detector.speaking
            self._settled_ms = now + SETTLE_MS if self._turn_open else 0

    # Decisions

    def _choose(self) -> tuple[Reply, str]:
        """Return this turn's reply, chosen once for a state, and the robot's state."""
        state = self._state()
        if state != self._replies_to:
            self._replies_to = state
            self._reply = self._persona.reply(state, self._visits[state])
        return self._reply, state

    def _thinking(self, reply: Reply) -> int:
        return int(self._rng.integers(reply.after_ms.least, reply.after_ms.most + 1))

    def _act(self, plan: _Plan) -> None:
        self._plan = self._interruption = self._replies_to = None
        self._turn_open = False
        self._visits[plan.state] += 1
        if plan.reply.say:
            self._replying = True
            self._say_one_of(plan.reply, plan.state)
        elif plan.reply.hang_up:
            self._gone = True

    def _waited_too_long(self, now: int) -> bool:
        if self._detector.speaking or self._plan is not None:
            return False
        silent_since = max(self._robot_spoke_ms, self._spoke_ms)
        return now - silent_since >= self._persona.patience.ms

    def _lose_patience(self) -> None:
        patience = self._persona.patience
        if self._unprompted >= len(patience.say):
            self._gone = True
            return
        utterance = patience.say[self._unprompted]
        self._unprompted += 1
        self._speak(utterance, "")

    # Speaking

    @property
    def _now_ms(self) -> int:
        return self._mouth.position * 1000 // self._leg.sample_rate

    def _say_one_of(self, reply: Reply, state: str) -> None:
        self._hang_up_after = reply.hang_up
        self._speak(reply.say[int(self._rng.integers(len(reply.say)))], state)

    def _speak(self, utterance: Utterance, state: str) -> None:
        spoken = self._render(utterance)
        begin, rate = self._mouth.position, self._leg.sample_rate
        self._mouth.say(spoken.pcm)
        self._saying = Said(
            utterance.text,
            state,
            begin * 1000 // rate,
            (begin + len(spoken.pcm) // SAMPLE_BYTES) * 1000 // rate,
            tuple(
                ((begin + first) * 1000 // rate, (begin + end) * 1000 // rate)
                for first, end in spoken.pauses
            ),
            barge_in=self._detector.speaking,
        )

    def _cut_off(self) -> None:
        """Note what was being said when the call ended."""
        if self._saying is not None and self._saying.start_ms < self._now_ms:
            end_ms = min(self._saying.end_ms, self._now_ms)
            self.record.said.append(replace(self._saying, end_ms=end_ms, complete=False))
        self._saying = None


class _Mouth:
    """What goes out, a frame a pull; the caller's media clock."""

    def __init__(self, sample_rate: int) -> None:
        self._frame_bytes = frame_bytes(sample_rate)
        self._pcm = memoryview(b"")
        self.position = 0
        """Samples sent so far, silence counted."""

    @property
    def speaking(self) -> bool:
        return len(self._pcm) > 0

    def say(self, pcm: bytes) -> None:
        self._pcm = memoryview(pcm)

    def pull(self) -> bytes:
        self.position += self._frame_bytes // SAMPLE_BYTES
        frame = bytes(self._pcm[: self._frame_bytes])
        self._pcm = self._pcm[self._frame_bytes :]
        return frame.ljust(self._frame_bytes, b"\0")
