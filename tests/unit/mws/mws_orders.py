"""Orders as MWS writes them, built from what a test cares about."""

from xml.sax.saxutils import escape

from lxml import etree

from amazon_endpoint.amazon.mws.order_reader import read_order
from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.orders import Order

NAMESPACE = "https://mws.amazonservices.com/Orders/2013-09-01"

Tree = dict[str, "str | Tree | None"]

NUMBER = "111-0000000-0000001"


def money(amount: str, currency: str = "USD") -> Tree:
    return {"CurrencyCode": currency, "Amount": amount}


def xml(name: str, content: "str | Tree | list[str]") -> str:
    if isinstance(content, dict):
        inside = "".join(xml(key, value) for key, value in content.items() if value is not None)
    else:
        inside = content if isinstance(content, str) else "".join(content)
        inside = escape(inside)
    return f"<{name}>{inside}</{name}>"


def order_xml(**fields: "str | Tree | None") -> str:
    told: Tree = {
        "AmazonOrderId": NUMBER,
        "PurchaseDate": "2026-10-20T08:00:00.250Z",
        "LastUpdateDate": "2026-10-21T17:00:00+09:00",
        "OrderStatus": "Unshipped",
        "FulfillmentChannel": "MFN",
        "SalesChannel": "Amazon.com",
        "MarketplaceId": "ATVPDKIKX0DER",
    }
    return xml("Order", told | fields)


def item_xml(price: str | None = "10.00", /, **fields: "str | Tree | None") -> str:
    told: Tree = {"OrderItemId": "1", "SellerSKU": "MUG-1", "QuantityOrdered": "1"}
    if price is not None:
        told["ItemPrice"] = money(price)
    return xml("OrderItem", told | fields)


def element(text: str, namespace: str = NAMESPACE) -> etree._Element:
    return etree.fromstring(f'<x xmlns="{namespace}">{text}</x>')[0]


def outcome(order: str, *items: str, namespace: str = NAMESPACE) -> Order | UnreadableOrder:
    return read_order(element(order, namespace), [element(one, namespace) for one in items])


def read(order: str, *items: str, namespace: str = NAMESPACE) -> Order:
    found = outcome(order, *items, namespace=namespace)
    assert isinstance(found, Order), found
    return found
