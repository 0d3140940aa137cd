"""Wire: the answers of Orders v2026-01-01 and Feeds 2021-06-30, as far as we read them.

Whatever Amazon's model does not require may be absent or null. What the model documents as
possible values stays a string, and fields that we don't know are passed over. Times stay as they
were written, to be read exactly.
"""

from typing import Annotated, Any

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
# What is kept in a column of its own: as much as the column holds, and no NUL.
FeedId = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,64}\Z")]


class _Wire(msgspec.Struct, rename="camel", gc=False):
    """JSON is a tree: its parts need no search for cycles, which takes time with each page."""


class Money(_Wire):
    """`amount` is text or a number, kept as it was written by a decoder that reads no fractions."""

    amount: Any
    currency_code: str


class Detail(_Wire):
    """What part of a tax or discount is for."""

    subtype: str | None = None
    value: Money | None = None


class Breakdown(_Wire):
    """A part of the proceeds; `status` only where it may still change, such as a tip."""

    type: str
    subtotal: Money | None = None
    status: str | None = None
    detailed_breakdowns: list[Detail] | None = None


class OrderProceeds(_Wire):
    """The order's money as a whole."""

    grand_total: Money | None = None
    breakdowns: list[Breakdown] | None = None


class ItemProceeds(_Wire):
    """One item's money."""

    proceeds_total: Money | None = None
    breakdowns: list[Breakdown] | None = None


class Price(_Wire):
    """The price of one piece."""

    unit_price: Money | None = None


class Product(_Wire):
    """What was ordered."""

    asin: str | None = None
    title: str | None = None
    seller_sku: str | None = None
    price: Price | None = None


class Promotion(_Wire):
    """A promotion that applies to an item."""

    promotion_id: str | None = None


class Promotions(_Wire):
    """An item's promotions."""

    breakdowns: list[Promotion] | None = None


class CancellationRequest(_Wire):
    """Somebody, so far always the buyer, asks to cancel an item."""

    requester: str | None = None
    cancel_reason: str | None = None


class CancellationExecution(_Wire):
    """An item was cancelled."""

    cancelled_by: str | None = None


class Cancellation(_Wire):
    """Where an item's cancellation stands."""

    cancellation_request: CancellationRequest | None = None
    cancellation_execution: CancellationExecution | None = None


class GiftOption(_Wire):
    """How the buyer wants an item wrapped."""

    gift_message: str | None = None
    gift_wrap_level: str | None = None


class Packing(_Wire):
    """How an item is packed."""

    gift_option: GiftOption | None = None


class ItemFulfillment(_Wire):
    """How much of an item has been confirmed as shipped."""

    quantity_fulfilled: Count | None = None
    quantity_unfulfilled: Count | None = None
    packing: Packing | None = None


class TaxCollection(_Wire):
    """Who collects an item's tax."""

    model: str | None = None


class ItemTax(_Wire):
    """What is told of an item's tax besides the amounts."""

    tax_collections: list[TaxCollection] | None = None


class OrderItem(_Wire):
    """A line of an order."""

    order_item_id: Text
    quantity_ordered: Count
    product: Product
    proceeds: ItemProceeds | None = None
    promotion: Promotions | None = None
    cancellation: Cancellation | None = None
    fulfillment: ItemFulfillment | None = None
    tax: ItemTax | None = None


class OrderAlias(_Wire):
    """Another id of the same order."""

    alias_id: str
    alias_type: str


class AssociatedOrder(_Wire):
    """A link to another order."""

    order_id: str | None = None
    association_type: str | None = None


class SalesChannel(_Wire):
    """Where the order was placed."""

    channel_name: str | None = None
    marketplace_id: str | None = None
    marketplace_name: str | None = None


class Buyer(_Wire):
    """Who bought."""

    buyer_name: str | None = None
    buyer_email: str | None = None
    buyer_company_name: str | None = None
    buyer_purchase_order_number: str | None = None


class ExtendedFields(_Wire):
    """A Brazilian address in its parts."""

    street_name: str | None = None
    street_number: str | None = None
    complement: str | None = None
    neighborhood: str | None = None


class DeliveryAddress(_Wire):
    """Where the order goes. The numbered lines are renamed by hand."""

    name: str | None = None
    company_name: str | None = None
    line1: str | None = msgspec.field(default=None, name="addressLine1")
    line2: str | None = msgspec.field(default=None, name="addressLine2")
    line3: str | None = msgspec.field(default=None, name="addressLine3")
    city: str | None = None
    district_or_county: str | None = None
    state_or_region: str | None = None
    municipality: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    phone: str | None = None
    extended_fields: ExtendedFields | None = None


class Recipient(_Wire):
    """Who receives."""

    delivery_address: DeliveryAddress | None = None


class OrderFulfillment(_Wire):
    """The order's status and how it is to be sent."""

    fulfillment_status: str | None = None
    fulfilled_by: str | None = None
    fulfillment_service_level: str | None = None


class PackageItem(_Wire):
    """Some pieces of an item in a package."""

    order_item_id: str
    quantity: Count


class PackageStatus(_Wire):
    """How far a package has come."""

    status: str | None = None


class Package(_Wire):
    """A parcel that Amazon knows of."""

    package_reference_id: str
    package_status: PackageStatus | None = None
    carrier: str | None = None
    ship_time: str | None = None
    shipping_service: str | None = None
    tracking_number: str | None = None
    package_items: list[PackageItem] | None = None


class Order(_Wire):
    """An order."""

    order_id: Text
    created_time: str
    last_updated_time: str
    sales_channel: SalesChannel
    order_items: list[OrderItem]
    order_aliases: list[OrderAlias] | None = None
    programs: list[str] | None = None
    associated_orders: list[AssociatedOrder] | None = None
    buyer: Buyer | None = None
    recipient: Recipient | None = None
    proceeds: OrderProceeds | None = None
    fulfillment: OrderFulfillment | None = None
    packages: list[Package] | None = None


class OrderNumber(_Wire):
    """What is read of an order that can't be read."""

    order_id: str | None = None


class Pagination(_Wire):
    """Where the next page is."""

    next_token: str | None = None


class OrdersPage(_Wire):
    """The answer of searchOrders."""

    orders: list[Order]
    pagination: Pagination | None = None
    last_updated_before: str | None = None
    created_before: str | None = None


class UnreadOrdersPage(_Wire):
    """The answer of searchOrders, where each order is to be read on its own."""

    orders: list[msgspec.Raw]
    pagination: Pagination | None = None
    last_updated_before: str | None = None
    created_before: str | None = None


class OneOrder(_Wire):
    """The answer of getOrder."""

    order: msgspec.Raw


class FeedDocument(_Wire):
    """The answers of createFeedDocument and getFeedDocument."""

    feed_document_id: Text
    url: Text
    compression_algorithm: str | None = None


class CreatedFeed(_Wire):
    """The answer of createFeed."""

    feed_id: FeedId


class Feed(_Wire):
    """The answer of getFeed."""

    feed_id: FeedId
    processing_status: str
    created_time: str | None = None
    result_feed_document_id: str | None = None


class FeedsPage(_Wire):
    """The answer of getFeeds."""

    feeds: list[Feed]
    next_token: str | None = None
