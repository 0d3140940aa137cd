"""Reading orders: from Amazon's JSON to the store-neutral order."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from amazon_endpoint.amazon.marketplaces import marketplace
from amazon_endpoint.amazon.port import OrderPage, UnreadableOrder
from amazon_endpoint.amazon.spapi import wire
from amazon_endpoint.amazon.spapi.prices import read_prices
from amazon_endpoint.amazon.timestamps import read_timestamp
from amazon_endpoint.money import Money
from amazon_endpoint.orders import (
    AMAZON,
    Address,
    AssociatedOrder,
    Order,
    OrderItem,
    OrderPackage,
)

#: The published status words (Orders v0) by those of v2026-01-01.
STATUS_WORDS = {
    "PENDING_AVAILABILITY": "PendingAvailability",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}

#: The published service level words by those of v2026-01-01.
SERVICE_LEVEL_WORDS = {
    "EXPEDITED": "Expedited",
    "FREE_ECONOMY": "FreeEconomy",
    "NEXT_DAY": "NextDay",
    "PRIORITY": "Priority",
    "SAME_DAY": "SameDay",
    "SCHEDULED": "Scheduled",
    "SECOND_DAY": "SecondDay",
    "STANDARD": "Standard",
}

# Whatever an odd value may lead to must stay with its order.
_NO_ORDER = (ValueError, ArithmeticError, RecursionError)


# A fraction stays the text that it is, to be read exactly.
_decode = msgspec.json.Decoder(wire.Order, float_hook=str).decode
_decode_page = msgspec.json.Decoder(wire.OrdersPage, float_hook=str).decode
_decode_unread_page = msgspec.json.Decoder(wire.UnreadOrdersPage).decode
_decode_one = msgspec.json.Decoder(wire.OneOrder).decode


def read_page(body: bytes, personal_data_asked: bool) -> OrderPage:
    """The answer of searchOrders, each of its orders on its own.

    Raises:
        ValueError: it is no such answer.
    """
    page: wire.OrdersPage | wire.UnreadOrdersPage
    try:
        page = _decode_page(body)
    except (msgspec.ValidationError, UnicodeDecodeError):
        # One of them makes no sense: the others do.
        page = _decode_unread_page(body)
    orders: list[Order] = []
    unreadable: list[UnreadableOrder] = []
    for told in page.orders:
        read = read_order(told, personal_data_asked=personal_data_asked)
        if isinstance(read, Order):
            orders.append(read)
        else:
            unreadable.append(read)
    bound = page.last_updated_before or page.created_before
    return OrderPage(
        orders=tuple(orders),
        unreadable=tuple(unreadable),
        next_token=(page.pagination.next_token or None) if page.pagination else None,
        served_before=read_timestamp(bound) if bound else None,
    )


def read_one(body: bytes, personal_data_asked: bool) -> Order | UnreadableOrder:
    """The answer of getOrder.

    Raises:
        ValueError: it is no such answer.
    """
    return read_order(_decode_one(body).order, personal_data_asked=personal_data_asked)


def read_order(
    told: wire.Order | msgspec.Raw, *, personal_data_asked: bool
) -> Order | UnreadableOrder:
    """Read one order, or say why it can't be read without saying what is in it."""
    try:
        order = told if isinstance(told, wire.Order) else _decode(told)
        return _order(order, personal_data_asked=personal_data_asked)
    except _NO_ORDER as problem:  # msgspec's are ValueErrors that tell the place, not the value
        return UnreadableOrder(_number(told), f"This order can't be read: {problem}.")


def _number(told: wire.Order | msgspec.Raw) -> str | None:
    if isinstance(told, wire.Order):
        return told.order_id
    try:
        return msgspec.json.decode(told, type=wire.OrderNumber).order_id
    except _NO_ORDER:
        return None


_NO_FULFILLMENT, _NO_BUYER = wire.OrderFulfillment(), wire.Buyer()
_NOT_FULFILLED = wire.ItemFulfillment()


def _order(order: wire.Order, *, personal_data_asked: bool) -> Order:
    fulfillment, buyer = order.fulfillment or _NO_FULFILLMENT, order.buyer or _NO_BUYER
    status = fulfillment.fulfillment_status or ""
    prices = read_prices(order)
    return Order(
        number=order.order_id,
        status=STATUS_WORDS.get(status) or _unpublished_status(status),
        placed_at=_moment(order.created_time, "createdTime"),
        updated_at=_moment(order.last_updated_time, "lastUpdatedTime"),
        channel=_channel(order.sales_channel),
        marketplace_id=order.sales_channel.marketplace_id,
        fulfilled_by=fulfillment.fulfilled_by,
        shipping_service_level=_service_level(fulfillment.fulfillment_service_level),
        currency=prices.currency,
        charges=prices.charges,
        buyer_name=_text(buyer.buyer_name),
        buyer_email=_text(buyer.buyer_email),
        buyer_company=_text(buyer.buyer_company_name),
        purchase_order_number=_text(buyer.buyer_purchase_order_number),
        shipping_address=_address(order.recipient),
        personal_data_refused=not personal_data_asked and fulfillment.fulfilled_by != AMAZON,
        programs=tuple(order.programs) if order.programs else (),
        associated_orders=_associated(order.associated_orders) if order.associated_orders else (),
        seller_order_id=_seller_order_id(order.order_aliases) if order.order_aliases else None,
        items=tuple(map(_item, order.order_items, prices.unit_prices)),
        packages=tuple(map(_package, order.packages)) if order.packages else (),
        remarks=prices.remarks if status else ("Amazon states no status.", *prices.remarks),
    )


def _item(item: wire.OrderItem, unit_price: Money | None) -> OrderItem:
    product, fulfillment = item.product, item.fulfillment or _NOT_FULFILLED
    gift = fulfillment.packing and fulfillment.packing.gift_option
    request = _open_request(item.cancellation) if item.cancellation else None
    promotions = item.promotion.breakdowns if item.promotion else None
    collections = item.tax.tax_collections if item.tax else None
    return OrderItem(
        item_id=item.order_item_id,
        quantity=item.quantity_ordered,
        sku=_text(product.seller_sku),
        title=_text(product.title),
        asin=_text(product.asin),
        unit_price=unit_price,
        quantity_fulfilled=fulfillment.quantity_fulfilled,
        quantity_unfulfilled=fulfillment.quantity_unfulfilled,
        cancellation_requested_by=(request.requester or "unknown") if request else None,
        cancellation_reason=_text(request.cancel_reason) if request else None,
        promotion_ids=_filled([one.promotion_id for one in promotions]) if promotions else (),
        gift_message=_text(gift.gift_message) if gift else None,
        gift_wrap_level=_text(gift.gift_wrap_level) if gift else None,
        tax_collected_by=_filled([one.model for one in collections]) if collections else (),
    )


def _open_request(cancellation: wire.Cancellation) -> wire.CancellationRequest | None:
    return None if cancellation.cancellation_execution else cancellation.cancellation_request


def _unpublished_status(status: str) -> str:
    # It is kept in a column of its own: no database takes a NUL.
    if "\0" in status:
        raise ValueError("fulfillmentStatus holds a NUL")
    return status


def _channel(channel: wire.SalesChannel) -> str:
    if channel.marketplace_name:
        return channel.marketplace_name
    known = marketplace(channel.marketplace_id)
    name = known.channel if known else channel.channel_name
    if not name:
        raise ValueError("it names no sales channel")
    return name


def _service_level(word: str | None) -> str | None:
    return SERVICE_LEVEL_WORDS.get(word, word) if word else None


def _associated(links: list[wire.AssociatedOrder]) -> tuple[AssociatedOrder, ...]:
    found = [(one.order_id, one.association_type) for one in links]
    return tuple([AssociatedOrder(number, kind) for number, kind in found if number])


def _seller_order_id(aliases: list[wire.OrderAlias]) -> str | None:
    return next((one.alias_id for one in aliases if one.alias_type == "SELLER_ORDER_ID"), None)


_NO_ADDRESS = Address()


def _address(recipient: wire.Recipient | None) -> Address | None:
    found = recipient.delivery_address if recipient else None
    if found is None:
        return None
    lines = _texts(found.line1, found.line2, found.line3)
    if not lines and found.extended_fields:
        lines = _brazilian_lines(found.extended_fields)
    address = Address(
        name=_text(found.name),
        company=_text(found.company_name),
        lines=lines,
        city=_text(found.city) or _text(found.municipality),
        district=_text(found.district_or_county),
        state=_text(found.state_or_region),
        postal_code=_text(found.postal_code),
        country=_text(found.country_code),
        phone=_text(found.phone),
    )
    return None if address == _NO_ADDRESS else address


def _brazilian_lines(fields: wire.ExtendedFields) -> tuple[str, ...]:
    street = ", ".join(_texts(fields.street_name, fields.street_number))
    return _texts(street, fields.complement, fields.neighborhood)


def _package(package: wire.Package) -> OrderPackage:
    units: dict[str, int] = {}
    for one in package.package_items or ():
        units[one.order_item_id] = units.get(one.order_item_id, 0) + one.quantity
    return OrderPackage(
        reference=package.package_reference_id,
        status=package.package_status.status if package.package_status else None,
        carrier=_text(package.carrier),
        shipping_service=_text(package.shipping_service),
        tracking=_text(package.tracking_number),
        shipped_at=_moment(package.ship_time, "shipTime") if package.ship_time else None,
        items=units,
    )


def _moment(told: str, name: str) -> datetime:
    try:
        return read_timestamp(told)
    except ValueError:
        raise ValueError(f"{name} is no date and time with its zone") from None


def _text(value: str | None) -> str | None:
    """`value` without blanks around it; Amazon writes some missing values as empty ones."""
    return (value.strip() or None) if value else None


def _texts(*values: str | None) -> tuple[str, ...]:
    return tuple([text for value in values if value and (text := value.strip())])


def _filled(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple([value for value in values if value])
