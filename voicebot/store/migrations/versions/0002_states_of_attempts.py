"""What each answered attempt did in the script's states, for reports over many attempts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.add_column("attempt", sa.Column("replies", sa.Integer()))
    op.add_column("attempt", sa.Column("states", JSON))
