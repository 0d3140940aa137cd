"""Orders as Amazon writes them, built from what a test cares about."""

from typing import Any

import msgspec

from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.amazon.spapi.order_reader import read_order
from amazon_endpoint.orders import Order

Json = dict[str, Any]


def money(amount: str, currency: str = "USD") -> Json:
    return {"amount": amount, "currencyCode": currency}


def part(kind: str, amount: str, currency: str = "USD", **details: str) -> Json:
    """A breakdown; `details` by subtype."""
    broken = [{"subtype": one, "value": money(value, currency)} for one, value in details.items()]
    return {"type": kind, "subtotal": money(amount, currency)} | (
        {"detailedBreakdowns": broken} if broken else {}
    )


def item(
    *parts: Json,
    total: str | None = None,
    unit_price: Json | None = None,
    quantity: int = 1,
    item_id: str = "1",
    **blocks: Any,
) -> Json:
    product: Json = {"sellerSku": "MUG-1", "title": "Mug", "asin": "B000000001"}
    if unit_price:
        product["price"] = {"unitPrice": unit_price}
    proceeds: Json = {}
    if parts:
        proceeds["breakdowns"] = list(parts)
    if total is not None:
        proceeds["proceedsTotal"] = money(total)
    told: Json = {"orderItemId": item_id, "quantityOrdered": quantity, "product": product}
    return told | ({"proceeds": proceeds} if proceeds else {}) | blocks


def order(
    *items: Json, total: Json | None = None, status: str = "UNSHIPPED", **blocks: Any
) -> Json:
    told: Json = {
        "orderId": "111-0000000-0000001",
        "createdTime": "2026-10-20T08:00:00.250Z",
        "lastUpdatedTime": "2026-10-21T17:00:00.999+09:00",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": "MERCHANT"},
        "orderItems": list(items),
    }
    return told | ({"proceeds": {"grandTotal": total}} if total else {}) | blocks


def read(told: object, *, personal_data_asked: bool = True) -> Order:
    found = read_or_not(told, personal_data_asked=personal_data_asked)
    assert isinstance(found, Order), found
    return found


def read_or_not(told: object, *, personal_data_asked: bool = True) -> Order | UnreadableOrder:
    raw = msgspec.Raw(msgspec.json.encode(told))
    return read_order(raw, personal_data_asked=personal_data_asked)
