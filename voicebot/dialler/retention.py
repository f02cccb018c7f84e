"""Forgetting what the policies keep no longer: a step of each worker, and `voicebot retention`.

What is deleted cannot be had back, so nothing is deleted while in doubt: not by a policy that
cannot be read, nor by a clock that has just jumped.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from voicebot.campaign.frequency_cap import reach
from voicebot.campaign.policy import Policy, load_policy
from voicebot.dialler.clock import Clock
from voicebot.errors import BadPolicy
from voicebot.store import campaigns, retention
from voicebot.store.campaigns import StoredCampaign
from voicebot.store.engine import Store
from voicebot.store.retention import Due, Scope, Sound

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 500
"""In one transaction: other writers to SQLite wait for some 20 ms."""

ELSEWHERE = timedelta(days=7)
"""A recording that is not there lies perhaps on another worker's disk: so long that one may still
delete it."""

JUMP = timedelta(minutes=10)
"""A clock that moved so much otherwise than the time that passed is not believed."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten of one campaign, or would be."""

    campaign: str
    policy: str
    done: Due
    stuck: Sequence[str] = ()
    """Recordings that cannot be deleted, and why."""
    faults: Sequence[str] = ()
    """Why nothing is forgotten of this campaign."""


def forget(
    store: Store,
    now: datetime,
    *,
    merchant: str | None = None,
    campaign: str | None = None,
    dry_run: bool = False,
) -> Iterator[Forgotten]:
    """Forget what is kept too long, campaign by campaign, in short transactions."""
    with store.read() as connection:
        all_of_them = campaigns.listed(connection)
    policies = {each.id: _policy(each) for each in all_of_them}
    # Caps count a number's calls over all campaigns, whatever the others' policies keep.
    counted = max(
        (reach(cap) for each in policies.values() if isinstance(each, Policy) for cap in each.caps),
        default=timedelta(0),
    )
    for each in all_of_them:
        if merchant not in (None, each.merchant) or campaign not in (None, each.name):
            continue
        policy = policies[each.id]
        if isinstance(policy, BadPolicy):
            yield Forgotten(each.name, each.policy or each.region, _NOTHING, (), _lines(policy))
            continue
        records = now - max(policy.records, counted)
        sounds = now - min(policy.recordings, max(policy.records, counted))
        if each.created_at >= max(records, sounds):
            continue
        of = Scope(each.id, each.created_at, each.state == "finished")
        if dry_run:
            with store.read() as connection:
                yield Forgotten(
                    each.name, policy.name, retention.due(connection, of, sounds, records)
                )
            continue
        done, stuck = _forget(store, of, sounds, records, now)
        if done != _NOTHING:
            with store.write() as connection:
                campaigns.note(connection, each.id, "retention", now, reason=_words(done))
        yield Forgotten(each.name, policy.name, done, stuck)


@dataclass(frozen=True, slots=True)
class OrdersForgotten:
    """What was forgotten of one merchant's orders, or would be."""

    merchant: str
    orders: int
    faults: Sequence[str] = ()
    """Why none is forgotten."""


def forget_orders(
    store: Store, now: datetime, *, merchant: str | None = None, dry_run: bool = False
) -> Iterator[OrdersForgotten]:
    """Delete orders, merchant by merchant, after the longest time that the policy of any of the
    merchant's campaigns keeps records: until then a report may count them."""
    with store.read() as connection:
        all_of_them = campaigns.listed(connection)
    for owner in sorted({each.merchant for each in all_of_them}):
        if merchant not in (None, owner):
            continue
        policies = [_policy(each) for each in all_of_them if each.merchant == owner]
        faults = {line for each in policies if isinstance(each, BadPolicy) for line in _lines(each)}
        if faults:
            yield OrdersForgotten(owner, 0, sorted(faults))
            continue
        before = now - max(each.records for each in policies if isinstance(each, Policy))
        total = 0
        if dry_run:
            with store.read() as connection:
                total = retention.orders_due(connection, owner, before)
        while not dry_run:
            with store.write() as connection:
                some = retention.forget_orders(connection, owner, before, ROWS_AT_ONCE)
            total += some
            if some < ROWS_AT_ONCE:
                break
        yield OrdersForgotten(owner, total)


_NOTHING = Due(0, 0, 0, 0)


def _policy(each: StoredCampaign) -> Policy | BadPolicy:
    try:
        return load_policy(each.policy or each.region)
    except BadPolicy as error:
        return error


def _lines(error: BadPolicy) -> list[str]:
    return [str(each) for each in error.problems]


def _words(done: Due) -> str:
    return (
        f"{done.sounds} recordings deleted, {done.attempts} attempts and {done.contacts} contacts "
        f"made nobody's, {done.decisions} decisions deleted"
    )


def _forget(
    store: Store, of: Scope, sounds: datetime, records: datetime, now: datetime
) -> tuple[Due, list[str]]:
    heard, stuck = _forget_sounds(store, of, sounds, now)

    def all_of(work: Callable[[Connection, Scope, datetime, int], int]) -> int:
        total = 0
        while True:
            with store.write() as connection:
                some = work(connection, of, records, ROWS_AT_ONCE)
            total += some
            if some < ROWS_AT_ONCE:
                return total

    return (
        Due(
            heard,
            all_of(retention.forget_attempts),
            all_of(retention.forget_contacts),
            all_of(retention.forget_decisions),
        ),
        stuck,
    )


def _forget_sounds(
    store: Store, of: Scope, before: datetime, now: datetime
) -> tuple[int, list[str]]:
    """Delete files first and note it then: what is interrupted between the two is done again."""
    total, stuck = 0, list[str]()
    last: Sound | None = None
    while True:
        with store.read() as connection:
            found = retention.sounds(connection, of, before, last, ROWS_AT_ONCE)
        gone = []
        for each in found:
            try:
                Path(each.path).unlink()
            except FileNotFoundError:
                if each.ended_at >= before - ELSEWHERE:
                    continue
            except OSError as error:
                stuck.append(f"{each.path}: {error.strerror or error}")
                continue
            gone.append(each.attempt_id)
        if gone:
            with store.write() as connection:
                retention.forget_sounds(connection, gone)
        total += len(gone)
        if len(found) < ROWS_AT_ONCE:
            return total, stuck
        last = found[-1]


class Retention:
    """The step of a worker."""

    def __init__(
        self, store: Store, clock: Clock, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._monotonic_s = monotonic_s
        self._looked: tuple[datetime, float] | None = None

    async def run(self) -> None:
        """Forget what is kept too long, if the clock went on as the time did since the last look;
        the first look only looks."""
        before, self._looked = self._looked, (self._clock.now(), self._monotonic_s())
        if before is None:
            return
        now, passed_s = self._looked[0], self._looked[1] - before[1]
        if abs(now - before[0] - timedelta(seconds=passed_s)) > JUMP:
            log.warning("the clock jumped: nothing is forgotten for now")
            return
        await asyncio.to_thread(self._forget, now)

    def _forget(self, now: datetime) -> None:
        for each in forget(self._store, now):
            for fault in (*each.stuck, *each.faults):
                log.error("campaign %s keeps what it should not: %s", each.campaign, fault)
            if each.done != _NOTHING:
                log.info("campaign %s: %s", each.campaign, _words(each.done))
        for told in forget_orders(self._store, now):
            if told.orders:
                log.info("merchant %s: %d orders deleted", told.merchant, told.orders)
