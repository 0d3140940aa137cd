"""The tables, and how their columns keep what Python's types hold."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Double,
    Index,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC, to the microsecond. SQLite keeps no offset, so it comes back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """The moment in UTC.

        Raises:
            ValueError: it is naive, and so is no moment.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: Any,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """The moment, aware, in UTC."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


# Keys have a length, because a PostgreSQL index takes no longer ones.

quota_buckets = Table(
    "quota_buckets",
    metadata,
    Column("client_id", String(255), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("operation", String(64), primary_key=True),
    Column("learnt_rate", Double),
    Column("tokens", Double, nullable=False),
    Column("at", Moment, nullable=False),
)

# Earlier versions wrote Amazon's words to `reason`.
confirmations = Table(
    "confirmations",
    metadata,
    Column("seller_id", String(64), primary_key=True),
    Column("order_number", String(64), primary_key=True),
    Column("shipment_number", String(255), primary_key=True),
    Column("content", String(64), primary_key=True),
    Column("reference", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("shipped_at", Moment, nullable=False),
    Column("items", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("submission", String(64)),
    Column("feed_id", String(64)),
    Column("reason", Text),
    Index(None, "seller_id", "feed_id"),
    Index(None, "seller_id", "submission"),
    Index(None, "created_at"),
)

# Every feed id that we were ever given: a further try overwrites the one in `confirmations`.
known_feeds = Table(
    "known_feeds",
    metadata,
    Column("seller_id", String(64), primary_key=True),
    Column("feed_id", String(64), primary_key=True),
    Column("sent_at", Moment, nullable=False),
    Index(None, "seller_id", "sent_at"),
    Index(None, "sent_at"),
)

# How far an account has been read for a hub that keeps no parameters.
windows = Table(
    "windows",
    metadata,
    Column("seller_id", String(64), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("last_poll", BigInteger, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
)
