"""A campaign that looks like a real one, drawn from a seed: for reports and their measurements.

Two versions of a script, up to three attempts a contact, answering by hour and weekday, a hold-out
group, orders in the weeks after. Nobody was called, and no number can be.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, Table, func, insert, select

from voicebot.store import tables
from voicebot.store.engine import Store

BEGIN = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
"""A Monday, 9 o'clock in Shanghai."""
DAYS = 12
HOURS = (9, 10, 11, 14, 15, 16, 17, 18, 19)
WEIGHTS = np.array([0.8, 1.2, 1.3, 1.0, 1.2, 1.1, 1.0, 1.2, 1.1])
ANSWER = {9: 0.24, 10: 0.31, 11: 0.34, 14: 0.27, 15: 0.29, 16: 0.3, 17: 0.33, 18: 0.38, 19: 0.41}
"""The chance that somebody picks up, by hour."""
NOT_ANSWERED = {
    "NO_ANSWER": 0.42,
    "BUSY": 0.13,
    "POWER_OFF": 0.12,
    "REJECTED": 0.12,
    "UNREACHABLE": 0.07,
    "REMINDER": 0.05,
    "EMPTY": 0.035,
    "SUSPENDED": 0.02,
    "LINE_ERROR": 0.025,
    "FORWARDED": 0.01,
}
AGAIN = {"NO_ANSWER", "BUSY", "POWER_OFF", "UNREACHABLE", "REMINDER", "LINE_ERROR", "FORWARDED"}
PATH = ("greet", "offer", "details", "link", "goodbye")
ROWS_AT_ONCE = 20_000
GATE = (("consent_missing", 0.02), ("dnc_merchant", 0.012), ("number_invalid", 0.004))
RECORD = {"turns": [{"state": "greet", "prompts": [], "text": "好的", "action": "answer"}] * 4}
"""Stands for a conversation of some kilobytes."""


def fill(store: Store, contacts: int, seed: int = 1, name: str = "autumn_repurchase") -> int:
    """Write a campaign with so many contacts (1.6 attempts each); return its number."""
    rng = np.random.default_rng(seed)
    with store.write() as connection:
        campaign = connection.execute(
            insert(tables.campaign).values(
                name=name,
                title="秋季复购回访",
                purpose="marketing",
                region="CN",
                timezone="Asia/Shanghai",
                state="finished",
                hold_out=0.1,
                created_at=BEGIN - timedelta(days=2),
                updated_at=BEGIN,
            )
        ).inserted_primary_key
        assert campaign is not None
        key = int(campaign[0])
        versions = []
        for number, label in ((1, "v1 直接报优惠"), (2, "v2 先问满意度")):
            made = connection.execute(
                insert(tables.script_version).values(
                    campaign_id=key, number=number, label=label, hash=str(number), created_at=BEGIN
                )
            ).inserted_primary_key
            assert made is not None
            versions.append(int(made[0]))
        first = _next_contact(connection)
        writer = _Writer(connection)
        for number in range(contacts):
            _contact(writer, rng, key, first + number, versions)
        writer.flush()
    return key


def _next_contact(connection: Connection) -> int:
    newest = select(func.coalesce(func.max(tables.contact.c.id), 0))
    return int(connection.execute(newest).scalar_one()) + 1


class _Writer:
    """Inserts rows of several tables in large pieces, contacts before their attempts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[Table, list[Mapping[str, Any]]] = {
            tables.contact: [],
            tables.attempt: [],
            tables.shop_order: [],
        }
        self._count = 0

    def add(self, table: Table, row: Mapping[str, Any]) -> None:
        """Take one row."""
        self._rows[table].append(row)
        self._count += 1
        if self._count >= ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        for table, rows in self._rows.items():
            if rows:
                self._connection.execute(insert(table), rows)
                rows.clear()
        self._count = 0


def _contact(
    writer: _Writer, rng: np.random.Generator, campaign: int, key: int, versions: list[int]
) -> None:
    phone = f"+86154{key:08d}"
    held_out = bool(rng.random() < 0.1)
    second = int(rng.random() < 0.5)
    refused = _pick(rng, GATE)
    attempts = [] if held_out or refused else list(_attempts(rng, second))
    came_to = attempts[-1]["disposition"] if attempts else "FILTERED" if refused else None
    writer.add(
        tables.contact,
        {
            "id": key,
            "campaign_id": campaign,
            "phone": phone,
            "name": "",
            "state": "wait" if held_out else "done",
            "state_reason": refused or "",
            "disposition": came_to,
            "attempts": len(attempts),
            "held_out": held_out,
            "script_version_id": None if held_out else versions[second],
        },
    )
    for number, each in enumerate(attempts, 1):
        row = {
            "id": f"{campaign}:{key}:{number}",
            "campaign_id": campaign,
            "contact_id": key,
            "number": number,
            "phone": phone,
            "purpose": "marketing",
            "script_version_id": versions[second],
            "state": "done",
            "created_at": each["dialed_at"],
        }
        writer.add(tables.attempt, row | each)
    grade = attempts[-1]["intention"] if attempts else "E"
    chance = {"A": 0.34, "B": 0.14, "F": 0.01}.get(grade, 0.035)
    if rng.random() < chance:
        last = attempts[-1]["dialed_at"] if attempts else BEGIN + timedelta(days=5)
        writer.add(
            tables.shop_order,
            {
                "order_no": f"{campaign}-{key}",
                "phone": phone,
                "placed_at": last + timedelta(hours=float(rng.exponential(60)) + 0.2),
                "amount_cents": int(rng.lognormal(9.2, 0.5)),
            },
        )


def _attempts(rng: np.random.Generator, version: int) -> Iterator[dict[str, Any]]:
    day = int(rng.integers(0, DAYS - 3))
    for _ in range(3):
        hour = int(rng.choice(HOURS, p=WEIGHTS / WEIGHTS.sum()))
        at = BEGIN + timedelta(days=day, hours=hour - 9, seconds=int(rng.integers(3600)))
        weekend = 1.15 if at.weekday() >= 5 else 1.0
        if rng.random() < ANSWER[hour] * weekend:
            yield _answered(rng, at, version)
            return
        disposition = str(rng.choice(list(NOT_ANSWERED), p=_shares()))
        yield {
            "dialed_at": at,
            "answered_at": None,
            "ended_at": at + timedelta(seconds=26),
            "ring_ms": int(rng.integers(2000, 25_000)) if disposition != "EMPTY" else 0,
            "talk_ms": None,
            "disposition": disposition,
            "end_reason": None,
            "intention": "E",
            "intention_rule": "not connected",
            "next_action": "retry",
            "uses_cap": disposition != "LINE_ERROR",
            "record": None,
            "replies": None,
            "states": None,
            "evidence": {"text": "", "sip_code": 480, "ring_ms": 0},
        }
        if disposition not in AGAIN:
            return
        day += 1


def _answered(rng: np.random.Generator, at: datetime, version: int) -> dict[str, Any]:
    ring = int(rng.gamma(3, 2500)) + 1500
    row: dict[str, Any] = {
        "dialed_at": at,
        "answered_at": at + timedelta(milliseconds=ring),
        "ring_ms": ring,
        "uses_cap": True,
        "evidence": {"text": "", "sip_code": 200, "ring_ms": ring},
        "record": RECORD,
    }
    if rng.random() < 0.11:
        return row | _ended(
            at, ring, 6000, "ANSWERED_MACHINE", "caller_hung_up", "E", 0, ["greet reached"]
        )
    states: dict[str, None] = {}
    replies = 0
    for place, state in enumerate(PATH):
        states[f"{state} reached"] = None
        for event, chance in (("no_match", 0.14 - 0.02 * version), ("no_input", 0.07)):
            if rng.random() < chance:
                states[f"{state} {event}"] = None
        leave = (0.2, 0.22 - 0.05 * version, 0.1, 0.06, 0.02)[place]
        if rng.random() < leave:
            states[f"{state} hung_up"] = None
            grade = "C" if replies else "D"
            talk = 5000 + 9000 * place + int(rng.integers(4000))
            return row | _ended(
                at, ring, talk, "ANSWERED_HUMAN", "caller_hung_up", grade, replies, list(states)
            )
        replies += 1
    talk = 30_000 + int(rng.gamma(3, 8000))
    end = str(
        rng.choice(
            ["finished", "opted_out", "transferred", "call_later"], p=[0.82, 0.03, 0.08, 0.07]
        )
    )
    shares = [0.2 + 0.05 * version, 0.32, 0.3 - 0.05 * version, 0.18]
    grade = "F" if end == "opted_out" else str(rng.choice(list("ABCD"), p=shares))
    return row | _ended(at, ring, talk, "ANSWERED_HUMAN", end, grade, replies, list(states))


def _ended(
    at: datetime,
    ring: int,
    talk: int,
    disposition: str,
    end: str,
    grade: str,
    replies: int,
    states: list[str],
) -> dict[str, Any]:
    action = {"A": "sales_call", "B": "follow_up", "C": "rest", "F": "do_not_call"}
    return {
        "ended_at": at + timedelta(milliseconds=ring + talk),
        "talk_ms": talk,
        "disposition": disposition,
        "end_reason": end,
        "intention": grade,
        "intention_rule": "drawn",
        "next_action": action.get(grade, "none"),
        "replies": replies,
        "states": states,
    }


def _shares() -> np.ndarray[Any, Any]:
    shares = np.array(list(NOT_ANSWERED.values()))
    return np.asarray(shares / shares.sum())


def _pick(rng: np.random.Generator, chances: tuple[tuple[str, float], ...]) -> str | None:
    drawn = rng.random()
    for name, chance in chances:
        if drawn < chance:
            return name
        drawn -= chance
    return None
