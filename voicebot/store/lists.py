"""Consent and do-not-call entries: kept, taken away, and what that means for waiting contacts.

An entry only ever gets stricter by importing: a list that ends sooner does not shorten one that
stands. What is removed or withdrawn stays, with its date, as evidence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from voicebot.campaign.columns import Rejected
from voicebot.campaign.frequency_cap import Purpose
from voicebot.campaign.gate import Code
from voicebot.campaign.lists import BlockRow, ConsentRow
from voicebot.store.engine import Store
from voicebot.store.instant import database_now
from voicebot.store.tables import campaign, consent, contact, dnc, import_batch

ROWS_AT_ONCE = 500
"""Values of one statement are limited."""

WITHOUT_CONSENT = (Code.CONSENT_MISSING, Code.CONSENT_EXPIRED, Code.CONSENT_WITHDRAWN)
ON_A_LIST = (Code.DNC_PLATFORM, Code.DNC_MERCHANT, Code.DNC_CAMPAIGN)

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom an entry keeps away: everybody, one merchant's campaigns, or one campaign."""

    kind: str
    """`platform`, `merchant` or `campaign`."""
    owner: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.owner}".strip()


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of a list."""

    batch: int | None
    rows: int
    added: int
    known: int
    rejected: int


def import_blocks(
    store: Store,
    scope: Scope,
    file: tuple[str, str],
    rows: Iterable[BlockRow | Rejected],
    rejected: Callable[[Rejected], None],
    advance: Callable[[int], None] = lambda rows: None,
) -> Kept:
    """Put numbers on a do-not-call list; what stands there already is at most made longer.

    Rows count as soon as they are read. Who stops half-way has those, and gets the rest by doing
    it again.
    """

    def keep(connection: Connection, batch: int, some: Sequence[BlockRow]) -> int:
        return add_blocks(connection, scope, some, source="import", batch=batch)

    return import_rows(store, "dnc", file, rows, keep, rejected, advance)


def add_blocks(
    connection: Connection,
    scope: Scope,
    rows: Sequence[BlockRow],
    *,
    source: str,
    batch: int | None = None,
    attempt_id: str | None = None,
) -> int:
    """Put numbers on a list in the caller's transaction; return how many were not on it."""
    strictest = {each.phone: each for each in sorted(rows, key=_strictness)}
    before = _standing(connection, scope, list(strictest))
    entry = _insert(connection, dnc).values(
        [
            {
                "phone": each.phone,
                "scope": scope.kind,
                "owner": scope.owner,
                "reason": each.reason,
                "source": source,
                "created_at": database_now(),
                "expires_at": each.expires_at,
                "batch_id": batch,
                "attempt_id": attempt_id,
            }
            for each in strictest.values()
        ]
    )
    longer = case(
        (or_(dnc.c.expires_at.is_(None), entry.excluded.expires_at.is_(None)), None),
        (dnc.c.expires_at < entry.excluded.expires_at, entry.excluded.expires_at),
        else_=dnc.c.expires_at,
    )
    connection.execute(
        entry.on_conflict_do_update(
            index_elements=["phone", "scope", "owner"],
            index_where=dnc.c.removed_at.is_(None),
            set_={"expires_at": longer},
        )
    )
    return len(strictest) - before


def _strictness(each: BlockRow) -> tuple[bool, float]:
    """Order entries so that the last of a number's is the one that stands longest."""
    return each.expires_at is None, each.expires_at.timestamp() if each.expires_at else 0


def remove_block(store: Store, scope: Scope, phone: str, reason: str) -> bool:
    """Take a number off a list and let its contacts in again; return whether it was on it."""
    with store.write() as connection:
        done = connection.execute(
            update(dnc)
            .where(_on(scope), dnc.c.phone == phone, dnc.c.removed_at.is_(None))
            .values(removed_at=database_now(), removed_reason=reason)
        )
        if done.rowcount:
            reopen_phones(connection, [phone], ON_A_LIST)
        return done.rowcount > 0


def blocks(
    store: Store, scope: Scope | None = None, phone: str | None = None, limit: int | None = None
) -> Sequence[Any]:
    """Return standing entries, the newest first: of one list, of one number, or all."""
    query = select(dnc).where(
        dnc.c.removed_at.is_(None),
        or_(dnc.c.expires_at.is_(None), dnc.c.expires_at > database_now()),
    )
    if scope is not None:
        query = query.where(_on(scope))
    if phone is not None:
        query = query.where(dnc.c.phone == phone)
    with store.read() as connection:
        return connection.execute(query.order_by(dnc.c.id.desc()).limit(limit)).all()


def import_consent(
    store: Store,
    merchant: str,
    file: tuple[str, str],
    rows: Iterable[ConsentRow | Rejected],
    rejected: Callable[[Rejected], None],
    advance: Callable[[int], None] = lambda rows: None,
) -> Kept:
    """Keep records of consent, and let in contacts that waited for them.

    As with do-not-call lists, rows count as soon as they are read.
    """

    def keep(connection: Connection, batch: int, some: Sequence[ConsentRow]) -> int:
        once = {(each.phone, each.purpose, each.given_at): each for each in some}
        entry = _insert(connection, consent).values(
            [
                {
                    "phone": each.phone,
                    "merchant": merchant,
                    "purpose": each.purpose.value,
                    "evidence": each.evidence,
                    "given_at": each.given_at,
                    "expires_at": each.expires_at,
                    "batch_id": batch,
                }
                for each in once.values()
            ]
        )
        new = connection.execute(
            entry.on_conflict_do_nothing().returning(consent.c.phone)
        ).scalars()
        phones = list(new)
        reopen_phones(connection, phones, WITHOUT_CONSENT, merchant)
        return len(phones)

    return import_rows(store, "consent", file, rows, keep, rejected, advance)


def withdraw_consent(
    store: Store, merchant: str, phone: str, purpose: Purpose | None = None
) -> int:
    """Note that somebody takes their consent back; return how many records that ends."""
    with store.write() as connection:
        done = connection.execute(
            update(consent)
            .where(
                consent.c.phone == phone,
                consent.c.merchant == merchant,
                consent.c.withdrawn_at.is_(None),
                *((consent.c.purpose == purpose,) if purpose else ()),
            )
            .values(withdrawn_at=database_now())
        )
        return done.rowcount


def consents(store: Store, phone: str) -> Sequence[Any]:
    """Return every record of a number's consent, to whomever, the oldest first."""
    with store.read() as connection:
        return connection.execute(
            select(consent).where(consent.c.phone == phone).order_by(consent.c.given_at)
        ).all()


def reopen_phones(
    connection: Connection,
    phones: Sequence[str],
    reasons: Sequence[Code],
    merchant: str | None = None,
) -> int:
    """Let contacts of these numbers in again that were done for one of these reasons."""
    campaigns = select(campaign.c.id)
    if merchant is not None:
        campaigns = campaigns.where(campaign.c.merchant == merchant)
    return connection.execute(
        update(contact)
        .where(
            contact.c.phone.in_(phones),
            contact.c.state == "done",
            contact.c.state_reason.in_([each.value for each in reasons]),
            contact.c.campaign_id.in_(campaigns),
        )
        .values(state="wait", state_reason="", next_at=database_now())
    ).rowcount


def import_rows(
    store: Store,
    kind: str,
    file: tuple[str, str],
    rows: Iterable[Entry | Rejected],
    keep: Callable[[Connection, int, Sequence[Entry]], int],
    rejected: Callable[[Rejected], None],
    advance: Callable[[int], None],
) -> Kept:
    """Keep the rows of one file; `keep` writes some of them and says how many were new."""
    name, sha256 = file
    count = bad = added = 0
    with store.write() as connection:
        values: Mapping[str, object] = {
            "kind": kind,
            "file": name,
            "sha256": sha256,
            "state": "loading",
            "created_at": database_now(),
            "beat": database_now(),
        }
        made = insert(import_batch).values(**values).returning(import_batch.c.id)
        batch = int(connection.execute(made).scalar_one())
    incoming = iter(rows)
    while some := list(islice(incoming, ROWS_AT_ONCE)):
        for each in some:
            if isinstance(each, Rejected):
                bad += 1
                rejected(each)
        good = [each for each in some if not isinstance(each, Rejected)]
        count += len(some)
        if good:
            with store.write() as connection:
                added += keep(connection, batch, good)
        advance(count)
    with store.write() as connection:
        if added:
            connection.execute(
                update(import_batch)
                .where(import_batch.c.id == batch)
                .values(
                    state="done", rows=count, added=added, known=count - bad - added, rejected=bad
                )
            )
        else:
            connection.execute(delete(import_batch).where(import_batch.c.id == batch))
    return Kept(batch if added else None, count, added, count - bad - added, bad)


def _standing(connection: Connection, scope: Scope, phones: Sequence[str]) -> int:
    return int(
        connection.execute(
            select(func.count())
            .select_from(dnc)
            .where(_on(scope), dnc.c.phone.in_(phones), dnc.c.removed_at.is_(None))
        ).scalar_one()
    )


def _on(scope: Scope) -> ColumnElement[bool]:
    return and_(dnc.c.scope == scope.kind, dnc.c.owner == scope.owner)


def _insert(connection: Connection, table: Table) -> Any:
    """Return an INSERT that knows what to do about a conflict."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
