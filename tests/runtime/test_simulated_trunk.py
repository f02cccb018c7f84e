"""The simulated network: who picks up, what goes over the wire, and whose fault is told."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import numpy as np
import pytest

from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.trunk import Dialled
from voicebot.errors import BadContacts, SynthesiserFailed
from voicebot.runtime.virtual_time import run_virtual
from voicebot.simulation.line import Line, LineSettings, Noise
from voicebot.simulation.persona import Patience, Persona, Reply, Span
from voicebot.simulation.trunk import SimulatedTrunk, Wire, check_contacts
from voicebot.simulation.utterance import parse
from voicebot.simulation.voices import CallerVoice
from voicebot.speech.detector import SpeechDetector
from voicebot.transports.loopback import LoopbackLeg, connect

T = TypeVar("T")

RATE = 8000
SHORT = Patience(2000)


class Tone:
    """Speaks every text as 300 ms of a tone whose pitch is the voice's rate."""

    sample_rate = 16000
    identity = "tone"

    def __init__(self, voice: CallerVoice) -> None:
        self._hz = 3 * voice.rate

    def synthesise(self, text: str) -> Iterator[bytes]:
        time_s = np.arange(4800) / self.sample_rate
        yield (6000 * np.sin(2 * np.pi * self._hz * time_s)).astype("<i2").tobytes()


class Mute:
    """Cannot speak."""

    sample_rate = 16000
    identity = "mute"

    def __init__(self, voice: CallerVoice) -> None:
        pass

    def synthesise(self, text: str) -> Iterator[bytes]:
        raise SynthesiserFailed("no voice")


def open_wire(to_robot: Line, to_caller: Line) -> Wire:
    robot, caller = LoopbackLeg(RATE), LoopbackLeg(RATE)
    return Wire(robot, caller, connect(robot, caller, to_robot=to_robot, to_caller=to_caller))


def trunk(
    *personas: Persona, seed: int = 1, speaks: type[Tone] | type[Mute] = Tone
) -> SimulatedTrunk:
    return SimulatedTrunk(
        {persona.name: persona for persona in personas},
        seed=1,
        sample_rate=RATE,
        open_wire=open_wire,
        synthesiser=speaks,
        detector=lambda: SpeechDetector(lambda frame: True),
    )


def contact(persona: str, phone: str = "15400000001") -> Contact:
    return Contact(phone, "王女士", {"persona": persona}, 2)


def greeter(name: str = "greeter", **more: Any) -> Persona:
    says = tuple(parse(text) for text in ("喂", "你好", "哪位"))
    return Persona(name, ring_ms=3000, greeting=Reply(says, Span(200, 900)), patience=SHORT, **more)


async def hear(dialled: Dialled) -> bytes:
    """Listen without a word until the callee hangs up."""
    assert dialled.leg is not None
    return b"".join([frame.pcm async for frame in dialled.leg.incoming()])


def in_time(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Return what the work gives and how many seconds it took."""

    async def timed() -> tuple[T, float]:
        return await work, asyncio.get_running_loop().time()

    return run_virtual(timed())


@pytest.mark.parametrize("answer", [Disposition.BUSY, Disposition.NO_ANSWER, Disposition.REJECTED])
def test_somebody_who_does_not_pick_up_has_rung_and_has_no_leg(answer: Disposition) -> None:
    network = trunk(Persona("nobody", answer=answer, ring_ms=4500))

    dialled, seconds = in_time(network.dial(contact("nobody"), "1"))

    assert (dialled.disposition, dialled.ring_ms, dialled.leg) == (answer, 4500, None)
    assert seconds == pytest.approx(4.5)


def test_what_the_callee_says_arrives_and_their_hanging_up_ends_it() -> None:
    network = trunk(greeter(voice="lin"))

    async def call() -> bytes:
        heard = await hear(await network.dial(contact("greeter"), "1"))
        await network.close()
        return heard

    heard, seconds = in_time(call())

    said = network.records["15400000001"].said
    samples = np.abs(np.frombuffer(heard, "<i2"))
    loud = np.flatnonzero(samples > 1000) * 1000 / RATE
    assert len(said) == 1
    # The band filter delays by 4 ms and rings for as long.
    assert loud[0] == pytest.approx(said[0].start_ms + 4, abs=4)
    assert loud[-1] == pytest.approx(said[0].end_ms + 4, abs=8)
    assert seconds == pytest.approx(3 + (said[0].end_ms + 2000) / 1000, abs=0.05)


def test_callees_do_the_same_whatever_the_order_and_the_company() -> None:
    async def calls(*phones: str) -> dict[str, bytes]:
        network = trunk(greeter(line=LineSettings(noise=Noise.PINK)))
        heard = {}
        for phone in phones:
            heard[phone] = await hear(await network.dial(contact("greeter", phone), phone))
        return heard

    one = run_virtual(calls("15400000001", "15400000002", "15400000003"))
    other = run_virtual(calls("15400000003", "15400000001"))

    assert other == {phone: one[phone] for phone in other}
    assert len(set(one.values())) == 3


def test_people_in_the_background_are_heard() -> None:
    network = trunk(greeter(line=LineSettings(noise=Noise.BABBLE, snr_db=10)))

    async def call() -> bytes:
        return await hear(await network.dial(contact("greeter"), "1"))

    heard, _ = in_time(call())

    assert np.abs(np.frombuffer(heard[:1600], "<i2")).max() > 100


def test_a_fault_of_a_callee_ends_their_call_and_is_told_at_the_end() -> None:
    network = trunk(greeter(), speaks=Mute)

    async def call() -> bytes:
        heard = await hear(await network.dial(contact("greeter"), "1"))
        with pytest.raises(SynthesiserFailed, match="no voice"):
            await network.close()
        return heard

    heard, _ = in_time(call())

    assert len(heard) < 2 * RATE


def test_contacts_without_a_persona_are_all_named_with_their_lines() -> None:
    contacts = [
        Contact("15400000001", "王女士", {"persona": "wiling"}, 2),
        Contact("15400000002", "李先生", {"persona": "willing"}, 3),
        Contact("15400000003", "张女士", {}, 4),
    ]

    with pytest.raises(BadContacts) as caught:
        check_contacts(contacts, {"willing": Persona("willing")}, "contacts.csv")

    assert str(caught.value).splitlines() == [
        'contacts.csv:2: persona: there is no persona "wiling"; did you mean "willing"?',
        "contacts.csv:4: persona: no persona is named; known: willing",
    ]
