"""The published order as a value, and other pieces that the tests of the hub's side need."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from amazon_endpoint.charges import ItemParts, read_charges
from amazon_endpoint.hub.v5.message import Message, decode
from amazon_endpoint.orders import Address, Order, OrderItem

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

PARAMETERS: dict[str, object] = {
    "amazon.client_id": "client-of-the-tests",
    "amazon.client_secret": "secret-of-the-tests",
    "amazon.refresh_token": "refresh-of-the-tests",
    "amazon.seller_id": "SELLEROFTESTS",
    "amazon.marketplace_id": "ATVPDKIKX0DER",
    "amazon.last_updated_after": "2026-11-01T00:00:00Z",
}

ADDRESS = Address(
    name="Patrick Cook",
    lines=("7159 edwards rd", "Apartment A-12"),
    city="Seymour",
    state="PA",
    postal_code="37284",
    country="US",
    phone="471-543-4073",
)


def message(payload: dict[str, Any], parameters: Mapping[str, object] = PARAMETERS) -> Message:
    """A message as it comes off the wire."""
    listed = [{"name": name, "value": value} for name, value in parameters.items()]
    body = {"message_id": "1", "payload": {**payload, "parameters": listed}}
    return decode(msgspec.json.encode(body))


def parts(item: str, **more: str) -> ItemParts:
    """One item's money: what it costs, and further parts by their name."""
    charges = {name: Decimal(value) for name, value in more.items()}
    return ItemParts(item=Decimal(item), **charges)


def order(*money: ItemParts, total: str | None = None, **changes: Any) -> Order:
    """The published order, or one like it whose items cost `money`."""
    money = money or (parts("29.00"), parts("35.00"))
    titles = (("100TSBXXL", "T-Shirt, Black, XX-Large"), ("100TSWXXL", "T-Shirt, White, XX-Large"))
    items = tuple(
        OrderItem(item_id=str(index), quantity=1, sku=sku, title=title)
        for index, (sku, title) in enumerate(titles[: len(money)])
    )
    published = Order(
        number="100-EXAMPLE-1000000",
        status="Unshipped",
        placed_at=datetime(2013, 8, 16, 1, 25, 0, 999_999, tzinfo=UTC),
        updated_at=datetime(2013, 8, 16, 1, 30, 0, 999_999, tzinfo=UTC),
        channel="Amazon.com",
        currency="USD",
        fulfilled_by="MERCHANT",
        shipping_service_level="Standard",
        charges=read_charges(money, grand_total=Decimal(total) if total else None),
        buyer_email="ceth5ni9mo4whyc@marketplace.amazon.com",
        shipping_address=ADDRESS,
        items=items,
    )
    return msgspec.structs.replace(published, **changes)
