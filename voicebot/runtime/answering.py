"""Calls that come in: which script answers, how many at once, and how the service goes down."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Protocol, TypeVar

from voicebot.call.leg import PhoneLeg
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.campaign.contacts import mask
from voicebot.campaign.routes import HandOver, OpeningHours
from voicebot.dialogue.script import Script
from voicebot.errors import StorageFailed
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.load import LoadMeter
from voicebot.runtime.recorder import FileRecording

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a number is answered."""

    script: Script
    variables: Mapping[str, str] = field(default_factory=dict)
    transfer_to: str | None = None
    """Where a caller goes whom the script hands over; without it the call ends there."""
    hand_over: HandOver = HandOver.TRANSFER
    unanswered: "Answer | None" = None
    """What goes on with the caller when no person could be reached."""
    hours: OpeningHours | None = None
    """Always, when None."""
    closed: "Answer | None" = None
    """What answers outside the hours."""
    call_back: str | None = None
    """The store's campaign that calls back who asks for it."""
    people: int | None = None
    """How many persons there are behind `transfer_to`; nobody counts them when None."""

    def at(self, now: datetime) -> "Answer":
        """Return what answers at this moment."""
        if self.hours is None or self.closed is None or self.hours.open_at(now):
            return self
        return self.closed


GREETINGS = ((5, "早上好"), (9, "上午好"), (12, "中午好"), (14, "下午好"), (18, "晚上好"))
"""From which hour on; before the first one it is still evening."""
GREETING = "greeting"
"""The variable that a script may declare to greet by the hour."""


def greeting(now: datetime) -> str:
    """Return how one greets at this hour."""
    return next((words for hour, words in reversed(GREETINGS) if now.hour >= hour), "晚上好")


CALL_BACK = "callback"
"""The outcome field in which a script keeps when the caller wants to be called back."""
NO_CALL_BACK = ("", "none")


Reach = Callable[[PhoneLeg, str, CallRecord], Awaitable[bool]]
"""Connects a caller, after the call of this record, to a person at a SIP address; False when
nobody could be reached."""


@dataclass(frozen=True, slots=True)
class InboundCall:
    """One finished call."""

    number: int
    caller: str
    called: str
    record: CallRecord
    call_back: str | None = None
    """The store's campaign that calls the caller back, if they want to be called."""


@dataclass(frozen=True, slots=True)
class _Ends:
    """Who is on the line."""

    caller: str
    called: str


Finished = Callable[[InboundCall], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that begins."""

    caller: str
    called: str
    script: str
    version: str


class Numbers(Protocol):
    """Numbers the calls of one service."""

    async def begin(self, call: Begun) -> int:
        """Return the call's number, which no other one gets. Raises `LineFailed`."""
        ...

    def end(self, number: int) -> None:
        """Note that all is kept of this call."""
        ...


class OwnNumbers:
    """See `Numbers`: of a process that does all by itself."""

    def __init__(self, first: int = 1) -> None:
        self._numbers = count(first)

    async def begin(self, call: Begun) -> int:
        """See `Numbers`."""
        return next(self._numbers)

    def end(self, number: int) -> None:
        """See `Numbers`."""


class Answering:
    """The calls of one process."""

    def __init__(
        self,
        parts: Parts,
        load: LoadMeter,
        *,
        max_calls: int,
        blocking: Executor,
        record: Callable[[int], FileRecording],
        finished: Finished,
        numbers: Numbers | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        known: Callable[[str], Mapping[str, str]] = lambda caller: {},
    ) -> None:
        """`blocking` runs what waits for disks and databases. `record` begins the recording of a
        call by its number; `numbers` begin with 1 when None. `clock` tells an aware moment where
        the shop is, for its hours and greetings. `known` tells what the shop knows of a caller, by
        the script's variables; it may block."""
        self._parts = parts
        self._load = load
        self._max_calls = max_calls
        self._blocking = blocking
        self._finished = finished
        self._numbers = numbers or OwnNumbers()
        self._record = record
        self._clock = clock
        self._known = known
        self._none_left = asyncio.Event()
        self._none_left.set()
        self.draining = False
        self.calls = 0
        self.refused = 0

    def admits(self, coming: int = 0) -> bool:
        """Tell whether one more call may be answered without spoiling others; count refusals.

        `coming` calls were admitted already and have not begun to talk.
        """
        if self.draining or not self.has_room(coming):
            self.refused += 1
            return False
        return True

    def has_room(self, coming: int = 0) -> bool:
        """Tell whether one more call would spoil nothing, `coming` ones besides those that run."""
        others = self.calls + coming
        # A machine that other programs keep busy may still be called: there is nobody to spoil.
        overloaded = others > 0 and self._load.overloaded
        return others < self._max_calls and not overloaded

    async def known(self, caller: str) -> Mapping[str, str]:
        """Return what the shop knows of a caller."""
        return await self._wait_for(lambda: self._known(caller))

    async def talk(
        self,
        leg: PhoneLeg,
        answer: Answer,
        *,
        caller: str,
        called: str,
        watch: Callable[[CallSession], None] = lambda session: None,
        reach: Reach = lambda leg, person, record: leg.transfer(person),
    ) -> None:
        """Carry one answered call to its end, and hand its record on.

        `watch` sees it run; `reach` connects a caller whom the script hands over to a person.
        """
        self.calls += 1
        self._none_left.clear()
        try:
            now = self._clock()
            brought = {**await self.known(caller), GREETING: greeting(now)}
            await self._converse(leg, answer.at(now), brought, _Ends(caller, called), watch, reach)
        finally:
            self.calls -= 1
            if self.calls == 0:
                self._none_left.set()

    async def _converse(
        self,
        leg: PhoneLeg,
        answer: Answer,
        brought: Mapping[str, str],
        ends: "_Ends",
        watch: Callable[[CallSession], None],
        reach: Reach,
    ) -> None:
        script = answer.script
        number = await self._numbers.begin(
            Begun(ends.caller, ends.called, script.name, script.version)
        )
        log.info("call %d from %s to %s", number, mask(ends.caller), ends.called)
        wanted = {name: value for name, value in brought.items() if name in script.variables}
        variables = {**answer.variables, **wanted}
        session = CallSession(script, variables, variant=number - 1, now=self._clock())
        target = answer.transfer_to

        async def hand_over(person: str) -> bool:
            if await reach(leg, person, session.record):
                return True
            if answer.unanswered is not None and not leg.closed:
                await self._converse(leg, answer.unanswered, brought, ends, watch, reach)
            return False

        try:
            recording = self._record(number)
            try:
                record, _ = await run_call(
                    session,
                    leg,
                    self._parts,
                    watch,
                    transfer=None if target is None else lambda: hand_over(target),
                    recorder=recording,
                )
            finally:
                await self._wait_for(recording.close)
            if recording.failed:
                record.end_detail = f"the recording is not whole: {recording.failed}"
            log.info("call %d ended: %s, %s", number, record.end_reason, leg.statistics)
            wants = record.outcome.get(CALL_BACK, "") not in NO_CALL_BACK
            call_back = answer.call_back if wants else None
            await self._finished(InboundCall(number, ends.caller, ends.called, record, call_back))
        except StorageFailed as error:
            log.error("call %d: %s", number, error)
            await leg.hang_up()
        finally:
            self._numbers.end(number)

    async def _wait_for(self, job: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._blocking.submit(job))

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
