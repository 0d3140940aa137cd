"""What is asked of the database for the status: a query for each table."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, case, exists, func, null, or_, select, true

from amazon_endpoint.storage.order_tables import orders, outbox, quarantine, readings, standings
from amazon_endpoint.storage.shipment_tables import shipments, sync_feeds
from amazon_endpoint.storage.sync_tables import accounts
from amazon_endpoint.sync.changes import OrderState
from amazon_endpoint.sync.outbox import OutboxState
from amazon_endpoint.sync.shipping import ShipmentState
from amazon_endpoint.sync.status import ALARMS_SHOWN, CaseKind

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

# SQLite looks for what is not NULL in an index only if it is told from where on.
_EVER = datetime.min.replace(tzinfo=UTC)

_HELD = (OrderState.WAITING_PRICE, OrderState.ADDRESS_REFUSED)
_LACKING = (OutboxState.PENDING, OutboxState.PARKED, OutboxState.EXPIRED)
_OPEN = (ShipmentState.WAITING, ShipmentState.SENT, ShipmentState.DOUBTED)
_ENDED = (ShipmentState.CONFIRMED, ShipmentState.REFUSED)


def is_of(account_id: str | None, column: Column[str]) -> ColumnElement[bool]:
    """Whether a row is of this account; without one each is."""
    return true() if account_id is None else column == account_id


def counts(now: datetime, account_id: str | None = None) -> dict[str, Select[Any]]:
    """What is counted of each account, or of this one; every row has its `account_id`.

    What is rare among many is looked for from the accounts on: of an index that begins with the
    account nothing else need be read.
    """
    first_seen = orders.c.first_seen_at
    # SQLite would go through all rows of an index that is sorted by account already.
    lately_seen, in_flight = (table.c.account_id.concat("") for table in (orders, sync_feeds))
    ended = shipments.c.ended_at
    return {
        "readings": select(
            readings.c.account_id,
            readings.c.kind,
            readings.c.since,
            readings.c.upper_bound,
            readings.c.until,
            readings.c.next_attempt_at,
            readings.c.attempts,
            readings.c.last_error,
        ).where(is_of(account_id, readings.c.account_id)),
        "new_orders": select(
            lately_seen.label("account_id"),
            func.count().label("last_day"),
            func.sum(case((first_seen > now - _HOUR, 1), else_=0)).label("last_hour"),
        )
        .where(first_seen > now - _DAY, is_of(account_id, orders.c.account_id))
        .group_by(lately_seen),
        "held_orders": select(
            accounts.c.id.label("account_id"),
            orders.c.state,
            func.count().label("number"),
            func.min(first_seen).label("oldest"),
        )
        .select_from(accounts.join(orders))
        .where(orders.c.state.in_(_HELD), is_of(account_id, accounts.c.id))
        .group_by(accounts.c.id, orders.c.state),
        "quarantine": select(quarantine.c.account_id, func.count().label("number"))
        .where(_is_missed(now), is_of(account_id, quarantine.c.account_id))
        .group_by(quarantine.c.account_id),
        "outbox": select(
            accounts.c.id.label("account_id"),
            outbox.c.state,
            func.count().label("number"),
            func.min(outbox.c.created_at).label("oldest"),
            func.max(outbox.c.last_error).label("error"),
        )
        .select_from(accounts.join(outbox))
        .where(outbox.c.state.in_(_LACKING), is_of(account_id, accounts.c.id))
        .group_by(accounts.c.id, outbox.c.state),
        "expired_lately": select(outbox.c.account_id, func.count().label("number"))
        .where(
            outbox.c.account_id.in_(select(accounts.c.id).where(is_of(account_id, accounts.c.id))),
            outbox.c.state == OutboxState.EXPIRED,
            exists().where(
                orders.c.account_id == outbox.c.account_id,
                orders.c.number == outbox.c.order_number,
                orders.c.erased_at > now - ALARMS_SHOWN,
            ),
        )
        .group_by(outbox.c.account_id),
        "standings": select(
            standings.c.account_id,
            standings.c.rests_until,
            standings.c.stopped_at,
            standings.c.reason,
        ).where(is_of(account_id, standings.c.account_id)),
        "open_shipments": select(
            shipments.c.account_id, shipments.c.state, func.count().label("number")
        )
        .where(shipments.c.state.in_(_OPEN), is_of(account_id, shipments.c.account_id))
        .group_by(shipments.c.account_id, shipments.c.state),
        "ended_shipments": select(
            shipments.c.account_id, shipments.c.state, func.count().label("number")
        )
        .where(
            shipments.c.state.in_(_ENDED),
            ended > now - _DAY,
            is_of(account_id, shipments.c.account_id),
        )
        .group_by(shipments.c.account_id, shipments.c.state),
        "alarms": select(shipments.c.account_id, func.count().label("number"))
        .where(_has_alarm(now), is_of(account_id, shipments.c.account_id))
        .group_by(shipments.c.account_id),
        "feeds": select(
            in_flight.label("account_id"),
            func.count().label("number"),
            func.min(sync_feeds.c.sent_at).label("oldest"),
            func.count(sync_feeds.c.alarm).label("alarms"),
        )
        .where(sync_feeds.c.next_look_at >= _EVER, is_of(account_id, sync_feeds.c.account_id))
        .group_by(in_flight),
    }


def to_look_at(now: datetime, account_id: str) -> dict[CaseKind, Select[Any]]:
    """What there is to look at of an account: `number`, `reason` and `since`, the latest first."""
    return {
        CaseKind.PARKED: select(
            outbox.c.order_number.label("number"),
            outbox.c.last_error.label("reason"),
            outbox.c.created_at.label("since"),
        )
        .where(outbox.c.account_id == account_id, outbox.c.state == OutboxState.PARKED)
        .order_by(outbox.c.created_at.desc()),
        CaseKind.QUARANTINED: select(
            quarantine.c.number, quarantine.c.reason, quarantine.c.first_seen_at.label("since")
        )
        .where(quarantine.c.account_id == account_id, _is_missed(now))
        .order_by(quarantine.c.first_seen_at.desc()),
        CaseKind.ADDRESS_REFUSED: select(
            orders.c.number, null().label("reason"), orders.c.first_seen_at.label("since")
        )
        .where(orders.c.account_id == account_id, orders.c.state == OrderState.ADDRESS_REFUSED)
        .order_by(orders.c.first_seen_at.desc()),
        CaseKind.SHIPMENT_ALARM: select(
            shipments.c.order_number.label("number"),
            shipments.c.alarm.label("reason"),
            shipments.c.received_at.label("since"),
        )
        .where(shipments.c.account_id == account_id, _has_alarm(now))
        .order_by(shipments.c.received_at.desc()),
        CaseKind.SHIPMENT_REFUSED: select(
            shipments.c.id,
            shipments.c.order_number.label("number"),
            shipments.c.sealed_reason.label("reason"),
            shipments.c.ended_at.label("since"),
        )
        .where(
            shipments.c.account_id == account_id,
            shipments.c.state == ShipmentState.REFUSED,
            shipments.c.ended_at > now - _DAY,
        )
        .order_by(shipments.c.ended_at.desc()),
        CaseKind.FEED_ALARM: select(
            sync_feeds.c.feed_id.label("number"),
            sync_feeds.c.alarm.label("reason"),
            sync_feeds.c.sent_at.label("since"),
        )
        .where(
            sync_feeds.c.account_id == account_id,
            sync_feeds.c.next_look_at.is_not(None),
            sync_feeds.c.alarm.is_not(None),
        )
        .order_by(sync_feeds.c.sent_at.desc()),
    }


def _is_missed(now: datetime) -> ColumnElement[bool]:
    """Whether an order in quarantine counts. One without a number can't be told from those that
    were read since, and counts for as long as Amazon was seen to send it of late."""
    named, seen = quarantine.c.number.is_not(None), quarantine.c.last_seen_at
    return or_(named, seen > now - ALARMS_SHOWN)


def _has_alarm(now: datetime) -> ColumnElement[bool]:
    """Whether a shipment has an alarm that is shown; in the words of the index."""
    ended = shipments.c.ended_at
    return shipments.c.alarm.is_not(None) & or_(ended.is_(None), ended > now - ALARMS_SHOWN)
