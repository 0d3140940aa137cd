"""The plainest way from an order to the hub's message, as somebody in a hurry would write it.

Tax is taken to be added, a discount to lessen, and money to be a float: what else there is to an
order's money is not looked at. Written for the peers, and in favour of them.
"""

import json
from datetime import datetime
from typing import Any

_STATUSES = {
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
}


def from_dict(order: dict[str, Any]) -> str:
    """The message of an order as Amazon's JSON has it."""
    sums: dict[str, float] = {}
    lines = []
    for item in order["orderItems"]:
        product = item["product"]
        for part in item.get("proceeds", {}).get("breakdowns", ()):
            amount = float(part["subtotal"]["amount"])
            sums[part["type"]] = sums.get(part["type"], 0) + amount
            for detail in part.get("detailedBreakdowns", ()):
                within = part["type"] + detail["subtype"]
                sums[within] = sums.get(within, 0) + float(detail["value"]["amount"])
        if item["quantityOrdered"]:
            price = product.get("price", {}).get("unitPrice", {}).get("amount", 0)
            lines.append(_line(product, float(price), item["quantityOrdered"]))
    found = order.get("recipient", {}).get("deliveryAddress", {})
    package = order["packages"][0] if len(order.get("packages", ())) == 1 else {}
    fulfillment = order["fulfillment"]
    return _message(
        number=order["orderId"],
        channel=order["salesChannel"].get("marketplaceName", "Amazon"),
        currency=order["proceeds"]["grandTotal"]["currencyCode"],
        status=_STATUSES[fulfillment["fulfillmentStatus"]],
        placed_on=order["createdTime"][:19] + "Z",
        updated_at=order["lastUpdatedTime"][:19] + "Z",
        email=order.get("buyer", {}).get("buyerEmail", ""),
        sums=sums,
        total=float(order["proceeds"]["grandTotal"]["amount"]),
        lines=lines,
        method=fulfillment.get("fulfillmentServiceLevel", "").title(),
        tracking=package.get("trackingNumber", ""),
        reference=package.get("packageReferenceId", ""),
        address=_address(
            found.get("name", ""),
            found.get("addressLine1", ""),
            found.get("addressLine2", ""),
            found.get("city", ""),
            found.get("postalCode", ""),
            found.get("phone", ""),
            found.get("countryCode", ""),
            found.get("stateOrRegion", ""),
        ),
    )


def from_object(order: Any, *, type_name: str) -> str:
    """The message of an order whose parts are attributes; `type_name` is a breakdown's own."""
    sums: dict[str, float] = {}
    lines = []
    for item in order.order_items:
        product = item.product
        for part in (item.proceeds and item.proceeds.breakdowns) or ():
            kind = getattr(part, type_name)
            sums[kind] = sums.get(kind, 0) + float(part.subtotal.amount)
            for detail in part.detailed_breakdowns or ():
                within = kind + detail.subtype
                sums[within] = sums.get(within, 0) + float(detail.value.amount)
        if item.quantity_ordered:
            price = float(product.price.unit_price.amount) if product.price else 0.0
            told = {"title": product.title or "", "sellerSku": product.seller_sku or ""}
            lines.append(_line(told, price, item.quantity_ordered))
    found = order.recipient and order.recipient.delivery_address
    package = order.packages[0] if len(order.packages or ()) == 1 else None
    fulfillment = order.fulfillment
    status = fulfillment.fulfillment_status
    return _message(
        number=order.order_id,
        channel=order.sales_channel.marketplace_name or "Amazon",
        currency=order.proceeds.grand_total.currency_code,
        status=_STATUSES[getattr(status, "value", status)],
        placed_on=_written(order.created_time),
        updated_at=_written(order.last_updated_time),
        email=(order.buyer and order.buyer.buyer_email) or "",
        sums=sums,
        total=float(order.proceeds.grand_total.amount),
        lines=lines,
        method=(fulfillment.fulfillment_service_level or "").title(),
        tracking=(package and package.tracking_number) or "",
        reference=(package and package.package_reference_id) or "",
        address=_address(
            found.name or "",
            found.address_line1 or "",
            found.address_line2 or "",
            found.city or "",
            found.postal_code or "",
            found.phone or "",
            found.country_code or "",
            found.state_or_region or "",
        )
        if found
        else _address(*[""] * 8),
    )


def _written(moment: datetime | str) -> str:
    return str(moment)[:19].replace(" ", "T") + "Z"


def _line(product: dict[str, Any], price: float, quantity: int) -> dict[str, Any]:
    return {
        "name": product.get("title", ""),
        "price": price,
        "sku": product.get("sellerSku", ""),
        "quantity": quantity,
        "variant_id": None,
        "external_ref": None,
        "options": {},
    }


def _address(
    name: str,
    address1: str,
    address2: str,
    city: str,
    zipcode: str,
    phone: str,
    country: str,
    state: str,
) -> dict[str, str]:
    firstname, _, lastname = name.partition(" ")
    return {
        "firstname": firstname,
        "lastname": lastname,
        "address1": address1,
        "address2": address2,
        "city": city,
        "zipcode": zipcode,
        "phone": phone,
        "country": country,
        "state": state,
    }


def _message(
    *,
    number: str,
    channel: str,
    currency: str,
    status: str,
    placed_on: str,
    updated_at: str,
    email: str,
    sums: dict[str, float],
    total: float,
    lines: list[dict[str, Any]],
    method: str,
    tracking: str,
    reference: str,
    address: dict[str, str],
) -> str:
    shipping = sums.get("SHIPPING", 0.0)
    discount = -abs(sums.get("DISCOUNT", 0.0))
    shipping_discount = -abs(sums.get("DISCOUNTSHIPPING", 0.0))
    gift_wrap_tax = sums.get("TAXGIFT_WRAP", 0.0)
    tax = sums.get("TAX", 0.0)
    order = {
        "number": number,
        "channel": channel,
        "currency": currency,
        "status": status,
        "placed_on": placed_on,
        "updated_at": updated_at,
        "email": email,
        "totals": {
            "item": round(sums.get("ITEM", 0.0), 2),
            "adjustment": round(total - sums.get("ITEM", 0.0) - shipping, 2),
            "tax": round(tax, 2),
            "shipping": round(shipping, 2),
            "order": total,
            "payment": total,
        },
        "adjustments": [
            {"name": "Shipping Discount", "value": round(shipping_discount, 2)},
            {"name": "Promotion Discount", "value": round(discount - shipping_discount, 2)},
            {"name": "Amazon Tax", "value": round(tax - gift_wrap_tax, 2)},
            {"name": "Gift Wrap Price", "value": round(sums.get("GIFT_WRAP", 0.0), 2)},
            {"name": "Gift Wrap Tax", "value": round(gift_wrap_tax, 2)},
        ],
        "line_items": lines,
        "payments": [{"amount": total, "payment_method": "Amazon", "status": "complete"}],
        "shipments": [
            {
                "cost": round(shipping, 2),
                "status": status,
                "shipping_method": method,
                "items": lines,
                "stock_location": "",
                "tracking": tracking,
                "number": reference,
            }
        ],
        "shipping_address": address,
        "billing_address": address,
    }
    return json.dumps({"message": "order:import", "payload": {"order": order}})
