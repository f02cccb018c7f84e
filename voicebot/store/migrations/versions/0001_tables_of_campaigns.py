"""The tables of campaigns, contacts, gate, attempts, trunks, workers and webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "lease",
        sa.Column("executor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("beat", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("host", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("pid", sa.Integer()),
        sa.Column("recoverer", sa.Text()),
        sa.CheckConstraint("state IN ('up', 'dead')", name=op.f("ck_lease_state")),
        sa.PrimaryKeyConstraint("executor", name="pk_lease"),
    )
    op.create_table(
        "number_flag",
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("attempt_id", sa.Text()),
        sa.CheckConstraint(
            "flag IN ('empty', 'suspended', 'barred', 'blocked')", name=op.f("ck_number_flag_flag")
        ),
        sa.PrimaryKeyConstraint("phone", "flag", name="pk_number_flag"),
    )
    op.create_table(
        "trunk",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cps", sa.Float(), server_default=sa.text("1"), nullable=False),
        sa.Column("cap", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("next_slot", INSTANT, server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'up'"), nullable=False),
        sa.Column("settings", JSON, server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("state IN ('up', 'down')", name=op.f("ck_trunk_state")),
        sa.CheckConstraint("cap >= 0", name=op.f("ck_trunk_cap")),
        sa.CheckConstraint("cps > 0", name=op.f("ck_trunk_cps")),
        sa.PrimaryKeyConstraint("id", name="pk_trunk"),
        sa.UniqueConstraint("name", name="uq_trunk_name"),
    )
    op.create_table(
        "caller_number",
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("trunk_id", ID),
        sa.Column("purposes", JSON, server_default=sa.text("'[]'"), nullable=False),
        sa.ForeignKeyConstraint(["trunk_id"], ["trunk.id"], name="fk_caller_number_trunk_id"),
        sa.PrimaryKeyConstraint("phone", name="pk_caller_number"),
    )
    op.create_index("ix_caller_number_trunk_id", "caller_number", ["trunk_id"], unique=False)

    op.create_table(
        "campaign",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("merchant", sa.Text(), server_default=sa.text("'default'"), nullable=False),
        sa.Column("folder", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text()),
        sa.Column("policy", sa.Text()),
        sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("state_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("starts_at", INSTANT),
        sa.Column("ends_at", INSTANT),
        sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_concurrent", sa.Integer(), server_default=sa.text("10"), nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("daily_budget", sa.Integer()),
        sa.Column("caller_number", sa.Text()),
        sa.Column("trunk_id", ID),
        sa.Column("hold_out", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("rules", JSON, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "purpose IN ('marketing', 'service', 'survey')", name=op.f("ck_campaign_purpose")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'scheduled', 'running', 'paused', 'finished')",
            name=op.f("ck_campaign_state"),
        ),
        sa.CheckConstraint("hold_out >= 0 AND hold_out < 1", name=op.f("ck_campaign_hold_out")),
        sa.ForeignKeyConstraint(["trunk_id"], ["trunk.id"], name="fk_campaign_trunk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign"),
        sa.UniqueConstraint("name", name="uq_campaign_name"),
    )
    op.create_index("ix_campaign_trunk_id", "campaign", ["trunk_id"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("trunk_id", ID),
        sa.Column("caller_number", sa.Text()),
        sa.Column("script_version_id", ID),
        sa.Column("state", sa.Text(), server_default=sa.text("'intent'"), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("slot_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("dialed_at", INSTANT),
        sa.Column("answered_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("ring_ms", sa.Integer()),
        sa.Column("talk_ms", sa.Integer()),
        sa.Column("sip_code", sa.Integer()),
        sa.Column("disposition", sa.Text()),
        sa.Column("uses_cap", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("end_reason", sa.Text()),
        sa.Column("intention", sa.Text()),
        sa.Column("intention_rule", sa.Text()),
        sa.Column("next_action", sa.Text()),
        sa.Column("outcome", JSON, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("evidence", JSON, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("record", JSON),
        sa.Column("record_path", sa.Text()),
        sa.Column("recording", sa.Text()),
        sa.Column("cost_cents", sa.Integer()),
        sa.CheckConstraint("state IN ('intent', 'dialing', 'done')", name=op.f("ck_attempt_state")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_attempt_campaign_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sa.UniqueConstraint("contact_id", "number", name="uq_attempt_contact_id_number"),
    )
    op.create_index(
        "ix_attempt_campaign_id_ended_at", "attempt", ["campaign_id", "ended_at"], unique=False
    )
    op.create_index(
        "ix_attempt_in_flight",
        "attempt",
        ["trunk_id", "campaign_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('intent', 'dialing')"),
        postgresql_where=sa.text("state IN ('intent', 'dialing')"),
    )
    op.create_index("ix_attempt_phone_dialed_at", "attempt", ["phone", "dialed_at"], unique=False)
    op.create_index(
        "uq_attempt_phone_in_flight",
        "attempt",
        ["phone"],
        unique=True,
        sqlite_where=sa.text("state IN ('intent', 'dialing')"),
        postgresql_where=sa.text("state IN ('intent', 'dialing')"),
    )

    op.create_table(
        "campaign_day",
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("dialled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("answered", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name="fk_campaign_day_campaign_id"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "day", name="pk_campaign_day"),
    )
    op.create_table(
        "campaign_event",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", JSON, server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name="fk_campaign_event_campaign_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_event"),
    )
    op.create_index(
        "ix_campaign_event_campaign_id", "campaign_event", ["campaign_id"], unique=False
    )

    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("next_at", INSTANT),
        sa.CheckConstraint("stage IN ('feed', 'fence')", name=op.f("ck_decision_stage")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_decision_campaign_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_contact_id", "decision", ["contact_id"], unique=False)
    op.create_index("ix_decision_phone_at", "decision", ["phone", "at"], unique=False)

    op.create_table(
        "import_batch",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("campaign_id", ID),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'loading'"), nullable=False),
        sa.Column("beat", INSTANT, nullable=False),
        sa.Column("rows", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("added", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("known", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("undone_at", INSTANT),
        sa.CheckConstraint(
            "kind IN ('contacts', 'segment', 'consent', 'dnc', 'orders')",
            name=op.f("ck_import_batch_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('loading', 'ready', 'done', 'undone')", name=op.f("ck_import_batch_state")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name="fk_import_batch_campaign_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_import_batch"),
    )
    op.create_index("ix_import_batch_campaign_id", "import_batch", ["campaign_id"], unique=False)

    op.create_table(
        "script_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("source", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("share", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'live'"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "state IN ('live', 'canary', 'retired')", name=op.f("ck_script_version_state")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name="fk_script_version_campaign_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_script_version"),
        sa.UniqueConstraint("campaign_id", "number", name="uq_script_version_campaign_id_number"),
    )
    op.create_table(
        "webhook",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign_id", ID),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_webhook_campaign_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_campaign_id", "webhook", ["campaign_id"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", ID, nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("merchant", sa.Text(), server_default=sa.text("'default'"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("given_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("batch_id", ID),
        sa.CheckConstraint(
            "purpose IN ('marketing', 'service', 'survey')", name=op.f("ck_consent_purpose")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name="fk_consent_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.UniqueConstraint(
            "phone",
            "merchant",
            "purpose",
            "given_at",
            name="uq_consent_phone_merchant_purpose_given_at",
        ),
    )
    op.create_index("ix_consent_batch_id", "consent", ["batch_id"], unique=False)

    op.create_table(
        "contact",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("batch_id", ID),
        sa.Column("line", sa.Integer()),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("timezone", sa.Text()),
        sa.Column("variables", JSON, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'wait'"), nullable=False),
        sa.Column("state_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", INSTANT, server_default=sa.text("0"), nullable=False),
        sa.Column("disposition", sa.Text()),
        sa.Column("script_version_id", ID),
        sa.Column("held_out", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source_attempt_id", sa.Text()),
        sa.CheckConstraint(
            "state IN ('loading', 'wait', 'queued', 'done')", name=op.f("ck_contact_state")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name="fk_contact_batch_id"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_contact_campaign_id"),
        sa.ForeignKeyConstraint(
            ["script_version_id"], ["script_version.id"], name="fk_contact_script_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
        sa.UniqueConstraint("phone", "campaign_id", name="uq_contact_phone_campaign_id"),
    )
    op.create_index("ix_contact_batch_id_id", "contact", ["batch_id", "id"], unique=False)
    op.create_index(
        "ix_contact_campaign_id_state", "contact", ["campaign_id", "state"], unique=False
    )
    op.create_index(
        "ix_contact_due",
        "contact",
        ["campaign_id", "next_at"],
        unique=False,
        sqlite_where=sa.text("state = 'wait'"),
        postgresql_where=sa.text("state = 'wait'"),
    )

    op.create_table(
        "dnc",
        sa.Column("id", ID, nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("removed_at", INSTANT),
        sa.Column("removed_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("batch_id", ID),
        sa.Column("attempt_id", sa.Text()),
        sa.CheckConstraint(
            "scope IN ('platform', 'merchant', 'campaign')", name=op.f("ck_dnc_scope")
        ),
        sa.CheckConstraint(
            "source IN ('import', 'operator', 'call', 'report')", name=op.f("ck_dnc_source")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name="fk_dnc_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dnc"),
    )
    op.create_index("ix_dnc_batch_id", "dnc", ["batch_id"], unique=False)
    op.create_index(
        "uq_dnc_phone_scope_owner",
        "dnc",
        ["phone", "scope", "owner"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )

    op.create_table(
        "outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("webhook_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contact_id", ID),
        sa.Column("attempt_id", sa.Text()),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'wait'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.Column("last_error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("state IN ('wait', 'sent', 'dead')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_outbox_webhook_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("webhook_id", "event_id", name="uq_outbox_webhook_id_event_id"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("state = 'wait'"),
        postgresql_where=sa.text("state = 'wait'"),
    )
    op.create_index(
        "ix_outbox_webhook_id_contact_id_id",
        "outbox",
        ["webhook_id", "contact_id", "id"],
        unique=False,
    )

    op.create_table(
        "shop_order",
        sa.Column("id", ID, nullable=False),
        sa.Column("merchant", sa.Text(), server_default=sa.text("'default'"), nullable=False),
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("placed_at", INSTANT, nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), server_default=sa.text("'CNY'"), nullable=False),
        sa.Column("product", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("batch_id", ID),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name="fk_shop_order_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shop_order"),
        sa.UniqueConstraint("merchant", "order_no", name="uq_shop_order_merchant_order_no"),
    )
    op.create_index("ix_shop_order_batch_id", "shop_order", ["batch_id"], unique=False)
    op.create_index(
        "ix_shop_order_phone_placed_at", "shop_order", ["phone", "placed_at"], unique=False
    )
