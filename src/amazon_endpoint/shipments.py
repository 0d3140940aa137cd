"""Shipments: what a store has sent, and the packages that Amazon is told of."""

from datetime import datetime

import msgspec


class ShipmentItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a shipment as the store names it.

    `external_ref` counts only when it is an item id of that order, else the SKU finds the item.
    """

    sku: str
    quantity: int
    external_ref: str | None = None


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel of one order, as the store reports it."""

    number: str
    order_number: str
    tracking: str
    shipping_method: str | None = None
    carrier: str | None = None
    shipped_at: datetime | None = None
    updated_at: datetime | None = None
    items: tuple[ShipmentItem, ...]


class Carrier(msgspec.Struct, frozen=True):
    """A carrier as Amazon is told: its code, and its name where the code is ``Other``."""

    code: str
    name: str | None = None


class PackageItem(msgspec.Struct, frozen=True):
    """Some units of one order item, by Amazon's order item id."""

    order_item_id: str
    quantity: int


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel as Amazon is told of it.

    `reference` is the positive number that names the parcel within its order
    (`packageReferenceId`, `MerchantFulfillmentID`); `message_id` names it within a feed. Both
    derive from the shipment, so that repeats are identical.
    """

    order_number: str
    marketplace_id: str
    reference: str
    message_id: str
    carrier: Carrier
    shipping_method: str | None
    tracking: str
    shipped_at: datetime
    items: tuple[PackageItem, ...]
