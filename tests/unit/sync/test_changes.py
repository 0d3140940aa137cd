"""What an order that is read means to a store that knows it, or doesn't yet."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from amazon_endpoint.orders import Order, OrderPackage
from amazon_endpoint.stores.port import MessageKind
from amazon_endpoint.sync.changes import Change, KnownOrder, Marks, OrderState, decide
from tests.turned_clock import NOON
from tests.unit.hub.examples import ADDRESS, order, parts

IMPORT, UPDATE, CANCEL = (
    MessageKind.ORDER_IMPORT,
    MessageKind.ORDER_UPDATE,
    MessageKind.ORDER_CANCEL,
)
FIRST = order(buyer_name="Patrick Cook")
LATER = FIRST.updated_at + timedelta(hours=1)
BARE: dict[str, Any] = {
    "buyer_name": None,
    "buyer_email": None,
    "buyer_company": None,
    "shipping_address": None,
    "personal_data_refused": True,
}


class PlainMarker:
    """Marks with a key of its own; another one's are strange to it."""

    def __init__(self, key: str = "one") -> None:
        self._key = key

    def mark(self, number: str, content: bytes, *, purpose: str) -> str:
        return sha256(f"{self._key} {number} {purpose}".encode() + content).hexdigest()

    def matches(self, mark: str, number: str, content: bytes, *, purpose: str) -> bool:
        return mark == self.mark(number, content, purpose=purpose)


def read(
    known: KnownOrder | None, one: Order, *, marker: PlainMarker | None = None, now: datetime = NOON
) -> Change | None:
    return decide(known, one, marker=marker or PlainMarker(), behind=now, now=now)


def after(*orders: Order) -> KnownOrder:
    """What is known once these have been read, one after the other."""
    known = None
    for one in orders:
        change = read(known, one)
        known = change.known if change else known
    assert known is not None
    return known


def told(known: KnownOrder | None, one: Order) -> tuple[MessageKind, ...]:
    change = read(known, one)
    return change.messages if change else ()


def later(one: Order = FIRST, hours: int = 1, **changes: Any) -> Order:
    return msgspec.structs.replace(
        one, updated_at=one.updated_at + timedelta(hours=hours), **changes
    )


def gift(one: Order, message: str | None) -> Order:
    first, *others = one.items
    items = (msgspec.structs.replace(first, gift_message=message), *others)
    return msgspec.structs.replace(one, items=items)


def asked_for_cancellation(one: Order) -> Order:
    items = tuple(
        msgspec.structs.replace(item, cancellation_requested_by="BUYER") for item in one.items
    )
    return msgspec.structs.replace(one, items=items)


# First sights


def test_the_first_sight_of_an_order_is_its_import() -> None:
    change = read(None, FIRST)

    assert change is not None
    assert change.messages == (IMPORT,)
    assert change.known.order == FIRST
    assert (change.known.state, change.known.imported_at) == (OrderState.READY, NOON)


@pytest.mark.parametrize(
    "one",
    [
        later(status="Canceled"),
        asked_for_cancellation(FIRST),
        later(status="Canceled", **BARE),
    ],
    ids=["cancelled", "the buyer asks for it", "cancelled without an address"],
)
def test_an_order_first_seen_when_it_has_ended_is_imported_and_cancelled(one: Order) -> None:
    assert told(None, one) == (IMPORT, CANCEL)
    assert told(after(one), later(one, status="Canceled", seller_order_id="7")) == (UPDATE,)


def test_an_order_without_prices_waits_for_them() -> None:
    pending = msgspec.structs.replace(FIRST, status="Pending", charges=None, currency=None)
    known = after(pending, later(pending, seller_order_id="7"))

    assert (known.state, known.imported_at) == (OrderState.WAITING_PRICE, None)
    assert told(known, later(hours=2)) == (IMPORT,)


def test_an_order_cancelled_before_it_had_prices_is_never_told() -> None:
    pending = msgspec.structs.replace(FIRST, status="Pending", charges=None, currency=None)

    assert told(after(pending), later(pending, status="Canceled")) == ()


def test_a_merchants_order_whose_address_is_refused_waits_for_it() -> None:
    known = after(msgspec.structs.replace(FIRST, **BARE))

    assert known.state is OrderState.ADDRESS_REFUSED
    # Amazon need not have updated it since.
    assert told(known, FIRST) == (IMPORT,)


def test_an_address_that_amazon_has_not_is_not_waited_for() -> None:
    refused = msgspec.structs.replace(FIRST, **BARE)
    absent = msgspec.structs.replace(refused, personal_data_refused=False)

    assert told(None, absent) == (IMPORT,)
    assert told(after(refused), absent) == (IMPORT,)


def test_an_order_that_amazon_ships_needs_no_address() -> None:
    assert told(None, msgspec.structs.replace(FIRST, fulfilled_by="AMAZON", **BARE)) == (IMPORT,)


# Changes


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "Shipped"},
        {"shipping_service_level": "Expedited"},
        {"charges": order(parts("29.00"), parts("36.00")).charges},
        {"packages": (OrderPackage(reference="1", tracking="1Z"),)},
        {"shipping_address": msgspec.structs.replace(ADDRESS, lines=("1 other rd",))},
        {"buyer_email": "another@marketplace.amazon.com"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_change_is_an_update(changes: dict[str, Any]) -> None:
    change = read(after(FIRST), later(**changes))

    assert change is not None
    assert change.messages == (UPDATE,)
    assert change.known.order == later(**changes)


def test_what_arrives_of_the_buyer_later_is_an_update() -> None:
    bare = msgspec.structs.replace(FIRST, fulfilled_by="AMAZON", **BARE)

    assert told(after(bare), later(bare, buyer_email="one@marketplace.amazon.com")) == (UPDATE,)
    assert told(after(bare), gift(later(bare), "Many happy returns")) == (UPDATE,)


def test_the_same_content_again_is_nothing() -> None:
    assert read(after(FIRST), FIRST) is None


def test_an_update_that_shows_nothing_new_is_kept_and_not_told() -> None:
    known = after(FIRST, later())

    assert (known.updated_at, told(after(FIRST), later())) == (LATER, ())


def test_an_older_reading_is_ignored() -> None:
    assert read(after(FIRST, later(status="Shipped")), FIRST) is None


def test_marks_of_another_key_are_no_change_and_are_made_anew() -> None:
    change = read(after(FIRST), later(), marker=PlainMarker("another"))

    assert change is not None
    assert change.messages == ()
    assert change.known.marks != after(FIRST).marks


# Cancellations


def test_a_cancellation_is_told_once() -> None:
    cancelled = later(status="Canceled")

    assert told(after(FIRST), cancelled) == (CANCEL,)
    assert told(after(FIRST, cancelled), cancelled) == ()
    assert told(after(FIRST, cancelled), later(cancelled)) == ()


def test_a_buyers_request_is_the_cancellation_and_what_follows_are_updates() -> None:
    asked = asked_for_cancellation(later())
    known = after(FIRST, asked)

    assert told(after(FIRST), asked) == (CANCEL,)
    assert told(known, later(asked, status="Canceled")) == (UPDATE,)
    assert told(known, later(hours=2, status="Shipped")) == (UPDATE,)


def test_a_cancelled_order_may_have_lost_its_prices() -> None:
    cancelled = later(status="Canceled", charges=None, currency=None)
    fewer = msgspec.structs.replace(cancelled, items=cancelled.items[:1])

    change = read(after(FIRST), cancelled)
    assert change is not None
    assert change.known.order is not None
    assert (change.messages, change.known.order.charges) == ((CANCEL,), FIRST.charges)
    # These can't be the prices of what is left.
    assert told(after(FIRST), fewer) == (CANCEL,)
    assert told(after(FIRST, fewer), later(fewer, seller_order_id="7")) == ()


# Data that vanishes


@pytest.mark.parametrize(
    "vanished",
    [
        {"buyer_name": None},
        {"buyer_email": None},
        {"shipping_address": None},
        {"shipping_address": msgspec.structs.replace(ADDRESS, phone=None)},
        {"shipping_address": msgspec.structs.replace(ADDRESS, name=None, lines=())},
        {"charges": None},
        {"currency": None},
        BARE,
    ],
    ids=["name", "email", "address", "phone", "street", "prices", "currency", "everything"],
)
def test_what_vanishes_is_no_change_and_stays(vanished: dict[str, Any]) -> None:
    assert told(after(FIRST), later(**vanished)) == ()

    change = read(after(FIRST), later(status="Shipped", **vanished))
    assert change is not None
    assert change.messages == (UPDATE,)
    assert change.known.order == later(status="Shipped")


def test_a_gift_message_that_vanishes_stays() -> None:
    known = after(gift(FIRST, "Many happy returns"))

    assert told(known, later()) == ()
    assert known.order is not None
    assert known.order.items[0].gift_message == "Many happy returns"


def test_a_purchase_order_number_is_the_buyers_and_stays_when_it_vanishes() -> None:
    first = msgspec.structs.replace(FIRST, purchase_order_number="PO 7")

    assert told(after(first), later(first, purchase_order_number=None)) == ()
    change = read(erased(after(first)), later(first, status="Shipped"))
    assert change is not None
    assert change.known.order is not None
    assert change.known.order.purchase_order_number is None


def test_prices_that_vanish_with_other_quantities_are_waited_for() -> None:
    doubled = tuple(msgspec.structs.replace(one, quantity=2) for one in FIRST.items)

    assert read(after(FIRST), later(items=doubled, charges=None)) is None


# Erasure


def erased(known: KnownOrder) -> KnownOrder:
    return msgspec.structs.replace(
        known, order=None, marks=Marks(known.marks.content, None), erased_at=NOON
    )


def test_an_erased_order_is_not_updated_and_its_buyer_not_kept_again() -> None:
    change = read(erased(after(FIRST)), gift(later(status="Shipped"), "Many happy returns"))

    assert change is not None
    assert change.messages == ()
    assert change.known.marks.personal is None
    assert change.known.order is not None
    without = msgspec.structs.replace(
        change.known.order, **{**BARE, "personal_data_refused": False}
    )
    assert change.known.order == without
    assert change.known.order.items == FIRST.items


def test_an_erased_order_can_be_cancelled() -> None:
    assert told(erased(after(FIRST)), later(status="Canceled")) == (CANCEL,)


def test_the_same_content_of_an_erased_order_is_nothing() -> None:
    assert read(erased(after(FIRST)), FIRST) is None


def test_an_order_erased_before_its_import_is_never_told() -> None:
    waiting = erased(after(msgspec.structs.replace(FIRST, **BARE)))

    assert told(waiting, later()) == ()


def test_an_order_delivered_too_long_ago_is_first_seen_without_its_buyer() -> None:
    arrived = later(packages=(OrderPackage(reference="1", status="DELIVERED"),), **BARE)
    late = gift(arrived, "Many happy returns")
    at = arrived.updated_at + timedelta(days=30)

    change = read(None, msgspec.structs.replace(late, buyer_name="Patrick Cook"), now=at)

    assert change is not None
    # It is not held for an address that nobody may keep.
    assert (change.messages, change.known.erased_at) == ((IMPORT,), at)
    assert change.known.order is not None
    assert (change.known.order.buyer_name, change.known.marks.personal) == (None, None)
    assert change.known.order.items == arrived.items
    before = read(None, arrived, now=at - timedelta(seconds=1))
    assert before is not None
    assert (before.messages, before.known.erased_at) == ((), None)


def test_an_order_whose_copy_is_damaged_is_read_as_it_is_now() -> None:
    damaged = msgspec.structs.replace(after(FIRST), order=None)

    assert read(damaged, FIRST) is None
    assert told(damaged, later(status="Shipped")) == (UPDATE,)


# What erasure goes by


def test_a_status_is_dated_by_the_update_that_first_told_it() -> None:
    known = after(FIRST, later(hours=1, seller_order_id="7"), later(hours=2, status="Shipped"))

    assert after(FIRST, later(seller_order_id="7")).status_since == FIRST.updated_at
    assert (known.status, known.status_since) == ("Shipped", LATER + timedelta(hours=1))


def test_an_order_is_delivered_once_all_its_packages_are() -> None:
    there, under_way = (
        OrderPackage(reference="1", status="DELIVERED"),
        OrderPackage(reference="2", status="IN_TRANSIT"),
    )

    assert after(FIRST).delivered_at is None
    assert after(later(packages=(there, under_way))).delivered_at is None
    known = after(FIRST, later(packages=(there,)), later(hours=5, packages=(there, there)))
    assert known.delivered_at == LATER
