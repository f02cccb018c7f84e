"""Counting a campaign for its report, in the database: a million attempts take seconds there."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import closing
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    exists,
    func,
    literal,
    select,
    text,
)

from voicebot.campaign.attribution import WINDOW, Lift, Model, Touch, attribute
from voicebot.campaign.figures import (
    ANSWERED,
    LIKELY,
    SLOT,
    STAGES,
    Cell,
    ContactCell,
    Counts,
    SlotCell,
    StateCell,
)
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.statistics import Share
from voicebot.dialogue.script import EndReason
from voicebot.store.attempt_code import Alike, code, decoded
from voicebot.store.instant import from_ms, to_ms
from voicebot.store.segments import DEFAULT_ZONE
from voicebot.store.tables import attempt, campaign, contact, script_version, shop_order

MAPPED_BYTES = 2 << 30

_ROWS_AT_A_TIME = 20_000
"""Fetched from PostgreSQL; its driver asks for a hundred unless told."""

_SLOT_MS = SLOT // timedelta(milliseconds=1)
_DIALLED = and_(
    attempt.c.state == "done",
    attempt.c.dialed_at.is_not(None),
    attempt.c.disposition != str(Disposition.FILTERED),
)


def counts(connection: Connection, campaign_key: int) -> Counts:
    """Count one campaign; calls that are still going on are left out."""
    if connection.dialect.name == "sqlite":
        # Every page is read once: mapped, that takes half the time.
        connection.exec_driver_sql(f"PRAGMA mmap_size = {MAPPED_BYTES}")
    made = connection.execute(select(campaign).where(campaign.c.id == campaign_key)).one()
    first, last = connection.execute(
        select(func.min(attempt.c.dialed_at), func.max(attempt.c.dialed_at))
        .where(attempt.c.campaign_id == campaign_key, _DIALLED)
        .with_hint(attempt, "INDEXED BY ix_attempt_report", "sqlite")
    ).one()
    since = to_ms(first or made.created_at)
    labels = _labels(connection, campaign_key)
    ordered = _ordered(campaign_key, made.merchant, since)
    lift, by_version, orders = _orders(connection, campaign_key, labels, ordered)
    buyers = set(connection.execute(select(ordered.c.contact_id)).scalars())
    calls, slots, contacts = _attempts(connection, campaign_key, labels, buyers)
    return Counts(
        campaign=made.name,
        title=made.title,
        purpose=made.purpose,
        zone=ZoneInfo(made.timezone or DEFAULT_ZONE),
        first_at=first,
        last_at=last,
        calls=calls,
        slots=slots,
        contacts=[*_undialled(connection, campaign_key), *contacts],
        states=_states(connection, campaign_key),
        lift=lift,
        orders_by_version=by_version,
        attributed=_attributed(connection, campaign_key, made.merchant),
        orders=orders,
    )


def _labels(connection: Connection, campaign_key: int) -> dict[int | None, str]:
    rows = connection.execute(
        select(script_version.c.id, script_version.c.number, script_version.c.label).where(
            script_version.c.campaign_id == campaign_key
        )
    )
    return {row.id: row.label or f"v{row.number}" for row in rows}


def _attempts(
    connection: Connection,
    campaign_key: int,
    labels: Mapping[int | None, str],
    buyers: Set[int],
) -> tuple[list[Cell], list[SlotCell], list[ContactCell]]:
    """Go through the dialled attempts once, contact by contact.

    A pass over one index in its own order: three GROUP BYs of a million rows each sort them, which
    takes SQLite longer than all this together.
    """
    query = (
        select(
            attempt.c.contact_id,
            attempt.c.talk_ms,
            attempt.c.cost_cents,
            cast(attempt.c.dialed_at, BigInteger) // literal(_SLOT_MS, BigInteger),
            attempt.c.script_version_id,
            code(connection),
        )
        .where(attempt.c.campaign_id == campaign_key, _DIALLED)
        .order_by(attempt.c.contact_id, attempt.c.number)
        .with_hint(attempt, "INDEXED BY ix_attempt_report", "sqlite")
    )
    found: dict[tuple[int | None, int], _Sums] = {}
    acted_and_ordered = 0
    last: int | None = None
    best = _Sums(None)
    slots: dict[int, list[int]] = {}
    # A million times: hence no more than what differs from attempt to attempt.
    for contact_id, talk, cents, slot, version, told in _plain(connection, query):
        sums = found.get((version, told))
        if sums is None:
            sums = found[version, told] = _Sums(decoded(told))
        sums.calls += 1
        times = slots.get(slot)
        if times is None:
            times = slots[slot] = [0, 0, 0]
        times[0] += 1
        if sums.answered:
            times[1] += 1
            times[2] += sums.likely
        if talk:
            sums.talk_ms += talk
            sums.minutes += (talk + 59_999) // 60_000
        if cents:
            sums.cents += cents
        if contact_id != last:
            best.contacts += 1
            if best.place == _ACTED and last in buyers:
                acted_and_ordered += 1
            last, best = contact_id, sums
        # Of equal attempts the last one tells.
        elif sums.place >= best.place:
            best = sums
    best.contacts += 1
    if best.place == _ACTED and last in buyers:
        acted_and_ordered += 1
    return (
        _cells(found, labels),
        [SlotCell(from_ms(slot * _SLOT_MS), *times) for slot, times in sorted(slots.items())],
        _contact_cells(found.values(), acted_and_ordered),
    )


class _Sums:
    """Attempts that are alike, and how far they all came."""

    __slots__ = (
        *("answered", "calls", "cents", "contacts", "likely", "minutes", "place"),
        *("reason", "talk_ms"),
    )

    def __init__(self, alike: Alike | None) -> None:
        self.answered = alike is not None and alike.disposition in _ANSWERED
        self.likely = alike is not None and _is_likely(alike)
        self.place, self.reason = _NOWHERE if alike is None else _reached(alike)
        self.calls = self.talk_ms = self.minutes = self.cents = 0
        self.contacts = 0
        """Whose best attempt is one of these."""


def _cells(
    found: Mapping[tuple[int | None, int], _Sums], labels: Mapping[int | None, str]
) -> list[Cell]:
    return [
        Cell(
            each.number,
            each.disposition,
            labels.get(version, ""),
            each.end_reason,
            each.intention,
            each.replied,
            *(sums.calls, sums.talk_ms, sums.minutes, sums.cents),
        )
        for (version, told), sums in found.items()
        for each in (decoded(told),)
    ]


def _contact_cells(found: Iterable[_Sums], acted_and_ordered: int) -> list[ContactCell]:
    came: Counter[tuple[int, str]] = Counter()
    for sums in found:
        if sums.contacts:
            came[sums.place, sums.reason] += sums.contacts
    return [
        ContactCell(STAGES[place], reason, count, acted_and_ordered if place == _ACTED else 0)
        for (place, reason), count in came.items()
    ]


def _plain(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the driver's own rows: a million of SQLAlchemy's take longer than to count them."""
    statement = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    driver: Any = connection.connection.driver_connection
    # Only a named cursor leaves the rows in PostgreSQL until they are asked for.
    named = {"name": "report"} if _is_postgresql(connection) else {}
    with closing(driver.cursor(**named)) as cursor:
        if named:
            cursor.itersize = _ROWS_AT_A_TIME
        cursor.execute(statement)
        yield from cursor


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


_NOWHERE = (0, "")
_DIALLED_ONLY = STAGES.index("dialled")
_ACTED = STAGES.index("action")
_HUMAN = str(Disposition.ANSWERED_HUMAN)
_ANSWERED = frozenset(map(str, ANSWERED))
_LIKELY = frozenset(map(str, LIKELY))
_DONE = frozenset({EndReason.FINISHED, EndReason.TRANSFERRED})


def _is_likely(each: Alike) -> bool:
    return each.disposition == _HUMAN and each.intention in _LIKELY


def _reached(each: Alike) -> tuple[int, str]:
    """Return the place in `STAGES` that an attempt came to, and why no further."""
    if each.disposition not in _ANSWERED:
        return _DIALLED_ONLY, each.disposition
    if each.disposition != _HUMAN:
        return STAGES.index("answered"), "machine"
    if _is_likely(each):
        if each.end_reason in _DONE:
            return _ACTED, ""
        return STAGES.index("likely"), each.end_reason
    if each.replied:
        return STAGES.index("talked"), each.intention
    return STAGES.index("human"), each.end_reason


def _undialled(connection: Connection, campaign_key: int) -> list[ContactCell]:
    """Count the contacts that were never dialled, by why."""
    filtered = str(Disposition.FILTERED)
    tried = exists().where(
        attempt.c.campaign_id == campaign_key, attempt.c.contact_id == contact.c.id, _DIALLED
    )
    why = (contact.c.held_out, contact.c.state, contact.c.disposition, contact.c.state_reason)
    rows = connection.execute(
        select(*why, func.count())
        # What a contact came to is kept with it: only of the others it is not known.
        .where(
            contact.c.campaign_id == campaign_key,
            func.coalesce(contact.c.disposition, filtered) == filtered,
            ~tried,
        )
        .group_by(*why)
    )
    cells = []
    for held_out, state, disposition, reason, count in rows:
        if held_out:
            cells.append(ContactCell("imported", "held_out", count))
        elif state == "done":
            cells.append(ContactCell("imported", reason or disposition or "refused", count))
        else:
            cells.append(ContactCell("eligible", reason or "waiting", count))
    return cells


def _states(connection: Connection, campaign_key: int) -> list[StateCell]:
    """Count what happened in the script's states; calls that went alike are looked at once."""
    # Who replied, or could have, was dialled and talked to.
    written = cast(attempt.c.states, Text) if _is_postgresql(connection) else attempt.c.states
    paths = _plain(
        connection,
        select(written, func.count())
        .where(attempt.c.campaign_id == campaign_key, text("replies >= 0"))
        .group_by(written)
        .with_hint(attempt, "INDEXED BY ix_attempt_states", "sqlite"),
    )
    counted: Counter[str] = Counter()
    for path, count in paths:
        for each in json.loads(path or "null") or ():
            counted[each] += count
    return [
        StateCell(each.rpartition(" ")[0], each.rpartition(" ")[2], count)
        for each, count in counted.items()
    ]


def _ordered(campaign_key: int, merchant: str, since_ms: int) -> Subquery:
    """Return the campaign's contacts that ordered since then, with how often."""
    return (
        select(contact.c.id.label("contact_id"), func.count(shop_order.c.id).label("orders"))
        .select_from(shop_order.join(contact, contact.c.phone == shop_order.c.phone))
        .where(
            shop_order.c.merchant == merchant,
            cast(shop_order.c.placed_at, BigInteger) >= since_ms,
            contact.c.campaign_id == campaign_key,
        )
        .group_by(contact.c.id)
        .subquery()
    )


def _orders(
    connection: Connection,
    campaign_key: int,
    labels: Mapping[int | None, str],
    ordered: Subquery,
) -> tuple[Lift, dict[str, Share], int]:
    groups = (contact.c.held_out, contact.c.script_version_id)
    everybody = connection.execute(
        select(*groups, func.count()).where(contact.c.campaign_id == campaign_key).group_by(*groups)
    )
    buyers = connection.execute(
        select(*groups, func.count(), func.sum(ordered.c.orders))
        .select_from(contact.join(ordered, ordered.c.contact_id == contact.c.id))
        .group_by(*groups)
    )
    total: dict[tuple[bool, str], int] = defaultdict(int)
    bought: dict[tuple[bool, str], int] = defaultdict(int)
    orders = 0
    for held_out, version, count in everybody:
        total[bool(held_out), labels.get(version, "")] += count
    for held_out, version, count, placed in buyers:
        bought[bool(held_out), labels.get(version, "")] += count
        orders += 0 if held_out else int(placed)

    def share(held_out: bool) -> Share:
        return Share(
            sum(count for (held, _), count in bought.items() if held == held_out),
            sum(count for (held, _), count in total.items() if held == held_out),
        )

    versions = {
        label: Share(bought[False, label], count)
        for (held, label), count in total.items()
        if not held and label
    }
    return Lift(share(False), share(True)), versions, orders


def _attributed(
    connection: Connection, campaign_key: int, merchant: str
) -> dict[Model, tuple[float, float]]:
    """Share each order out among all conversations with its customer, whatever their campaign."""
    window_ms = WINDOW // timedelta(milliseconds=1)
    other = attempt.alias()
    placed, answered = (
        cast(each, BigInteger) for each in (shop_order.c.placed_at, attempt.c.answered_at)
    )
    own = (
        select(shop_order.c.id)
        .distinct()
        .select_from(shop_order.join(attempt, attempt.c.phone == shop_order.c.phone))
        .where(
            shop_order.c.merchant == merchant,
            attempt.c.campaign_id == campaign_key,
            attempt.c.disposition == _HUMAN,
            answered <= placed,
            answered >= placed - window_ms,
        )
        .subquery()
    )
    rows = connection.execute(
        select(
            shop_order.c.id,
            shop_order.c.placed_at,
            shop_order.c.amount_cents,
            other.c.id.label("touch"),
            other.c.answered_at,
            other.c.campaign_id,
        )
        .select_from(
            own.join(shop_order, shop_order.c.id == own.c.id)
            .join(other, other.c.phone == shop_order.c.phone)
            .join(campaign, campaign.c.id == other.c.campaign_id)
        )
        .where(
            campaign.c.merchant == merchant,
            other.c.disposition == _HUMAN,
            other.c.answered_at.is_not(None),
        )
    ).all()
    touches: dict[int, list[Touch]] = defaultdict(list)
    orders: dict[int, tuple[Any, int]] = {}
    own_touches: set[str] = set()
    for row in rows:
        touches[row.id].append(Touch(row.touch, row.answered_at))
        orders[row.id] = row.placed_at, row.amount_cents
        if row.campaign_id == campaign_key:
            own_touches.add(row.touch)
    found = {}
    # Nothing is to be shared out where one conversation is all there was.
    alone = [key for key, all_of in touches.items() if len(all_of) == 1]
    cents_alone = sum(orders.pop(key)[1] for key in alone)
    for model in Model:
        owed, cents = float(len(alone)), float(cents_alone)
        for key, (placed_at, amount) in orders.items():
            shares = attribute(touches[key], placed_at, model)
            mine = sum(share for touch, share in shares.items() if touch in own_touches)
            owed += mine
            cents += mine * amount
        found[model] = owed, cents
    return found
