"""The tables that hold the truth of outbound campaigns; docs/store.md describes them for people.

A telephone number is E.164 (`+8613800138000`) everywhere, a moment an `Instant`, money whole cents.
A change here needs a migration in `voicebot/store/migrations/versions`; a test compares the two.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from voicebot.store.columns import Id, Json, one_of
from voicebot.store.columns import metadata as metadata
from voicebot.store.instant import Instant
from voicebot.store.other_tables import lease as lease
from voicebot.store.other_tables import outbox as outbox
from voicebot.store.other_tables import shop_order as shop_order
from voicebot.store.other_tables import webhook as webhook

trunk = Table(
    "trunk",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("cps", Float, nullable=False, server_default=text("1")),
    Column("cap", Integer, nullable=False, server_default=text("1")),
    Column("next_slot", Instant, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False, server_default=text("'up'")),
    Column("settings", Json, nullable=False, server_default=text("'{}'")),
    one_of("state", "up", "down"),
    CheckConstraint("cps > 0", name="cps"),
    CheckConstraint("cap >= 0", name="cap"),
)
"""A line to the telephone network: calls per second, calls at once, and its next free slot."""

caller_number = Table(
    "caller_number",
    metadata,
    Column("phone", Text, primary_key=True),
    Column("trunk_id", ForeignKey("trunk.id"), index=True),
    Column("purposes", Json, nullable=False, server_default=text("'[]'")),
)
"""A number we call from. `purposes` lists what it may carry; an empty list: everything."""

campaign = Table(
    "campaign",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False, server_default=text("''")),
    Column("merchant", Text, nullable=False, server_default=text("'default'")),
    Column("folder", Text, nullable=False, server_default=text("''")),
    Column("purpose", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("timezone", Text),
    Column("policy", Text),
    Column("state", Text, nullable=False, server_default=text("'draft'")),
    Column("state_reason", Text, nullable=False, server_default=text("''")),
    Column("starts_at", Instant),
    Column("ends_at", Instant),
    Column("priority", Integer, nullable=False, server_default=text("0")),
    Column("max_concurrent", Integer, nullable=False, server_default=text("10")),
    Column("max_attempts", Integer, nullable=False, server_default=text("3")),
    Column("daily_budget", Integer),
    Column("caller_number", Text),
    Column("trunk_id", ForeignKey("trunk.id"), index=True),
    Column("hold_out", Float, nullable=False, server_default=text("0")),
    Column("rules", Json, nullable=False, server_default=text("'{}'")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    one_of("state", "draft", "scheduled", "running", "paused", "finished"),
    one_of("purpose", "marketing", "service", "survey"),
    CheckConstraint("hold_out >= 0 AND hold_out < 1", name="hold_out"),
)
"""`timezone` is for contacts whose own is not known; `policy` a file, else the region's own;
`daily_budget` counts dials; `rules` holds what a campaign changes of retry, breaker and canary."""

campaign_event = Table(
    "campaign_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", Json, nullable=False, server_default=text("'{}'")),
)
"""Who started, paused or changed a campaign, when and why."""

campaign_day = Table(
    "campaign_day",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("day", Text, primary_key=True),
    Column("dialled", Integer, nullable=False, server_default=text("0")),
    Column("answered", Integer, nullable=False, server_default=text("0")),
)
"""Counters of one calendar day (`2026-11-27`) in the campaign's zone, for the daily budget."""

script_version = Table(
    "script_version",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("label", Text, nullable=False, server_default=text("''")),
    Column("hash", Text, nullable=False),
    Column("folder", Text, nullable=False, server_default=text("''")),
    Column("source", Text, nullable=False, server_default=text("''")),
    Column("share", Float, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False, server_default=text("'live'")),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("campaign_id", "number"),
    one_of("state", "live", "canary", "retired"),
)
"""One version of a campaign's script, and the share of contacts that get it."""

import_batch = Table(
    "import_batch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("campaign_id", ForeignKey("campaign.id"), index=True),
    Column("file", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'loading'")),
    Column("beat", Instant, nullable=False),
    Column("rows", Integer, nullable=False, server_default=text("0")),
    Column("added", Integer, nullable=False, server_default=text("0")),
    Column("known", Integer, nullable=False, server_default=text("0")),
    Column("rejected", Integer, nullable=False, server_default=text("0")),
    Column("created_at", Instant, nullable=False),
    Column("undone_at", Instant),
    one_of("kind", "contacts", "segment", "consent", "dnc", "orders"),
    one_of("state", "loading", "ready", "done", "undone"),
)
"""One file that was imported. `loading`: rows are still coming, and `beat` is when the last ones
did; `ready`: all are there, and become visible now; a `loading` batch that stopped beating is
taken back, a `ready` one is finished, by whoever imports next."""

contact = Table(
    "contact",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("batch_id", ForeignKey("import_batch.id")),
    Column("line", Integer),
    Column("phone", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=text("''")),
    Column("timezone", Text),
    Column("variables", Json, nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False, server_default=text("'wait'")),
    Column("state_reason", Text, nullable=False, server_default=text("''")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False, server_default=text("0")),
    Column("disposition", Text),
    Column("script_version_id", ForeignKey("script_version.id")),
    Column("held_out", Boolean, nullable=False, server_default=text("false")),
    Column("source_attempt_id", Text),
    UniqueConstraint("phone", "campaign_id"),
    Index(None, "campaign_id", "state"),
    Index(None, "batch_id", "id"),
    one_of("state", "loading", "wait", "queued", "done"),
)
"""One number of one campaign. `next_at` is when it is due; what is `loading` is not there yet;
`line` stands in the imported file; `held_out` is never called, so that the campaign's lift can be
measured; `script_version_id` is chosen once and kept; `source_attempt_id` is the call that a
segment took the contact from."""

Index(
    "ix_contact_due",
    contact.c.campaign_id,
    contact.c.next_at,
    sqlite_where=text("state = 'wait'"),
    postgresql_where=text("state = 'wait'"),
)

consent = Table(
    "consent",
    metadata,
    Column("id", Id, primary_key=True),
    Column("phone", Text, nullable=False),
    Column("merchant", Text, nullable=False, server_default=text("'default'")),
    Column("purpose", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("withdrawn_at", Instant),
    Column("batch_id", ForeignKey("import_batch.id"), index=True),
    UniqueConstraint("phone", "merchant", "purpose", "given_at"),
    one_of("purpose", "marketing", "service", "survey"),
)
"""Who agreed to which calls, when, and how that is known."""

dnc = Table(
    "dnc",
    metadata,
    Column("id", Id, primary_key=True),
    Column("phone", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("owner", Text, nullable=False, server_default=text("''")),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("source", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("removed_at", Instant),
    Column("removed_reason", Text, nullable=False, server_default=text("''")),
    Column("batch_id", ForeignKey("import_batch.id"), index=True),
    Column("attempt_id", Text),
    one_of("scope", "platform", "merchant", "campaign"),
    one_of("source", "import", "operator", "call", "report"),
)
"""Numbers not to be called. `owner` is the merchant or the campaign's name, empty for the platform.
A removed entry stays, so that who was spared when can be shown."""

Index(
    "uq_dnc_phone_scope_owner",
    dnc.c.phone,
    dnc.c.scope,
    dnc.c.owner,
    unique=True,
    sqlite_where=text("removed_at IS NULL"),
    postgresql_where=text("removed_at IS NULL"),
)

number_flag = Table(
    "number_flag",
    metadata,
    Column("phone", Text, primary_key=True),
    Column("flag", Text, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("attempt_id", Text),
    one_of("flag", "empty", "suspended", "barred", "blocked"),
)
"""What calls taught about a number, such as 空号."""

decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("contact_id", Id, nullable=False, index=True),
    Column("phone", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("stage", Text, nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("code", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=text("''")),
    Column("next_at", Instant),
    Index(None, "phone", "at"),
    one_of("stage", "feed", "fence"),
)
"""Every verdict of the gate. `code` names the rule that refused, or is `allowed`."""

attempt = Table(
    "attempt",
    metadata,
    Column("id", Text, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("contact_id", Id, nullable=False),
    Column("number", Integer, nullable=False),
    Column("phone", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("trunk_id", Id),
    Column("caller_number", Text),
    Column("script_version_id", Id),
    Column("state", Text, nullable=False, server_default=text("'intent'")),
    Column("owner", Text),
    Column("slot_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("dialed_at", Instant),
    Column("answered_at", Instant),
    Column("ended_at", Instant),
    Column("ring_ms", Integer),
    Column("talk_ms", Integer),
    Column("sip_code", Integer),
    Column("disposition", Text),
    Column("uses_cap", Boolean, nullable=False, server_default=text("true")),
    Column("end_reason", Text),
    Column("intention", Text),
    Column("intention_rule", Text),
    Column("next_action", Text),
    Column("outcome", Json, nullable=False, server_default=text("'{}'")),
    Column("evidence", Json, nullable=False, server_default=text("'{}'")),
    Column("record", Json),
    Column("record_path", Text),
    Column("recording", Text),
    Column("cost_cents", Integer),
    Column("replies", Integer),
    Column("states", Json),
    UniqueConstraint("contact_id", "number"),
    Index(None, "phone", "dialed_at"),
    Index(None, "campaign_id", "ended_at"),
    one_of("state", "intent", "dialing", "done"),
)
"""One attempt; `id` is `campaign:contact:number`, the id of its workflow and of the call on the
switch. A disposition `unknown` is one whose end nobody saw. `record` or the file at `record_path`
has what was said; `recording` is the audio file; `uses_cap` is false after a fault of ours or the
line's. `replies` counts the caller's answers; `states` lists what happened in the script's states,
each once: `offer reached`, `offer no_match`."""

Index(
    "ix_attempt_report",
    attempt.c.campaign_id,
    attempt.c.contact_id,
    attempt.c.number,
    attempt.c.dialed_at,
    attempt.c.disposition,
    attempt.c.end_reason,
    attempt.c.intention,
    attempt.c.replies,
    attempt.c.talk_ms,
    attempt.c.script_version_id,
    attempt.c.cost_cents,
    attempt.c.state,
)
Index(
    "ix_attempt_states",
    attempt.c.campaign_id,
    attempt.c.states,
    sqlite_where=text("replies >= 0"),
).ddl_if(dialect="sqlite")
"""For the report's script page. SQLite would walk through each call's whole record to what stands
behind it; PostgreSQL keeps long values apart, and takes no long ones into an index."""

IN_FLIGHT = text("attempt.state IN ('intent', 'dialing')")
"""For every question about attempts under way, beside what it asks: SQLite uses a partial index
only for a condition that is written as the index's is, and reads all attempts there ever were for
one with parameters."""

Index(
    "uq_attempt_phone_in_flight",
    attempt.c.phone,
    unique=True,
    sqlite_where=text("state IN ('intent', 'dialing')"),
    postgresql_where=text("state IN ('intent', 'dialing')"),
)
Index(
    "ix_attempt_in_flight",
    attempt.c.trunk_id,
    attempt.c.campaign_id,
    sqlite_where=text("state IN ('intent', 'dialing')"),
    postgresql_where=text("state IN ('intent', 'dialing')"),
)
