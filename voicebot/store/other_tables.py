"""The tables beside campaigns and calls: who works, who is told, what was bought.

`voicebot.store.tables` has them all.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from voicebot.store.columns import Id, Json, metadata, one_of
from voicebot.store.instant import Instant

lease = Table(
    "lease",
    metadata,
    Column("executor", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("beat", Instant, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("host", Text, nullable=False, server_default=text("''")),
    Column("pid", Integer),
    Column("recoverer", Text),
    one_of("state", "up", "dead"),
)
"""A worker process that is alive as long as it beats."""

webhook = Table(
    "webhook",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), index=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", Instant, nullable=False),
)
"""Who is told of finished calls; without a campaign: of all campaigns'."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("webhook_id", ForeignKey("webhook.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("contact_id", Id),
    Column("attempt_id", Text),
    Column("payload", Json, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'wait'")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("last_error", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("webhook_id", "event_id"),
    Index(None, "webhook_id", "contact_id", "id"),
    one_of("state", "wait", "sent", "dead"),
)
"""Messages to webhooks, in the order of `id` for each contact."""

Index(
    "ix_outbox_due",
    outbox.c.next_at,
    sqlite_where=text("state = 'wait'"),
    postgresql_where=text("state = 'wait'"),
)

shop_order = Table(
    "shop_order",
    metadata,
    Column("id", Id, primary_key=True),
    Column("merchant", Text, nullable=False, server_default=text("'default'")),
    Column("order_no", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("currency", Text, nullable=False, server_default=text("'CNY'")),
    Column("product", Text, nullable=False, server_default=text("''")),
    Column("batch_id", ForeignKey("import_batch.id"), index=True),
    UniqueConstraint("merchant", "order_no"),
    Index(None, "phone", "placed_at"),
)
"""An order of the shop, to be attributed to calls."""
