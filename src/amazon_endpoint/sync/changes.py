"""Changes: what an order that was read means to who knows it already. Pure.

An order's content is told apart by keyed marks, the buyer's data by one of their own: so a later
reading can be compared even when what it is compared with is no longer kept.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from amazon_endpoint.orders import AMAZON, Address, Order, OrderItem
from amazon_endpoint.stores.port import MessageKind
from amazon_endpoint.sync.erasure import LONGEST

_NO_MOMENT = datetime.min.replace(tzinfo=UTC)
_PERSONAL = (
    "buyer_name",
    "buyer_email",
    "buyer_company",
    "purchase_order_number",
    "shipping_address",
)
_DELIVERED = "DELIVERED"
_CONTENT, _PERSON = "order content", "order personal data"


class OrderState(StrEnum):
    """Whether the store has been told of an order, and why not."""

    WAITING_PRICE = "waiting_price"
    ADDRESS_REFUSED = "address_refused"
    READY = "ready"


class Marks(msgspec.Struct, frozen=True):
    """What tells one content of an order from another. `personal` goes when the data is erased."""

    content: str
    personal: str | None


class KnownOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is kept.

    `order` is what the store was told last, or will be; it is absent once erased. `status_since`
    is the update at which Amazon first told its status, `delivered_at` the one at which it told
    that every package had arrived. `cancel_told` says that an ``order:cancel`` was written.
    """

    number: str
    order: Order | None
    updated_at: datetime
    status: str
    status_since: datetime
    delivered_at: datetime | None = None
    state: OrderState
    marks: Marks
    cancel_told: bool = False
    first_seen_at: datetime
    imported_at: datetime | None = None
    erased_at: datetime | None = None


class Change(msgspec.Struct, frozen=True):
    """The order as it is to be kept now, and what the store is to be told of it, in sequence."""

    known: KnownOrder
    messages: tuple[MessageKind, ...] = ()


class Marker(Protocol):
    """Makes marks and compares them, for the orders of one account."""

    def mark(self, number: str, content: bytes, *, purpose: str) -> str:
        """The mark of an order's content."""
        ...

    def matches(self, mark: str, number: str, content: bytes, *, purpose: str) -> bool:
        """Whether `mark` was made of exactly this; False where its key is gone."""
        ...


def decide(
    known: KnownOrder | None, read: Order, *, marker: Marker, behind: datetime, now: datetime
) -> Change | None:
    """What follows from reading an order. None: nothing, it is as it is known, or an older one.

    The first sight of an order is its import, a change an update, its cancellation or the buyer's
    request for one a cancel, once. What has no price yet, or a merchant's order whose address
    Amazon refused, is kept and not told. What vanishes of the buyer's data, and prices that
    vanish, are no change and stay as they are kept. Of an erased order, and of one whose buyer may
    not be kept any more when it is first seen, the buyer's data is passed over. This goes
    by `behind`, the present moment by our clock or Amazon's, whichever is behind: nothing brings
    the data back.
    """
    if known is None:
        first = _first_sight(read, marker, behind, now)
        return _imported_if_fit(first.order or read, first, now)
    if read.updated_at < known.updated_at:
        return None
    order = _without_personal(read) if known.erased_at else _completed(read, known.order)
    if known.state is not OrderState.READY:
        latest = _latest(known, order, marker)
        # Nobody could use an order whose address is erased.
        return Change(latest) if known.erased_at else _imported_if_fit(order, latest, now)
    return _changed(known, order, marker)


def _changed(known: KnownOrder, order: Order, marker: Marker) -> Change | None:
    """What the store is to be told of an order that it was told of before."""
    if not order.priced and not order.cancelled:
        return None
    same = _is_same(known, order, marker)
    if same and order.updated_at == known.updated_at:
        return None
    latest = _latest(known, order, marker)
    if _ends(order) and not known.cancel_told:
        told = msgspec.structs.replace(latest, cancel_told=True)
        return Change(told, (MessageKind.ORDER_CANCEL,))
    if same or known.erased_at or not order.priced:
        # An update of an erased order would blank the store's address.
        return Change(latest)
    return Change(latest, (MessageKind.ORDER_UPDATE,))


def _first_sight(read: Order, marker: Marker, behind: datetime, now: datetime) -> KnownOrder:
    delivered_at = read.updated_at if _arrived(read) else None
    late = delivered_at is not None and delivered_at <= behind - LONGEST
    return KnownOrder(
        number=read.number,
        order=_without_personal(read) if late else read,
        updated_at=read.updated_at,
        status=read.status,
        status_since=read.updated_at,
        delivered_at=delivered_at,
        state=OrderState.WAITING_PRICE,
        marks=_marks(read, marker, erased=late),
        first_seen_at=now,
        erased_at=now if late else None,
    )


def _latest(known: KnownOrder, order: Order, marker: Marker) -> KnownOrder:
    delivered_at = known.delivered_at or (order.updated_at if _arrived(order) else None)
    return msgspec.structs.replace(
        known,
        order=order,
        updated_at=order.updated_at,
        status=order.status,
        status_since=known.status_since if order.status == known.status else order.updated_at,
        delivered_at=delivered_at,
        marks=_marks(order, marker, erased=known.erased_at is not None),
    )


def _imported_if_fit(order: Order, known: KnownOrder, now: datetime) -> Change:
    """The import of an order that is fit for one, with its cancellation if it has come to that."""
    if not order.priced:
        state = OrderState.WAITING_PRICE
    elif _lacks_address(order) and known.erased_at is None:
        state = OrderState.ADDRESS_REFUSED
    else:
        cancel = _ends(order)
        ready = msgspec.structs.replace(
            known, state=OrderState.READY, imported_at=now, cancel_told=cancel
        )
        return Change(
            ready, (MessageKind.ORDER_IMPORT, *([MessageKind.ORDER_CANCEL] if cancel else []))
        )
    return Change(msgspec.structs.replace(known, state=state))


def _ends(order: Order) -> bool:
    return order.cancelled or order.cancellation_requested


def _lacks_address(order: Order) -> bool:
    """Whether the merchant can't ship it, though Amazon has an address."""
    return (
        order.personal_data_refused
        and order.shipping_address is None
        and order.fulfilled_by != AMAZON
        and not order.cancelled
    )


def _arrived(order: Order) -> bool:
    return bool(order.packages) and all(one.status == _DELIVERED for one in order.packages)


# Marks


def _is_same(known: KnownOrder, order: Order, marker: Marker) -> bool:
    """Whether nothing changed but the time. Amazon updates orders for reasons that it keeps."""
    number, kept = order.number, known.marks
    if marker.matches(kept.content, number, _content(order), purpose=_CONTENT):
        if known.erased_at is not None:
            return True
        if kept.personal and marker.matches(
            kept.personal, number, _personal(order), purpose=_PERSON
        ):
            return True
    # Marks of a key that is gone, or of an earlier version that knew fewer fields.
    return known.order is not None and _timeless(known.order) == _timeless(order)


def _marks(order: Order, marker: Marker, *, erased: bool) -> Marks:
    personal = None
    if not erased:
        personal = marker.mark(order.number, _personal(order), purpose=_PERSON)
    return Marks(marker.mark(order.number, _content(order), purpose=_CONTENT), personal)


def _timeless(order: Order) -> Order:
    return msgspec.structs.replace(order, updated_at=_NO_MOMENT, personal_data_refused=False)


def _content(order: Order) -> bytes:
    return _canonical(_timeless(_without_personal(order)))


def _personal(order: Order) -> bytes:
    gifts = [(one.item_id, one.gift_message) for one in order.items if one.gift_message]
    return _canonical([*(getattr(order, name) for name in _PERSONAL), gifts])


def _canonical(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


# Personal data and prices


def _without_personal(order: Order) -> Order:
    return msgspec.structs.replace(
        order,
        **dict.fromkeys(_PERSONAL),
        items=tuple(_with_gift_message(one, None) for one in order.items),
    )


def _completed(read: Order, kept: Order | None) -> Order:
    """The order, with what was known of the buyer and of its prices and now is missing."""
    if kept is None:
        return read
    gifts = {one.item_id: one.gift_message for one in kept.items}
    address = _address(read.shipping_address, kept.shipping_address)
    order = msgspec.structs.replace(
        read,
        buyer_name=read.buyer_name or kept.buyer_name,
        buyer_email=read.buyer_email or kept.buyer_email,
        buyer_company=read.buyer_company or kept.buyer_company,
        purchase_order_number=read.purchase_order_number or kept.purchase_order_number,
        shipping_address=address,
        personal_data_refused=read.personal_data_refused and address is None,
        items=tuple(
            _with_gift_message(one, one.gift_message or gifts.get(one.item_id))
            for one in read.items
        ),
    )
    if order.priced or _quantities(read) != _quantities(kept):
        return order
    return msgspec.structs.replace(
        order,
        charges=kept.charges,
        currency=kept.currency,
        items=tuple(
            msgspec.structs.replace(one, unit_price=before.unit_price)
            for one, before in zip(order.items, kept.items, strict=True)
        ),
    )


def _address(read: Address | None, kept: Address | None) -> Address | None:
    """The kept address where all that is read stands in it; else it is another one, as read."""
    if read is None or kept is None:
        return read or kept
    stated = {name: value for name, value in _fields(read).items() if value}
    return kept if stated.items() <= _fields(kept).items() else read


def _fields(address: Address) -> Mapping[str, object]:
    return msgspec.structs.asdict(address)


def _quantities(order: Order) -> list[tuple[str, int]]:
    return [(one.item_id, one.quantity) for one in order.items]


def _with_gift_message(item: OrderItem, message: str | None) -> OrderItem:
    return msgspec.structs.replace(item, gift_message=message)
