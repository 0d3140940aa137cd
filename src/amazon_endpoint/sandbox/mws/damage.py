"""Answers of Marketplace Web Service damaged on purpose."""

import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from amazon_endpoint.sandbox.mws.xml import Tree

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})", re.ASCII)
_BOMB = "".join(
    f'<!ENTITY {name} "{f"&{part};" * 10}">'
    for part, name in zip("abcdefgh", "bcdefghx", strict=True)
)
_ENTITIES = {
    "xml_bomb": f'<!ENTITY a "ha">{_BOMB}',
    "external_entity": '<!ENTITY x SYSTEM "file:///etc/hostname">',
}


def damaged(content: Tree, fault: str | None, parameters: Mapping[str, str]) -> Tree:
    """Return the content of a result as the fault leaves it; one it does not concern stays."""
    orders: list[Tree] = content.get("Orders", {}).get("Order", [])
    items: list[Tree] = content.get("OrderItems", {}).get("OrderItem", [])
    match fault:
        case "repeated_page":
            more = {"HasNext": "true"} if "HasNext" in content else {}
            return content | more | {"NextToken": parameters["NextToken"]}
        case "empty_feed_id":
            content["FeedSubmissionInfo"]["FeedSubmissionId"] = ""
        case "odd_timestamps":
            forms = itertools.cycle((_offset, _blanks, _percent, _plus))
            return {name: _retimed(child, forms) for name, child in content.items()}
        case "no_address":
            for order in orders:
                order["ShippingAddress"] = order["BuyerName"] = None
        case "split_payments":
            for order in orders:
                _split_payment(order)
        case "missing_amounts" | "mixed_currencies" | "bad_order" | "unknown_enum":
            for one in (orders or items)[:1]:
                _one(one, fault)
    return content


def damaged_body(body: bytes, fault: str | None) -> bytes:
    """Return a document as the fault leaves it: the entities stand in the first text there is."""
    match fault:
        case "bad_xml":
            return body[: len(body) // 2]
        case "xml_bomb" | "external_entity":
            doctype = f"?>\n<!DOCTYPE x [{_ENTITIES[fault]}]>".encode()
            return body.replace(b"?>", doctype, 1).replace(b"</", b"&x;</", 1)
        case "other_report_root":
            return body.replace(b"AmazonEnvelope", b"EasyShipDocument")
    return body


def _one(one: Tree, fault: str) -> None:
    is_order = "OrderStatus" in one
    match fault:
        case "missing_amounts" if is_order:
            one["OrderTotal"] = None
        case "missing_amounts" if "ItemPrice" in one:
            one["ItemPrice"]["Amount"] = None
        case "mixed_currencies":
            for value in one.values():
                if isinstance(value, dict) and "CurrencyCode" in value:
                    value["CurrencyCode"] = "AUD" if value["CurrencyCode"] != "AUD" else "NZD"
        case "bad_order":
            one |= {"LastUpdateDate": "a while ago"} if is_order else {"QuantityOrdered": "several"}
        case "unknown_enum":
            one["SomethingNew"] = {"Reason": "Elements are added without notice"}
            if is_order:
                one["OrderStatus"] = "AwaitingDrone"


def _split_payment(order: Tree) -> None:
    """Pay a part by gift card, the rest at the door."""
    if order["OrderTotal"] is None:
        return
    currency = order["OrderTotal"]["CurrencyCode"]
    whole = Decimal(order["OrderTotal"]["Amount"])
    gift = (whole / 4).quantize(whole)
    parts = [
        {"Payment": {"Amount": str(amount), "CurrencyCode": currency}, "PaymentMethod": method}
        for amount, method in ((gift, "GC"), (whole - gift, "COD"))
    ]
    order["PaymentExecutionDetail"] = {"PaymentExecutionDetailItem": parts}
    order["PaymentMethod"] = "COD"
    order["PaymentMethodDetails"] = {"PaymentMethodDetail": ["GiftCertificate", "COD"]}


def _retimed(value: Any, forms: Iterator[Any]) -> Any:
    match value:
        case dict():
            return {name: _retimed(child, forms) for name, child in value.items()}
        case list():
            return [_retimed(child, forms) for child in value]
        case str() if _TIME.fullmatch(value):
            return next(forms)(value)
    return value


def _offset(text: str) -> str:
    elsewhere = datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=-7)))
    return elsewhere.isoformat(timespec="milliseconds")


def _blanks(text: str) -> str:
    return f"\n        {text} "


def _percent(text: str) -> str:
    return quote(text)


def _plus(text: str) -> str:
    return quote(datetime.fromisoformat(text).isoformat(timespec="milliseconds"))
