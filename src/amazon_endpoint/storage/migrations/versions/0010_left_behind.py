"""Which shipments a feed left behind, told by no words, and what finds those that are due."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column(
        "shipments",
        sa.Column("left_behind", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    due = sa.text("next_attempt_at IS NOT NULL")
    op.create_index(
        "ix_shipments_due",
        "shipments",
        ["account_id", "state", "next_attempt_at"],
        sqlite_where=due,
        postgresql_where=due,
    )
