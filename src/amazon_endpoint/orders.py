"""Orders: the store-neutral order, exactly as Amazon has it, and what its message is made of."""

from datetime import datetime
from decimal import Decimal

import msgspec

from amazon_endpoint.charges import Charges, ItemCharges
from amazon_endpoint.money import ZERO, Money, from_minor_units, minor_unit, minor_units

MERCHANT = "MERCHANT"
AMAZON = "AMAZON"


class Address(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where an order goes. `lines` holds what is filled of Amazon's address lines, in order."""

    name: str | None = None
    company: str | None = None
    lines: tuple[str, ...] = ()
    city: str | None = None
    district: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    phone: str | None = None


class OrderItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of an order. `item_id` is Amazon's order item id, an opaque string.

    What it costs stands in the order's `charges`. A quantity of 0 is a cancelled line.
    """

    item_id: str
    quantity: int
    sku: str | None = None
    title: str | None = None
    asin: str | None = None
    unit_price: Money | None = None
    quantity_fulfilled: int | None = None
    quantity_unfulfilled: int | None = None
    cancellation_requested_by: str | None = None
    cancellation_reason: str | None = None
    promotion_ids: tuple[str, ...] = ()
    gift_message: str | None = None
    gift_wrap_level: str | None = None
    tax_collected_by: tuple[str, ...] = ()

    @property
    def quantity_open(self) -> int:
        """Units not yet confirmed as shipped, as far as Amazon tells."""
        if self.quantity_unfulfilled is not None:
            return self.quantity_unfulfilled
        return max(self.quantity - (self.quantity_fulfilled or 0), 0)


class OrderPackage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A parcel that Amazon already knows of. `items` maps order item id to units."""

    reference: str
    status: str | None = None
    carrier: str | None = None
    shipping_service: str | None = None
    tracking: str | None = None
    shipped_at: datetime | None = None
    items: dict[str, int] = {}


class AssociatedOrder(msgspec.Struct, frozen=True, gc=False):
    """A link to another order: what this one replaces or is exchanged for."""

    number: str
    kind: str | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order, whichever of Amazon's APIs told it.

    `status` and `shipping_service_level` are the published words (``Unshipped``, ``Standard``),
    or Amazon's own where it uses one that was never published. `charges` is absent while the
    order has no prices yet. `personal_data_refused` tells that Amazon withheld the buyer and the
    address from us, so that their absence says nothing about the order. `remarks` are for the
    merchant: what could not be told in the order itself.
    """

    number: str
    status: str
    placed_at: datetime
    updated_at: datetime
    channel: str
    marketplace_id: str | None = None
    fulfilled_by: str | None = None
    shipping_service_level: str | None = None
    currency: str | None = None
    charges: Charges | None = None
    buyer_name: str | None = None
    buyer_email: str | None = None
    buyer_company: str | None = None
    purchase_order_number: str | None = None
    shipping_address: Address | None = None
    personal_data_refused: bool = False
    programs: tuple[str, ...] = ()
    associated_orders: tuple[AssociatedOrder, ...] = ()
    seller_order_id: str | None = None
    items: tuple[OrderItem, ...]
    packages: tuple[OrderPackage, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def priced(self) -> bool:
        """Whether Amazon states prices yet; a Pending order usually has none."""
        return self.charges is not None and self.currency is not None

    @property
    def cancelled(self) -> bool:
        """Whether the whole order is cancelled."""
        return self.status == "Canceled"

    @property
    def cancellation_requested(self) -> bool:
        """Whether the buyer asks for a cancellation that is not yet carried out."""
        return any(item.cancellation_requested_by for item in self.items)


class Line(msgspec.Struct, frozen=True, gc=False):
    """Units of an item at one price, the price in whole minor units."""

    item: OrderItem
    quantity: int
    price: Decimal


class Adjustment(msgspec.Struct, frozen=True, gc=False):
    """A named row between the items' and the order's total."""

    name: str
    amount: Decimal


class Totals(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order's sums: `item + adjustment + shipping == order`. `tax` is told, never added."""

    item: Decimal
    adjustment: Decimal
    tax: Decimal
    shipping: Decimal
    order: Decimal


class Bill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a priced order comes to: its lines, its adjustments, its totals.

    `difference` is what Amazon's parts leave unexplained of its own grand total.
    """

    order: Order
    currency: str
    lines: tuple[Line, ...]
    adjustments: tuple[Adjustment, ...]
    totals: Totals
    difference: Decimal

    @property
    def difference_is_notable(self) -> bool:
        """Whether the unexplained rest exceeds one minor unit per line."""
        return abs(self.difference) > minor_unit(self.currency) * max(len(self.lines), 1)


def bill(order: Order) -> Bill:
    """The bill of a priced order; lines of quantity 0 have no place in it.

    A price that does not divide evenly by its quantity makes two lines, a minor unit apart, so
    that Σ price × quantity stays exact.

    Raises:
        ValueError: the order has no prices yet, or not one for each item.
    """
    if order.charges is None or order.currency is None:
        raise ValueError(f"order {order.number} has no prices yet")
    charges, currency = order.charges, order.currency
    if len(charges.items) != len(order.items):
        raise ValueError(f"order {order.number} has prices of other items")
    lines: list[Line] = []
    item_total = adjustment = unlisted = ZERO
    for index, item in enumerate(order.items):
        amount = charges.items[index].item
        if item.quantity < 1:
            unlisted += amount
            continue
        for line in _lines(item, amount, currency):
            lines.append(line)
            item_total += line.price * line.quantity
    whole = charges.whole
    rows = _rows(charges, whole, unlisted)
    for row in rows:
        adjustment += row.amount
    difference = charges.total - item_total - whole.shipping - adjustment
    if difference:
        rows.append(Adjustment("Amazon Difference", difference))
    return Bill(
        order=order,
        currency=currency,
        lines=tuple(lines),
        adjustments=tuple(rows),
        totals=Totals(
            item=item_total,
            adjustment=adjustment + difference,
            tax=whole.tax,
            shipping=whole.shipping,
            order=charges.total,
        ),
        difference=difference,
    )


def _lines(item: OrderItem, amount: Decimal, currency: str) -> tuple[Line, ...]:
    price = amount / item.quantity
    if price.same_quantum(minor_unit(currency)):
        return (Line(item, item.quantity, price),)
    units, dearer = divmod(minor_units(amount, currency), item.quantity)
    lines = Line(item, item.quantity - dearer, from_minor_units(units, currency))
    if not dearer:
        return (lines,)
    return lines, Line(item, dearer, from_minor_units(units + 1, currency))


def _rows(charges: Charges, whole: ItemCharges, unlisted: Decimal) -> list[Adjustment]:
    """The five published rows, always; the further ones where they are not zero."""
    item_tax, gift_wrap_tax, shipping_tax = whole.item_tax, whole.gift_wrap_tax, whole.shipping_tax
    if charges.tax_included:
        item_tax = gift_wrap_tax = shipping_tax = ZERO
    rows = [
        Adjustment("Shipping Discount", whole.shipping_discount),
        Adjustment("Promotion Discount", whole.promotion_discount),
        Adjustment("Amazon Tax", item_tax),
        Adjustment("Gift Wrap Price", whole.gift_wrap),
        Adjustment("Gift Wrap Tax", gift_wrap_tax),
    ]
    if shipping_tax:
        rows.append(Adjustment("Shipping Tax", shipping_tax))
    if whole.cod_fee:
        rows.append(Adjustment("COD Fee", whole.cod_fee))
    if charges.delivery_tip:
        rows.append(Adjustment("Delivery Tip", charges.delivery_tip))
    if other := whole.other + unlisted:
        rows.append(Adjustment("Amazon Other", other))
    return rows
