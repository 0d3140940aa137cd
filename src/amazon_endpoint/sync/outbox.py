"""Outbox: messages that are kept until the store has them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

import msgspec

from amazon_endpoint.stores.port import MessageKind
from amazon_endpoint.sync.standing import Standing


class OutboxState(StrEnum):
    """What became of a message. Nobody tries to deliver a parked one, until the operator says so;
    an expired one was erased before it was delivered."""

    PENDING = "pending"
    DELIVERED = "delivered"
    PARKED = "parked"
    EXPIRED = "expired"


class OutboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A pending message, the `sequence`th about its order. `attempts` is how often it failed."""

    account_id: str
    order_number: str
    sequence: int
    webhook_id: str
    kind: MessageKind
    sealed: bytes
    attempts: int
    created_at: datetime

    def __repr__(self) -> str:
        return f"OutboxMessage({self.webhook_id})"


class Undelivered(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the store lacks, as people may see it."""

    account_id: str
    order_number: str
    kind: MessageKind
    state: OutboxState
    attempts: int
    next_attempt_at: datetime | None
    last_error: str | None
    created_at: datetime


class Outbox(Protocol):
    """The messages that stores are to be told.

    `delivered`, `put_off` and `park` say what became of attempts. They change nothing of a message
    that is no longer as the attempt found it; the latter two return False then.
    """

    async def due(self, account_id: str, now: datetime, limit: int) -> tuple[OutboxMessage, ...]:
        """Messages to be delivered now, the longest due first; of each order only the first one
        that was not delivered, so that a parked one holds up those behind it. They are due
        whatever the store's standing is."""
        ...

    async def next_due(self, account_id: str) -> datetime | None:
        """When the next message is to be delivered that no other one holds up, be it overdue."""
        ...

    def open(self, message: OutboxMessage) -> bytes:
        """The body, as `stores.messages` wrote it.

        Raises:
            KeyMissing, Damaged: it can't be opened.
        """
        ...

    async def delivered(self, messages: Sequence[OutboxMessage], now: datetime) -> int:
        """The store has these, of one account; of how many nobody had told otherwise."""
        ...

    async def put_off(self, message: OutboxMessage, until: datetime, reason: str) -> bool:
        """The store has it not, and is to be tried again then."""
        ...

    async def park(self, message: OutboxMessage, reason: str) -> bool:
        """The store will not be tried again."""
        ...

    async def redeliver(
        self, account_id: str, now: datetime, order_number: str | None = None
    ) -> int:
        """Have what failed tried again now as if for the first time, an order's messages or all
        of the account, parked or put off. The store is called again, whatever it said before.
        Returns how many.

        Raises:
            AccountUnknown: there is no such account.
        """
        ...

    async def standing(self, account_id: str) -> Standing:
        """How the account's store stands."""
        ...

    async def keep_standing(self, standing: Standing) -> bool:
        """Keep how the store stands if nobody else wrote its revision before, else return False.

        Raises:
            AccountUnknown: the account was removed.
        """
        ...

    async def undelivered(self, account_id: str) -> int:
        """How many messages the account's store lacks, pending and parked."""
        ...

    async def lacking(
        self, account_id: str | None = None, *, parked: bool = False, limit: int | None = None
    ) -> tuple[Undelivered, ...]:
        """What the stores lack, of one account or of all, only what is `parked` or everything; the
        oldest first."""
        ...

    async def due_accounts(self, now: datetime) -> tuple[str, ...]:
        """The accounts, none of them paused, with messages to be delivered now to a store that
        may be called."""
        ...


async def find_due(outbox: Outbox, now: datetime) -> Iterable[tuple[Literal["deliver"], str]]:
    """Every account with messages to be delivered now."""
    return [("deliver", account_id) for account_id in await outbox.due_accounts(now)]
