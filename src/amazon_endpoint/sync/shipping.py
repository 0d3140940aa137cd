"""Shipping: the shipments that a store has told us of, kept until Amazon's answer is final."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Literal, Protocol

import msgspec
import structlog

from amazon_endpoint.errors import EndpointError, InvalidInput
from amazon_endpoint.orders import Order
from amazon_endpoint.services.next_step import content_digest
from amazon_endpoint.shipments import Shipment
from amazon_endpoint.sync.accounts import SyncAccount

_log = structlog.get_logger(__name__)


class ShipmentUnknown(EndpointError):
    """This account has no such shipment. Give the id that sending the shipment returned."""


class ShipmentErased(InvalidInput):
    """The shipment's data was erased before Amazon was told. Send the shipment again."""


class ShipmentState(StrEnum):
    """How far a shipment has come.

    WAITING: to be sent, or sent without an answer and to be found out. SENT: in a feed that is
    followed. DOUBTED: Amazon refused it, and whether the order shows it nevertheless is to be read.
    CONFIRMED and REFUSED are ends that the store is told of. REPLACED: changed content took its
    place before it was sent, and what becomes of that one is told.
    """

    WAITING = "waiting"
    SENT = "sent"
    DOUBTED = "doubted"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    REPLACED = "replaced"


_FIRST_LOOK = timedelta(minutes=1)

_KEPT_AT_ONCE = 500

#: When a confirmed shipment is looked for in its order; what the last look misses is an alarm.
SHOWN_WITHIN = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


class KeptShipment(msgspec.Struct, frozen=True, kw_only=True):
    """One content of a shipment, as it is kept.

    `sealed` is the shipment itself, absent once its data was erased. `reason` is why it waits or
    was refused, `alarm` what somebody has to look at. `attempts` counts failures in a row.
    `left_behind`: a feed may have gone without it, for its order could not be read. Without a
    `next_attempt_at` there is nothing to do for it, or its feed is what is followed.
    """

    id: str
    account_id: str
    order_number: str
    number: str
    content: str
    sealed: bytes | None
    state: ShipmentState = ShipmentState.WAITING
    feed_id: str | None = None
    reason: str | None = None
    alarm: str | None = None
    attempts: int = 0
    left_behind: bool = False
    received_at: datetime
    next_attempt_at: datetime | None
    ended_at: datetime | None = None

    def __repr__(self) -> str:
        return f"KeptShipment({self.id})"


class SentFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed that tells Amazon of shipments, followed until `next_look_at` is absent."""

    account_id: str
    feed_id: str
    sent_at: datetime
    looks: int = 0
    next_look_at: datetime | None
    ended_at: datetime | None = None
    reason: str | None = None
    alarm: str | None = None


class DueAccounts(msgspec.Struct, frozen=True):
    """Accounts with shipments to be sent, and with shipments or feeds to be followed."""

    to_send: frozenset[str]
    to_follow: frozenset[str]


class NextDue(msgspec.Struct, frozen=True):
    """When a shipment of an account is to be sent next, and when a feed is to be looked at."""

    to_send: datetime | None
    to_look: datetime | None


Move = tuple[KeptShipment, KeptShipment]
"""A shipment as it was seen, and as it is to be kept."""


class Shipments(Protocol):
    """Where shipments are kept. Every method is one committed transaction.

    What writes raises `AccountUnknown` where the account was removed.
    """

    async def receive(self, shipment: Shipment, *, account_id: str, now: datetime) -> KeptShipment:
        """Keep a shipment to be sent, and return it as it is kept.

        The same content again is answered with what became of it; if it was refused, it is sent
        once more. Earlier contents of it that wait to be sent are replaced.

        Raises:
            InvalidInput: a value holds what can't be kept.
        """
        ...

    async def get(self, account_id: str, shipment_id: str) -> KeptShipment:
        """The shipment of this id.

        Raises:
            ShipmentUnknown: this account has none.
        """
        ...

    async def of(
        self, account_id: str, state: ShipmentState | None = None, limit: int | None = None
    ) -> tuple[KeptShipment, ...]:
        """The account's shipments, or those in one state, the latest first."""
        ...

    def open(self, kept: KeptShipment) -> Shipment:
        """The shipment itself.

        Raises:
            ShipmentErased: its data was erased.
            KeyMissing, Damaged: it can't be opened.
        """
        ...

    async def waiting(
        self, account_id: str, until: datetime, limit: int
    ) -> tuple[KeptShipment, ...]:
        """What is to be sent until then, what came first before the rest."""
        ...

    async def to_check(
        self, account_id: str, until: datetime, limit: int
    ) -> tuple[KeptShipment, ...]:
        """What is to be compared with its order until then: doubted or confirmed."""
        ...

    async def in_feed(self, account_id: str, feed_id: str) -> tuple[KeptShipment, ...]:
        """What was sent in this feed and has not ended."""
        ...

    async def move(self, moves: Sequence[Move], *, feed: SentFeed | None = None) -> None:
        """Keep the shipments that nobody moved meanwhile (by state and `next_attempt_at`).

        With a new end goes the message that tells the store; with `feed` that feed, which is
        followed again if it is kept already.
        """
        ...

    async def feeds(self, account_id: str, until: datetime, limit: int) -> tuple[SentFeed, ...]:
        """The feeds to be looked at until then."""
        ...

    async def keep_feed(self, feed: SentFeed) -> None:
        """Keep what is known of a feed now.

        An end (no `next_look_at`) is not kept while shipments are in the feed that have none: they
        were found in it meanwhile, and it is to be looked at again.

        Raises:
            AccountUnknown: the account was removed.
        """
        ...

    async def due_accounts(self, now: datetime) -> DueAccounts:
        """The accounts, none of them paused, with something to do now."""
        ...

    async def latest_feed(self, account_id: str, until: datetime) -> datetime | None:
        """When the latest of this account's feeds went until then; None where none did."""
        ...

    async def next_due(self, account_id: str) -> NextDue:
        """When there is something to do for the account that is not to wait, be it overdue."""
        ...

    async def processing_time(self, account_id: str) -> timedelta | None:
        """How long Amazon took for this account's latest feeds; None where none has ended."""
        ...


class KnownOrders(Protocol):
    """Orders that are kept already, so that Amazon needn't be asked."""

    async def current(
        self, account: SyncAccount, numbers: Collection[str], *, since: datetime
    ) -> Mapping[str, Order]:
        """Those of these orders that are kept as Amazon had them at `since` or later."""
        ...


# How a shipment comes from one state to the next


def put_off(
    seen: KeptShipment, until: datetime, reason: str | None, *, failed: bool = False
) -> KeptShipment:
    """It has to wait until then; `failed` says that something was tried in vain."""
    return msgspec.structs.replace(
        seen, next_attempt_at=until, reason=reason, attempts=seen.attempts + failed
    )


def sent(seen: KeptShipment, feed_id: str) -> KeptShipment:
    """It is in a feed, which is followed from now on."""
    return _changed(seen, ShipmentState.SENT, feed_id=feed_id)


def waiting_again(seen: KeptShipment, now: datetime) -> KeptShipment:
    """What is known of it does not tell its end: it is looked into, and sent if need be."""
    return _changed(seen, ShipmentState.WAITING, next_attempt_at=now)


def doubted(seen: KeptShipment, reason: str | None, until: datetime) -> KeptShipment:
    """Amazon refused it; from then on the order can tell whether it was carried out."""
    return _changed(seen, ShipmentState.DOUBTED, reason=reason, next_attempt_at=until)


def confirmed(seen: KeptShipment, now: datetime) -> KeptShipment:
    """Amazon has it; a while later the order is to show it."""
    return _changed(
        seen, ShipmentState.CONFIRMED, ended_at=now, next_attempt_at=now + SHOWN_WITHIN[0]
    )


def refused(seen: KeptShipment, reason: str | None, now: datetime) -> KeptShipment:
    """It won't be confirmed as it is."""
    return _changed(seen, ShipmentState.REFUSED, reason=reason, ended_at=now)


def _changed(
    seen: KeptShipment,
    state: ShipmentState,
    *,
    feed_id: str | None = None,
    reason: str | None = None,
    next_attempt_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> KeptShipment:
    return msgspec.structs.replace(
        seen,
        state=state,
        feed_id=feed_id or seen.feed_id,
        reason=reason,
        alarm=None,
        attempts=0,
        left_behind=False,
        next_attempt_at=next_attempt_at,
        ended_at=ended_at,
    )


async def keep(
    shipments: Shipments, moves: Sequence[Move], *, feed: SentFeed | None = None
) -> None:
    """Keep shipments as `Shipments.move` does, some at a time: others want to write in between."""
    for begin in range(0, len(moves), _KEPT_AT_ONCE):
        some = moves[begin : begin + _KEPT_AT_ONCE]
        await shipments.move(some, feed=feed)
        tell(some)


def tell(moves: Iterable[Move]) -> None:
    """Log what became of shipments, and what somebody has to look at."""
    for seen, new in moves:
        told = {"account": new.account_id, "order": new.order_number, "shipment": new.number}
        if new.state is not seen.state:
            level = logging.WARNING if new.state is ShipmentState.REFUSED else logging.INFO
            _log.log(level, f"shipment_{new.state}", **told, feed_id=new.feed_id)
        if new.alarm is not None and new.alarm != seen.alarm:
            _log.error("shipment_alarm", **told, alarm=new.alarm)


def new_feed(account_id: str, feed_id: str, now: datetime) -> SentFeed:
    """A feed that was just submitted."""
    return SentFeed(
        account_id=account_id, feed_id=feed_id, sent_at=now, next_look_at=now + _FIRST_LOOK
    )


def shipment_id(account_id: str, shipment: Shipment) -> str:
    """The id of one content of one shipment: the same whenever and however often it is sent."""
    told = (account_id, shipment.order_number, shipment.number, content_digest(shipment))
    return sha256(msgspec.json.encode(told)).hexdigest()[:32]


async def find_due(
    shipments: Shipments, now: datetime
) -> Iterable[tuple[Literal["confirm", "follow"], str]]:
    """Every account with shipments to be sent, or to be followed."""
    due = await shipments.due_accounts(now)
    return [
        *(("confirm", account_id) for account_id in due.to_send),
        *(("follow", account_id) for account_id in due.to_follow),
    ]
