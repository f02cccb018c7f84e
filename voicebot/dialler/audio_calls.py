"""Calls with sound: a trunk dials, the session listens and speaks."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from voicebot.call.leg import CallLeg
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.campaign.answering_machine import MachineDetector, Reaction
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.progress import Evidence
from voicebot.campaign.trunk import Trunk
from voicebot.dialler.calls import Called, OptedOut
from voicebot.dialogue.script import EndReason, Script
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.driver import Recording
from voicebot.runtime.machine_watch import WatchedLeg
from voicebot.store.dialling import Intent

Keep = Callable[[Intent, Recording], str | None]
"""Keeps a recording and returns where; None when it could not."""


@dataclass(frozen=True, slots=True)
class Voiced:
    """A script that is ready to be spoken to a contact, and the trunk that reaches them."""

    script: Script
    variables: dict[str, str]
    trunk: Trunk
    machine: Reaction = Reaction.HANG_UP
    """What an answering machine gets."""
    message: bytes = b""
    """What is left to it, at the line's rate."""


class AudioCalls:
    """See `voicebot.dialler.calls.Calls`."""

    def __init__(
        self,
        prepare: Callable[[Intent], Voiced],
        parts: Parts,
        keep: Keep,
        machines: Callable[[], MachineDetector] | None = None,
    ) -> None:
        """`prepare` renders what will be said before anything is dialled; it and `keep` block, and
        run in threads. `machines` makes what finds answering machines, one for each call."""
        self._prepare = prepare
        self._parts = parts
        self._keep = keep
        self._machines = machines

    async def prepare(self, intent: Intent) -> None:
        """Render what will be said."""
        await asyncio.to_thread(self._prepare, intent)

    async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
        """Dial and talk."""
        voiced = await asyncio.to_thread(self._prepare, intent)
        contact = Contact(intent.phone, intent.name, voiced.variables, intent.line)
        dialled = await voiced.trunk.dial(contact, intent.id)
        evidence = dialled.evidence or Evidence()
        called = Called(
            dialled.disposition,
            dialled.ring_ms,
            sip_code=evidence.sip_code,
            evidence=evidence.as_dict(),
        )
        if dialled.leg is None:
            return called
        session = CallSession(
            voiced.script,
            voiced.variables,
            variant=intent.number - 1,
            now=datetime.now(ZoneInfo(intent.timezone or "UTC")),
        )
        noting: list[asyncio.Task[None]] = []

        def watch(session: CallSession) -> None:
            dialled.watch(session)
            if voiced.script.states[session.state].end is EndReason.OPTED_OUT and not noting:
                noting.append(asyncio.create_task(_run(opted_out)))

        record, recording, machine = await self._talk(session, dialled.leg, watch, voiced)
        await asyncio.gather(*noting)
        where = await asyncio.to_thread(self._keep, intent, recording)
        called = replace(called, record=record, recording=where)
        if record.end_reason is EndReason.NO_MEDIA:
            # Nobody was spoken with: the line is at fault, which stops a campaign if it goes on so.
            return replace(
                called,
                disposition=Disposition.LINE_ERROR,
                evidence={**called.evidence, "text": record.end_detail},
            )
        if machine is None or machine.judged is None:
            return called
        found: dict[str, Any] = {"machine": machine.judged.why}
        if machine.left_message:
            found["left_message"] = True
        return replace(
            called,
            disposition=machine.judged.disposition,
            evidence={**called.evidence, **found},
        )

    async def _talk(
        self,
        session: CallSession,
        leg: CallLeg,
        watch: Callable[[CallSession], None],
        voiced: Voiced,
    ) -> tuple[CallRecord, Recording, WatchedLeg | None]:
        """Talk; the watched leg comes back when it was no person that picked up."""
        if self._machines is None:
            return *await run_call(session, leg, self._parts, watch), None
        with ThreadPoolExecutor(1, "who picked up") as executor:
            watched = WatchedLeg(leg, self._machines(), executor, voiced.machine, voiced.message)
            record, recording = await run_call(session, watched, self._parts, watch)
            judged = await watched.finish()
        human = judged is None or judged.disposition is Disposition.ANSWERED_HUMAN
        return record, recording, None if human else watched


async def _run(opted_out: OptedOut) -> None:
    await opted_out()
