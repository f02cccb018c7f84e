"""Small things that many tests build: a script, a caller drawn as a string, plain fakes."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from voicebot.audio.frame import AudioFrame, frame_bytes
from voicebot.call.events import (
    Action,
    Answered,
    Event,
    HangUp,
    Ms,
    Play,
    PromptEnded,
    PromptStarted,
)
from voicebot.call.session import CallSession, CallSettings
from voicebot.call.turn_settings import TurnSettings
from voicebot.dialogue.script import (
    BargeIn,
    EndReason,
    Intent,
    Prompt,
    Reprompt,
    Script,
    State,
    Transition,
    Wording,
)
from voicebot.dialogue.step import Spoken
from voicebot.speech.detector import level_dbfs
from voicebot.speech.recogniser import Transcript

OPENING = "您好，我是智能语音助手。请问您现在方便吗？"
QUESTION = "上次的咖啡豆您觉得怎么样？"
GOODBYE = "好的，谢谢您，再见。"
REMOVED = "好的，不再给您打了。"
HELLO = "您好，能听到吗？"
STILL_THERE = "请问您还在吗？"
PARDON = "不好意思，没听清。"
ONCE_MORE = "麻烦您再说一遍。"
SILENT_GOODBYE = "那先不打扰您了。"
LOST_GOODBYE = "那请同事联系您。"
APOLOGY = "抱歉，我们的系统出了点问题，再见。"


def prompt(text: str, barge_in: BargeIn = BargeIn.ANY) -> Prompt:
    """Return a prompt with one wording."""
    return Prompt((Wording(text),), barge_in)


def script(opening: BargeIn = BargeIn.ANY, question: BargeIn = BargeIn.ANY) -> Script:
    """Return a call of three states: may I, how was the coffee, goodbye."""
    bye = Transition("bye")
    return Script(
        name="coffee",
        version="1",
        title="How was the coffee?",
        start="opening",
        states={
            "opening": State(
                "opening",
                prompt(OPENING, opening),
                on={"affirm": Transition("ask"), "deny": bye},
            ),
            "ask": State("ask", prompt(QUESTION, question), on={"good": bye, "bad": bye}),
            "bye": State("bye", prompt(GOODBYE), end=EndReason.FINISHED),
            "removed": State("removed", prompt(REMOVED), end=EndReason.OPTED_OUT),
            "silent": State("silent", prompt(SILENT_GOODBYE), end=EndReason.NO_INPUT),
            "lost": State("lost", prompt(LOST_GOODBYE), end=EndReason.NO_MATCH),
        },
        intents={
            "affirm": Intent("affirm", ("方便", "可以", "好的", "好")),
            "deny": Intent("deny", ("不方便", "没空")),
            "good": Intent("good", ("很好喝", "不错")),
            "bad": Intent("bad", ("不好喝", "太苦了")),
            "opt_out": Intent("opt_out", hot_words=("别打了",)),
        },
        anywhere={"opt_out": Transition("removed")},
        no_input=Reprompt((prompt(HELLO), prompt(STILL_THERE)), Transition("silent")),
        no_match=Reprompt((prompt(PARDON), prompt(ONCE_MORE)), Transition("lost")),
        apology=prompt(APOLOGY),
    )


TIMES = CallSettings(
    turns=TurnSettings(
        complete_ms=300, endpoint_ms=700, incomplete_ms=1600, barge_in_ms=240, surely_ms=600
    )
)
"""The times of all stories: tuning those of the product changes none of them."""


class Rig:
    """A session under literal times: deadlines that fall before an event are handled first.

    `log` holds every action as it came, with its time.
    """

    def __init__(self, of: Script | None = None, settings: CallSettings | None = None) -> None:
        self.session = CallSession(of or script(), {}, settings or TIMES)
        self.log: list[tuple[Ms, Action]] = []

    def at(self, now: Ms, event: Event) -> list[Action]:
        """Let time pass until `now`, then give the session an event."""
        self.until(now)
        actions = self.session.handle(event, now)
        self.log += [(now, action) for action in actions]
        return actions

    def until(self, now: Ms) -> list[Action]:
        """Handle every deadline up to `now`; return what came of them."""
        before = len(self.log)
        while (due := self.session.deadline) is not None and due <= now:
            self.log += [(due, action) for action in self.session.handle_deadline(due)]
        return [action for _, action in self.log[before:]]

    @property
    def prompt(self) -> Play:
        """The prompt that was played last."""
        return [action for _, action in self.log if isinstance(action, Play)][-1]

    @property
    def said(self) -> list[str]:
        """Every prompt's text, in order."""
        return [action.spoken.text for _, action in self.log if isinstance(action, Play)]

    @property
    def hung_up(self) -> tuple[Ms, EndReason] | None:
        """When and why the session hung up."""
        ends = [(at, action.reason) for at, action in self.log if isinstance(action, HangUp)]
        return ends[0] if ends else None

    def answered(self) -> "Rig":
        """Begin the call at 0 ms."""
        self.at(0, Answered())
        return self

    def plays(self, begin: Ms, end: Ms) -> list[Action]:
        """Let the last prompt play whole from `begin` to `end`."""
        spoken = self.prompt.spoken.text
        self.at(begin, PromptStarted(self.prompt.prompt, end - begin))
        ended = PromptEnded(self.prompt.prompt, end - begin, spoken, complete=True)
        return self.at(end, ended)


def said(text: str, **more: Any) -> Transcript:
    """Return a transcript that is sure of its text."""
    return Transcript(text, **more)


# Audio

HIGH, LOW = 8000, 20
"""Peak of a drawn caller's voice and of the line's noise: -15 and -65 dBFS."""

ROBOT_HZ = 650.0
"""Pitch of the robot's tones, unlike the caller's 400 Hz: a caller who sounds the same as what is
played is an echo."""


def tone(ms: int, *, rate: int = 8000, hz: float = 400.0, peak: int = HIGH) -> bytes:
    """Return a sine."""
    time = np.arange(rate * ms // 1000) / rate
    return (np.sin(2 * np.pi * hz * time) * peak).astype("<i2").tobytes()


def drawn(signal: str, *, step_ms: int = 20, rate: int = 8000) -> bytes:
    """Return audio for a drawing: `#` is a voice, `.` is a quiet line, each `step_ms` long.

    Long steps of a voice change their pitch, as words do: one tone alone is hummed.
    """
    pieces = []
    sung = 0
    for each in signal:
        sung = sung + 1 if each == "#" else 0
        hz = 320.0 if step_ms >= 100 and sung % 2 == 0 else 400.0
        pieces.append(tone(step_ms, rate=rate, hz=hz, peak=HIGH if sung else LOW))
    return b"".join(pieces)


def frames(pcm: bytes, rate: int = 8000) -> Iterator[AudioFrame]:
    """Cut audio into frames; what is left over is lost."""
    size = frame_bytes(rate)
    for number in range(len(pcm) // size):
        piece = pcm[number * size : (number + 1) * size]
        yield AudioFrame(piece, rate, number * size // 2)


def loud(frame: AudioFrame) -> bool:
    """Tell a drawn voice from a drawn quiet line: a voice activity detector that is never wrong."""
    return level_dbfs(frame.pcm) > -40


# Fakes


class ScriptedRecogniser:
    """Hears the given texts, one an utterance, the partial text growing with the audio."""

    def __init__(self, *texts: str) -> None:
        self._texts = deque(texts)
        self.heard: list[bytes] = []
        """The audio of each utterance."""
        self.asked: list[Sequence[str] | None] = []
        """The phrases of each utterance."""
        self._voiced = 0

    def listen(self, phrases: Sequence[str] | None) -> None:
        """Begin the next utterance."""
        self.heard.append(b"")
        self.asked.append(phrases)
        self._voiced = 0

    def accept(self, pcm: bytes) -> str:
        """Show one more character of the text for every 120 ms that hold a voice."""
        self.heard[-1] += pcm
        self._voiced += sum(loud(frame) for frame in frames(pcm))
        return self._texts[0][: self._voiced // 6] if self._texts else ""

    def finish(self) -> Transcript:
        """Return the utterance's text."""
        return said(self._texts.popleft() if self._texts else "")


class FailingRecogniser:
    """Breaks in the method that is named."""

    def __init__(self, broken: str) -> None:
        self._broken = broken

    def listen(self, phrases: Sequence[str] | None) -> None:
        """Begin an utterance."""
        self._try("listen")

    def accept(self, pcm: bytes) -> str:
        """Hear nothing."""
        self._try("accept")
        return ""

    def finish(self) -> Transcript:
        """Hear nothing."""
        self._try("finish")
        return said("")

    def _try(self, method: str) -> None:
        if method == self._broken:
            raise RuntimeError(f"{method} is broken")


class ToneVoice:
    """Speaks every text as a tone of `character_ms` a character, in the given phrases."""

    def __init__(self, character_ms: int = 100, cut: Callable[[str], Sequence[str]] | None = None):
        self._character_ms = character_ms
        self._cut = cut or (lambda text: [text])

    def duration_ms(self, spoken: Spoken) -> Ms | None:
        """Return the length of the whole tone."""
        return len(spoken.text) * self._character_ms

    def pieces(self, spoken: Spoken) -> Iterator[tuple[str, bytes]]:
        """Yield a tone for each phrase."""
        for phrase in self._cut(spoken.text):
            yield phrase, tone(len(phrase) * self._character_ms, hz=ROBOT_HZ)
