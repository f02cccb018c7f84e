"""Rows of the store for tests, with what a test does not care about filled in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Table, insert

from voicebot.store import tables
from voicebot.store.engine import Store

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
"""10 o'clock in Shanghai."""


def add(store: Store, table: Table, **values: object) -> int:
    """Insert a row; return its number when it has one."""
    with store.write() as connection:
        done = connection.execute(insert(table).values(**values))
        key = done.inserted_primary_key
        return key[0] if key is not None and isinstance(key[0], int) else 0


def add_campaign(store: Store, name: str = "repurchase", **more: object) -> int:
    """Insert a campaign of the merchant `default`."""
    values: dict[str, object] = {
        "name": name,
        "purpose": "marketing",
        "region": "CN",
        "timezone": "Asia/Shanghai",
        "created_at": NOW - timedelta(days=1),
        "updated_at": NOW,
    }
    return add(store, tables.campaign, **(values | more))


def add_contact(store: Store, campaign_id: int, phone: str, **more: object) -> int:
    """Insert a contact."""
    return add(store, tables.contact, campaign_id=campaign_id, phone=phone, **more)


def add_attempt(
    store: Store,
    campaign_id: int,
    contact_id: int,
    phone: str,
    number: int = 1,
    /,
    **more: object,
) -> str:
    """Insert a finished attempt; return its id."""
    key = f"{campaign_id}:{contact_id}:{number}"
    values: Mapping[str, object] = {
        "id": key,
        "campaign_id": campaign_id,
        "contact_id": contact_id,
        "number": number,
        "phone": phone,
        "purpose": "marketing",
        "state": "done",
        "created_at": NOW,
        "dialed_at": NOW,
        "ended_at": NOW + timedelta(minutes=1),
        "disposition": "NO_ANSWER",
    }
    add(store, tables.attempt, **{**values, **more})
    return key


def add_order(
    store: Store, order_no: str, phone: str, placed_at: datetime, cents: int = 10_000
) -> int:
    """Insert an order of the merchant `default`."""
    return add(
        store,
        tables.shop_order,
        order_no=order_no,
        phone=phone,
        placed_at=placed_at,
        amount_cents=cents,
    )
