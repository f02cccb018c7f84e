"""A telephone network of simulated callees: each contact's persona picks up, or does not."""

import asyncio
import zlib
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from voicebot.call.leg import CallLeg
from voicebot.call.session import CallSession
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.trunk import Dialled
from voicebot.dialogue.document import suggest
from voicebot.errors import BadContacts, Problem
from voicebot.simulation.caller import CallerRecord, SimulatedCaller
from voicebot.simulation.line import Line, LineSettings, Noise, telephone_line
from voicebot.simulation.persona import CONFIRM, WRONG, Persona
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import VOICES, CallerSpeech, SynthesiserFor, choose
from voicebot.speech.detector import SpeechDetector

COLUMN = "persona"
"""Of the contacts file: who picks up."""

TO_CALLER = LineSettings()
"""The robot's voice on its way: the same telephone, a quiet room."""

BABBLE = (
    "今天中午我们去楼下那家店吃面吧他们家的牛肉面特别好吃",
    "我昨天晚上看了一场电影里面的演员演得真不错你有空也去看看",
    "孩子明天要开家长会老师说下午三点到学校门口集合别迟到了",
    "这个星期天天下雨衣服都晒不干出门还要带着伞真麻烦",
)
"""What the people in the background talk about: nothing that a campaign asks for."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Two legs and what carries audio between them until one of them hangs up."""

    robot: CallLeg
    caller: CallLeg
    carry: Coroutine[Any, Any, None]


OpenWire = Callable[[Line, Line], Wire]
"""Makes a wire; the first line goes to the robot, the second one to the caller."""


class SimulatedTrunk:
    """See `voicebot.campaign.trunk.Trunk`. Every callee is seeded by `seed` and their number, so
    neither order nor company changes what they do."""

    def __init__(
        self,
        personas: Mapping[str, Persona],
        *,
        seed: int,
        sample_rate: int,
        open_wire: OpenWire,
        synthesiser: SynthesiserFor,
        detector: Callable[[], SpeechDetector],
    ) -> None:
        """`detector` makes one for each callee's ear."""
        self._personas = personas
        self._seed = seed
        self._rate = sample_rate
        self._open_wire = open_wire
        self._synthesiser = synthesiser
        self._detector = detector
        self._babble: tuple[bytes, ...] = ()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._failed: BaseException | None = None
        self.records: dict[str, CallerRecord] = {}
        """By phone number, of the callees who picked up."""

    async def dial(self, contact: Contact, call_id: str) -> Dialled:
        """Ring the contact's persona."""
        persona = self._personas[contact.variables[COLUMN]]
        await asyncio.sleep(persona.ring_ms / 1000)
        if persona.answer is not Disposition.ANSWERED_HUMAN:
            return Dialled(persona.answer, persona.ring_ms)
        rng = np.random.default_rng([self._seed, zlib.crc32(contact.phone.encode())])
        leg, watch = self._pick_up(persona, contact.phone, rng)
        return Dialled(persona.answer, persona.ring_ms, leg, watch)

    async def close(self) -> None:
        """Wait until every callee is off the line; raise the first fault of any of them."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failed is not None:
            raise self._failed

    def _pick_up(
        self, persona: Persona, phone: str, rng: np.random.Generator
    ) -> tuple[CallLeg, Callable[[CallSession], None]]:
        name = persona.voice or choose(rng)
        voice = VOICES[name]
        around = self._voices_around() if persona.line.noise is Noise.BABBLE else ()
        wire = self._open_wire(
            telephone_line(self._rate, persona.line, rng, around),
            telephone_line(self._rate, TO_CALLER, rng),
        )
        script = _Script(persona.truth)
        caller = SimulatedCaller(
            persona,
            wire.caller,
            detector=self._detector(),
            render=CallerSpeech(self._synthesiser(voice), self._rate, tract=voice.tract),
            rng=rng,
            state=script.state,
            voice=name,
        )
        self.records[phone] = caller.record
        self._start(caller.run())
        self._start(_carry(wire))
        return wire.robot, script.follow

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        # The loop itself holds tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and self._failed is None:
            self._failed = task.exception()

    def _voices_around(self) -> tuple[bytes, ...]:
        """Return people who talk in the background, made once."""
        if not self._babble:
            voices = [VOICES[name] for name in sorted(VOICES)[:: len(VOICES) // len(BABBLE)]]
            self._babble = tuple(
                CallerSpeech(self._synthesiser(voice), self._rate, tract=voice.tract)(
                    Utterance((text,))
                ).pcm
                for voice, text in zip(voices, BABBLE, strict=False)
            )
        return self._babble


class _Script:
    """Where the call stands, as its callee knows it: as it was at the last event."""

    def __init__(self, truth: Mapping[str, str]) -> None:
        self._truth = truth
        self._session: CallSession | None = None

    def follow(self, session: CallSession) -> None:
        self._session = session

    def state(self) -> str:
        """Return the script's place; at a value that is read back, whether it is true."""
        if self._session is None:
            return ""
        place = self._session.place
        slot = place.removesuffix(CONFIRM).partition(".")[2]
        if place.endswith(CONFIRM) and slot in self._truth:
            told = self._session.told.get(slot)
            return place if told == self._truth[slot] else place.replace(CONFIRM, WRONG)
        return place


async def _carry(wire: Wire) -> None:
    """Let nobody wait on a line that broke."""
    try:
        await wire.carry
    finally:
        await wire.robot.hang_up()
        await wire.caller.hang_up()


def check_contacts(contacts: Iterable[Contact], personas: Mapping[str, Persona], file: str) -> None:
    """Raise `BadContacts` for contacts whose column `persona` names none of `personas`."""
    problems = []
    for contact in contacts:
        name = contact.variables.get(COLUMN, "")
        if name not in personas:
            what = f'there is no persona "{name}"' if name else "no persona is named"
            hint = suggest(name, sorted(personas), everything=True)
            problems.append(Problem(file, what, contact.line, COLUMN, hint))
    if problems:
        raise BadContacts(*problems)
