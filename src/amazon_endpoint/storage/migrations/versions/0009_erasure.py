"""What finds what is to be erased, and Amazon's words about shipments in the dark."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_UNERASED = "body IS NOT NULL OR sealed_reason IS NOT NULL"


def upgrade() -> None:
    """Add the column and the indices, and erase what stands there for all to read."""
    # The version before may be at work, and goes on writing there.
    op.execute("UPDATE confirmations SET reason = NULL")
    op.execute("UPDATE shipments SET reason = NULL")
    op.add_column("shipments", sa.Column("sealed_reason", sa.LargeBinary))
    _index("orders", "account_id", "delivered_at", where="erased_at IS NULL")
    _index(
        "orders", "account_id", "status_since", where="erased_at IS NULL AND delivered_at IS NULL"
    )
    _index("outbox", "account_id", "created_at", name="unerased", where="body IS NOT NULL")
    _index("outbox", "account_id", "created_at", name="erased", where="body IS NULL")
    _index("shipments", "account_id", "received_at", name="unerased", where=_UNERASED)
    _index("shipments", "account_id", "received_at", name="erased", where=f"NOT ({_UNERASED})")
    _index("sync_feeds", "account_id", "sent_at")
    _index("confirmations", "created_at")
    _index("known_feeds", "sent_at")


def _index(table: str, *columns: str, name: str | None = None, where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(
        f"ix_{table}_{name or '_'.join(columns)}",
        table,
        list(columns),
        sqlite_where=condition,
        postgresql_where=condition,
    )
