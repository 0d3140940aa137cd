"""Confirmations: the record that makes a shipment confirmed once, whatever dies when."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from amazon_endpoint.shipments import PackageItem

_KEPT_AT_ONCE = 500


class Channel(StrEnum):
    """How Amazon is told."""

    FEED = "feed"
    DIRECT = "direct"


class ConfirmationState(StrEnum):
    """How far a confirmation has come.

    PREPARED: the intent is stored, nothing was sent. SENDING: it is being sent, or was when the
    process died; once its answer is overdue nobody knows. SUBMITTED: Amazon took it and it has a
    feed id. CONFIRMED: Amazon shows it. REFUSED: Amazon said no, another try is allowed after a
    check. UNCERTAIN: its answer was lost; checked before anything is sent again.
    """

    PREPARED = "prepared"
    SENDING = "sending"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class ConfirmationKey(msgspec.Struct, frozen=True):
    """One content of one shipment. `content` is a digest of what would be told to Amazon."""

    seller_id: str
    order_number: str
    shipment_number: str
    content: str


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """What was intended, and what is known to have become of it. It holds no words of Amazon's,
    which may quote a buyer.

    `shipped_at` and `items` are fixed at the first receipt, so that a repeat is identical.
    `sent_at` is when it was last sent, and `submission` names what was sent with it: everything in
    one feed has the same.
    """

    key: ConfirmationKey
    reference: str
    message_id: str
    shipped_at: datetime
    items: tuple[PackageItem, ...]
    channel: Channel
    state: ConfirmationState
    created_at: datetime
    sent_at: datetime | None = None
    submission: str | None = None
    feed_id: str | None = None


class Confirmations(Protocol):
    """Where confirmations are kept. Every method is one committed transaction."""

    async def of_orders(
        self, seller_id: str, order_numbers: Collection[str]
    ) -> tuple[Confirmation, ...]:
        """Every content ever confirmed for every shipment of these orders, oldest first."""
        ...

    async def add(self, new: Sequence[Confirmation]) -> None:
        """Store those whose keys are not there yet."""
        ...

    async def begin(self, new: Confirmation) -> bool:
        """Store it if its key is not there yet, else return False."""
        ...

    async def replace(self, seen: Confirmation, new: Confirmation) -> bool:
        """Store `new` if the row is still as `seen` (state and `sent_at`), else return False."""
        ...

    async def replace_all(self, moves: Sequence[tuple[Confirmation, Confirmation]]) -> bool:
        """Do as `replace` does for all of these, or for none of them."""
        ...

    async def feed_of_submission(self, seller_id: str, submission: str) -> str | None:
        """The feed in which any of what was sent together is known to be."""
        ...

    async def rivals(self, seller_id: str, submission: str) -> tuple[Confirmation, ...]:
        """The other contents of the shipments that were sent together."""
        ...

    async def of_feed(self, seller_id: str, feed_id: str) -> tuple[Confirmation, ...]:
        """The confirmations that travelled in this feed."""
        ...

    async def feeds_known_since(self, seller_id: str, moment: datetime) -> frozenset[str]:
        """The feed ids that we were given for this seller since `moment`."""
        ...


async def add_all(confirmations: Confirmations, new: Sequence[Confirmation]) -> None:
    """Add these, some at a time: others want to write in between."""
    for begin in range(0, len(new), _KEPT_AT_ONCE):
        await confirmations.add(new[begin : begin + _KEPT_AT_ONCE])


async def move(
    confirmations: Confirmations, moves: Sequence[tuple[Confirmation, Confirmation]]
) -> None:
    """Move all that nobody moved meanwhile, some at a time."""
    for begin in range(0, len(moves), _KEPT_AT_ONCE):
        some = moves[begin : begin + _KEPT_AT_ONCE]
        if not await confirmations.replace_all(some):
            for seen, new in some:
                await confirmations.replace(seen, new)
