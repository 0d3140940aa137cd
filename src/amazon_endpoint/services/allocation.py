"""Allocation: which of the order's items, and how many of each, a shipment confirms.

Amazon takes order item ids and quantities; a store knows SKUs. What may not be shipped, or can't
be found in the order, is refused here, before anything is sent.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping

import msgspec

from amazon_endpoint.errors import ShipmentRefused
from amazon_endpoint.orders import AMAZON, Order, OrderItem, OrderPackage
from amazon_endpoint.services.next_step import is_package_number
from amazon_endpoint.shipments import PackageItem, Shipment, ShipmentItem

_PENDING = {"Pending", "PendingAvailability"}
_ORDER = "payload.shipment.order_number"
_ITEMS = "payload.shipment.items"


def without_units_on_their_way(
    order: Order,
    on_their_way: Mapping[str, tuple[PackageItem, ...]],
    confirmed: Mapping[str, tuple[PackageItem, ...]],
) -> Order:
    """The order less the units that Amazon was told of and that it does not show yet.

    `on_their_way` names each package that was sent, `confirmed` each one that Amazon took, by its
    reference with its units. A package that the order shows is counted already; so are fulfilled
    units that no shown package explains. A confirmed one may be shown under a reference that we
    did not give: confirmed by hand, or edited there.
    """
    shown = {package.reference for package in order.packages}
    foreign = [one for one in order.packages if not is_package_number(one.reference)]
    sent, taken = _units(on_their_way, shown), _units(confirmed, shown)
    items = []
    for item in order.items:
        units = max(taken[item.item_id] - _packed(item, foreign), 0)
        units -= max(_fulfilled(item) - _packed(item, order.packages), 0)
        if item.quantity_fulfilled is None:
            # What is not open may be cancelled: it explains no package that Amazon may not know.
            units = max(units, 0)
        units += sent[item.item_id]
        still_open = max(item.quantity_open - max(units, 0), 0)
        items.append(msgspec.structs.replace(item, quantity_unfulfilled=still_open))
    return msgspec.structs.replace(order, items=tuple(items))


def _units(packages: Mapping[str, tuple[PackageItem, ...]], shown: Container[str]) -> Counter[str]:
    """The units of each item in those packages that are not shown."""
    units = Counter[str]()
    for reference, packed in packages.items():
        if reference not in shown:
            units.update({one.order_item_id: one.quantity for one in packed})
    return units


def _packed(item: OrderItem, packages: Iterable[OrderPackage]) -> int:
    return sum(package.items.get(item.item_id, 0) for package in packages)


def _fulfilled(item: OrderItem) -> int:
    """Units that are not open any more, by whichever of the two numbers Amazon tells."""
    if item.quantity_fulfilled is not None:
        return item.quantity_fulfilled
    return item.quantity - item.quantity_open


def allocate(
    shipment: Shipment,
    order: Order,
    earlier: tuple[PackageItem, ...] | None,
    allow_cancellation_requested: bool,
) -> tuple[PackageItem, ...]:
    """The units of the order's items that the shipment stands for, in the order's sequence.

    An `external_ref` that is an item id of the order names its item; otherwise the SKU does, and
    where several items have it, their open units are taken one item after the other. `earlier` is
    what this same shipment has already been confirmed with: its units count as open, and its
    items come first, since changed content describes the same parcel again.

    Raises:
        ShipmentRefused: the order may not be shipped by the merchant, or not now; an item is not
            in the order; more units are shipped than are open.
    """
    _check_order(order)
    if not shipment.items:
        raise ShipmentRefused("The shipment names no items. Send what it holds.", field=_ITEMS)
    before = Counter({one.order_item_id: one.quantity for one in earlier or ()})
    open_units = Counter(
        {
            item.item_id: min(item.quantity, item.quantity_open + before[item.item_id])
            for item in order.items
        }
    )
    taken: Counter[str] = Counter()
    item_ids = {item.item_id for item in order.items}
    # Lines that name their item come first, or a line with the same SKU could take its units.
    lines = sorted(enumerate(shipment.items), key=lambda line: line[1].external_ref not in item_ids)
    for index, line in lines:
        candidates = sorted(_candidates(line, order), key=lambda item: item.item_id not in before)
        found = _take(line, index, candidates, open_units)
        open_units.subtract(found)
        taken.update(found)
    if not allow_cancellation_requested:
        _check_cancellation(item for item in order.items if taken[item.item_id])
    return tuple(
        PackageItem(item.item_id, taken[item.item_id])
        for item in order.items
        if taken[item.item_id]
    )


def _check_order(order: Order) -> None:
    number = order.number
    if order.cancelled:
        raise ShipmentRefused(f"Order {number} is cancelled. Don't ship it.", field=_ORDER)
    if order.fulfilled_by == AMAZON:
        raise ShipmentRefused(
            f"Order {number} is fulfilled by Amazon, which confirms its own shipments.",
            field=_ORDER,
        )
    if "FBM_SHIP_PLUS" in order.programs:
        raise ShipmentRefused(
            f"Order {number} is in the Ship+ programme: Amazon confirms it by the label bought "
            "there.",
            field=_ORDER,
        )
    if order.status in _PENDING:
        raise ShipmentRefused(
            f"Order {number} is still {order.status} at Amazon and may not be shipped. Send the "
            "shipment again once the order is Unshipped.",
            field=_ORDER,
        )


def _check_cancellation(items: Iterable[OrderItem]) -> None:
    if any(item.cancellation_requested_by for item in items):
        raise ShipmentRefused(
            "The buyer asks to cancel this order. Cancel it in Seller Central; or, if it is to "
            "be shipped nevertheless, allow that in the settings and send the shipment again.",
            field=_ORDER,
        )


def _candidates(line: ShipmentItem, order: Order) -> list[OrderItem]:
    named = [item for item in order.items if item.item_id == line.external_ref]
    return named or [item for item in order.items if item.sku is not None and item.sku == line.sku]


def _take(
    line: ShipmentItem, index: int, candidates: list[OrderItem], open_units: Counter[str]
) -> Counter[str]:
    if not candidates:
        raise ShipmentRefused(
            f"The order has no item with the SKU {line.sku[:80]!r}. Send the SKU that the order "
            "has at Amazon, or Amazon's order item id as external_ref.",
            field=f"{_ITEMS}[{index}].sku",
        )
    if line.quantity < 1:
        raise ShipmentRefused(
            "The quantity is not positive. Leave out what is not shipped.",
            field=f"{_ITEMS}[{index}].quantity",
        )
    available = sum(open_units[item.item_id] for item in candidates)
    if line.quantity > available:
        raise ShipmentRefused(
            f"{line.quantity} units of {line.sku[:80]!r} are shipped, but only {available} are "
            "still to be confirmed at Amazon. Check the quantity, and whether another shipment "
            "has confirmed them.",
            field=f"{_ITEMS}[{index}].quantity",
        )
    found: Counter[str] = Counter()
    rest = line.quantity
    for item in candidates:
        found[item.item_id] = min(rest, open_units[item.item_id])
        rest -= found[item.item_id]
    return found
