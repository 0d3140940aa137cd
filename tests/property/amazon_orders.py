"""Generated orders in Amazon's own JSON, each with the rows that are true of it."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from amazon_endpoint.money import from_minor_units, minor_digits

ZERO = Decimal(0)
CURRENCIES = ("USD", "EUR", "GBP", "JPY", "KWD")
TAX_ROWS = {"ITEM": "Amazon Tax", "SHIPPING": "Shipping Tax", "GIFT_WRAP": "Gift Wrap Tax"}
BOOLEANS = st.booleans()
DISCOUNT_ROWS = {"ITEM": "Promotion Discount", "SHIPPING": "Shipping Discount"}


@dataclass
class Truth:
    """What a generated order really comes to."""

    currency: str
    item: Decimal = ZERO
    shipping: Decimal = ZERO
    tax: Decimal = ZERO
    order: Decimal = ZERO
    rows: dict[str, Decimal] = field(default_factory=dict)

    def add(self, row: str, amount: Decimal) -> None:
        self.rows[row] = self.rows.get(row, ZERO) + amount


@dataclass(frozen=True)
class Convention:
    """How Amazon states money in one order; it never says so."""

    currency: str
    tax_included: bool
    discounts_positive: bool
    item_totals_stated: bool

    def money(self, amount: Decimal) -> dict[str, str]:
        return {
            "amount": f"{amount:.{minor_digits(self.currency)}f}",
            "currencyCode": self.currency,
        }


def conventions(item_totals_stated: st.SearchStrategy[bool]) -> st.SearchStrategy[Convention]:
    return st.builds(
        Convention,
        currency=st.sampled_from(CURRENCIES),
        tax_included=st.booleans(),
        discounts_positive=st.booleans(),
        item_totals_stated=item_totals_stated,
    )


@st.composite
def amounts(draw: st.DrawFn, currency: str, most: int = 20_000) -> Decimal:
    """Often zero, never negative, in whole minor units."""
    return from_minor_units(draw(st.sampled_from((0, 1)) | st.integers(0, most)), currency)


@st.composite
def _detailed(
    draw: st.DrawFn,
    convention: Convention,
    kind: str,
    rows: dict[str, str],
    truth: Truth,
    sign: int,
) -> tuple[Decimal, dict[str, Any] | None]:
    """A TAX or DISCOUNT breakdown: with full, partial or no details. The rest is the item's."""
    parts = {subtype: draw(amounts(convention.currency, 2_000)) for subtype in rows}
    told = [subtype for subtype in parts if draw(st.booleans())]
    total = sum(parts.values(), ZERO)
    for subtype, amount in parts.items():
        row = rows[subtype if subtype in told else "ITEM"]
        truth.add(row, ZERO if kind == "TAX" and convention.tax_included else amount * sign)
    stated = 1 if kind == "TAX" or convention.discounts_positive else -1
    breakdown: dict[str, Any] = {"type": kind, "subtotal": convention.money(total * stated)}
    if told:
        breakdown["detailedBreakdowns"] = [
            {"subtype": subtype, "value": convention.money(parts[subtype] * stated)}
            for subtype in told
        ]
    return total, breakdown if total or draw(st.booleans()) else None


@st.composite
def _items(draw: st.DrawFn, convention: Convention, number: int, truth: Truth) -> dict[str, Any]:
    quantity = draw(st.sampled_from((0, 1)) | st.integers(2, 7))
    item: dict[str, Any] = {
        "orderItemId": f"{number:014d}",
        "quantityOrdered": quantity,
        "product": {"sellerSku": f"SKU-{number}", "title": f"Thing {number}"},
    }
    if quantity == 0:
        if draw(st.booleans()):
            item["proceeds"] = {"proceedsTotal": convention.money(ZERO), "breakdowns": []}
        return item
    charges = {
        kind: draw(amounts(convention.currency))
        for kind in ("ITEM", "SHIPPING", "GIFT_WRAP", "COD_FEE", "OTHER")
    }
    truth.item += charges["ITEM"]
    truth.shipping += charges["SHIPPING"]
    truth.add("Gift Wrap Price", charges["GIFT_WRAP"])
    truth.add("COD Fee", charges["COD_FEE"])
    truth.add("Amazon Other", charges["OTHER"])
    tax, tax_breakdown = draw(_detailed(convention, "TAX", TAX_ROWS, truth, 1))
    discount, discount_breakdown = draw(_detailed(convention, "DISCOUNT", DISCOUNT_ROWS, truth, -1))
    truth.tax += tax
    total = sum(charges.values(), ZERO) - discount + (ZERO if convention.tax_included else tax)
    truth.order += total
    breakdowns = [
        {"type": kind, "subtotal": convention.money(amount)}
        for kind, amount in charges.items()
        if amount or kind == "ITEM"
    ]
    breakdowns += [one for one in (tax_breakdown, discount_breakdown) if one]
    item["proceeds"] = {"breakdowns": breakdowns}
    if convention.item_totals_stated:
        item["proceeds"]["proceedsTotal"] = convention.money(total)
    if draw(st.booleans()):
        each = (charges["ITEM"] / quantity).quantize(from_minor_units(1, convention.currency))
        item["product"]["price"] = {"unitPrice": convention.money(each)}
    return item


@st.composite
def orders(
    draw: st.DrawFn, item_totals_stated: st.SearchStrategy[bool] = BOOLEANS
) -> tuple[dict[str, Any], Truth]:
    """An order whose parts add up, as JSON, and the truth about it."""
    convention = draw(conventions(item_totals_stated))
    truth = Truth(convention.currency)
    count = draw(st.integers(1, 4))
    items = [draw(_items(convention, number, truth)) for number in range(1, count + 1)]
    proceeds: dict[str, Any] = {}
    tip = draw(amounts(convention.currency, 1_000))
    if draw(st.booleans()):
        pending = draw(st.booleans())
        within = not pending or draw(st.booleans())
        # Amazon itself could not tell these two apart.
        assume(not pending or tip != truth.tax or not tip)
        proceeds["breakdowns"] = [
            {
                "type": "DELIVERY_TIP",
                "status": "PENDING" if pending else "FINALIZED",
                "subtotal": convention.money(tip),
            }
        ]
        if within:
            truth.order += tip
            truth.add("Delivery Tip", tip)
    proceeds["grandTotal"] = convention.money(truth.order)
    order = {
        "orderId": "111-0000000-0000001",
        "createdTime": "2026-11-01T10:00:00.123Z",
        "lastUpdatedTime": "2026-11-01T11:00:00.999Z",
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": "ATVPDKIKX0DER",
            "marketplaceName": "Amazon.com",
        },
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "proceeds": proceeds,
        "orderItems": items,
    }
    return order, truth
