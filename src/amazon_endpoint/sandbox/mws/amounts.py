"""An order's money in the words of Marketplace Web Service.

Its items have a price, a tax and a discount for goods, postage and gift wrap, and a fee for cash on
delivery; every amount is for the whole line, and discounts are positive. For a charge of another
kind (`OTHER`, a `DELIVERY_TIP`, whatever comes next) it has no word. Such a charge is left out of
the order's total too, so that what is said always adds up; `unsaid` tells what was left out. Tax
on it, and on cash on delivery, stands in the item's own tax.
"""

from decimal import Decimal

from amazon_endpoint.sandbox.mws.xml import Tree
from amazon_endpoint.sandbox.orders import Json

_SAID = frozenset({"ITEM", "SHIPPING", "GIFT_WRAP", "COD_FEE", "TAX", "DISCOUNT"})
_NOTHING = Decimal(0)


def unsaid(order: Json) -> dict[str, Decimal]:
    """Return what an order costs beyond Marketplace Web Service's words: the sum of each kind."""
    sums: dict[str, Decimal] = {}
    parts = [
        part
        for item in order["orderItems"]
        for part in item.get("proceeds", {}).get("breakdowns", [])
        if part["type"] not in _SAID
    ]
    # The order's own breakdowns are sums over its items, but for the tip, which is in none.
    of_order = order.get("proceeds", {}).get("breakdowns", [])
    parts += [part for part in of_order if part["type"] == "DELIVERY_TIP"]
    for part in parts:
        amount = Decimal(part["subtotal"]["amount"])
        sums[part["type"]] = sums.get(part["type"], _NOTHING) + amount
    return sums


def order_total(order: Json) -> Tree | None:
    """Write what an order costs, less what is left unsaid."""
    stated = order.get("proceeds", {}).get("grandTotal")
    if stated is None:
        return None
    total = Decimal(stated["amount"]) - sum(unsaid(order).values(), _NOTHING)
    return _money(total, stated["currencyCode"])


def item_amounts(item: Json) -> Tree:
    """Write what an item costs; nothing for one without a price."""
    parts = {part["type"]: part for part in item.get("proceeds", {}).get("breakdowns", [])}
    unit = item.get("product", {}).get("price", {}).get("unitPrice")
    if not parts and unit is None:
        return {}
    price = _subtotal(parts, "ITEM")
    if "ITEM" not in parts and unit is not None:
        price = Decimal(unit["amount"]) * item["quantityOrdered"]
    currency = unit["currencyCode"] if unit else _currency(parts)
    taxes, discounts = _details(parts, "TAX"), _details(parts, "DISCOUNT")
    tax = _subtotal(parts, "TAX") - taxes["SHIPPING"] - taxes["GIFT_WRAP"]
    promotion = abs(_subtotal(parts, "DISCOUNT")) - discounts["SHIPPING"] - discounts["COD_FEE"]
    amounts = {
        "ItemPrice": price,
        "ShippingPrice": _subtotal(parts, "SHIPPING"),
        "GiftWrapPrice": _subtotal(parts, "GIFT_WRAP"),
        "ItemTax": tax,
        "ShippingTax": taxes["SHIPPING"],
        "GiftWrapTax": taxes["GIFT_WRAP"],
        "ShippingDiscount": discounts["SHIPPING"],
        "PromotionDiscount": promotion,
    }
    if fee := _subtotal(parts, "COD_FEE"):
        amounts |= {"CODFee": fee, "CODFeeDiscount": discounts["COD_FEE"]}
    digits = max(-int(one.as_tuple().exponent) for one in amounts.values())
    return {
        name: _money(amount.quantize(Decimal(1).scaleb(-digits)), currency)
        for name, amount in amounts.items()
    }


def _money(amount: Decimal, currency: str) -> Tree:
    return {"CurrencyCode": currency, "Amount": f"{amount:f}"}


def _subtotal(parts: Json, kind: str) -> Decimal:
    return Decimal(parts[kind]["subtotal"]["amount"]) if kind in parts else _NOTHING


def _details(parts: Json, kind: str) -> dict[str, Decimal]:
    told = dict.fromkeys(("SHIPPING", "GIFT_WRAP", "COD_FEE"), _NOTHING)
    for detail in parts.get(kind, {}).get("detailedBreakdowns", []):
        amount = Decimal(detail["value"]["amount"])
        told[detail["subtype"]] = abs(amount) if kind == "DISCOUNT" else amount
    return told


def _currency(parts: Json) -> str:
    return next(str(part["subtotal"]["currencyCode"]) for part in parts.values())
