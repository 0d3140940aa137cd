"""The shapes that orders come in. Every made-up list of orders goes through all of them."""

from collections.abc import Callable

from amazon_endpoint.sandbox.generator.charges import NONE, PARTIAL, Charges
from amazon_endpoint.sandbox.generator.drafts import Draft
from amazon_endpoint.sandbox.generator.people import UNICODE_NAMES, military_address

Shape = Callable[[Draft], None]

#: Marketplaces in which a shape belongs, if they are among those chosen.
AT_HOME = {"military": "ATVPDKIKX0DER", "cash_on_delivery": "A1VC38T7YXB528"}


def plain(draft: Draft) -> None:
    """Nothing special."""


def plain_pair(draft: Draft) -> None:
    """Two items or more, of which the first has more than one piece."""
    while len(draft.lines) < 2:
        draft.add_line(1)
    line = draft.lines[0]
    line.quantity = 3
    line.charges.item = 3 * line.unit


def shipping(draft: Draft) -> None:
    """Postage on every item, at times waived."""
    for line in draft.lines:
        line.charges.shipping = draft.coins(draft.rng.choice((399, 599, 1250)))
    if draft.rng.random() < 0.4:
        charges = draft.lines[0].charges
        charges.discounts["SHIPPING"] = charges.shipping


def discount(draft: Draft) -> None:
    """A promotion on the items, written with either sign."""
    draft.style.discount_sign = draft.rng.choice((-1, 1))
    for line in draft.lines:
        line.charges.discounts["ITEM"] = max(1, line.charges.item // draft.rng.choice((4, 7, 10)))
        line.blocks["promotion"] = {
            "breakdowns": [{"promotionId": f"Autumn-{draft.rng.randrange(99)}"}]
        }


def discount_without_details(draft: Draft) -> None:
    """A promotion of which only the sum is told."""
    discount(draft)
    draft.style.discount_details = NONE


def discount_with_some_details(draft: Draft) -> None:
    """A promotion on goods and postage, of which only a part is told."""
    shipping(draft)
    discount(draft)
    draft.style.discount_details = PARTIAL


def tax_without_details(draft: Draft) -> None:
    """Tax of which only the sum is told."""
    draft.style.tax_details = NONE


def tax_with_some_details(draft: Draft) -> None:
    """Tax on goods and postage, of which only a part is told."""
    shipping(draft)
    draft.style.tax_details = PARTIAL


def gift(draft: Draft) -> None:
    """Wrapped, with a message."""
    line = draft.lines[0]
    line.charges.gift_wrap = draft.coins(499)
    line.packing["giftOption"] = {
        "giftMessage": "Alles Gute, “Liebe” & viel Glück!\nDeine M. <3",
        "giftWrapLevel": "Classic",
    }


def cash_on_delivery(draft: Draft) -> None:
    """Paid at the door, for a fee that is at times waived."""
    line = draft.lines[0]
    line.charges.cod_fee = draft.coins(330)
    line.blocks["expense"] = {"pointsCost": {"pointsGranted": {"pointsNumber": 20}}}
    if draft.rng.random() < 0.3:
        line.charges.discounts["COD_FEE"] = line.charges.cod_fee


def other_charge(draft: Draft) -> None:
    """A charge that Amazon does not name."""
    draft.lines[0].charges.other = draft.coins(175)


def tip_pending(draft: Draft) -> None:
    """A delivery tip that may still change."""
    draft.tip = ("PENDING", draft.coins(500))


def tip_final(draft: Draft) -> None:
    """A delivery tip that is settled."""
    draft.tip = ("FINALIZED", draft.coins(350))


def one_line_cancelled(draft: Draft) -> None:
    """One item was taken back before it was shipped: nothing of it is left."""
    line = draft.add_line(0)
    line.charges = Charges()
    line.blocks["cancellation"] = {"cancellationExecution": {"cancelledBy": "BUYER"}}


def cancelled(draft: Draft) -> None:
    """The whole order was taken back."""
    draft.status = "CANCELLED"
    draft.priced = draft.index % 2 == 0
    for line in draft.lines:
        line.quantity = 0
        line.charges = Charges()
        line.blocks["cancellation"] = {
            "cancellationExecution": {"cancelledBy": "MERCHANT", "cancelReason": "NO_INVENTORY"}
        }


def indivisible_price(draft: Draft) -> None:
    """Three pieces for a price that three does not divide."""
    line = draft.lines[0]
    line.quantity = 3
    line.charges.item = line.unit * 3 + draft.rng.choice((-1, 1))


def name_of_the_world(draft: Draft) -> None:
    """A name beyond ASCII, in the address and on the account."""
    name = UNICODE_NAMES[draft.rng.randrange(len(UNICODE_NAMES))]
    draft.buyer = {**(draft.buyer or {}), "buyerName": name}
    if draft.address:
        draft.address["name"] = name


def long_address(draft: Draft) -> None:
    """All three lines of an address, and a company."""
    if draft.address:
        draft.address |= {
            "companyName": "Brandt & Söhne GmbH",
            "addressLine2": "Rear building, 2nd floor",
            "addressLine3": "c/o Reception",
            "addressType": "COMMERCIAL",
        }


def no_address(draft: Draft) -> None:
    """Amazon keeps the address to itself."""
    draft.address = None


def military(draft: Draft) -> None:
    """To the armed forces."""
    if draft.marketplace.country == "US":
        draft.address = military_address(draft.rng, draft.rng.randrange(3))


def pending(draft: Draft) -> None:
    """Not paid yet: no prices, no address."""
    draft.status = "PENDING" if draft.index % 5 else "PENDING_AVAILABILITY"
    draft.priced = False
    draft.address = None
    draft.buyer = None


def fulfilled_by_amazon(draft: Draft) -> None:
    """Shipped from Amazon's own warehouse."""
    draft.fulfilled_by = "AMAZON"
    draft.status = draft.rng.choice(("UNSHIPPED", "SHIPPED", "SHIPPED"))
    draft.service = "NEXT_DAY"
    if draft.status == "SHIPPED":
        for line in draft.lines:
            line.shipped = line.quantity
    if draft.address:
        draft.address.pop("phone", None)
    draft.buyer = {"buyerName": (draft.buyer or {})["buyerName"]}


def partially_shipped(draft: Draft) -> None:
    """One parcel has left, more is to come."""
    plain_pair(draft)
    draft.status = "PARTIALLY_SHIPPED"
    draft.lines[0].shipped = 1
    draft.carrier = ("UPS", f"1Z999AA1{draft.index % 10**8:08d}")


def shipped(draft: Draft) -> None:
    """All has left."""
    draft.status = "SHIPPED"
    for line in draft.lines:
        line.shipped = line.quantity
    draft.carrier = ("Royal Mail", f"QX{draft.index % 10**9:09d}GB")
    if draft.address:
        draft.address.pop("phone", None)


def same_sku_twice(draft: Draft) -> None:
    """One article in two items."""
    line, first = draft.add_line(2), draft.lines[0]
    line.sku, line.title = first.sku, first.title


def ship_plus(draft: Draft) -> None:
    """Amazon buys the labels and confirms by itself."""
    draft.programs = ["FBM_SHIP_PLUS"]


def prime(draft: Draft) -> None:
    """A promise to a member."""
    draft.programs = ["PREMIUM", "PRIME"]
    draft.service = draft.rng.choice(("SECOND_DAY", "NEXT_DAY", "SAME_DAY"))


def business(draft: Draft) -> None:
    """A company buys, by its own order number."""
    draft.programs = ["AMAZON_BUSINESS"]
    draft.service = "EXPEDITED"
    draft.buyer = {
        **(draft.buyer or {}),
        "buyerCompanyName": "Vega Instruments Ltd.",
        "buyerPurchaseOrderNumber": f"PO-{draft.index:05d}",
    }


def cancellation_requested(draft: Draft) -> None:
    """The buyer asks to take the order back; the merchant has not answered."""
    request = {"requester": "BUYER", "cancelReason": "ORDERED_BY_MISTAKE"}
    draft.lines[0].blocks["cancellation"] = {"cancellationRequest": request}


def replacement(draft: Draft) -> None:
    """Sent again free of charge, linked to the order it replaces."""
    original = f"{draft.order_id[:3]}-{draft.order_id[4:11]}-9{draft.order_id[13:]}"
    draft.blocks["associatedOrders"] = [
        {"orderId": original, "associationType": "REPLACEMENT_ORIGINAL_ID"}
    ]
    for line in draft.lines:
        line.unit = 0
        line.charges = Charges()


def bare(draft: Draft) -> None:
    """Without any block that Amazon may leave out, except the prices."""
    draft.bare = True
    draft.buyer = None


def everything(draft: Draft) -> None:
    """Every kind of charge at once."""
    plain_pair(draft)
    shipping(draft)
    discount(draft)
    gift(draft)
    other_charge(draft)
    cash_on_delivery(draft)
    tip_final(draft)
    draft.blocks["orderAliases"] = [
        {"aliasId": f"SHOP-{draft.index}", "aliasType": "SELLER_ORDER_ID"}
    ]


#: In the order in which made-up orders go through them.
SHAPES: tuple[Shape, ...] = (
    plain, plain_pair, discount, shipping, gift, pending, tax_without_details, fulfilled_by_amazon,
    cash_on_delivery, name_of_the_world, partially_shipped, one_line_cancelled, military,
    discount_without_details, tip_pending, cancelled, long_address, same_sku_twice, other_charge,
    ship_plus, indivisible_price, no_address, discount_with_some_details, prime, shipped,
    cancellation_requested, tax_with_some_details, replacement, bare, tip_final, business,
    everything,
)  # fmt: skip
