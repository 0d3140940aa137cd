"""The tables of sync's shipments, and of the feeds that tell Amazon of them.

All of it goes with its account.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
    not_,
    or_,
    text,
)

from amazon_endpoint.storage.sync_tables import SEALED, accounts, where
from amazon_endpoint.storage.tables import Moment, metadata

# `body` and `sealed_reason` are absent once they are erased, `next_attempt_at` once nothing is left
# to do. An earlier version wrote `reason` for all to read.
shipments = Table(
    "shipments",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account_id", String(40), ForeignKey(accounts.c.id, ondelete="CASCADE"), nullable=False),
    Column("order_number", String(64), nullable=False),
    Column("number", String(255), nullable=False),
    Column("content", String(64), nullable=False),
    Column("body", LargeBinary, info=SEALED),
    Column("state", String(16), nullable=False),
    Column("feed_id", String(64)),
    Column("reason", Text),
    # It may quote what Amazon said of a buyer.
    Column("sealed_reason", LargeBinary, info={**SEALED, "place": "shipments.reason"}),
    Column("alarm", Text),
    Column("attempts", Integer, nullable=False),
    Column("left_behind", Boolean, nullable=False, server_default=false()),
    Column("received_at", Moment, nullable=False),
    Column("next_attempt_at", Moment),
    Column("ended_at", Moment),
    Index(None, "next_attempt_at"),
    Index(
        "ix_shipments_due",
        "account_id",
        "state",
        "next_attempt_at",
        **where("next_attempt_at IS NOT NULL"),
    ),
    Index(None, "account_id", "order_number"),
    Index(None, "account_id", "feed_id"),
    Index(None, "state", "ended_at", "account_id"),
    Index(
        "ix_shipments_alarm",
        "account_id",
        sqlite_where=text("alarm IS NOT NULL"),
        postgresql_where=text("alarm IS NOT NULL"),
    ),
)

UNERASED = or_(shipments.c.body.is_not(None), shipments.c.sealed_reason.is_not(None))

for _name, _which in (("unerased", UNERASED), ("erased", not_(UNERASED))):
    Index(
        f"ix_shipments_{_name}",
        shipments.c.account_id,
        shipments.c.received_at,
        sqlite_where=_which,
        postgresql_where=_which,
    )

# `next_look_at` is absent once Amazon has told what became of all that is in the feed.
sync_feeds = Table(
    "sync_feeds",
    metadata,
    Column(
        "account_id", String(40), ForeignKey(accounts.c.id, ondelete="CASCADE"), primary_key=True
    ),
    Column("feed_id", String(64), primary_key=True),
    Column("sent_at", Moment, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("next_look_at", Moment),
    Column("ended_at", Moment),
    Column("reason", Text),
    Column("alarm", Text),
    Index(None, "next_look_at"),
    Index(None, "account_id", "sent_at"),
)
