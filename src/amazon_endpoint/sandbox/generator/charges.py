"""What an order costs, to the smallest coin, in the shapes that Amazon gives it.

Amazon's examples add up: the items' totals and a delivery tip make the grand total, and an
item's total is the sum of its breakdowns. Whether TAX counts in that sum (prices with or
without tax) and with which sign DISCOUNT is written are one choice for a whole order.
"""

from msgspec import Struct, field

from amazon_endpoint.sandbox.orders import Json

#: A breakdown's details: every part, none of them, or only some.
FULL, NONE, PARTIAL = "full", "none", "partial"


class Style(Struct):
    """How one order writes its amounts."""

    currency: str
    digits: int
    tax_included: bool = False
    discount_sign: int = -1
    tax_details: str = FULL
    discount_details: str = FULL

    def money(self, coins: int) -> Json:
        """Write an amount of the smallest coin."""
        sign, coins = "-" if coins < 0 else "", abs(coins)
        if not self.digits:
            return {"amount": f"{sign}{coins}", "currencyCode": self.currency}
        whole, rest = divmod(coins, 10**self.digits)
        return {"amount": f"{sign}{whole}.{rest:0{self.digits}d}", "currencyCode": self.currency}


class Charges(Struct):
    """What one item costs, in the smallest coin; discounts are counted positive here."""

    item: int = 0
    shipping: int = 0
    gift_wrap: int = 0
    cod_fee: int = 0
    other: int = 0
    taxes: dict[str, int] = field(default_factory=dict)
    discounts: dict[str, int] = field(default_factory=dict)

    def parts(self) -> list[tuple[str, int]]:
        """Return the charges by Amazon's names, those that are nothing left out."""
        named = (
            ("ITEM", self.item),
            ("SHIPPING", self.shipping),
            ("GIFT_WRAP", self.gift_wrap),
            ("COD_FEE", self.cod_fee),
            ("OTHER", self.other),
        )
        return [(name, coins) for name, coins in named if coins]

    def total(self, style: Style) -> int:
        """Return what the item costs in all."""
        tax = 0 if style.tax_included else sum(self.taxes.values())
        parts = sum(coins for _, coins in self.parts())
        return parts + tax - sum(self.discounts.values())

    def levy(self, percent: int, style: Style) -> None:
        """Put tax on every charge; a price with tax holds it already."""
        divisor = 100 + percent if style.tax_included else 100
        for name, coins in self.parts():
            self.taxes[name] = coins * percent // divisor


def item_proceeds(charges: Charges, style: Style) -> Json:
    """Write what an item costs."""
    breakdowns: list[Json] = [
        {"type": name, "subtotal": style.money(coins)} for name, coins in charges.parts()
    ]
    if charges.taxes:
        breakdowns.append(_detailed("TAX", charges.taxes, 1, style.tax_details, style))
    if charges.discounts:
        sign, kept = style.discount_sign, style.discount_details
        breakdowns.append(_detailed("DISCOUNT", charges.discounts, sign, kept, style))
    return {"proceedsTotal": style.money(charges.total(style)), "breakdowns": breakdowns}


def order_proceeds(items: list[Charges], tip: tuple[str, int] | None, style: Style) -> Json:
    """Write what an order costs: the sums over its items, and the tip, which no item holds."""
    sums: dict[str, int] = {}
    for charges in items:
        for name, coins in charges.parts():
            sums[name] = sums.get(name, 0) + coins
        for name, parts, sign in (
            ("TAX", charges.taxes, 1),
            ("DISCOUNT", charges.discounts, style.discount_sign),
        ):
            if parts:
                sums[name] = sums.get(name, 0) + sign * sum(parts.values())
    breakdowns: list[Json] = [
        {"type": name, "subtotal": style.money(coins)} for name, coins in sums.items()
    ]
    grand_total = sum(charges.total(style) for charges in items)
    if tip is not None:
        status, coins = tip
        grand_total += coins
        breakdowns.append(
            {"type": "DELIVERY_TIP", "status": status, "subtotal": style.money(coins)}
        )
    return {"grandTotal": style.money(grand_total), "breakdowns": breakdowns}


def _detailed(name: str, parts: dict[str, int], sign: int, kept: str, style: Style) -> Json:
    breakdown: Json = {"type": name, "subtotal": style.money(sign * sum(parts.values()))}
    if kept == FULL:
        breakdown["detailedBreakdowns"] = [
            {"subtype": subtype, "value": style.money(sign * coins)}
            for subtype, coins in parts.items()
        ]
    elif kept == PARTIAL:
        subtype, coins = next(iter(parts.items()))
        value = style.money(sign * (coins // 2))
        breakdown["detailedBreakdowns"] = [{"subtype": subtype, "value": value}]
    return breakdown
