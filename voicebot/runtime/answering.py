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
from voicebot.errors import StorageFailed
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.load import LoadMeter
from voicebot.runtime.recorder import FileRecording

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
    caller: str
    called: str
    record: CallRecord


Finished = Callable[[InboundCall], Awaitable[None]]


class Answering:
    """The calls of one process."""

    def __init__(
        self,
        parts: Parts,
        load: LoadMeter,
        *,
        max_calls: int,
        record: Callable[[int], FileRecording],
        finished: Finished,
        first: int = 1,
    ) -> None:
        """`record` begins the recording of a call by its number; numbers begin with `first`."""
        self._parts = parts
        self._load = load
        self._max_calls = max_calls
        self._finished = finished
        self._number = first - 1
        self._record = record
        self._none_left = asyncio.Event()
        self._none_left.set()
        self.draining = False
        self.calls = 0
        self.refused = 0

    def admits(self, coming: int = 0) -> bool:
        """Tell whether one more call may be answered without spoiling others; count refusals.

        `coming` calls were admitted already and have not begun to talk.
        """
        others = self.calls + coming
        # A machine that other programs keep busy may still be called: there is nobody to spoil.
        overloaded = others > 0 and self._load.overloaded
        if self.draining or others >= self._max_calls or overloaded:
            self.refused += 1
            return False
        return True

    async def talk(
        self,
        leg: PhoneLeg,
        answer: Answer,
        *,
        caller: str,
        called: str,
        watch: Callable[[CallSession], None] = lambda session: None,
    ) -> None:
        """Carry one answered call to its end, and hand its record on; `watch` sees it run."""
        self._number += 1
        self.calls += 1
        self._none_left.clear()
        number = self._number
        log.info("call %d from %s to %s", number, mask(caller), called)
        session = CallSession(answer.script, answer.variables, variant=number - 1)
        target = answer.transfer_to
        try:
            recording = self._record(number)
            try:
                record, _ = await run_call(
                    session,
                    leg,
                    self._parts,
                    watch,
                    transfer=None if target is None else lambda: leg.transfer(target),
                    recorder=recording,
                )
            finally:
                await asyncio.to_thread(recording.close)
            if recording.failed:
                record.end_detail = f"the recording is not whole: {recording.failed}"
            log.info("call %d ended: %s, %s", number, record.end_reason, leg.statistics)
            await self._finished(InboundCall(number, caller, called, record))
        except StorageFailed as error:
            log.error("call %d: %s", number, error)
            await leg.hang_up()
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
