"""A made-up order before it is written: what the shapes change, and Amazon's format of it."""

from datetime import datetime, timedelta
from random import Random

from msgspec import Struct, field

from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.generator.charges import (
    Charges,
    Style,
    item_proceeds,
    order_proceeds,
)
from amazon_endpoint.sandbox.generator.marketplaces import Marketplace
from amazon_endpoint.sandbox.generator.people import NAMES, address, goods
from amazon_endpoint.sandbox.orders import Json


class Line(Struct):
    """One item of an order."""

    item_id: str
    sku: str
    title: str
    quantity: int
    unit: int
    charges: Charges
    shipped: int = 0
    #: What the shapes add to the item as it is: cancellation, promotion, expense and so on.
    blocks: Json = field(default_factory=dict)
    packing: Json = field(default_factory=dict)


class Draft(Struct):
    """One order that is being made up."""

    rng: Random
    index: int
    marketplace: Marketplace
    order_id: str
    created: datetime
    updated: datetime
    style: Style
    lines: list[Line]
    address: Json | None
    buyer: Json | None
    status: str = "UNSHIPPED"
    fulfilled_by: str = "MERCHANT"
    service: str = "STANDARD"
    programs: list[str] = field(default_factory=list)
    tip: tuple[str, int] | None = None
    priced: bool = True
    #: Without the blocks that Amazon may leave out.
    bare: bool = False
    carrier: tuple[str, str] | None = None
    #: What the shapes add to the order as it is.
    blocks: Json = field(default_factory=dict)

    def coins(self, hundredths: int) -> int:
        """Turn hundredths into the currency's smallest coin, at a price level that fits."""
        return hundredths if self.style.digits else hundredths * 3 // 2

    def add_line(self, quantity: int) -> Line:
        """Add an item with a price."""
        title, sku, hundredths = goods(self.rng)
        unit = self.coins(hundredths)
        serial = (self.index * 10 + len(self.lines)) % 10**9
        item_id = f"{self.rng.randrange(10, 100)}{serial:09d}{self.rng.randrange(1000):03d}"
        line = Line(item_id, sku, title, quantity, unit, Charges(item=unit * quantity))
        self.lines.append(line)
        return line


def start_draft(
    rng: Random, index: int, order_id: str, marketplace: Marketplace, updated: datetime
) -> Draft:
    """Begin with an ordinary order: open, fulfilled by the merchant, one to three items."""
    draft = Draft(
        rng=rng,
        index=index,
        marketplace=marketplace,
        order_id=order_id,
        created=updated - timedelta(seconds=rng.randrange(90, 200_000)),
        updated=updated,
        style=Style(marketplace.currency, marketplace.digits, marketplace.tax_included),
        lines=[],
        address=address(rng, marketplace.country),
        buyer={
            "buyerName": rng.choice(NAMES),
            "buyerEmail": f"{rng.randrange(16**10):010x}@marketplace.amazon.example",
        },
    )
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        draft.add_line(rng.choice((1, 1, 1, 2, 3)))
    return draft


def write_order(draft: Draft) -> Json:
    """Write an order as the Orders API v2026-01-01 does."""
    order: Json = {
        "orderId": draft.order_id,
        "createdTime": write_time(draft.created),
        "lastUpdatedTime": write_time(draft.updated),
        "salesChannel": _sales_channel(draft),
    }
    if draft.programs:
        order["programs"] = draft.programs
    if draft.buyer and not draft.bare:
        order["buyer"] = draft.buyer
    if draft.address:
        order["recipient"] = {"deliveryAddress": draft.address}
    if draft.priced:
        charges = [line.charges for line in draft.lines]
        order["proceeds"] = order_proceeds(charges, draft.tip, draft.style)
        if draft.index % 3 == 2 and draft.tip is None:
            del order["proceeds"]["breakdowns"]
    order["fulfillment"] = _fulfillment(draft)
    order["orderItems"] = [_item(line, draft) for line in draft.lines]
    if draft.carrier:
        order["packages"] = [_package(draft, *draft.carrier)]
    return order | draft.blocks


def _sales_channel(draft: Draft) -> Json:
    channel = {"channelName": "AMAZON", "marketplaceId": draft.marketplace.id}
    if not draft.bare:
        channel["marketplaceName"] = draft.marketplace.name
    return channel


def _fulfillment(draft: Draft) -> Json:
    block: Json = {"fulfillmentStatus": draft.status, "fulfilledBy": draft.fulfilled_by}
    if not draft.bare:
        block["fulfillmentServiceLevel"] = draft.service
        block["shipByWindow"] = _window(draft.created, 1, 3)
        block["deliverByWindow"] = _window(draft.created, 4, 8)
    return block


def _window(start: datetime, first: int, last: int) -> Json:
    return {
        "earliestDateTime": write_time(start + timedelta(days=first)),
        "latestDateTime": write_time(start + timedelta(days=last)),
    }


def _item(line: Line, draft: Draft) -> Json:
    product: Json = {"asin": f"B0{hash_of(line.sku) % 10**8:08d}", "sellerSku": line.sku}
    if not draft.bare:
        product |= {"title": line.title, "condition": {"conditionType": "NEW"}}
    item: Json = {"orderItemId": line.item_id, "quantityOrdered": line.quantity, "product": product}
    if draft.priced:
        if line.quantity:
            product["price"] = {"unitPrice": draft.style.money(line.unit)}
        item["proceeds"] = item_proceeds(line.charges, draft.style)
    open_quantity = 0 if draft.status == "CANCELLED" else line.quantity - line.shipped
    item["fulfillment"] = {
        "quantityFulfilled": line.shipped,
        "quantityUnfulfilled": open_quantity,
    }
    if line.packing:
        item["fulfillment"]["packing"] = line.packing
    return item | line.blocks


def _package(draft: Draft, carrier: str, tracking: str) -> Json:
    return {
        "packageReferenceId": "1",
        "createdTime": write_time(draft.updated),
        "packageStatus": {"status": "SHIPPED"},
        "carrier": carrier,
        "shipTime": write_time(draft.updated),
        "shippingService": "Ground",
        "trackingNumber": tracking,
        "packageItems": [
            {"orderItemId": line.item_id, "quantity": line.shipped}
            for line in draft.lines
            if line.shipped
        ],
    }


def hash_of(text: str) -> int:
    """Make a number of a text, the same in every process."""
    number = 7
    for character in text:
        number = (number * 131 + ord(character)) % 10**12
    return number
