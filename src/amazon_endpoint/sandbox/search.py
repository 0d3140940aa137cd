"""searchOrders and getOrder of the Orders API v2026-01-01.

The rules are those of the operation's parameters in Amazon's model of that API, with its
answers to violations: 400 InvalidInput.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from amazon_endpoint.sandbox.answers import Answer, Refusal, invalid_input
from amazon_endpoint.sandbox.clock import read_time, write_time
from amazon_endpoint.sandbox.orders import Entry, Json, OrderBook, Place

STATUSES = frozenset(
    {
        "PENDING_AVAILABILITY",
        "PENDING",
        "UNSHIPPED",
        "PARTIALLY_SHIPPED",
        "SHIPPED",
        "CANCELLED",
        "UNFULFILLABLE",
    }
)
FULFILLERS = frozenset({"MERCHANT", "AMAZON"})

#: Which blocks of an order, and of each of its items, a value of includedData adds.
ORDER_BLOCKS = {
    "BUYER": "buyer",
    "RECIPIENT": "recipient",
    "PROCEEDS": "proceeds",
    "FULFILLMENT": "fulfillment",
    "PACKAGES": "packages",
    "TAX": "tax",
    "PAYMENT": "payment",
    "FULFILLMENT_ORDERS": "fulfillmentOrders",
}
ITEM_BLOCKS = {
    "PROCEEDS": "proceeds",
    "EXPENSE": "expense",
    "PROMOTION": "promotion",
    "CANCELLATION": "cancellation",
    "FULFILLMENT": "fulfillment",
    "TAX": "tax",
}
INCLUDED_DATA = frozenset(ORDER_BLOCKS) | frozenset(ITEM_BLOCKS)

#: An upper bound must lie this far in the past; without one, it is served up to there.
SETTLED = timedelta(minutes=2)

_TOKEN_LIFE = timedelta(hours=24)
_SEAL = b"the local Amazon seals its page tokens with this"
ORDER_ID = re.compile(r"[A-Za-z0-9]{3}-[A-Za-z0-9]{7}-[A-Za-z0-9]{7}", re.ASCII)
_PARAMETERS = frozenset(
    {
        "createdAfter",
        "createdBefore",
        "lastUpdatedAfter",
        "lastUpdatedBefore",
        "fulfillmentStatuses",
        "marketplaceIds",
        "fulfilledBy",
        "maxResultsPerPage",
        "paginationToken",
        "includedData",
    }
)
#: These two may change from page to page; every other parameter must be repeated.
_FREE_BETWEEN_PAGES = frozenset({"maxResultsPerPage", "includedData", "paginationToken"})


class _Page(msgspec.Struct, array_like=True, frozen=True):
    """What a page token holds: the frozen query, how far it was served, and until when it lives."""

    parameters: dict[str, str]
    until: datetime
    place: Place
    expires: datetime


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A search whose parameters keep every rule."""

    by_creation: bool
    start: datetime
    until: datetime
    statuses: frozenset[str]
    fulfilled_by: frozenset[str]
    marketplaces: frozenset[str]
    included: frozenset[str]
    size: int
    #: The last order of the page before.
    place: Place
    #: What must be repeated word for word with the next page's token.
    parameters: dict[str, str]


def read_query(parameters: Mapping[str, str], now: datetime, page_cap: int) -> Query:
    """Check the parameters of searchOrders; Refusal (400) when they break a rule."""
    unknown = sorted(set(parameters) - _PARAMETERS)
    if unknown:
        raise invalid_input(f"Unknown query parameter: {unknown[0]}.")
    by_creation = "createdAfter" in parameters
    if by_creation == ("lastUpdatedAfter" in parameters):
        raise invalid_input("Exactly one of createdAfter and lastUpdatedAfter is required.")
    after, before, stranger = (
        ("createdAfter", "createdBefore", "lastUpdatedBefore")
        if by_creation
        else ("lastUpdatedAfter", "lastUpdatedBefore", "createdBefore")
    )
    if stranger in parameters:
        raise invalid_input(f"{stranger} cannot be used together with {after}.")
    start = _moment(parameters, after)
    frozen = {k: v for k, v in parameters.items() if k not in _FREE_BETWEEN_PAGES}
    query = Query(
        by_creation=by_creation,
        start=start,
        until=_upper_bound(parameters, before, start, now),
        statuses=_words(parameters, "fulfillmentStatuses", STATUSES),
        fulfilled_by=_words(parameters, "fulfilledBy", FULFILLERS),
        marketplaces=_words(parameters, "marketplaceIds", None),
        included=included_data(parameters),
        size=min(_page_size(parameters), page_cap),
        place=(datetime.min.replace(tzinfo=UTC), "") if by_creation else (start, ""),
        parameters=frozen,
    )
    if "paginationToken" not in parameters:
        return query
    page = _open(parameters["paginationToken"], now)
    if page.parameters != frozen:
        raise invalid_input("paginationToken is not valid: all parameters must match.")
    return msgspec.structs.replace(query, until=page.until, place=page.place)


def page_of(book: OrderBook, query: Query) -> tuple[list[Entry], bool]:
    """Find one page, oldest update first, and whether there is more behind it."""
    found: list[Entry] = []
    for entry in book.after(query.place):
        if not query.by_creation and entry.updated > query.until:
            break
        if not _matches(entry, query):
            continue
        if len(found) == query.size:
            return found, True
        found.append(entry)
    return found, False


def search_orders(book: OrderBook, query: Query, now: datetime) -> Answer:
    """Serve one page of what was updated in the window."""
    found, more = page_of(book, query)
    bound = "createdBefore" if query.by_creation else "lastUpdatedBefore"
    body: dict[str, Any] = {
        "orders": [visible(entry.order(), query.included) for entry in found],
        bound: write_time(query.until),
    }
    if more:
        page = _Page(query.parameters, query.until, found[-1].place, now + _TOKEN_LIFE)
        body["pagination"] = {"nextToken": _seal(page)}
    return Answer(200, body)


def get_order(book: OrderBook, order_id: str, parameters: Mapping[str, str]) -> Answer:
    """Serve one order by its id."""
    unknown = sorted(set(parameters) - {"includedData"})
    if unknown:
        raise invalid_input(f"Unknown query parameter: {unknown[0]}.")
    included = included_data(parameters)
    entry = known_order(book, order_id)
    return Answer(200, {"order": visible(entry.order(), included)})


def known_order(book: OrderBook, order_id: str) -> Entry:
    """Find an order; Refusal when there is none (404) or the id cannot be one (400)."""
    entry = book.find(order_id)
    if entry is not None:
        return entry
    if not ORDER_ID.fullmatch(order_id):
        raise invalid_input("orderId is not in the 3-7-7 format.")
    raise Refusal(404, "NotFound", "The requested resource does not exist.")


def included_data(parameters: Mapping[str, str]) -> frozenset[str]:
    """Read which optional blocks are asked for."""
    return _words(parameters, "includedData", INCLUDED_DATA)


def visible(order: Json, included: frozenset[str]) -> Json:
    """Leave out of an order the blocks that were not asked for."""
    _strip(order, ORDER_BLOCKS, included)
    items = order.get("orderItems")
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            _strip(item, ITEM_BLOCKS, included)
    return order


def _strip(holder: Json, blocks: Mapping[str, str], included: frozenset[str]) -> None:
    for value, block in blocks.items():
        if value not in included:
            holder.pop(block, None)


def _matches(entry: Entry, query: Query) -> bool:
    moment = entry.created if query.by_creation else entry.updated
    return (
        query.start <= moment <= query.until
        and (not query.statuses or entry.status in query.statuses)
        and (not query.fulfilled_by or entry.fulfilled_by in query.fulfilled_by)
        and (not query.marketplaces or entry.marketplace_id in query.marketplaces)
    )


def _upper_bound(
    parameters: Mapping[str, str], name: str, start: datetime, now: datetime
) -> datetime:
    if name not in parameters:
        if start > now:
            raise invalid_input("The start of the window lies in the future.")
        return now - SETTLED
    until = _moment(parameters, name)
    if until < start:
        raise invalid_input(f"{name} must not be earlier than the start of the window.")
    if until > now - SETTLED:
        raise invalid_input(f"{name} must be at least two minutes before the request.")
    return until


def _moment(parameters: Mapping[str, str], name: str) -> datetime:
    try:
        return read_time(parameters[name])
    except ValueError:
        raise invalid_input(f"{name} is not an ISO 8601 date and time.") from None


def _words(
    parameters: Mapping[str, str], name: str, allowed: frozenset[str] | None
) -> frozenset[str]:
    if name not in parameters:
        return frozenset()
    words = parameters[name].split(",")
    if len(words) > 50:
        raise invalid_input(f"{name} holds more than 50 values.")
    for word in words:
        if not word or (allowed is not None and word not in allowed):
            raise invalid_input(f"{name} has an invalid value: {word!r}.")
    return frozenset(words)


def _page_size(parameters: Mapping[str, str]) -> int:
    text = parameters.get("maxResultsPerPage", "100")
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 100:
        raise invalid_input("maxResultsPerPage must be a number from 1 to 100.")
    return int(text)


def _seal(page: _Page) -> str:
    content = msgspec.json.encode(page)
    mark = hmac.new(_SEAL, content, hashlib.sha256).digest()[:12]
    # Real tokens hold characters that must be encoded in a query: so does each of these.
    return "Q+/" + base64.b64encode(mark + content).decode().rstrip("=") + "=="


def _open(token: str, now: datetime) -> _Page:
    text = token.removeprefix("Q+/").rstrip("=")
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise _dead("malformed") from None
    mark, content = sealed[:12], sealed[12:]
    if not hmac.compare_digest(mark, hmac.new(_SEAL, content, hashlib.sha256).digest()[:12]):
        raise _dead("malformed")
    page = msgspec.json.decode(content, type=_Page)
    if now > page.expires:
        raise _dead("expired")
    return page


def _dead(why: str) -> Refusal:
    return invalid_input(f"paginationToken is not valid: {why}.")


def dead_token() -> Refusal:
    """Refuse a page token that was good before."""
    return _dead("expired")
