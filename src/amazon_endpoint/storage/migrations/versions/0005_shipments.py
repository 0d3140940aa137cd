"""Shipments, the feeds that tell Amazon of them, and what was sent together."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables, and the column."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "shipments",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("order_number", sa.String(64), nullable=False),
        sa.Column("number", sa.String(255), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("feed_id", sa.String(64)),
        sa.Column("reason", sa.Text),
        sa.Column("alarm", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("next_attempt_at", moment),
        sa.Column("ended_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_shipments"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], ondelete="CASCADE", name="fk_shipments_account_id"
        ),
    )
    op.create_index("ix_shipments_next_attempt_at", "shipments", ["next_attempt_at"])
    op.create_index(
        "ix_shipments_account_id_order_number", "shipments", ["account_id", "order_number"]
    )
    op.create_index("ix_shipments_account_id_feed_id", "shipments", ["account_id", "feed_id"])
    op.create_table(
        "sync_feeds",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("feed_id", sa.String(64), nullable=False),
        sa.Column("sent_at", moment, nullable=False),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.Column("next_look_at", moment),
        sa.Column("ended_at", moment),
        sa.Column("reason", sa.Text),
        sa.Column("alarm", sa.Text),
        sa.PrimaryKeyConstraint("account_id", "feed_id", name="pk_sync_feeds"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], ondelete="CASCADE", name="fk_sync_feeds_account_id"
        ),
    )
    op.create_index("ix_sync_feeds_next_look_at", "sync_feeds", ["next_look_at"])
    op.add_column("confirmations", sa.Column("submission", sa.String(64)))
    op.create_index(
        "ix_confirmations_seller_id_submission", "confirmations", ["seller_id", "submission"]
    )
