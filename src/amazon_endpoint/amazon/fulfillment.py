"""The Order Fulfillment feed and its processing report, which both of Amazon's APIs share.

The elements and their order are those of Amazon's feed schema (`OrderFulfillment.xsd`,
`amzn-envelope.xsd`); the report is read by its root element, tolerant of what it leaves out.
"""

import re
from collections.abc import Iterable, Sequence

from lxml import etree

from amazon_endpoint.amazon.carriers import OTHER
from amazon_endpoint.amazon.xml import local_name, named, read_xml
from amazon_endpoint.clock import iso
from amazon_endpoint.errors import Unreadable
from amazon_endpoint.feeds import FeedReport, MessageOutcome, MessageResult
from amazon_endpoint.shipments import Package

#: The schema's limit for a carrier's name, a shipping method and a tracking number.
MAX_LENGTH = 50

_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"

# XML 1.0, production 2: what may not stand in a document, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_feed(seller_id: str, packages: Sequence[Package]) -> bytes:
    """The feed that tells Amazon of `packages`, one message each, in UTF-8.

    A carrier's name and a shipping method are cut to what the schema takes; a tracking number
    would be another one then, so it has to fit.

    Raises:
        ValueError: there is no package, two packages have the same message id, a tracking number
            is too long, or a text holds a character that XML forbids.
    """
    message_ids = [package.message_id for package in packages]
    if not message_ids or len(set(message_ids)) < len(message_ids):
        raise ValueError("a feed needs at least one package, and a message id of its own for each")
    envelope = etree.Element("AmazonEnvelope", nsmap={"xsi": _SCHEMA_INSTANCE})
    envelope.set(f"{{{_SCHEMA_INSTANCE}}}noNamespaceSchemaLocation", "amzn-envelope.xsd")
    header = etree.SubElement(envelope, "Header")
    _add(header, "DocumentVersion", "1.01")
    _add(header, "MerchantIdentifier", seller_id)
    _add(envelope, "MessageType", "OrderFulfillment")
    for package in packages:
        message = etree.SubElement(envelope, "Message")
        _add(message, "MessageID", package.message_id)
        _add_package(message, package)
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def _add_package(message: etree._Element, package: Package) -> None:
    if len(package.tracking) > MAX_LENGTH:
        raise ValueError(f"a tracking number has at most {MAX_LENGTH} characters")
    fulfillment = etree.SubElement(message, "OrderFulfillment")
    _add(fulfillment, "AmazonOrderID", package.order_number)
    _add(fulfillment, "MerchantFulfillmentID", package.reference)
    _add(fulfillment, "FulfillmentDate", iso(package.shipped_at))
    data = etree.SubElement(fulfillment, "FulfillmentData")
    _add(data, "CarrierCode", package.carrier.code)
    if package.carrier.code == OTHER and package.carrier.name:
        _add(data, "CarrierName", package.carrier.name[:MAX_LENGTH])
    if package.shipping_method:
        _add(data, "ShippingMethod", package.shipping_method[:MAX_LENGTH])
    if package.tracking:
        _add(data, "ShipperTrackingNumber", package.tracking)
    for one in package.items:
        item = etree.SubElement(fulfillment, "Item")
        _add(item, "AmazonOrderItemCode", one.order_item_id)
        _add(item, "Quantity", str(one.quantity))


def _add(parent: etree._Element, name: str, text: str) -> None:
    if illegal := _ILLEGAL.search(text):
        raise ValueError(f"{name} holds U+{ord(illegal[0]):04X}, which XML forbids")
    etree.SubElement(parent, name).text = text


def read_report(body: bytes, content_type: str | None = None) -> FeedReport:
    """A processing report: its counters and each result.

    Read in the charset that the document declares, else in that of `content_type`. Counters that
    are missing, or claim fewer errors than are listed, are counted from the results.

    Raises:
        Unreadable: it is empty, cut off, no XML, has a DOCTYPE, or is another kind of document.
    """
    root = read_xml(body, "Amazon's processing report", content_type)
    kind = local_name(root)
    if kind not in {"AmazonEnvelope", "ProcessingReport"}:
        raise Unreadable(f"Amazon sent <{kind[:50]}> in place of a processing report.")
    if next(named(root, "ProcessingReport"), None) is None:
        raise Unreadable("Amazon's envelope holds no processing report.")
    return _report(root)


def _report(root: etree._Element) -> FeedReport:
    stated_errors = _counter(root, "MessagesWithError")
    plain_errors = _messages(
        one for one in named(root, "Result") if _text(one, "ResultCode").lower() == "error"
    )
    # A result code we don't know refuses its message, unless Amazon counts no error for it.
    unknown_is_harmless = stated_errors is not None and stated_errors == len(plain_errors)
    unknown = MessageOutcome.WARNING if unknown_is_harmless else MessageOutcome.ERROR
    results = tuple(_result(one, unknown) for one in named(root, "Result"))

    def counted(outcome: MessageOutcome) -> int:
        return len({one.message_id for one in results if one.outcome is outcome})

    with_error = max(stated_errors or 0, counted(MessageOutcome.ERROR))
    with_warning = _counter(root, "MessagesWithWarning")
    processed = _counter(root, "MessagesProcessed")
    successful = _counter(root, "MessagesSuccessful")
    if processed is None:
        mentioned = len({one.message_id for one in results})
        processed = mentioned if successful is None else successful + with_error
    return FeedReport(
        processed=processed,
        successful=max(processed - with_error, 0) if successful is None else successful,
        with_error=with_error,
        with_warning=counted(MessageOutcome.WARNING) if with_warning is None else with_warning,
        results=results,
    )


def _result(element: etree._Element, unknown: MessageOutcome) -> MessageResult:
    word = _text(element, "ResultCode")
    description = _text(element, "ResultDescription")
    known = {one.lower(): one for one in MessageOutcome}.get(word.lower())
    return MessageResult(
        message_id=_text(element, "MessageID"),
        outcome=known or unknown,
        code=_text(element, "ResultMessageCode"),
        description=description if known or not word else f"{word}: {description}",
        order_number=_text(element, "AmazonOrderID") or None,
    )


def _messages(results: Iterable[etree._Element]) -> set[str]:
    return {_text(one, "MessageID") for one in results}


def _text(element: etree._Element, name: str) -> str:
    found = next(named(element, name), None)
    return "" if found is None else " ".join("".join(map(str, found.itertext())).split())


def _counter(root: etree._Element, name: str) -> int | None:
    text = _text(root, name)
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None
