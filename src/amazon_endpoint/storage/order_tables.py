"""The tables of sync's orders: how far accounts were read, what was found, what is to be told.

All of it goes with its account. Bodies and page tokens are absent once there is nothing to keep.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from amazon_endpoint.storage.sync_tables import SEALED, accounts, where
from amazon_endpoint.storage.tables import Moment, metadata


def _account_id() -> Column[str]:
    return Column(
        "account_id", String(40), ForeignKey(accounts.c.id, ondelete="CASCADE"), primary_key=True
    )


# `window` is the frozen query and what was read of it, without the page token.
readings = Table(
    "readings",
    metadata,
    _account_id(),
    Column("kind", String(16), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("upper_bound", Moment, nullable=False),
    Column("until", Moment),
    Column("window", Text),
    Column("page_token", LargeBinary, info=SEALED),
    Column("served_before", Moment),
    Column("width_seconds", Double),
    Column("first_sights", Integer, nullable=False),
    Column("next_attempt_at", Moment),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Index(None, "next_attempt_at"),
)

orders = Table(
    "orders",
    metadata,
    _account_id(),
    Column("number", String(64), primary_key=True),
    Column("updated_at", Moment, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_since", Moment, nullable=False),
    Column("delivered_at", Moment),
    Column("state", String(16), nullable=False),
    Column("content_mark", String(96), nullable=False),
    Column("personal_mark", String(96)),
    Column("body", LargeBinary, info=SEALED),
    Column("cancel_told", Boolean, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("imported_at", Moment),
    Column("erased_at", Moment),
    Index(None, "account_id", "state"),
    Index(None, "first_seen_at", "account_id"),
    Index(None, "account_id", "delivered_at", **where("erased_at IS NULL")),
    Index(
        None,
        "account_id",
        "status_since",
        **where("erased_at IS NULL AND delivered_at IS NULL"),
    ),
)

# `next_attempt_at` is there as long as the message is pending.
outbox = Table(
    "outbox",
    metadata,
    _account_id(),
    Column("order_number", String(64), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("webhook_id", String(64), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("body", LargeBinary, info=SEALED),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Moment),
    Column("last_error", Text),
    Column("created_at", Moment, nullable=False),
    Column("delivered_at", Moment),
    Index(None, "account_id", "next_attempt_at"),
    Index(None, "account_id", "state"),
    Index("ix_outbox_unerased", "account_id", "created_at", **where("body IS NOT NULL")),
    Index("ix_outbox_erased", "account_id", "created_at", **where("body IS NULL")),
)

# Of an account without a row nothing is known that would keep messages from its store.
standings = Table(
    "standings",
    metadata,
    _account_id(),
    Column("revision", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("rests_until", Moment),
    Column("stopped_at", Moment),
    Column("reason", Text),
)

wanted_orders = Table(
    "wanted_orders",
    metadata,
    _account_id(),
    Column("number", String(64), primary_key=True),
    Column("wanted_at", Moment, nullable=False),
    Column("next_attempt_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Index(None, "account_id", "next_attempt_at"),
)

# `name` is the order's number, or where it has none something that tells its reason from others.
quarantine = Table(
    "quarantine",
    metadata,
    _account_id(),
    Column("name", String(64), primary_key=True),
    Column("number", String(64)),
    Column("reason", Text, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
)
