"""confirmShipment of the Orders API v0: `POST .../shipmentConfirmation`.

Rules: the required fields of Amazon's model; a package reference is a JSON string that holds a
positive number; the carrier code `Other` needs a name; the same reference again edits that
package; Ship+ orders answer 400.
"""

from typing import Any

import msgspec

from amazon_endpoint.sandbox.answers import Refusal, invalid_input
from amazon_endpoint.sandbox.clock import read_time, write_time
from amazon_endpoint.sandbox.parcels import NotShippable, Parcel, ParcelItem


def read_confirmation(content: bytes) -> Parcel:
    """Read the body of confirmShipment; Refusal (400) names the field that breaks a rule."""
    try:
        body = msgspec.json.decode(content)
    except ValueError:
        raise invalid_input("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise invalid_input("The body is not a JSON object.")
    _required(body, "marketplaceId")
    if body.get("codCollectionMethod", "DirectPayment") != "DirectPayment":
        raise invalid_input("codCollectionMethod is invalid.")
    detail = body.get("packageDetail")
    if not isinstance(detail, dict):
        raise invalid_input("packageDetail is missing.")
    carrier = _required(detail, "carrierCode")
    if carrier == "Other":
        carrier = _required(detail, "carrierName")
    return Parcel(
        reference=_reference(detail),
        carrier=carrier,
        service=_optional(detail, "shippingMethod"),
        tracking=_required(detail, "trackingNumber"),
        shipped=_ship_date(detail),
        items=_items(detail),
    )


def refusal(problem: NotShippable) -> Refusal:
    """Tell in the API's words why a confirmation was refused."""
    return invalid_input(str(problem))


def _required(parent: dict[str, Any], field: str) -> str:
    value = parent.get(field)
    if not isinstance(value, str) or not value.strip():
        raise invalid_input(f"{field} is required and must be a string.")
    return value


def _optional(parent: dict[str, Any], field: str) -> str | None:
    return _required(parent, field) if parent.get(field) is not None else None


def _reference(detail: dict[str, Any]) -> str:
    reference = _required(detail, "packageReferenceId")
    if not (reference.isascii() and reference.isdigit()) or int(reference) < 1:
        raise invalid_input("packageReferenceId must be a string holding a positive number.")
    return reference


def _ship_date(detail: dict[str, Any]) -> str:
    try:
        return write_time(read_time(_required(detail, "shipDate")))
    except ValueError:
        raise invalid_input("shipDate is not an ISO 8601 date and time.") from None


def _items(detail: dict[str, Any]) -> tuple[ParcelItem, ...]:
    items = detail.get("orderItems")
    if not isinstance(items, list) or not items:
        raise invalid_input("orderItems must be a list of items.")
    return tuple(_item(item) for item in items)


def _item(item: object) -> ParcelItem:
    if not isinstance(item, dict):
        raise invalid_input("orderItems must be a list of items.")
    quantity = item.get("quantity")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
        raise invalid_input("quantity must be a positive number.")
    return ParcelItem(_required(item, "orderItemId"), quantity)
