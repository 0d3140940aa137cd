"""When workers beat last, and what finds the figures of the status without reading every row."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column and the indices."""
    with op.batch_alter_table("workers") as workers:
        workers.add_column(
            sa.Column(
                "beat_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
            )
        )
    op.create_index(
        "ix_shipments_state_ended_at_account_id", "shipments", ["state", "ended_at", "account_id"]
    )
    op.create_index(
        "ix_shipments_alarm",
        "shipments",
        ["account_id"],
        sqlite_where=sa.text("alarm IS NOT NULL"),
        postgresql_where=sa.text("alarm IS NOT NULL"),
    )
    op.drop_index("ix_orders_first_seen_at", "orders")
    op.create_index("ix_orders_first_seen_at_account_id", "orders", ["first_seen_at", "account_id"])
