"""Which shipments a feed left behind, told by no words."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "shipments",
        sa.Column("left_behind", sa.Boolean, nullable=False, server_default=sa.false()),
    )
