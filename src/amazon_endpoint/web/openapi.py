"""The OpenAPI description of the endpoint, and the examples of the page to try it."""

from typing import Any

from amazon_endpoint import __version__
from amazon_endpoint.hub.fields import MOST_UNITS
from amazon_endpoint.hub.manifest import manifest
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.hub.v6.call import SHIPMENT_PATHS
from amazon_endpoint.sync.shipping import ShipmentState
from amazon_endpoint.web.shipments import PATH as SHIPMENTS_PATH

_ACCOUNT = {
    "amazon.client_id": "amzn1.application-oa2-client.example",
    "amazon.client_secret": "amzn1.oa2-cs.v1.example",
    "amazon.refresh_token": "Atzr|example",
    "amazon.seller_id": "A1EXAMPLESELLER",
    "amazon.marketplace_id": "ATVPDKIKX0DER",
}

_EXAMPLES: dict[Service, dict[str, Any]] = {
    Service.ORDER_POLL: {},
    Service.IMPORT_BY_NUMBER: {"amazon_order_id": "100-EXAMPLE-1000000"},
    Service.SHIPMENT_CONFIRM: {
        "shipment": {
            "number": "H00000000001",
            "order_number": "100-EXAMPLE-1000000",
            "shipping_method": "UPS Ground",
            "tracking": "1Z0000000000000000",
            "shipped_at": None,
            "updated_at": None,
            "items": [{"name": "T-Shirt", "sku": "100TSBXXL", "external_ref": "", "quantity": 1}],
        }
    },
    Service.FEED_STATUS: {"feed_id": "7891011"},
}

_CALL_EXAMPLE = {
    "request_id": "1234567",
    "parameters": {name.removeprefix("amazon."): value for name, value in _ACCOUNT.items()},
    "shipment": {
        "id": "H00000000001",
        "order_id": "100-EXAMPLE-1000000",
        "shipping_method": "UPS Ground",
        "tracking": "1Z0000000000000000",
        "items": [{"product_id": "100TSBXXL", "quantity": 1}],
    },
}

_MORE = {
    Service.SHIPMENT_CONFIRM: " With `amazon.account`, the id of an account that is configured "
    "here, no other parameter is needed: the shipment is kept and answered at once."
}

_PARAMETERS = {Service.ORDER_POLL: {"amazon.last_updated_after": "2026-11-01T00:00:00Z"}}


def openapi() -> dict[str, Any]:
    """The description as JSON values (OpenAPI 3.1)."""
    services = {one["path"]: one for one in manifest()["services"]}
    paths: dict[str, Any] = {
        service.path: {"post": _operation(service, services[service.path])} for service in Service
    }
    paths |= {
        path: {
            "post": {
                **_operation(
                    Service.SHIPMENT_CONFIRM, services[Service.SHIPMENT_CONFIRM.path], _CALL_EXAMPLE
                ),
                "operationId": path.removeprefix("/"),
                "description": "The same for hubs of the later format, which send `request_id`.",
            }
        }
        for path in SHIPMENT_PATHS
    }
    paths["/"] = {
        "post": {
            **_operation(Service.ORDER_POLL, services[Service.ORDER_POLL.path]),
            "operationId": "any_message",
            "summary": "Any message",
            "description": "Does what the message's `message` names.",
        },
        "get": _plain("To the manifest", {"302": {"description": "/endpoint.json"}}, open_=True),
    }
    paths[SHIPMENTS_PATH] = {"post": _receive_shipment()}
    paths[f"{SHIPMENTS_PATH}/{{shipment_id}}"] = {"get": _show_shipment()}
    paths["/endpoint.json"] = {"get": _shown("The manifest for hubs", _OBJECT, open_=True)}
    paths["/health"] = {
        "get": _shown("Whether requests are served", _object(["status"], status=_TEXT), open_=True)
    }
    paths["/auth"] = {"get": _plain("Whether the token is right")}
    paths["/metrics"] = {"get": _shown("Counters for Prometheus", _TEXT, "text/plain")}
    paths["/openapi.json"] = {"get": _shown("This document", _OBJECT)}
    paths["/docs"] = {"get": _shown("A page to try the endpoint", _TEXT, "text/html")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Amazon Endpoint",
            "version": __version__,
            "description": manifest()["description"],
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "security": [{"augury": []}, {"hub": []}, {"bearer": []}, {"basic": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "augury": {"type": "apiKey", "in": "header", "name": "X-Augury-Token"},
                "hub": {"type": "apiKey", "in": "header", "name": "X-Hub-Token"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
            "schemas": _SCHEMAS,
        },
    }


def _receive_shipment() -> dict[str, Any]:
    return {
        "operationId": "receive_shipment",
        "summary": "Confirm a shipment of a configured account",
        "description": "It is kept and answered at once. The same shipment again has the same id.",
        "parameters": [_in_path("account_id")],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _object(["shipment"], shipment=_reference("ShipmentToConfirm")),
                    "example": _EXAMPLES[Service.SHIPMENT_CONFIRM],
                }
            },
        },
        "responses": {
            "202": _json("It is kept, and will be sent.", "Shipment"),
            "401": {"description": "The token is missing or wrong."},
            "404": _json("There is no such account.", "Problem"),
            "406": _json("This is no JSON object.", "Problem"),
            "408": _json("The body did not arrive in time.", "Problem"),
            "413": _json("The body is too large.", "Problem"),
            "422": _json("The shipment can't be used; `field` names what is wrong.", "Problem"),
            **_OUT_OF_ORDER,
        },
    }


def _show_shipment() -> dict[str, Any]:
    return {
        "operationId": "show_shipment",
        "parameters": [_in_path("account_id"), _in_path("shipment_id")],
        **_plain(
            "What became of a shipment",
            {
                "200": _json("As it is kept.", "Shipment"),
                "404": _json("This account has no such shipment.", "Problem"),
                **_OUT_OF_ORDER,
            },
        ),
    }


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _operation(
    service: Service, told: dict[str, Any], example: dict[str, Any] | None = None
) -> dict[str, Any]:
    given = _ACCOUNT | _PARAMETERS.get(service, {})
    example = example or {
        "message_id": "1234567",
        "message": service.value,
        "payload": {
            **_EXAMPLES[service],
            "parameters": [{"name": name, "value": value} for name, value in given.items()],
        },
    }
    return {
        "operationId": service.path.removeprefix("/"),
        "summary": told["name"],
        "description": told["description"] + _MORE.get(service, ""),
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _either("Message", "Call"),
                    "example": example,
                }
            },
        },
        "responses": {
            "200": _json(
                "Done; to a message also: refused for good, or to be asked again after `delay`.",
                "Reply",
                "Answer",
            ),
            "401": {"description": "The token is missing or wrong."},
            "406": _json("This is not a message.", "Problem", "Failure"),
            "408": _json("The message did not arrive in time.", "Problem"),
            "413": _json("The message is too large.", "Problem"),
            "500": _json("A fault of the endpoint; to a call also: refused.", "Problem", "Failure"),
            "503": _json("To a call: not now, but after `Retry-After` seconds.", "Failure"),
        },
    }


def _reference(schema: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _either(*schemas: str) -> dict[str, Any]:
    listed = [_reference(schema) for schema in schemas]
    return listed[0] if len(listed) == 1 else {"oneOf": listed}


def _json(description: str, *schemas: str) -> dict[str, Any]:
    content = {"application/json": {"schema": _either(*schemas)}}
    return {"description": description, "content": content}


_OUT_OF_ORDER = {
    "500": _json("A fault of the endpoint, which its operator has to mend.", "Problem"),
    "503": _json("The database doesn't answer at the moment. Try again.", "Problem"),
}


def _plain(
    summary: str, responses: dict[str, Any] | None = None, *, open_: bool = False
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": responses or {"200": {"description": summary}},
    }
    if open_:
        return operation | {"security": []}
    operation["responses"]["401"] = {"description": "The token is missing or wrong."}
    return operation


def _shown(
    summary: str,
    schema: dict[str, Any],
    media_type: str = "application/json",
    *,
    open_: bool = False,
) -> dict[str, Any]:
    answer = {"description": summary, "content": {media_type: {"schema": schema}}}
    return _plain(summary, {"200": answer}, open_=open_)


def _object(required: list[str], /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


def _list_of(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


_OBJECT = {"type": "object"}
_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_REQUEST_ID = {"type": ["string", "integer"]}

_SCHEMAS: dict[str, Any] = {
    "Message": _object(
        ["message_id", "payload"],
        message_id={"type": "string", "minLength": 1},
        message={"type": "string", "enum": [service.value for service in Service]},
        payload=_object([], parameters=_list_of({"$ref": "#/components/schemas/Parameter"})),
    ),
    "Parameter": _object(["name", "value"], name=_TEXT, value={}),
    "Reply": _object(
        ["message_id"],
        message_id=_TEXT,
        delay={"type": "integer", "minimum": 1, "description": "Ask again after these seconds."},
        parameters=_list_of({"$ref": "#/components/schemas/Parameter"}),
        messages=_list_of(_object(["message", "payload"], message=_TEXT, payload={})),
        notifications=_list_of(
            _object(
                ["level", "subject", "description"],
                level={"type": "string", "enum": ["info", "warn", "error"]},
                subject=_TEXT,
                description=_TEXT,
            )
        ),
    ),
    "Problem": _object(["error"], error=_TEXT, field=_TEXT),
    "ShipmentToConfirm": _object(
        ["number", "order_number", "items"],
        number={**_TEXT, "maxLength": 100, "description": "The store's own, or `shipment_number`."},
        order_number={**_TEXT, "description": "Amazon's, like 100-EXAMPLE-1000000."},
        tracking={**_TEXT_OR_NULL, "maxLength": 50, "description": "Or `tracking_number`."},
        shipping_method={**_TEXT_OR_NULL, "maxLength": 200},
        carrier={**_TEXT_OR_NULL, "maxLength": 200},
        shipped_at={**_TEXT_OR_NULL, "format": "date-time", "description": "Or `shipped_date`."},
        updated_at={**_TEXT_OR_NULL, "format": "date-time"},
        items={
            **_list_of(
                _object(
                    ["quantity"],
                    sku={**_TEXT_OR_NULL, "maxLength": 100},
                    external_ref={
                        **_TEXT_OR_NULL,
                        "maxLength": 100,
                        "description": "Amazon's order item id, instead of or beside the SKU.",
                    },
                    quantity={"type": "integer", "minimum": 1, "maximum": MOST_UNITS},
                )
            ),
            "minItems": 1,
        },
    ),
    "Shipment": _object(
        ["id", "state", "order_number", "number", "received_at"],
        id=_TEXT,
        state={"type": "string", "enum": [state.value for state in ShipmentState]},
        order_number=_TEXT,
        number=_TEXT,
        feed_id=_TEXT_OR_NULL,
        reason={**_TEXT_OR_NULL, "description": "Why it waits, or was refused."},
        alarm={**_TEXT_OR_NULL, "description": "What somebody has to look at."},
        received_at=_TEXT,
        ended_at=_TEXT_OR_NULL,
    ),
    "Call": _object(
        ["request_id"],
        request_id=_REQUEST_ID,
        parameters={"type": "object", "description": "By name, with or without `amazon.`."},
        last_poll={"type": "integer", "minimum": 0, "description": "Seconds since 1970."},
        order=_object(["id"], id=_TEXT),
        shipment=_object(["id", "order_id"], id=_TEXT, order_id=_TEXT),
        feed=_object(["id"], id=_TEXT),
    ),
    "Answer": {
        **_object(
            ["request_id", "summary"],
            request_id=_REQUEST_ID,
            summary=_TEXT,
            parameters={"type": "object", "additionalProperties": _TEXT},
        ),
        "additionalProperties": _list_of(_object(["id"], id=_TEXT)),
    },
    "Failure": _object(["summary"], request_id=_REQUEST_ID, summary=_TEXT),
}
