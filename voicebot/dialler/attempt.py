"""One attempt: wait for its slot, ask for the right to dial, dial, keep what came of it."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from voicebot.campaign.outcome import Disposition
from voicebot.campaign.pacing import is_late, slots
from voicebot.dialler.batch import Batch
from voicebot.dialler.calls import Called, Calls
from voicebot.dialler.clock import Clock
from voicebot.dialler.conclusion import Ended, conclude
from voicebot.dialler.ledger import Ledger
from voicebot.store import dialling, feeding
from voicebot.store.dialling import Fenced, Intent

log = logging.getLogger(__name__)

VERDICT_GOOD_FOR = timedelta(seconds=30)
"""The gate judged when the attempt was released. After so long it is asked again: a calling window
may have closed while a worker was dead or a database away."""

HELD_AGAIN = timedelta(seconds=5)


class Dialler:
    """Handles the attempts of one worker. Nothing is dialled twice, whatever is handed in twice."""

    def __init__(self, executor: str, ledger: Ledger, calls: Calls, clock: Clock) -> None:
        self._executor = executor
        self._ledger = ledger
        self._calls = calls
        self._clock = clock
        self._taken: set[str] = set()
        """Under way; and those that went wrong half-way, which nobody may begin again."""
        self._busy = 0
        self.draining = False
        """Dial nobody new."""
        self.talking = 0
        """Calls under way."""
        self.finished: Callable[[Intent, Called], None] = lambda intent, called: None
        """Told of each call that is over."""
        self._find = Batch(ledger, dialling.find)
        self._fence = Batch(ledger, self._fence_all)
        self._another_slot = Batch(ledger, self._other_slots)
        self._conclude = Batch(ledger, self._conclude_all)

    @property
    def busy(self) -> int:
        """How many attempts are waiting for their slots or talking."""
        return self._busy

    async def handle(self, attempt_id: str) -> None:
        """Do everything about one attempt."""
        if attempt_id in self._taken:
            return
        self._taken.add(attempt_id)
        self._busy += 1
        try:
            intent = await self._find(attempt_id)
            if intent is not None and intent.state == "intent":
                await self._prepare(intent)
                if await self._may_dial(intent):
                    await self._call(intent)
            self._taken.discard(attempt_id)
        finally:
            self._busy -= 1

    async def _prepare(self, intent: Intent) -> None:
        try:
            await self._calls.prepare(intent)
        except Exception as error:
            # Whatever a script, a voice or a disk does: the call meets it again, and counts it.
            log.info("call %s cannot be prepared: %r", intent.id, error)

    async def _may_dial(self, intent: Intent) -> bool:
        """Wait for the slot and pass the fence."""
        slot, good_for = intent.slot_at, VERDICT_GOOD_FOR * self._clock.speed
        while True:
            now = self._clock.now()
            age = now - intent.created_at
            # A negative age comes from a clock that jumped.
            if self.draining or not -good_for < age < good_for:
                await self._put_back(intent, now)
                return False
            if slot > now:
                await self._clock.sleep(min((slot - now).total_seconds(), self._clock.speed))
                continue
            fenced = await self._fence((intent, slot))
            if fenced is not Fenced.LATE:
                break
            another = await self._another_slot(intent)
            if another is None:
                fenced = Fenced.HELD
                break
            slot = another
        match fenced:
            case Fenced.GO:
                return True
            case Fenced.HELD:
                await self._put_back(intent, self._clock.now() + HELD_AGAIN)
            case Fenced.DO_NOT_CALL as rule:
                await self._ledger.write(
                    lambda it: dialling.filter_out(it, intent, str(rule), self._clock.now())
                )
            case Fenced.NOT_OURS | Fenced.LEASE_LOST:
                # It is another worker's now, or will be: recovery finds it.
                pass
        return False

    def _fence_all(
        self, connection: Connection, asking: Sequence[tuple[Intent, datetime]]
    ) -> Sequence[Fenced]:
        """Ask for the right to dial, but not for those whose slot has passed."""
        now = self._clock.now()
        in_time = [intent for intent, slot in asking if not is_late(slot, now, self._clock.speed)]
        fenced = dialling.fence(connection, in_time, self._executor, now) if in_time else []
        told = {intent.id: each for intent, each in zip(in_time, fenced, strict=True)}
        return [told.get(intent.id, Fenced.LATE) for intent, _ in asking]

    def _other_slots(
        self, connection: Connection, late: Sequence[Intent]
    ) -> Sequence[datetime | None]:
        """Take other slots; None where the trunk was taken out of service."""
        now = self._clock.now()
        found: dict[str, datetime] = {}
        for trunk_id in sorted({each.trunk_id for each in late}):
            trunk = feeding.lock_trunk(connection, trunk_id)
            if trunk is None:
                continue
            here = [each.id for each in late if each.trunk_id == trunk_id]
            taken, following = slots(trunk.next_slot, now, trunk.cps, len(here), self._clock.speed)
            feeding.set_next_slot(connection, trunk_id, following)
            found |= zip(here, taken, strict=True)
        if found:
            dialling.set_slots(connection, found)
        return [found.get(each.id) for each in late]

    def _conclude_all(self, connection: Connection, ended: Sequence[Ended]) -> Sequence[bool]:
        return conclude(connection, self._executor, ended, self._clock.now())

    async def _put_back(self, intent: Intent, at: datetime) -> None:
        await self._ledger.write(lambda it: dialling.put_back(it, intent.id, at))

    async def _call(self, intent: Intent) -> None:
        self.talking += 1
        try:
            called = await self._calls.make(intent, partial(self._opted_out, intent))
        except Exception as error:
            # One call's failure ends no other, and is the line's fault to the callee.
            log.exception("call %s failed", intent.id)
            called = Called(Disposition.LINE_ERROR, 0, evidence={"error": repr(error)})
        finally:
            self.talking -= 1
        await self._conclude(Ended(intent, called, self._clock.now()))
        self.finished(intent, called)

    async def _opted_out(self, intent: Intent) -> None:
        now = self._clock.now()
        await self._ledger.write(lambda it: dialling.opt_out(it, intent, now))
