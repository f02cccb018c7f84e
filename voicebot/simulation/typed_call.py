"""A whole conversation without audio: the real call session, a caller whose words arrive as text.

Everything of a call but sound happens: prompts take the time it takes to say them, the caller
thinks, speaks and pauses, the recogniser's text comes some milliseconds after the end of the turn,
deadlines pass. Time is the call's own and is computed, not waited for; about 10 ms of work make a
minute of call.
"""

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from voicebot.call.events import (
    Action,
    Answered,
    CallerHungUp,
    CloseUtterance,
    DropUtterance,
    Event,
    HangUp,
    HookBroke,
    Ms,
    OpenUtterance,
    PausePrompt,
    Play,
    PromptEnded,
    PromptResumed,
    PromptStarted,
    Recognised,
    ReopenUtterance,
    ResumePrompt,
    RunHook,
    SpeechPaused,
    SpeechStarted,
    StopPrompt,
)
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.dialogue.script import EndReason, Script
from voicebot.simulation.persona import Persona, Reply, Span
from voicebot.speech.recogniser import Transcript

MS_PER_CHARACTER = 210
"""How fast a Mandarin voice speaks, pauses included."""

RECOGNISER_MS = 60
"""From the end of a turn to its text."""

CONFIDENCE = (0.75, 1.0)

MOST_EVENTS = 5000
"""More is a circle."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation that took place."""

    record: CallRecord
    opted_out_ms: Ms | None
    """When the robot knew that the caller wants no more calls."""


@dataclass(slots=True)
class _Prompt:
    number: int
    text: str
    started_ms: Ms
    left_ms: Ms


class _Caller:
    """What a persona does, one turn after the other."""

    def __init__(self, persona: Persona, rng: np.random.Generator) -> None:
        self._persona = persona
        self._rng = rng
        self._visits: Counter[str] = Counter()

    def reply(self, state: str) -> Reply:
        visit = self._visits[state]
        self._visits[state] += 1
        return self._persona.reply(state, visit)

    def between(self, span: Span) -> Ms:
        return int(self._rng.integers(span.least, span.most + 1))

    def words(self, reply: Reply) -> str:
        if not reply.say:
            return ""
        return reply.say[int(self._rng.integers(len(reply.say)))].text

    def confidence(self) -> float:
        return float(self._rng.uniform(*CONFIDENCE))


def talk(session: CallSession, script: Script, persona: Persona, rng: np.random.Generator) -> Talk:
    """Run a call between a session that follows `script` and a persona to its end."""
    return _Call(session, script, _Caller(persona, rng)).run()


class _Call:
    def __init__(self, session: CallSession, script: Script, caller: _Caller) -> None:
        self._session = session
        self._script = script
        self._caller = caller
        self._agenda: list[tuple[Ms, int, Event]] = []
        """What happens when."""
        self._order = itertools.count()
        self._now: Ms = 0
        self._prompt: _Prompt | None = None
        self._words = ""
        self._utterance = 0
        self._speaking_until: Ms = -1
        self._turn = 0
        """Counts what the robot said: a caller answers each of it once."""
        self._answered_turn = -1
        self._opted_out_ms: Ms | None = None

    def run(self) -> Talk:
        self._obey(self._session.handle(Answered(), 0))
        for _ in range(MOST_EVENTS):
            if self._session.ended:
                break
            self._note_opt_out()
            deadline = self._session.deadline
            if self._agenda and (deadline is None or self._agenda[0][0] <= deadline):
                at, _, event = heapq.heappop(self._agenda)
                self._now = max(self._now, at)
                self._happen(event)
            elif deadline is not None:
                self._now = max(self._now, deadline)
                self._obey(self._session.handle_deadline(self._now))
            else:
                break
        if not self._session.ended:
            self._session.abort("the simulated call came to no end", self._now)
        self._note_opt_out()
        return Talk(self._session.record, self._opted_out_ms)

    def _note_opt_out(self) -> None:
        if self._opted_out_ms is None and wants_no_calls(self._script, self._session.state):
            self._opted_out_ms = self._now

    def _at(self, ms: Ms, event: Event) -> None:
        heapq.heappush(self._agenda, (ms, next(self._order), event))

    def _happen(self, event: Event) -> None:
        if isinstance(event, PromptEnded) and event.complete:
            if self._prompt is None or self._prompt.number != event.prompt:
                return
            if self._prompt.started_ms + self._prompt.left_ms > self._now:
                return
            self._prompt = None
            self._turn += 1
            self._obey(self._session.handle(event, self._now))
            if self._prompt is None and not self._session.ended:
                self._listen()
            return
        self._obey(self._session.handle(event, self._now))

    def _listen(self) -> None:
        """Let the caller answer what they heard."""
        if self._answered_turn == self._turn or self._speaking_until > self._now:
            return
        self._answered_turn = self._turn
        reply = self._caller.reply(self._session.state)
        if reply.hang_up and not reply.say:
            self._at(self._now + self._caller.between(reply.after_ms), CallerHungUp())
            return
        self._say(reply, self._now + self._caller.between(reply.after_ms))

    def _say(self, reply: Reply, begin: Ms) -> None:
        words = self._caller.words(reply)
        if not words:
            return
        self._words = words
        end = begin + MS_PER_CHARACTER * len(words)
        self._speaking_until = end
        self._at(begin, SpeechStarted(begin))
        self._at(end, SpeechPaused(end))
        if reply.hang_up:
            self._at(end + 300, CallerHungUp())

    def _obey(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Play(number, spoken):
                    length = max(300, MS_PER_CHARACTER * len(spoken.text))
                    self._play(_Prompt(number, spoken.text, self._now, length))
                case StopPrompt() | PausePrompt():
                    self._stop(resumable=isinstance(action, PausePrompt))
                case ResumePrompt():
                    if self._prompt is not None:
                        self._prompt.started_ms = self._now
                        left = self._prompt.left_ms
                        self._at(self._now, PromptResumed(self._prompt.number, left))
                        self._end_of_prompt(self._prompt)
                case CloseUtterance():
                    self._recognise()
                case OpenUtterance(utterance, _, _) | ReopenUtterance(utterance, _):
                    self._utterance = utterance
                case RunHook(hook, _):
                    self._at(self._now, HookBroke(hook, "a rehearsal asks no shop's program"))
                case DropUtterance() | HangUp():
                    pass
                case _:
                    assert_never(action)

    def _play(self, prompt: _Prompt) -> None:
        self._prompt = prompt
        self._at(self._now, PromptStarted(prompt.number, prompt.left_ms))
        self._end_of_prompt(prompt)

    def _end_of_prompt(self, prompt: _Prompt) -> None:
        end = prompt.started_ms + prompt.left_ms
        self._at(end, PromptEnded(prompt.number, prompt.left_ms, prompt.text, True))

    def _stop(self, *, resumable: bool) -> None:
        prompt = self._prompt
        if prompt is None:
            return
        heard = min(self._now - prompt.started_ms, prompt.left_ms)
        if resumable:
            prompt.left_ms -= heard
            prompt.started_ms = self._now + 10**9
            return
        self._prompt = None
        self._turn += 1
        text = prompt.text[: heard // MS_PER_CHARACTER]
        self._at(self._now, PromptEnded(prompt.number, heard, text, False))

    def _recognise(self) -> None:
        transcript = Transcript(self._words, self._caller.confidence())
        self._at(self._now + RECOGNISER_MS, Recognised(self._utterance, transcript))


def wants_no_calls(script: Script, state: str) -> bool:
    """Tell whether a script that has reached `state` ends with an opt-out."""
    return script.states[state].end is EndReason.OPTED_OUT
