"""Requests: what a hub asks, read and checked, whatever format it asked in."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.shipments import Shipment


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """Every order updated since `updated_after`. `resume` and `seen` are ours, opaque here.

    `shipping_methods` maps Amazon's service level to the store's shipping method.
    """

    account: Account
    updated_after: datetime
    resume: str | None
    seen: str | None
    fulfilled_by: tuple[str, ...]
    statuses: tuple[str, ...]
    shipping_methods: Mapping[str, str]


class ByNumber(msgspec.Struct, frozen=True, kw_only=True):
    """One order, by its number."""

    account: Account
    order_number: str
    shipping_methods: Mapping[str, str]


class Confirm(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment to confirm to Amazon.

    `carriers` maps the store's shipping method to Amazon's carrier code.
    """

    account: Account
    shipment: Shipment
    carriers: Mapping[str, str]


class TakeIn(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment of an account that is configured here, to be confirmed by and by.

    `seller_id` came along, if it did, and is to be the account's.
    """

    account_id: str
    seller_id: str | None
    shipment: Shipment


class FeedQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a feed."""

    account: Account
    feed_id: str
