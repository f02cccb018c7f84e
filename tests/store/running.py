"""A campaign that is running and somebody in it: what tests of gate and imports begin with."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, insert

from voicebot.store.engine import Store
from voicebot.store.tables import campaign, contact

NOW = datetime(2026, 11, 27, 2, 30, 0, 123_000, tzinfo=UTC)
"""A Friday, 10:30 in Shanghai."""

PHONE = "+8613800138000"


def add(store: Store, table: Table, **values: Any) -> None:
    """Write one row."""
    with store.write() as connection:
        connection.execute(insert(table).values(**values))


def new_campaign(store: Store, name: str = "repurchase", **values: Any) -> int:
    """Make a campaign that is running and return its id."""
    row = {
        "name": name,
        "purpose": "marketing",
        "region": "CN",
        "state": "running",
        "created_at": NOW,
        "updated_at": NOW,
        **values,
    }
    with store.write() as connection:
        made = insert(campaign).values(**row).returning(campaign.c.id)
        return int(connection.execute(made).scalar_one())


def new_contact(store: Store, campaign_id: int, **values: Any) -> int:
    """Make a contact that is due and return its id."""
    with store.write() as connection:
        made = insert(contact).values(**{"campaign_id": campaign_id, "phone": PHONE, **values})
        return int(connection.execute(made.returning(contact.c.id)).scalar_one())
