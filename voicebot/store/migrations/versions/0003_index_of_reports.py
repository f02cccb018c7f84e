"""An index with all that a campaign's report counts, in the order it is read."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_index(
        "ix_attempt_report",
        "attempt",
        [
            *("campaign_id", "contact_id", "number", "dialed_at", "disposition", "end_reason"),
            *("intention", "replies", "talk_ms", "script_version_id", "cost_cents", "state"),
        ],
    )
