"""Everything that measured calls are made of."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import numpy as np

from voicebot.bench.leg import CallerLeg, Echo, Speaking
from voicebot.bench.remembering import Memory, RememberingRecogniser
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession, CallSettings
from voicebot.call.turn_settings import TurnSettings
from voicebot.dialogue.script import Script, Transition
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.simulation.line import LineSettings, telephone_line
from voicebot.simulation.trunk import BABBLE
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import VOICES, CallerSpeech, SynthesiserFor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Endpointing:
    """One way to end turns, to be compared with others on the same audio."""

    name: str
    settings: TurnSettings = field(default_factory=TurnSettings)
    own_silences: bool = True
    """Whether a state's own silences count; a fixed silence is the same everywhere."""

    @property
    def silence_ms(self) -> int | None:
        """The silence that ends every turn; None when it depends on the words."""
        times = {self.settings.complete_ms, self.settings.endpoint_ms, self.settings.incomplete_ms}
        return None if self.own_silences or len(times) > 1 else times.pop()


def fixed(silence_ms: int) -> Endpointing:
    """Return what ends every turn after the same silence, whatever was said."""
    settings = TurnSettings(
        complete_ms=silence_ms, endpoint_ms=silence_ms, incomplete_ms=silence_ms
    )
    return Endpointing(f"fixed {silence_ms} ms", settings, own_silences=False)


def own(share: float = 1) -> Endpointing:
    """Return our own endpointing, all of its silences shorter or longer."""
    usual = TurnSettings()
    settings = replace(
        usual,
        complete_ms=round(usual.complete_ms * share),
        endpoint_ms=round(usual.endpoint_ms * share),
        incomplete_ms=round(usual.incomplete_ms * share),
    )
    return Endpointing("ours" if share == 1 else f"ours x {share:g}", settings)


class Rig:
    """Runs single calls of the bench's script with callers whose every sample is known."""

    def __init__(
        self,
        script: Script,
        parts: Parts,
        synthesiser: SynthesiserFor,
        sample_rate: int,
        *,
        realtime: bool,
    ) -> None:
        self.script = script
        self.parts = parts
        self.sample_rate = sample_rate
        self.realtime = realtime
        self._synthesiser = synthesiser
        self._memory = Memory()
        self._around: tuple[bytes, ...] = ()

    def speech(self, voice: str, utterance: Utterance) -> bytes:
        """Return an utterance as sound: first audible sample to last, pauses included."""
        settings = VOICES[voice]
        render = CallerSpeech(self._synthesiser(settings), self.sample_rate, tract=settings.tract)
        return render(utterance).pcm

    def people(self) -> tuple[bytes, ...]:
        """Return the people who talk in the background, made once."""
        if not self._around:
            names = sorted(VOICES)[:: len(VOICES) // len(BABBLE)]
            self._around = tuple(
                self.speech(name, Utterance((text,)))
                for name, text in zip(names, BABBLE, strict=False)
            )
        return self._around

    async def apart(self, job: Callable[[], T]) -> T:
        """Make sound for a caller without holding up the calls that run, where time is real."""
        return await asyncio.to_thread(job) if self.realtime else job()

    async def call(
        self,
        state: str,
        endpointing: Endpointing,
        line: LineSettings,
        seed: int,
        speaking: Speaking,
        over: Callable[[CallerLeg, float], bool],
        echo: Echo | None = None,
    ) -> tuple[CallRecord, CallerLeg, float]:
        """Run one call that asks `state` after the opening.

        Return also the seconds that its last closing took. In virtual time the recogniser
        remembers; in real time it works.
        """
        rng = np.random.default_rng(seed)
        people = await self.apart(self.people)
        wire = await self.apart(partial(telephone_line, self.sample_rate, line, rng, people))
        leg = CallerLeg(self.sample_rate, wire, speaking, over, echo=echo)
        session = CallSession(
            _asking(self.script, state, own_silences=endpointing.own_silences),
            {},
            CallSettings(turns=endpointing.settings),
        )
        ear = RememberingRecogniser(
            self.parts.recogniser(self.sample_rate), Memory() if self.realtime else self._memory
        )
        parts = replace(self.parts, recogniser=lambda rate: ear)
        record, _ = await run_call(session, leg, parts, leg.watch)
        return record, leg, ear.close_s


def _asking(script: Script, state: str, *, own_silences: bool) -> Script:
    """Return the script with `state` after its opening, perhaps without its states' silences."""
    states = dict(script.states)
    if not own_silences:
        states = {
            name: replace(each, endpoint_ms=None, complete_ms=None, incomplete_ms=None)
            for name, each in states.items()
        }
    states[script.start] = replace(states[script.start], next=Transition(state))
    return replace(script, states=states)
