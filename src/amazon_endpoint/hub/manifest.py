"""The manifest: what `GET /endpoint.json` tells a hub of the services and their parameters."""

from typing import Any

from amazon_endpoint.hub.parameters import DEFAULT_FULFILLED_BY, DEFAULT_STATUSES, STATUSES
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.orders import AMAZON, MERCHANT


def manifest() -> dict[str, Any]:
    """The manifest as JSON values. A hub prepends ``amazon.``, its name, to each parameter."""
    return {
        "name": "amazon",
        "display": "Amazon",
        "description": "Imports a merchant's Amazon orders and confirms their shipments.",
        "help": (
            "Register a Selling Partner API application, authorise it for the seller's account, "
            "and set its Login with Amazon credentials, the seller id, the marketplace id and the "
            "moment from which orders are wanted. An MWS gateway's keys serve instead of them, "
            "with its services_host."
        ),
        "services": [
            _service(
                Service.ORDER_POLL,
                "Return Orders",
                "Imports every order updated since amazon.last_updated_after.",
                parameters=[*_ACCOUNT, *_POLL, _SHIPPING_METHOD_LOOKUP],
            ),
            _service(
                Service.IMPORT_BY_NUMBER,
                "Return Specific Order",
                "Imports one order by its Amazon order number.",
                parameters=[*_ACCOUNT, _SHIPPING_METHOD_LOOKUP],
            ),
            _service(
                Service.SHIPMENT_CONFIRM,
                "Confirm Shipment",
                "Tells Amazon that a shipment is on its way.",
                parameters=[*_ACCOUNT, _CARRIER_LOOKUP],
                # Every marketplace's channel begins so: Amazon.com, Amazon.co.uk, ...
                filters=[
                    {"path": "payload.order.channel", "operator": "begin", "value": "Amazon."}
                ],
            ),
            _service(
                Service.FEED_STATUS,
                "Get Feed Status",
                "Tells what became of a confirmed shipment.",
                parameters=_ACCOUNT,
                required=True,
            ),
        ],
    }


def _service(
    service: Service,
    name: str,
    description: str,
    *,
    parameters: list[dict[str, Any]],
    filters: list[dict[str, str]] | None = None,
    required: bool = False,
) -> dict[str, Any]:
    recommends: dict[str, Any] = {
        "messages": [service.value],
        "options": {"retries_allowed": True},
    }
    if filters:
        recommends["filters"] = filters
    return {
        "name": name,
        "path": service.path,
        "description": description,
        "required": required,
        "requires": {"parameters": parameters},
        "recommends": recommends,
    }


def _parameter(
    name: str, description: str, *, data_type: str = "string", optional: bool = True, **more: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "data_type": data_type,
        "description": description,
        "optional": optional,
        **more,
    }


_ACCOUNT = [
    _parameter("client_id", "Login with Amazon client id of the application"),
    _parameter("client_secret", "Login with Amazon client secret of the application"),
    _parameter("refresh_token", "Refresh token of the seller's authorisation"),
    _parameter("aws_access_key", "Access key of an MWS gateway, instead of the three above"),
    _parameter("secret_key", "Secret key of an MWS gateway"),
    _parameter("mws_auth_token", "The seller's authorisation, where an MWS gateway wants one"),
    _parameter("seller_id", "Seller id (merchant token)", optional=False),
    _parameter(
        "marketplace_id",
        "Marketplace id such as ATVPDKIKX0DER, or several of one region separated by commas",
        optional=False,
    ),
    _parameter(
        "services_host",
        "Host of the Selling Partner API, empty: the marketplace's own; or of the MWS gateway",
    ),
    _parameter("token_host", "Host of Login with Amazon; empty: Amazon's own"),
]

_POLL = [
    _parameter(
        "last_updated_after",
        "Import orders updated since this moment (ISO 8601, like 2026-11-01T00:00:00Z); "
        "moves on with every poll",
        optional=False,
    ),
    _parameter("resume", "Set by the endpoint: where an unfinished poll goes on"),
    _parameter("seen", "Set by the endpoint: what the last poll already brought"),
    _parameter(
        "fulfilled_by",
        f"Orders fulfilled by {MERCHANT}, {AMAZON} or both, separated by commas",
        default=",".join(DEFAULT_FULFILLED_BY),
        allowed=[MERCHANT, AMAZON, f"{MERCHANT},{AMAZON}"],
    ),
    _parameter(
        "statuses",
        f"Order statuses to import, separated by commas, of {', '.join(STATUSES)}",
        default=",".join(DEFAULT_STATUSES),
    ),
]

_SHIPPING_METHOD_LOOKUP = _parameter(
    "shipping_method_lookup",
    'The store\'s shipping method for Amazon\'s service level, like {"Standard": "UPS Ground"}',
    data_type="list",
)
_CARRIER_LOOKUP = _parameter(
    "carrier_lookup",
    'Amazon\'s carrier code for the store\'s shipping method, like {"Our Courier": "DHL"}',
    data_type="list",
)
