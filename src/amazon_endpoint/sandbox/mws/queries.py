"""What the operations of Marketplace Web Service are asked for, with the rules of each."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from amazon_endpoint.sandbox.mws.parameters import moment, numbered, only, required, size
from amazon_endpoint.sandbox.mws.translation import CHANNELS, STATUSES
from amazon_endpoint.sandbox.mws.xml import invalid_value, missing
from amazon_endpoint.sandbox.search import SETTLED, Query

_STATUSES = {word: status for status, word in STATUSES.items()}
_CHANNELS = {word: fulfiller for fulfiller, word in CHANNELS.items()}
_FIRST = datetime.min.replace(tzinfo=UTC)
#: How far back feeds are listed when nothing is said.
_FEED_DAYS = timedelta(days=90)


class ItemPage(Struct, frozen=True):
    """Which items of an order come next."""

    order_id: str
    offset: int = 0


class FeedList(Struct, frozen=True, kw_only=True):
    """Which feeds are asked for, and which come next."""

    ids: frozenset[str]
    types: frozenset[str]
    since: datetime
    size: int
    offset: int = 0


def read_order_query(parameters: Mapping[str, str], now: datetime, page_cap: int) -> Query:
    """Check the parameters of ListOrders."""
    only(
        parameters,
        "CreatedAfter",
        "CreatedBefore",
        "LastUpdatedAfter",
        "LastUpdatedBefore",
        "OrderStatus.Status",
        "MarketplaceId.Id",
        "FulfillmentChannel.Channel",
        "MaxResultsPerPage",
    )
    by_creation = "CreatedAfter" in parameters
    if by_creation == ("LastUpdatedAfter" in parameters):
        raise invalid_value("Exactly one of CreatedAfter and LastUpdatedAfter is required.")
    name, stranger = ("Created", "LastUpdated") if by_creation else ("LastUpdated", "Created")
    if f"{stranger}Before" in parameters:
        raise invalid_value(f"{stranger}Before cannot be used together with {name}After.")
    start, until = _window(parameters, name, now)
    statuses = numbered(parameters, "OrderStatus.Status", allowed=_STATUSES)
    if ("Unshipped" in statuses) != ("PartiallyShipped" in statuses):
        raise invalid_value("Unshipped and PartiallyShipped must be used together.")
    marketplaces = numbered(parameters, "MarketplaceId.Id")
    if not marketplaces:
        raise missing("MarketplaceId.Id.1")
    channels = numbered(parameters, "FulfillmentChannel.Channel", allowed=_CHANNELS)
    return Query(
        by_creation=by_creation,
        start=start,
        until=until,
        statuses=frozenset(_STATUSES[word] for word in statuses),
        fulfilled_by=frozenset(_CHANNELS[word] for word in channels),
        marketplaces=frozenset(marketplaces),
        included=frozenset(),
        size=min(size(parameters, "MaxResultsPerPage", 100), page_cap),
        place=(_FIRST if by_creation else start, ""),
        parameters={},
    )


def read_feed_list(parameters: Mapping[str, str], now: datetime) -> FeedList:
    """Check the parameters of GetFeedSubmissionList."""
    only(
        parameters,
        "FeedSubmissionIdList.Id",
        "FeedTypeList.Type",
        "SubmittedFromDate",
        "MaxCount",
    )
    return FeedList(
        ids=frozenset(numbered(parameters, "FeedSubmissionIdList.Id", most=100)),
        types=frozenset(numbered(parameters, "FeedTypeList.Type")),
        since=moment(parameters, "SubmittedFromDate") or now - _FEED_DAYS,
        size=size(parameters, "MaxCount", 10),
    )


def next_token(parameters: Mapping[str, str]) -> str:
    """Return the token of a next page, which excludes every other parameter."""
    only(parameters, "NextToken")
    return required(parameters, "NextToken")


def _window(parameters: Mapping[str, str], name: str, now: datetime) -> tuple[datetime, datetime]:
    start = moment(parameters, f"{name}After")
    until = moment(parameters, f"{name}Before")
    if start is None:
        raise missing(f"{name}After")
    if start > now:
        raise invalid_value(f"{name}After lies in the future.")
    if until is None:
        return start, now - SETTLED
    if not start <= until <= now - SETTLED:
        raise invalid_value(
            f"{name}Before must not be earlier than {name}After, "
            "and at least two minutes before the request."
        )
    return start, until
