"""Releasing attempts: as many as the lines carry, a few seconds ahead, and only who may be called.

Everything of one trunk is done in one transaction under the trunk's lock, the gate included.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from voicebot.campaign.pacing import Lines, room, slots
from voicebot.campaign.schedule import local_day
from voicebot.campaign.version_choice import choose
from voicebot.dialler.queue import Queue
from voicebot.store import feeding, leases, versions
from voicebot.store.feeding import CampaignRow, Due, InFlight, Refusal, Release, TrunkRow

Judge = Callable[[Connection, CampaignRow, Sequence[Due], datetime], Sequence[Refusal]]
"""The gate: returns the contacts that may not be called now."""

LOOKS = 4
"""How often one campaign is asked for more contacts when the gate refuses some."""

FEWEST = 20
"""Contacts judged at once: a gate that refuses many should not take a transaction for each."""


@dataclass(frozen=True, slots=True)
class Fed:
    """What one look at a trunk brought."""

    released: int = 0
    refused: int = 0


class Feeder:
    """Feeds the trunks for one worker."""

    def __init__(
        self, executor: str, concurrency: int, queue: Queue, judge: Judge, speed: float = 1.0
    ) -> None:
        self._executor = executor
        self._concurrency = concurrency
        self._queue = queue
        self._judge = judge
        self._speed = speed

    def feed(self, connection: Connection, trunk_id: int, now: datetime) -> Fed:
        """Release what one trunk and this worker carry; nothing once this worker was declared
        dead: its queue was taken over, and nobody would look there soon."""
        trunk = feeding.lock_trunk(connection, trunk_id)
        if trunk is None or not leases.hold(connection, self._executor):
            return Fed()
        flights = feeding.in_flight(connection)
        released = refused = 0
        free = _Free(trunk, flights, self._executor, self._concurrency)
        following = trunk.next_slot
        for campaign in _by_need(feeding.running_campaigns(connection, trunk_id, now), flights):
            for _ in range(LOOKS):
                wanted = room(
                    free.lines,
                    campaign.max_concurrent - free.calls_of(campaign.id),
                    self._budget_left(connection, campaign, now),
                    self._speed,
                )
                if wanted == 0:
                    break
                found = feeding.due(connection, campaign.id, now, max(wanted, FEWEST))
                refusals = self._judge(connection, campaign, found, now)
                feeding.refuse(connection, campaign.id, refusals, now)
                refused += len(refusals)
                barred = {each.contact_id for each in refusals}
                chosen = [each for each in found if each.id not in barred][:wanted]
                taken, after = slots(following, now, trunk.cps, len(chosen), self._speed)
                done = self._release(connection, campaign, trunk, chosen, taken, now)
                if done:
                    following = after
                released += done
                free.add(campaign.id, done)
                if len(found) < max(wanted, FEWEST):
                    break
        if following != trunk.next_slot:
            feeding.set_next_slot(connection, trunk_id, following)
        return Fed(released, refused)

    def _release(
        self,
        connection: Connection,
        campaign: CampaignRow,
        trunk: TrunkRow,
        chosen: Sequence[Due],
        taken: Sequence[datetime],
        now: datetime,
    ) -> int:
        spoken = versions.spoken(connection, campaign.id)

        alive = {each.id for each in spoken}

        def version(each: Due) -> int | None:
            # Sticky, unless the version was taken back meanwhile.
            if each.script_version_id in alive or not spoken:
                return each.script_version_id
            return choose(spoken, campaign.name, each.phone).id

        releases = [
            Release(each, slot, version(each)) for each, slot in zip(chosen, taken, strict=True)
        ]
        day = local_day(now, campaign.timezone)
        ids = feeding.release(connection, campaign, trunk.id, releases, self._executor, now, day)
        self._queue.release(connection, ids)
        return len(ids)

    def _budget_left(
        self, connection: Connection, campaign: CampaignRow, now: datetime
    ) -> int | None:
        if campaign.daily_budget is None:
            return None
        day = local_day(now, campaign.timezone)
        return campaign.daily_budget - feeding.dialled_on(connection, campaign.id, day)


class _Free:
    """What is free on a trunk, counted down while it is fed."""

    def __init__(
        self, trunk: TrunkRow, flights: Sequence[InFlight], executor: str, concurrency: int
    ) -> None:
        here = [each for each in flights if each.trunk_id == trunk.id]
        self._cps = trunk.cps
        self._trunk = trunk.cap - sum(each.calls for each in here)
        self._worker = concurrency - sum(each.calls for each in flights if each.owner == executor)
        self._waiting = sum(each.waiting for each in here)
        self._calls = _calls_by_campaign(flights)

    @property
    def lines(self) -> Lines:
        return Lines(self._cps, self._trunk, self._worker, self._waiting)

    def calls_of(self, campaign_id: int) -> int:
        return self._calls.get(campaign_id, 0)

    def add(self, campaign_id: int, calls: int) -> None:
        self._trunk -= calls
        self._worker -= calls
        self._waiting += calls
        self._calls[campaign_id] = self.calls_of(campaign_id) + calls


def _by_need(campaigns: Sequence[CampaignRow], flights: Sequence[InFlight]) -> list[CampaignRow]:
    """Order by priority; among equals, who has the fewest calls comes first."""
    calls = _calls_by_campaign(flights)
    return sorted(campaigns, key=lambda each: (-each.priority, calls.get(each.id, 0), each.id))


def _calls_by_campaign(flights: Sequence[InFlight]) -> dict[int, int]:
    calls: dict[int, int] = {}
    for each in flights:
        calls[each.campaign_id] = calls.get(each.campaign_id, 0) + each.calls
    return calls
