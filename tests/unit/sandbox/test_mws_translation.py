from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from amazon_endpoint.sandbox.generator import made_up_orders
from amazon_endpoint.sandbox.mws.amounts import item_amounts, unsaid
from amazon_endpoint.sandbox.mws.translation import item_tree, order_tree
from amazon_endpoint.sandbox.options import SandboxOptions
from tests.integration.sandbox.seller import order

MADE_UP = list(made_up_orders(SandboxOptions(orders=120), datetime(2026, 5, 1, 12, tzinfo=UTC)))
PRICED = [one for one in MADE_UP if "grandTotal" in one.get("proceeds", {})]
NUMBER, DAY = "111-0000000-0000001", "2024-05-02T10:00:00.000Z"
_ADDED = ("ItemPrice", "ShippingPrice", "GiftWrapPrice", "CODFee")
_TAKEN = ("ShippingDiscount", "PromotionDiscount", "CODFeeDiscount")
_TAXES = ("ItemTax", "ShippingTax", "GiftWrapTax")


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "USD"}


def part(kind: str, amount: str, **details: str) -> dict[str, Any]:
    told = [{"subtype": name, "value": money(value)} for name, value in details.items()]
    return {"type": kind, "subtotal": money(amount), "detailedBreakdowns": told}


def item(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    product = {"sellerSku": "MUG-1"}
    plain = {"orderItemId": "1", "quantityOrdered": 2, "product": product}
    return plain | {"proceeds": {"breakdowns": list(parts)}} | fields


def amounts(one: dict[str, Any]) -> dict[str, str]:
    return {name: tree["Amount"] for name, tree in item_amounts(one).items() if tree["Amount"]}


def sums(one: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """What the amounts of an order make without tax, and its tax."""
    rest = tax = Decimal(0)
    for line in one["orderItems"]:
        told = {name: Decimal(amount) for name, amount in amounts(line).items()}
        rest += sum(told.get(name, 0) for name in _ADDED)
        rest -= sum(told.get(name, 0) for name in _TAKEN)
        tax += sum(told.get(name, 0) for name in _TAXES)
    return rest, tax


@pytest.mark.parametrize("one", PRICED, ids=lambda one: str(one["orderId"]))
def test_every_order_adds_up_with_its_tax_added_or_included(one: dict[str, Any]) -> None:
    total = Decimal(order_tree(one)["OrderTotal"]["Amount"])
    rest, tax = sums(one)
    assert total in {rest, rest + tax}


def test_what_cannot_be_said_is_told_apart() -> None:
    left_out = [unsaid(one) for one in PRICED]
    assert {kind for one in left_out for kind in one} == {"OTHER", "DELIVERY_TIP"}
    for one, missing in zip(PRICED, left_out, strict=True):
        total = Decimal(order_tree(one)["OrderTotal"]["Amount"])
        stated = Decimal(one["proceeds"]["grandTotal"]["amount"])
        assert total + sum(missing.values()) == stated


def test_details_move_to_their_own_amounts_and_the_rest_stays_with_the_item() -> None:
    told = amounts(
        item(
            part("ITEM", "20.00"),
            part("SHIPPING", "5.00"),
            part("GIFT_WRAP", "3.00"),
            part("COD_FEE", "2.00"),
            part("TAX", "2.50", SHIPPING="0.50", GIFT_WRAP="0.30", COD_FEE="0.20"),
            part("DISCOUNT", "-7.00", SHIPPING="-5.00", COD_FEE="-0.50"),
        )
    )
    assert told == {
        "ItemPrice": "20.00",
        "ShippingPrice": "5.00",
        "GiftWrapPrice": "3.00",
        "ItemTax": "1.70",
        "ShippingTax": "0.50",
        "GiftWrapTax": "0.30",
        "ShippingDiscount": "5.00",
        "PromotionDiscount": "1.50",
        "CODFee": "2.00",
        "CODFeeDiscount": "0.50",
    }


def test_a_price_is_for_the_whole_line() -> None:
    product = {"price": {"unitPrice": money("4.25")}}
    assert amounts(item(product=product))["ItemPrice"] == "8.50"
    assert amounts(item()) == {}


def test_yen_have_no_hundredths() -> None:
    yen = {"amount": "1280", "currencyCode": "JPY"}
    told = item_amounts(item({"type": "ITEM", "subtotal": yen}))
    assert told["ItemPrice"] == {"CurrencyCode": "JPY", "Amount": "1280"}
    assert told["ItemTax"]["Amount"] == "0"


@pytest.mark.parametrize("status", ["PENDING", "PENDING_AVAILABILITY"])
def test_a_pending_order_shows_no_price_and_no_buyer(status: str) -> None:
    pending = order(
        NUMBER,
        DAY,
        proceeds={"grandTotal": money("8.00")},
        buyer={"buyerName": "A", "buyerEmail": "a@b.example"},
        recipient={"deliveryAddress": {"name": "A"}},
        fulfillment={"fulfillmentStatus": status},
    )
    line = item(part("ITEM", "8.00"))
    told = order_tree(pending)
    hidden = ("OrderTotal", "ShippingAddress", "BuyerEmail", "BuyerName")
    assert [told[name] for name in hidden] == [None] * 4
    assert "ItemPrice" not in item_tree(line, pending)


@pytest.mark.parametrize(
    ("blocks", "told"),
    [
        ({"programs": ["PRIME"]}, {"IsPrime": "true", "IsPremiumOrder": "false"}),
        ({"programs": ["PREMIUM", "AMAZON_BUSINESS"]}, {"IsBusinessOrder": "true"}),
        ({"programs": ["PREORDER"]}, {"OrderType": "Preorder"}),
        ({"buyer": {"buyerPurchaseOrderNumber": "PO-1"}}, {"PurchaseOrderNumber": "PO-1"}),
        ({"orderAliases": [{"aliasId": "SHOP-7"}]}, {"SellerOrderId": "SHOP-7"}),
        (
            {"associatedOrders": [{"orderId": "1", "associationType": "REPLACEMENT_ORIGINAL_ID"}]},
            {"IsReplacementOrder": "true", "ReplacedOrderId": "1"},
        ),
        (
            {"fulfillment": {"fulfillmentStatus": "CANCELLED", "fulfilledBy": "AMAZON"}},
            {"OrderStatus": "Canceled", "FulfillmentChannel": "AFN"},
        ),
        (
            {"fulfillment": {"fulfillmentServiceLevel": "SECOND_DAY"}},
            {"ShipmentServiceLevelCategory": "SecondDay"},
        ),
        (
            {"fulfillment": {"shipByWindow": {"latestDateTime": DAY}}},
            {"LatestShipDate": DAY, "EarliestShipDate": None},
        ),
        (
            {"payment": {"paymentExecutions": [{"paymentMethod": "CreditCard"}]}},
            {
                "PaymentMethod": "Other",
                "PaymentMethodDetails": {"PaymentMethodDetail": ["CreditCard"]},
            },
        ),
    ],
    ids=",".join,
)
def test_blocks_have_older_words(blocks: dict[str, Any], told: dict[str, Any]) -> None:
    tree = order_tree(order(NUMBER, DAY, **blocks))
    assert {name: tree[name] for name in told} == told


def test_cash_on_delivery_tells_its_parts() -> None:
    executions = [
        {"paymentMethod": "GC", "paymentAmount": money("3.00")},
        {"paymentMethod": "COD", "paymentAmount": money("5.00")},
    ]
    tree = order_tree(order(NUMBER, DAY, payment={"paymentExecutions": executions}))
    parts = tree["PaymentExecutionDetail"]["PaymentExecutionDetailItem"]
    assert tree["PaymentMethod"] == "COD"
    assert [(one["PaymentMethod"], one["Payment"]["Amount"]) for one in parts] == [
        ("GC", "3.00"),
        ("COD", "5.00"),
    ]


def test_an_item_tells_its_gift_promotion_points_and_requests() -> None:
    full = item(
        promotion={"breakdowns": [{"promotionId": "Autumn-1"}, {}]},
        expense={"pointsCost": {"pointsGranted": {"pointsNumber": 20}}},
        cancellation={"cancellationRequest": {"cancelReason": "ORDERED_BY_MISTAKE"}},
        tax={"taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "A"}]},
        fulfillment={
            "quantityFulfilled": 1,
            "packing": {"giftOption": {"giftMessage": "Hi", "giftWrapLevel": "Classic"}},
        },
    )
    told = item_tree(full, order(NUMBER, DAY))
    assert {
        "QuantityShipped": "1",
        "PromotionIds": {"PromotionId": ["Autumn-1"]},
        "PointsGranted": {"PointsNumber": "20"},
        "BuyerRequestedCancel": {
            "IsBuyerRequestedCancel": "true",
            "BuyerCancelReason": "ORDERED_BY_MISTAKE",
        },
        "TaxCollection": {"Model": "MarketplaceFacilitator", "ResponsibleParty": "A"},
        "IsGift": "true",
        "GiftMessageText": "Hi",
        "GiftWrapLevel": "Classic",
    }.items() <= told.items()
