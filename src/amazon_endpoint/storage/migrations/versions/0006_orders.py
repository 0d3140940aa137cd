"""Orders, how far they were read, the messages about them, and what is to be read again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "readings",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("upper_bound", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT),
        sa.Column("window", sa.Text),
        sa.Column("page_token", sa.LargeBinary),
        sa.Column("served_before", _MOMENT),
        sa.Column("width_seconds", sa.Double),
        sa.Column("first_sights", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        *_keys("readings", "kind"),
    )
    op.create_index("ix_readings_next_attempt_at", "readings", ["next_attempt_at"])
    op.create_table(
        "orders",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("status_since", _MOMENT, nullable=False),
        sa.Column("delivered_at", _MOMENT),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("content_mark", sa.String(96), nullable=False),
        sa.Column("personal_mark", sa.String(96)),
        sa.Column("body", sa.LargeBinary),
        sa.Column("cancel_told", sa.Boolean, nullable=False),
        sa.Column("first_seen_at", _MOMENT, nullable=False),
        sa.Column("imported_at", _MOMENT),
        sa.Column("erased_at", _MOMENT),
        *_keys("orders", "number"),
    )
    op.create_index("ix_orders_account_id_state", "orders", ["account_id", "state"])
    op.create_index("ix_orders_first_seen_at", "orders", ["first_seen_at"])
    op.create_table(
        "outbox",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("order_number", sa.String(64), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("webhook_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("delivered_at", _MOMENT),
        sa.UniqueConstraint("webhook_id", name="uq_outbox_webhook_id"),
        *_keys("outbox", "order_number", "sequence"),
    )
    op.create_index(
        "ix_outbox_account_id_next_attempt_at", "outbox", ["account_id", "next_attempt_at"]
    )
    op.create_index("ix_outbox_account_id_state", "outbox", ["account_id", "state"])
    op.create_table(
        "wanted_orders",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("wanted_at", _MOMENT, nullable=False),
        sa.Column("next_attempt_at", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        *_keys("wanted_orders", "number"),
    )
    op.create_index(
        "ix_wanted_orders_account_id_next_attempt_at",
        "wanted_orders",
        ["account_id", "next_attempt_at"],
    )
    op.create_table(
        "quarantine",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("first_seen_at", _MOMENT, nullable=False),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        *_keys("quarantine", "name"),
    )


def _keys(table: str, *further: str) -> tuple[sa.Constraint, sa.Constraint]:
    """Within its account, and gone with it."""
    return (
        sa.PrimaryKeyConstraint("account_id", *further, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=f"fk_{table}_account_id",
            ondelete="CASCADE",
        ),
    )
