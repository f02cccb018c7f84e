"""Tickets for the people who call back, kept in an SQLite file."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import platformdirs

_TABLE = """
create table if not exists tickets (
    phone text not null, order_no text not null, kind text not null, detail text not null,
    unique (phone, order_no, kind)
)
"""


def open_ticket(phone: str, order_no: str, kind: str, detail: str) -> dict[str, object]:
    """Open a ticket, or add to the one that is open about the same."""
    named = os.environ.get("VOICEBOT_TICKETS")
    file = Path(named) if named else platformdirs.user_cache_path("voicebot") / "tickets.sqlite"
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file, timeout=3)) as tickets, tickets:
        tickets.execute(_TABLE)
        tickets.execute(
            "insert into tickets values (?, ?, ?, ?) on conflict (phone, order_no, kind) "
            "do update set detail = excluded.detail",
            (phone, order_no, kind, detail),
        )
    return {"opened": True}
