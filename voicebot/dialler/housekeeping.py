"""What a worker does beside dialling: it looks after dead workers, campaigns and the queue."""

import logging
import time
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from voicebot.campaign.breaker import tripped
from voicebot.campaign.rules import parse_rules
from voicebot.campaign.schedule import State
from voicebot.dialler.clock import Clock
from voicebot.dialler.lease import Watch
from voicebot.dialler.ledger import Ledger
from voicebot.dialler.queue import Queue
from voicebot.store import campaigns, dialling, leases, recovery, tallies, versions
from voicebot.store.campaigns import StoredCampaign
from voicebot.store.leases import Lease

log = logging.getLogger(__name__)

STRANDED_AFTER = timedelta(seconds=60)
"""An attempt that missed its slot by so much, and that the queue does not know, is put back."""


class Housekeeping:
    """The care of one worker for all."""

    def __init__(
        self, executor: str, ledger: Ledger, queue: Queue, clock: Clock, watch: Watch
    ) -> None:
        self._executor = executor
        self._ledger = ledger
        self._queue = queue
        self._clock = clock
        self._watch = watch

    async def recover(self) -> None:
        """Find dead workers and take over what they left."""
        found = await self._ledger.read(leases.seen)
        still = self._watch.look(found, time.monotonic())
        dead = [each for each in found if each.dead]
        if still or dead:
            mine = await self._ledger.try_write(lambda it: self._become_recoverer(it, still, dead))
            for each in mine:
                await self._take_over(each)

    async def reconcile(self) -> None:
        """Find attempts that nobody handles: of owners without a lease, or unknown to the queue."""
        for owner in await self._ledger.read(recovery.orphans):
            await self._lose(owner)
        before = self._clock.now() - STRANDED_AFTER * self._clock.speed
        stranded = await self._ledger.read(lambda it: recovery.stranded(it, before))
        if not stranded:
            return
        # A worker that was frozen in a feed may release, once it thaws, into a queue that somebody
        # has taken over already: nobody but us looks there again.
        leased = {each.executor for each in await self._ledger.read(leases.seen)}
        for owner in sorted({owner for _, owner in stranded if owner} - leased):
            moved = await self._queue.take_over(owner)
            log.warning("worker %s left %d attempts after its end: taken over", owner, moved)
        known = await self._queue.unfinished([attempt_id for attempt_id, _ in stranded])
        lost = [attempt_id for attempt_id, _ in stranded if attempt_id not in known]
        for attempt_id in lost:
            back = partial(dialling.put_back, attempt_id=attempt_id, at=self._clock.now())
            await self._ledger.write(back)
        if lost:
            log.warning("%d attempts that nobody handled were put back", len(lost))

    def tend(self, connection: Connection) -> None:
        """Begin and end campaigns by their dates, and stop those that go wrong."""
        now = self._clock.now()
        for campaign_id in campaigns.to_begin(connection, now):
            campaigns.set_state(connection, campaign_id, State.RUNNING, "start", "its time", now)
        for each in campaigns.running(connection):
            if each.ends_at is not None and each.ends_at <= now:
                campaigns.set_state(
                    connection, each.id, State.FINISHED, "finish", "its last day is over", now
                )
            elif tallies.is_done(connection, each.id):
                campaigns.set_state(
                    connection, each.id, State.FINISHED, "finish", "every contact is done", now
                )
            else:
                self._guard(connection, each)

    def _guard(self, connection: Connection, each: StoredCampaign) -> None:
        now = self._clock.now()
        rules = parse_rules(each.rules, each.max_attempts)
        since = tallies.started_at(connection, each.id)
        seen = tallies.tally(connection, each.id, rules.breaker, now, since)
        why = tripped(rules.breaker, seen)
        if why is not None:
            fault = tallies.last_fault(connection, each.id) if seen.technical else ""
            why += f"; the last technical fault: {fault}" if fault else ""
            log.error("campaign %s is paused: %s", each.name, why)
            campaigns.set_state(connection, each.id, State.PAUSED, "breaker", why, now)
            return
        for version in versions.stored(connection, each.id):
            if version.state != "canary":
                continue
            seen = tallies.tally(
                connection, each.id, rules.canary, now, version.created_at, version.id
            )
            why = tripped(rules.canary, seen)
            if why is not None:
                versions.retire(connection, version.id)
                reason = f"version {version.number}: {why}"
                log.error("campaign %s takes back a canary: %s", each.name, reason)
                campaigns.note(connection, each.id, "canary stopped", now, reason=reason)

    def _become_recoverer(
        self, connection: Connection, still: list[Lease], dead: list[Lease]
    ) -> list[Lease]:
        mine = [each for each in dead if each.recoverer == self._executor]
        mine += [each for each in still if leases.declare_dead(connection, each, self._executor)]
        mine += [
            each
            for each in dead
            if each.recoverer != self._executor and leases.inherit(connection, each, self._executor)
        ]
        return mine

    async def _take_over(self, each: Lease) -> None:
        lost = await self._lose(each.executor)
        moved = await self._queue.take_over(each.executor)
        await self._ledger.write(lambda it: leases.leave(it, each.executor))
        log.warning(
            "worker %s is dead: %d calls with an unknown end, %d attempts taken over",
            each.executor,
            lost,
            moved,
        )

    async def _lose(self, owner: str) -> int:
        now = self._clock.now()
        return len(await self._ledger.write(lambda it: recovery.lose(it, owner, now)))
