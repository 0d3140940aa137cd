"""Reads the Order Fulfillment feed: Amazon's envelope, its sequences, and its limits.

Source: Amazon's feed schemas (amzn-envelope, OrderFulfillment), plus the rule of 2021 that a
carrier code is needed and, where it is `Other`, a carrier name. The elements must come in the
schema's order. A feed that is no such document fails as a whole; a message that breaks the
schema fails alone.
"""

import re
from collections.abc import Iterator
from typing import cast

from lxml import etree
from msgspec import Struct

from amazon_endpoint.sandbox.parcels import Parcel, ParcelItem

#: Codes of the sandbox's own; Amazon's for these cases are not known to us.
BROKEN_MESSAGE = "18911"
NO_CARRIER = "18912"
REPEATED_MESSAGE_ID = "18913"

# Each pattern is matched against the names of the children, each followed by a space.
_ENVELOPE = re.compile(r"Header MessageType (Message )+")
_HEADER = re.compile(r"DocumentVersion MerchantIdentifier ")
_MESSAGE = re.compile(r"MessageID (OperationType )?OrderFulfillment ")
_ORDER = re.compile(
    r"(AmazonOrderID|MerchantOrderID) (MerchantFulfillmentID )?FulfillmentDate (FulfillmentData )?"
    r"(CODCollectionMethod )?(Item )*(ShipFromAddress )?(ShipFromSupplySourceId )?"
)
_DATA = re.compile(
    r"(CarrierCode )?(CarrierName )?(ShippingMethod )?(ShipperTrackingNumber )?",
)
_ITEM = re.compile(
    r"(AmazonOrderItemCode|MerchantOrderItemID) (MerchantFulfillmentItemID )?(Quantity )?"
    r"(TransparencyCode ){0,10}"
)

_MESSAGE_ID = re.compile(r"0*[1-9][0-9]{0,17}")
_LONG_NUMBER = re.compile(r"0*[1-9][0-9]{0,19}")
_ORDER_ID = re.compile(r"\w{3}-\w{7}-\w{7}", re.ASCII)
_XSD_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)


class BrokenFeed(ValueError):
    """The document is no Order Fulfillment feed; nothing of it is done."""


class BrokenMessage(ValueError):
    """One message breaks a rule."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Message(Struct, frozen=True):
    """One message: a parcel of an order, or why it is none."""

    message_id: str
    order_id: str | None
    parcel: Parcel | BrokenMessage


def read_feed(content: bytes) -> list[Message]:
    """Read every message of a feed; BrokenFeed when the document itself is wrong."""
    root = _parse(content)
    if root.tag != "AmazonEnvelope":
        raise BrokenFeed(f"The root element is {root.tag}, not AmazonEnvelope.")
    _check_feed(_ENVELOPE, root)
    _check_feed(_HEADER, root[_names(root).index("Header")])
    if _text(root, "MessageType") != "OrderFulfillment":
        raise BrokenFeed("The message type is not OrderFulfillment.")
    seen: set[str] = set()
    return [_message(element, seen) for element in root.iterchildren("Message")]


def _parse(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as problem:
        raise BrokenFeed(f"The document is not well-formed XML: {problem}") from None
    if cast("object | None", root.getroottree().docinfo.internalDTD) is not None:
        raise BrokenFeed("The document has a DOCTYPE.")
    return root


def _message(element: etree._Element, seen: set[str]) -> Message:
    message_id = _text(element, "MessageID")
    order = element.find("OrderFulfillment")
    order_id = None if order is None else _text(order, "AmazonOrderID") or None
    try:
        _check(_MESSAGE, element)
        if order is None or not _MESSAGE_ID.fullmatch(message_id):
            raise BrokenMessage(BROKEN_MESSAGE, f"MessageID “{message_id}” is not valid.")
        if message_id in seen:
            message = f"MessageID “{message_id}” stands in the feed more than once."
            raise BrokenMessage(REPEATED_MESSAGE_ID, message)
        return Message(message_id, order_id, _parcel(order))
    except BrokenMessage as problem:
        return Message(message_id, order_id, problem)
    finally:
        seen.add(message_id)


def _parcel(order: etree._Element) -> Parcel:
    _check(_ORDER, order)
    if order.find("AmazonOrderID") is not None:
        _limit(order, "AmazonOrderID", _ORDER_ID)
    reference = _limited(order, "MerchantFulfillmentID", _LONG_NUMBER)
    _limit(order, "FulfillmentDate", _XSD_DATE_TIME)
    if _text(order, "CODCollectionMethod") not in {"", "DirectPayment"}:
        raise BrokenMessage(BROKEN_MESSAGE, "CODCollectionMethod is not valid.")
    data = order.find("FulfillmentData")
    if data is None:
        raise BrokenMessage(NO_CARRIER, "CarrierCode is required.")
    _check(_DATA, data)
    short = re.compile(r"(?s).{1,50}")
    code = _limited(data, "CarrierCode", short)
    name = _limited(data, "CarrierName", short)
    if code is None:
        raise BrokenMessage(NO_CARRIER, "CarrierCode is required.")
    if code == "Other" and name is None:
        raise BrokenMessage(NO_CARRIER, "CarrierName is required where CarrierCode is Other.")
    return Parcel(
        reference=reference,
        carrier=str(name) if code == "Other" else code,
        service=_limited(data, "ShippingMethod", short),
        tracking=_limited(data, "ShipperTrackingNumber", short),
        shipped=_text(order, "FulfillmentDate"),
        items=tuple(_items(order)),
    )


def _items(order: etree._Element) -> Iterator[ParcelItem]:
    for item in order.iterchildren("Item"):
        _check(_ITEM, item)
        _limited(item, "MerchantFulfillmentItemID", _LONG_NUMBER)
        quantity = _limited(item, "Quantity", _LONG_NUMBER)
        code = _text(item, "AmazonOrderItemCode") or _text(item, "MerchantOrderItemID")
        yield ParcelItem(code, None if quantity is None else int(quantity))


def _names(element: etree._Element) -> list[str]:
    return [str(child.tag) for child in element]


def _shape(element: etree._Element) -> str:
    return "".join(f"{name} " for name in _names(element))


def _check_feed(pattern: re.Pattern[str], element: etree._Element) -> None:
    if not pattern.fullmatch(_shape(element)):
        raise BrokenFeed(f"The content of {element.tag} does not follow the schema.")


def _check(pattern: re.Pattern[str], element: etree._Element) -> None:
    if not pattern.fullmatch(_shape(element)):
        message = f"The content of {element.tag} does not follow the schema: {_shape(element)}"
        raise BrokenMessage(BROKEN_MESSAGE, message.rstrip())


def _text(parent: etree._Element, name: str) -> str:
    return (parent.findtext(name) or "").strip()


def _limit(parent: etree._Element, name: str, pattern: re.Pattern[str]) -> str:
    text = _text(parent, name)
    if not pattern.fullmatch(text):
        raise BrokenMessage(BROKEN_MESSAGE, f"{name} “{text}” is not valid.")
    return text


def _limited(parent: etree._Element, name: str, pattern: re.Pattern[str]) -> str | None:
    return None if parent.find(name) is None else _limit(parent, name, pattern)
