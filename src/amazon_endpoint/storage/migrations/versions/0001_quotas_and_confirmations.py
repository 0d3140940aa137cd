"""Quota buckets, confirmations, and the feeds that we know."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "quota_buckets",
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("learnt_rate", sa.Double),
        sa.Column("tokens", sa.Double, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "account", "operation", name="pk_quota_buckets"),
    )
    op.create_table(
        "confirmations",
        sa.Column("seller_id", sa.String(64), nullable=False),
        sa.Column("order_number", sa.String(64), nullable=False),
        sa.Column("shipment_number", sa.String(255), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("shipped_at", moment, nullable=False),
        sa.Column("items", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("sent_at", moment),
        sa.Column("feed_id", sa.String(64)),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint(
            "seller_id", "order_number", "shipment_number", "content", name="pk_confirmations"
        ),
    )
    op.create_index("ix_confirmations_seller_id_feed_id", "confirmations", ["seller_id", "feed_id"])
    op.create_table(
        "known_feeds",
        sa.Column("seller_id", sa.String(64), nullable=False),
        sa.Column("feed_id", sa.String(64), nullable=False),
        sa.Column("sent_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "feed_id", name="pk_known_feeds"),
    )
    op.create_index("ix_known_feeds_seller_id_sent_at", "known_feeds", ["seller_id", "sent_at"])
