"""An index with what happened in the script's states, for SQLite's reports."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(
            "ix_attempt_states",
            "attempt",
            ["campaign_id", "states"],
            sqlite_where=sa.text("replies >= 0"),
        )
