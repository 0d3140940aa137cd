"""Answers damaged on purpose: shapes and values that a client has never seen."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from amazon_endpoint.sandbox.answers import Answer
from amazon_endpoint.sandbox.faults import Fault
from amazon_endpoint.sandbox.orders import Json


def damaged(answer: Answer, fault: Fault, parameters: Mapping[str, str]) -> Answer:
    """Return the answer as the fault leaves it."""
    if answer.status != 200 or answer.body is None:
        return answer
    body: Json = msgspec.json.decode(msgspec.json.encode(answer.body))
    orders = body["orders"] if "orders" in body else [body["order"]] if "order" in body else []
    match fault.fault:
        case "repeated_page" if "orders" in body:
            body["pagination"] = {"nextToken": parameters["paginationToken"]}
        case "bad_order" if orders:
            orders[0]["orderItems"] = "not a list"
        case "unknown_enum" if orders:
            _from_the_future(orders[0])
        case _:
            return answer
    return Answer(200, body)


def _from_the_future(order: Json) -> None:
    """Add what a later version of the API might: a status, a program, a charge, a block.

    The new charge is one unit of the currency; the totals hold it, so the order still adds up.
    """
    order["somethingNew"] = {"reason": "Amazon adds fields without notice"}
    order["programs"] = [*order.get("programs", []), "MOON_DELIVERY"]
    if "fulfillment" in order:
        order["fulfillment"]["fulfillmentStatus"] = "AWAITING_DRONE"
    for item in order["orderItems"]:
        proceeds = item.get("proceeds", {})
        total = proceeds.get("proceedsTotal")
        grand_total = order.get("proceeds", {}).get("grandTotal")
        if total is None or grand_total is None:
            continue
        charge = {"amount": "1", "currencyCode": total["currencyCode"]}
        proceeds["breakdowns"] = [
            *proceeds.get("breakdowns", []),
            {"type": "CARBON_OFFSET", "subtotal": charge},
        ]
        for sum_ in (total, grand_total):
            sum_["amount"] = str(Decimal(sum_["amount"]) + 1)
        return
