"""Shipping: the shipments that a store has told us of, kept until Amazon's answer is final."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

import msgspec

from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import EndpointError
from amazon_endpoint.orders import Order
from amazon_endpoint.services.next_step import content_digest
from amazon_endpoint.shipments import Shipment
from amazon_endpoint.sync.accounts import Accounts


class ShipmentUnknown(EndpointError):
    """This account has no such shipment. Give the id that sending the shipment returned."""


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


#: The states that the store is told of.
TOLD = frozenset({ShipmentState.CONFIRMED, ShipmentState.REFUSED})


class KeptShipment(msgspec.Struct, frozen=True, kw_only=True):
    """One content of a shipment, as it is kept.

    `sealed` is the shipment itself, absent once its data was erased. `reason` is why it waits or
    was refused, `alarm` what somebody has to look at. `attempts` counts failures in a row. Without
    a `next_attempt_at` there is nothing to do for it, or its feed is what is followed.
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


Move = tuple[KeptShipment, KeptShipment]
"""A shipment as it was seen, and as it is to be kept."""


class Shipments(Protocol):
    """Where shipments are kept. Every method is one committed transaction."""

    async def receive(self, shipment: Shipment, *, account_id: str, now: datetime) -> KeptShipment:
        """Keep a shipment to be sent, and return it as it is kept.

        The same content again is answered with what became of it; if it was refused, it is sent
        once more. Other contents of it that were not sent yet are replaced.
        """
        ...

    async def get(self, account_id: str, shipment_id: str) -> KeptShipment:
        """The shipment of this id.

        Raises:
            ShipmentUnknown: this account has none.
        """
        ...

    def open(self, kept: KeptShipment) -> Shipment:
        """The shipment itself.

        Raises:
            EndpointError: its data was erased, is damaged, or its key is missing.
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
        """Keep what is known of a feed now."""
        ...

    async def processing_time(self, account_id: str) -> timedelta | None:
        """How long Amazon took for this account's latest feeds; None where none has ended."""
        ...


class KnownOrders(Protocol):
    """Orders that are kept already, so that Amazon needn't be asked."""

    async def current(self, account_id: str, number: str, *, since: datetime) -> Order | None:
        """The order as Amazon had it at `since` or later; None where that isn't kept."""
        ...


def shipment_id(account_id: str, shipment: Shipment) -> str:
    """The id of one content of one shipment: the same whenever and however often it is sent."""
    told = (account_id, shipment.order_number, shipment.number, content_digest(shipment))
    return sha256(msgspec.json.encode(told)).hexdigest()[:32]


async def receive_shipment(
    accounts: Accounts, shipments: Shipments, shipment: Shipment, *, account_id: str, clock: Clock
) -> KeptShipment:
    """Keep a shipment and answer at once, whatever Amazon does at the moment.

    Raises:
        AccountUnknown: there is no such account.
        InvalidInput: a value holds what can't be kept.
    """
    await accounts.get(account_id)
    return await shipments.receive(shipment, account_id=account_id, now=clock.now())
