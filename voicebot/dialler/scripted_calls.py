"""Calls that are simulated without sound: a made-up population, the real session and script.

What the network says is told apart by the real announcement grammar, and who picks up talks with
the real call session; only sound and recogniser are left out. Ringing and talking take their time
on the dialler's clock.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import lru_cache
from zoneinfo import ZoneInfo

from voicebot.call.session import CallSession
from voicebot.campaign import announcements
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.progress import by_code
from voicebot.dialler.calls import Called, OptedOut
from voicebot.dialler.clock import Clock
from voicebot.dialogue.script import Script
from voicebot.simulation.persona import Persona
from voicebot.simulation.population import Fate, Population
from voicebot.simulation.typed_call import talk
from voicebot.store.dialling import Intent

PERSONA = "persona"
"""The column that names who picks up; without it somebody is chosen by the number."""

ScriptOf = Callable[[Intent], Script]


class ScriptedCalls:
    """See `voicebot.dialler.calls.Calls`."""

    def __init__(
        self,
        population: Population,
        personas: Callable[[Intent], Mapping[str, Persona]],
        script: ScriptOf,
        clock: Clock,
    ) -> None:
        """`personas` and `script` return those of an attempt's campaign and version."""
        self._population = population
        self._personas = personas
        self._script = script
        self._clock = clock

    async def prepare(self, intent: Intent) -> None:
        """Load the script."""
        await asyncio.to_thread(self._personas, intent)

    async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
        """Ring and talk."""
        hour = self._clock.now().astimezone(ZoneInfo(intent.timezone or "UTC")).hour
        people = self._personas(intent)
        named = people.get(intent.variables.get(PERSONA, ""))
        fate = self._population.fate(intent.phone, intent.id, hour)
        if named is not None and named.answer is not Disposition.ANSWERED_HUMAN:
            await self._clock.sleep(named.ring_ms / 1000)
            return Called(named.answer, named.ring_ms, evidence={"simulated": True})
        if named is None and not fate.answered:
            await self._clock.sleep(fate.ring_ms / 1000)
            return Called(
                disposition_of(fate), fate.ring_ms, None, fate.evidence.sip_code, _evidence(fate)
            )
        if named is None and fate.machine:
            await self._clock.sleep(fate.ring_ms / 1000 + MACHINE_S)
            return Called(Disposition.ANSWERED_MACHINE, fate.ring_ms, None, 200, _evidence(fate))
        ring_ms = fate.ring_ms if named is None else named.ring_ms
        await self._clock.sleep(ring_ms / 1000)
        return await self._talk(intent, named or self._somebody(intent, people), fate, opted_out)

    async def _talk(
        self, intent: Intent, persona: Persona, fate: Fate, opted_out: OptedOut
    ) -> Called:
        script = self._script(intent)
        session = CallSession(
            script,
            known_variables(intent, script),
            variant=intent.number - 1,
            now=self._clock.now().astimezone(ZoneInfo(intent.timezone or "UTC")),
        )
        said = talk(session, script, persona, self._population.rng(intent.id))
        spoken_ms = said.record.duration_ms
        if said.opted_out_ms is not None:
            await self._clock.sleep(said.opted_out_ms / 1000)
            await opted_out()
            spoken_ms -= said.opted_out_ms
        await self._clock.sleep(spoken_ms / 1000)
        return Called(Disposition.ANSWERED_HUMAN, fate.ring_ms, said.record, 200, _evidence(fate))

    def _somebody(self, intent: Intent, people: Mapping[str, Persona]) -> Persona:
        answering = [each for each in people.values() if each.answer is Disposition.ANSWERED_HUMAN]
        if not answering:
            raise ValueError(f"campaign {intent.campaign} has no persona that picks up")
        return answering[int(self._population.rng(intent.phone).integers(len(answering)))]


MACHINE_S = 6.0
"""Until a machine is known for one and the call is ended."""


def disposition_of(fate: Fate) -> Disposition:
    """Tell what the network said: its announcement outranks its code."""
    said = _announced(fate.evidence.text)
    return by_code(fate.evidence.sip_code or 0) if said is None else said


@lru_cache
def _announced(text: str) -> Disposition | None:
    found = announcements.load().find(text) if text else None
    return None if found is None else found.disposition


def _evidence(fate: Fate) -> dict[str, object]:
    kept: dict[str, object] = {**fate.evidence.as_dict(), "simulated": True}
    return {**kept, "colour_ring": True} if fate.colour_ring else kept


def known_variables(intent: Intent, script: Script) -> dict[str, str]:
    """Return what the script needs; its examples where the contact brings nothing."""
    examples = {name: each.example for name, each in script.variables.items()}
    return {**examples, **intent.variables}
