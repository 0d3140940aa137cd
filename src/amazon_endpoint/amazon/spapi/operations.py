"""Operations: what we call, how often Amazon lets us, and which role it takes."""

from collections.abc import Mapping

import msgspec

from amazon_endpoint.amazon.quota import Rate

_ORDERS_ROLE = "'Inventory and Order Tracking'"
_SHIPPING_ROLE = f"{_ORDERS_ROLE} or 'Direct-to-Consumer Shipping'"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of the API.

    `plan` is its published usage plan, `role` what an application needs for it. A `repeatable`
    operation has the same effect however often it is called.
    """

    name: str
    method: str
    path: str
    plan: Rate
    role: str
    repeatable: bool


SEARCH_ORDERS = Operation(
    name="searchOrders",
    method="GET",
    path="/orders/2026-01-01/orders",
    plan=Rate(0.0056, 20),
    role=_ORDERS_ROLE,
    repeatable=True,
)
GET_ORDER = Operation(
    name="getOrder",
    method="GET",
    path="/orders/2026-01-01/orders/{id}",
    plan=Rate(0.5, 30),
    role=_ORDERS_ROLE,
    repeatable=True,
)
CONFIRM_SHIPMENT = Operation(
    name="confirmShipment",
    method="POST",
    path="/orders/v0/orders/{id}/shipmentConfirmation",
    plan=Rate(2, 10),
    role=_SHIPPING_ROLE,
    repeatable=False,
)
CREATE_FEED_DOCUMENT = Operation(
    name="createFeedDocument",
    method="POST",
    path="/feeds/2021-06-30/documents",
    plan=Rate(0.5, 15),
    role=_SHIPPING_ROLE,
    repeatable=True,
)
CREATE_FEED = Operation(
    name="createFeed",
    method="POST",
    path="/feeds/2021-06-30/feeds",
    plan=Rate(0.0083, 15),
    role=_SHIPPING_ROLE,
    repeatable=False,
)
GET_FEED = Operation(
    name="getFeed",
    method="GET",
    path="/feeds/2021-06-30/feeds/{id}",
    plan=Rate(2, 15),
    role=_SHIPPING_ROLE,
    repeatable=True,
)
GET_FEEDS = Operation(
    name="getFeeds",
    method="GET",
    path="/feeds/2021-06-30/feeds",
    plan=Rate(0.0222, 10),
    role=_SHIPPING_ROLE,
    repeatable=True,
)
GET_FEED_DOCUMENT = Operation(
    name="getFeedDocument",
    method="GET",
    path="/feeds/2021-06-30/documents/{id}",
    plan=Rate(0.0222, 10),
    role=_SHIPPING_ROLE,
    repeatable=True,
)

#: The published plan of each operation, by the name of its quota.
PLANS: Mapping[str, Rate] = {
    one.name: one.plan
    for one in (
        SEARCH_ORDERS,
        GET_ORDER,
        CONFIRM_SHIPMENT,
        CREATE_FEED_DOCUMENT,
        CREATE_FEED,
        GET_FEED,
        GET_FEEDS,
        GET_FEED_DOCUMENT,
    )
}
