"""Reading orders: from Amazon's XML to the store-neutral order."""

from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from amazon_endpoint.amazon.marketplaces import marketplace
from amazon_endpoint.amazon.mws.fields import count, moment, required
from amazon_endpoint.amazon.mws.prices import read_prices
from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.amazon.xml import child, children, text
from amazon_endpoint.orders import (
    AMAZON,
    MERCHANT,
    Address,
    AssociatedOrder,
    Order,
    OrderItem,
)

#: Amazon's word for who fulfils an order, by ours.
CHANNELS = {MERCHANT: "MFN", AMAZON: "AFN"}
_FULFILLED_BY = {channel: whose for whose, channel in CHANNELS.items()}

# What Orders v2026-01-01 calls a programme is a flag here.
_PROGRAMS = {
    "IsBusinessOrder": "AMAZON_BUSINESS",
    "IsPremiumOrder": "PREMIUM",
    "IsPrime": "PRIME",
}
_TAX_COLLECTORS = {"MarketplaceFacilitator": "MARKETPLACE_FACILITATOR"}


def read_order(order: etree._Element, items: Sequence[etree._Element]) -> Order | UnreadableOrder:
    """Read one order and its items, or say why it can't be read without saying what is in it."""
    try:
        return _order(order, items)
    except (ValueError, ArithmeticError, RecursionError) as problem:
        return UnreadableOrder(order_number(order), f"This order can't be read: {problem}.")


def order_number(order: etree._Element) -> str | None:
    """The number under which Amazon and the merchant know the order."""
    return text(order, "AmazonOrderId")


def order_status(order: etree._Element) -> str:
    """Amazon's word, which is the published one; empty where it states none."""
    return text(order, "OrderStatus") or ""


def _order(order: etree._Element, items: Sequence[etree._Element]) -> Order:
    if not items:
        raise ValueError("Amazon lists no items of it")
    prices = read_prices(order, items)
    status = order_status(order)
    channel = text(order, "FulfillmentChannel")
    return Order(
        number=required(order, "AmazonOrderId"),
        status=status,
        placed_at=_moment(order, "PurchaseDate"),
        updated_at=_moment(order, "LastUpdateDate"),
        channel=_channel(order),
        marketplace_id=text(order, "MarketplaceId"),
        fulfilled_by=_FULFILLED_BY.get(channel, channel) if channel else None,
        shipping_service_level=text(order, "ShipmentServiceLevelCategory"),
        currency=prices.currency,
        charges=prices.charges,
        buyer_name=text(order, "BuyerName"),
        buyer_email=text(order, "BuyerEmail"),
        buyer_company=text(order, "BuyerTaxInfo", "CompanyLegalName"),
        purchase_order_number=text(order, "PurchaseOrderNumber"),
        shipping_address=_address(child(order, "ShippingAddress")),
        programs=tuple(word for flag, word in _PROGRAMS.items() if text(order, flag) == "true"),
        associated_orders=tuple(
            AssociatedOrder(number, "REPLACEMENT_ORIGINAL_ID")
            for number in [text(order, "ReplacedOrderId")]
            if number
        ),
        seller_order_id=_seller_order_id(order),
        items=tuple(map(_item, items)),
        remarks=prices.remarks if status else ("Amazon states no status.", *prices.remarks),
    )


def _item(item: etree._Element) -> OrderItem:
    quantity = count(item, "QuantityOrdered")
    if quantity is None:
        raise ValueError("an item has no QuantityOrdered")
    collector = text(item, "TaxCollection", "Model")
    request = child(item, "BuyerRequestedCancel")
    # Nothing tells that a request was carried out, but that no unit is left.
    asked = quantity > 0 and text(request, "IsBuyerRequestedCancel") == "true"
    promotions = (text(one) for one in children(item, "PromotionIds", "PromotionId"))
    return OrderItem(
        item_id=required(item, "OrderItemId"),
        quantity=quantity,
        sku=text(item, "SellerSKU"),
        title=text(item, "Title"),
        asin=text(item, "ASIN"),
        quantity_fulfilled=count(item, "QuantityShipped"),
        cancellation_requested_by="BUYER" if asked else None,
        cancellation_reason=text(request, "BuyerCancelReason") if asked else None,
        promotion_ids=tuple(one for one in promotions if one),
        gift_message=text(item, "GiftMessageText"),
        gift_wrap_level=text(item, "GiftWrapLevel"),
        tax_collected_by=(_TAX_COLLECTORS.get(collector, collector),) if collector else (),
    )


def _moment(order: etree._Element, name: str) -> datetime:
    found = moment(order, name)
    if found is None:
        raise ValueError(f"it has no {name}")
    return found


def _seller_order_id(order: etree._Element) -> str | None:
    """The seller's own number; Amazon repeats its own where there is none."""
    number = text(order, "SellerOrderId")
    return None if number == order_number(order) else number


def _channel(order: etree._Element) -> str:
    known = marketplace(text(order, "MarketplaceId"))
    name = text(order, "SalesChannel") or (known and known.channel)
    if not name:
        raise ValueError("it names no sales channel")
    return name


def _address(found: etree._Element | None) -> Address | None:
    lines = (text(found, f"AddressLine{number}") for number in (1, 2, 3))
    address = Address(
        name=text(found, "Name"),
        company=text(found, "CompanyName"),
        lines=tuple(line for line in lines if line),
        city=text(found, "City") or text(found, "Municipality"),
        district=text(found, "District") or text(found, "County"),
        state=text(found, "StateOrRegion"),
        postal_code=text(found, "PostalCode"),
        country=text(found, "CountryCode"),
        phone=text(found, "Phone"),
    )
    return None if address == Address() else address
