"""What a request asks: its parameters, wherever they stand, and the numbered lists in them."""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from msgspec import Struct
from starlette.requests import Request

from amazon_endpoint.sandbox.clock import read_time
from amazon_endpoint.sandbox.mws.xml import invalid_value, missing

_FORM = "application/x-www-form-urlencoded"
_COMMON = frozenset(
    {
        "AWSAccessKeyId",
        "Action",
        "MWSAuthToken",
        "Merchant",
        "SellerId",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "Timestamp",
        "Version",
    }
)


class Asked(Struct, frozen=True):
    """A request: its parameters, and what else was sent."""

    parameters: dict[str, str]
    body: bytes


async def read_request(request: Request) -> Asked:
    """Read the parameters of the query and of a form; any other body is content."""
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    body = await request.body()
    if request.headers.get("content-type", "").partition(";")[0].strip() == _FORM:
        pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        body = b""
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise invalid_value("A parameter is given more than once.")
    return Asked(parameters, body)


def only(parameters: Mapping[str, str], *known: str) -> None:
    """Refuse a parameter that the operation does not know; `Name.Part` stands for a list."""
    for name in parameters:
        if name not in _COMMON and re.sub(r"\.[0-9]+$", "", name) not in known:
            raise invalid_value(f"{name} is not a parameter of this operation.")


def required(parameters: Mapping[str, str], name: str) -> str:
    """Return a parameter that must be there."""
    if not parameters.get(name):
        raise missing(name)
    return parameters[name]


def numbered(
    parameters: Mapping[str, str], name: str, *, most: int = 50, allowed: Mapping[str, str] = {}
) -> list[str]:
    """Return the values of `name.1`, `name.2`, …, checked against the words allowed."""
    found: dict[int, str] = {}
    for key, value in parameters.items():
        stem, _, number = key.rpartition(".")
        if stem == name and re.fullmatch("[1-9][0-9]{0,2}", number):
            found[int(number)] = value
        elif name in {key, stem}:
            raise invalid_value(f"{key} is not numbered as {name}.1, {name}.2 and so on.")
    if any(number > most for number in found):
        raise invalid_value(f"{name} holds more than {most} values.")
    values = [found[number] for number in sorted(found)]
    for value in values:
        if not value or (allowed and value not in allowed):
            raise invalid_value(f"{name} has an invalid value: {value!r}.")
    return values


def moment(parameters: Mapping[str, str], name: str) -> datetime | None:
    """Return a time, if it is given."""
    if name not in parameters:
        return None
    try:
        return read_time(parameters[name])
    except ValueError:
        raise invalid_value(f"{name} is not an ISO 8601 date and time.") from None


def size(parameters: Mapping[str, str], name: str, default: int) -> int:
    """Return a page size of 1 to 100."""
    text = parameters.get(name, str(default))
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise invalid_value(f"{name} must be a number from 1 to 100.")
    return int(text)
