import re
from typing import Any, Literal

import msgspec

from amazon_endpoint.hub.manifest import manifest
from amazon_endpoint.hub.v5.message import Service


class ParameterShape(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    data_type: Literal["string", "boolean", "integer", "float", "list"]
    description: str
    optional: bool
    default: str | None = None
    allowed: list[str] | None = None


class RequiresShape(msgspec.Struct, forbid_unknown_fields=True):
    parameters: list[ParameterShape]


class FilterShape(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    operator: Literal[
        "eq", "neq", "gt", "lt", "begin", "contains", "end", "present", "empty", "match"
    ]
    value: str


class RecommendsShape(msgspec.Struct, forbid_unknown_fields=True):
    messages: list[str]
    options: dict[Literal["retries_allowed"], bool]
    filters: list[FilterShape] = []


class ServiceShape(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    path: str
    description: str
    required: bool
    requires: RequiresShape
    recommends: RecommendsShape


class ManifestShape(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    display: str
    description: str
    help: str
    services: list[ServiceShape]


def shaped() -> ManifestShape:
    return msgspec.convert(manifest(), ManifestShape)


def parameters(path: str) -> dict[str, ParameterShape]:
    [service] = (one for one in shaped().services if one.path == path)
    return {one.name: one for one in service.requires.parameters}


ACCOUNT = {
    "client_id",
    "client_secret",
    "refresh_token",
    "aws_access_key",
    "secret_key",
    "mws_auth_token",
    "seller_id",
    "marketplace_id",
    "services_host",
    "token_host",
}


def test_it_has_the_shape_that_hubs_read() -> None:
    assert shaped().name == "amazon"


def test_each_service_is_offered_for_its_message() -> None:
    offered = {one.path: one.recommends.messages for one in shaped().services}

    assert offered == {service.path: [service.value] for service in Service}
    assert set(offered) == {
        "/get_orders",
        "/get_order_by_number",
        "/confirm_shipment",
        "/feed_status",
    }


def test_the_feed_status_is_required_as_confirmations_end_there() -> None:
    assert [one.path for one in shaped().services if one.required] == ["/feed_status"]


def test_every_parameter_is_declared_where_it_is_read() -> None:
    poll = {"last_updated_after", "resume", "seen", "fulfilled_by", "statuses"}

    assert set(parameters("/get_orders")) == ACCOUNT | poll | {"shipping_method_lookup"}
    assert set(parameters("/get_order_by_number")) == ACCOUNT | {"shipping_method_lookup"}
    assert set(parameters("/confirm_shipment")) == ACCOUNT | {"account", "carrier_lookup"}
    assert set(parameters("/feed_status")) == ACCOUNT


def test_what_is_required_is_told() -> None:
    required = {name for name, one in parameters("/get_orders").items() if not one.optional}

    assert required == {"seller_id", "marketplace_id", "last_updated_after"}


def test_a_configured_account_takes_the_place_of_all_that_describes_one() -> None:
    assert all(one.optional for one in parameters("/confirm_shipment").values())


def test_defaults_are_those_of_the_reader_and_allowed() -> None:
    poll = parameters("/get_orders")

    assert poll["fulfilled_by"].default == "MERCHANT"
    assert poll["fulfilled_by"].default in (poll["fulfilled_by"].allowed or [])
    assert poll["statuses"].default == "Unshipped,PartiallyShipped"


def test_look_ups_are_lists() -> None:
    assert parameters("/get_orders")["shipping_method_lookup"].data_type == "list"
    assert parameters("/confirm_shipment")["carrier_lookup"].data_type == "list"


def test_no_name_carries_the_namespace_that_the_hub_adds() -> None:
    names: set[Any] = {n for service in Service for n in parameters(service.path)}

    assert all(re.fullmatch("[a-z_]+", name) for name in names)
