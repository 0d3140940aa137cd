"""Parcels leave: what a confirmation, by feed or by call, does to an order."""

from datetime import datetime

from msgspec import Struct, to_builtins

from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.orders import Json, OrderBook

#: The code that captured reports give for more pieces than are open.
TOO_MANY = "18021"
#: Amazon's codes for these are not known to us; the numbers are the sandbox's own.
UNKNOWN_ORDER = "18901"
UNKNOWN_ITEM = "18902"
NOT_CONFIRMABLE = "18903"

_STATUSES_TO_CONFIRM = frozenset({"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"})


class NotShippable(ValueError):
    """A confirmation that Amazon refuses."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ParcelItem(Struct, frozen=True):
    """How much of an item is in the parcel; None is all that is open."""

    item_id: str
    quantity: int | None


class Parcel(Struct, frozen=True, kw_only=True):
    """A parcel as the merchant tells it. Without items it holds all that is open."""

    reference: str | None
    carrier: str
    service: str | None
    tracking: str | None
    shipped: str
    items: tuple[ParcelItem, ...]


class Confirmed(Struct, frozen=True, kw_only=True, rename="camel"):
    """One accepted confirmation of one item: what tests count."""

    order_item_id: str
    quantity: int
    package_reference_id: str
    #: `feed` or `api`.
    via: str
    feed_id: str | None = None
    message_id: str | None = None
    #: Whether it changed a parcel that was confirmed before.
    edit: bool = False


class Ledger:
    """Every confirmation that was accepted, by order."""

    def __init__(self) -> None:
        self._confirmed: dict[str, list[Confirmed]] = {}

    def add(self, order_id: str, entry: Confirmed) -> None:
        """Write down an accepted confirmation."""
        self._confirmed.setdefault(order_id, []).append(entry)

    def told(self) -> Json:
        """Return all of it as JSON."""
        told: Json = to_builtins(self._confirmed)
        return told


class Shipping:
    """Sends parcels: checks them against the order, then changes it."""

    def __init__(self, book: OrderBook, ledger: Ledger) -> None:
        self._book = book
        self._ledger = ledger

    def by_call(self, order_id: str, parcel: Parcel, now: datetime) -> None:
        """Take a parcel from confirmShipment: a known reference changes that parcel."""
        self._send(order_id, parcel, now, edits=True)

    def by_feed(
        self, order_id: str, parcel: Parcel, now: datetime, *, feed_id: str, message_id: str
    ) -> None:
        """Take a parcel from a feed: always a new one."""
        self._send(order_id, parcel, now, edits=False, feed_id=feed_id, message_id=message_id)

    def _send(
        self,
        order_id: str,
        parcel: Parcel,
        now: datetime,
        *,
        edits: bool,
        feed_id: str | None = None,
        message_id: str | None = None,
    ) -> None:
        entry = self._book.find(order_id)
        if entry is None:
            raise NotShippable(UNKNOWN_ORDER, f"There is no order “{order_id}”.")
        order = entry.order()
        _check_order(order)
        packages = order.setdefault("packages", [])
        references = {str(package.get("packageReferenceId", "")) for package in packages}
        edit = edits and parcel.reference in references
        if edit:
            _take_back(order, parcel.reference)
        contents = _contents(order, parcel)
        reference = parcel.reference
        if reference is None or (reference in references and not edit):
            reference = _next_reference(references)
        for item_id, quantity in contents:
            _move(_items(order)[item_id], quantity)
        packages.append(_package(reference, parcel, contents, now))
        order["fulfillment"]["fulfillmentStatus"] = _status(order)
        order["lastUpdatedTime"] = write_time(now)
        self._book.put(order)
        for item_id, quantity in contents:
            self._ledger.add(
                order_id,
                Confirmed(
                    order_item_id=item_id,
                    quantity=quantity,
                    package_reference_id=reference,
                    via="api" if edits else "feed",
                    feed_id=feed_id,
                    message_id=message_id,
                    edit=edit,
                ),
            )


def _check_order(order: Json) -> None:
    block = order.setdefault("fulfillment", {"fulfillmentStatus": "UNSHIPPED"})
    if block.get("fulfilledBy") == "AMAZON":
        raise NotShippable(NOT_CONFIRMABLE, "The order is fulfilled by Amazon.")
    if "FBM_SHIP_PLUS" in order.get("programs", ()):
        raise NotShippable(NOT_CONFIRMABLE, "Ship+ orders are confirmed by Amazon.")
    status = block.get("fulfillmentStatus")
    if status not in _STATUSES_TO_CONFIRM:
        raise NotShippable(NOT_CONFIRMABLE, f"The order is {status}; it cannot be shipped.")


def _items(order: Json) -> dict[str, Json]:
    items = order.get("orderItems")
    if not isinstance(items, list):
        return {}
    return {str(i.get("orderItemId", "")): i for i in items if isinstance(i, dict)}


def _open_quantity(item: Json) -> int:
    block = item.get("fulfillment", {})
    unfulfilled = block.get("quantityUnfulfilled")
    if isinstance(unfulfilled, int):
        return unfulfilled
    return int(item.get("quantityOrdered", 0)) - int(block.get("quantityFulfilled", 0))


def _contents(order: Json, parcel: Parcel) -> list[tuple[str, int]]:
    items = _items(order)
    wanted = parcel.items or tuple(
        ParcelItem(item_id, None) for item_id, item in items.items() if _open_quantity(item)
    )
    contents: dict[str, int] = {}
    for wish in wanted:
        if wish.item_id not in items:
            raise NotShippable(UNKNOWN_ITEM, f"The order has no item “{wish.item_id}”.")
        left = _open_quantity(items[wish.item_id]) - contents.get(wish.item_id, 0)
        quantity = left if wish.quantity is None else wish.quantity
        if quantity > left or quantity < 1:
            message = f"{quantity} of item “{wish.item_id}” is larger than the open quantity {left}"
            raise NotShippable(TOO_MANY, f"{message}.")
        contents[wish.item_id] = contents.get(wish.item_id, 0) + quantity
    if not contents:
        raise NotShippable(TOO_MANY, "The order has no open quantity.")
    return list(contents.items())


def _take_back(order: Json, reference: str | None) -> None:
    items = _items(order)
    kept = []
    for package in order["packages"]:
        if package.get("packageReferenceId") != reference:
            kept.append(package)
            continue
        for content in package.get("packageItems", []):
            if content["orderItemId"] in items:
                _move(items[content["orderItemId"]], -content["quantity"])
    order["packages"][:] = kept


def _move(item: Json, quantity: int) -> None:
    still_open = _open_quantity(item) - quantity
    block = item.setdefault("fulfillment", {})
    block["quantityFulfilled"] = block.get("quantityFulfilled", 0) + quantity
    block["quantityUnfulfilled"] = still_open


def _status(order: Json) -> str:
    items = _items(order).values()
    if not any(_open_quantity(item) for item in items):
        return "SHIPPED"
    if any(item.get("fulfillment", {}).get("quantityFulfilled") for item in items):
        return "PARTIALLY_SHIPPED"
    return "UNSHIPPED"


def _next_reference(references: set[str]) -> str:
    return str(max((int(r) for r in references if r.isascii() and r.isdigit()), default=0) + 1)


def _package(
    reference: str, parcel: Parcel, contents: list[tuple[str, int]], now: datetime
) -> Json:
    package: Json = {
        "packageReferenceId": reference,
        "createdTime": write_time(now),
        "packageStatus": {"status": "SHIPPED"},
        "carrier": parcel.carrier,
        "shipTime": parcel.shipped,
        "packageItems": [
            {"orderItemId": item_id, "quantity": quantity} for item_id, quantity in contents
        ],
    }
    if parcel.service:
        package["shippingService"] = parcel.service
    if parcel.tracking:
        package["trackingNumber"] = parcel.tracking
    return package
