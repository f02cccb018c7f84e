"""Calls that come in: which script answers, how many at once, and how the service goes down."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from voicebot.call.leg import PhoneLeg
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.campaign.contacts import mask
from voicebot.dialogue.script import Script
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.driver import Recording
from voicebot.runtime.load import LoadMeter

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a number is answered."""

    script: Script
    variables: Mapping[str, str] = field(default_factory=dict)
    transfer_to: str | None = None
    """Where a caller goes whom the script hands over; without it the call ends there."""


@dataclass(frozen=True, slots=True)
class InboundCall:
    """One finished call."""

    number: int
    """Counted from 1 since the service started."""
    caller: str
    called: str
    record: CallRecord
    recording: Recording


Finished = Callable[[InboundCall], Awaitable[None]]


class Answering:
    """The calls of one process."""

    def __init__(
        self, parts: Parts, load: LoadMeter, *, max_calls: int, finished: Finished
    ) -> None:
        self._parts = parts
        self._load = load
        self._max_calls = max_calls
        self._finished = finished
        self._number = 0
        self._none_left = asyncio.Event()
        self._none_left.set()
        self.draining = False
        self.calls = 0
        self.refused = 0

    def admits(self) -> bool:
        """Tell whether one more call may be answered without spoiling others; count refusals."""
        if self.draining or self.calls >= self._max_calls or self._load.overloaded:
            self.refused += 1
            return False
        return True

    async def talk(self, leg: PhoneLeg, answer: Answer, *, caller: str, called: str) -> None:
        """Carry one answered call to its end, and hand its record on."""
        self._number += 1
        self.calls += 1
        self._none_left.clear()
        number = self._number
        log.info("call %d from %s to %s", number, mask(caller), called)
        session = CallSession(answer.script, answer.variables, variant=number - 1)
        target = answer.transfer_to
        try:
            record, recording = await run_call(
                session,
                leg,
                self._parts,
                transfer=None if target is None else lambda: leg.transfer(target),
            )
            log.info("call %d ended: %s, %s", number, record.end_reason, leg.statistics)
            await self._finished(InboundCall(number, caller, called, record, recording))
        finally:
            self.calls -= 1
            if self.calls == 0:
                self._none_left.set()

    async def drain(self, longest_s: float) -> bool:
        """Take no new call and wait for the running ones; False when some still run after
        `longest_s` seconds."""
        self.draining = True
        try:
            async with asyncio.timeout(longest_s):
                await self._none_left.wait()
        except TimeoutError:
            log.warning("%d calls still run after %.0f s", self.calls, longest_s)
            return False
        return True
