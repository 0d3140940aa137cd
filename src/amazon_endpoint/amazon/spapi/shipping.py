"""Shipping: one package confirmed at once (Orders v0, confirmShipment)."""

from amazon_endpoint.amazon.spapi.operations import CONFIRM_SHIPMENT
from amazon_endpoint.amazon.spapi.transport import NotFound, Transport
from amazon_endpoint.clock import iso
from amazon_endpoint.errors import OrderNotFound
from amazon_endpoint.shipments import Package


async def confirm_shipment(transport: Transport, package: Package) -> None:
    """Tell Amazon of a package; the same reference again edits that package."""
    try:
        await transport.call(
            CONFIRM_SHIPMENT, _nothing, path_id=package.order_number, body=confirmation(package)
        )
    except NotFound as refused:
        raise OrderNotFound(request_id=refused.request_id) from None


def _nothing(body: bytes) -> None:
    """Amazon confirms with 204, which has no body."""
    del body


def confirmation(package: Package) -> dict[str, object]:
    """The body of confirmShipment. The reference is a string although it is a number."""
    detail: dict[str, object] = {
        "packageReferenceId": package.reference,
        "carrierCode": package.carrier.code,
        "trackingNumber": package.tracking,
        "shipDate": iso(package.shipped_at),
        "orderItems": [
            {"orderItemId": one.order_item_id, "quantity": one.quantity} for one in package.items
        ],
    }
    if package.carrier.name:
        detail["carrierName"] = package.carrier.name
    if package.shipping_method:
        detail["shippingMethod"] = package.shipping_method
    return {"marketplaceId": package.marketplace_id, "packageDetail": detail}
