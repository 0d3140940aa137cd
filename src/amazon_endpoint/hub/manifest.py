"""The manifest: what `GET /endpoint.json` tells a hub of the services and their parameters."""

from typing import Any

from amazon_endpoint.amazon import connect
from amazon_endpoint.hub.parameters import DEFAULT_FULFILLED_BY, DEFAULT_STATUSES, STATUSES
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.orders import AMAZON, MERCHANT


def manifest() -> dict[str, Any]:
    """The manifest as JSON values. A hub prepends ``amazon.``, its name, to each parameter."""
    credentials = [_parameter(one.name, one.description) for one in connect.parameters()]
    account = [*credentials, *_account(optional=False)]
    return {
        "name": "amazon",
        "display": "Amazon",
        "description": "Imports a merchant's Amazon orders and confirms their shipments.",
        "help": (
            "Set the seller id, the marketplace id, the moment from which orders are wanted, and "
            "the credentials of one of Amazon's APIs. "
            + " Or: ".join(generation.hint for generation in connect.GENERATIONS)
        ),
        "services": [
            _service(
                Service.ORDER_POLL,
                "Return Orders",
                "Imports every order updated since amazon.last_updated_after.",
                parameters=[*account, *_POLL, _SHIPPING_METHOD_LOOKUP],
            ),
            _service(
                Service.IMPORT_BY_NUMBER,
                "Return Specific Order",
                "Imports one order by its Amazon order number.",
                parameters=[*account, _SHIPPING_METHOD_LOOKUP],
            ),
            _service(
                Service.SHIPMENT_CONFIRM,
                "Confirm Shipment",
                "Tells Amazon that a shipment is on its way.",
                parameters=[
                    *credentials,
                    *_account(optional=True),
                    _CONFIGURED_ACCOUNT,
                    _CARRIER_LOOKUP,
                ],
                # Every marketplace's channel begins so: Amazon.com, Amazon.co.uk, ...
                filters=[
                    {"path": "payload.order.channel", "operator": "begin", "value": "Amazon."}
                ],
            ),
            _service(
                Service.FEED_STATUS,
                "Get Feed Status",
                "Tells what became of a confirmed shipment.",
                parameters=account,
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


def _account(*, optional: bool) -> list[dict[str, Any]]:
    return [
        _parameter("seller_id", "Seller id (merchant token)", optional=optional),
        _parameter(
            "marketplace_id",
            "Marketplace id such as ATVPDKIKX0DER, or several of one region separated by commas",
            optional=optional,
        ),
        _parameter(
            "services_host",
            "Host of Amazon's API, or of the gateway to it; empty: Amazon's own for the "
            "marketplace",
        ),
        _parameter("token_host", "Host of Login with Amazon; empty: Amazon's own"),
    ]


_CONFIGURED_ACCOUNT = _parameter(
    "account",
    "Instead of all others: the id of an account that is configured at the endpoint; empty: these",
)

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
