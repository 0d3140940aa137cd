"""What the Feeds API is asked for: the bodies and parameters of its operations."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from amazon_endpoint.sandbox.answers import invalid_input
from amazon_endpoint.sandbox.clock import read_time

STATUSES = frozenset({"CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE"})
_PARAMETERS = frozenset(
    {
        "feedTypes",
        "marketplaceIds",
        "pageSize",
        "processingStatuses",
        "createdSince",
        "createdUntil",
        "nextToken",
    }
)
_Text = Annotated[str, Meta(min_length=1)]


class DocumentWish(Struct, frozen=True, rename="camel"):
    """The body of createFeedDocument."""

    content_type: _Text


class FeedWish(Struct, frozen=True, rename="camel"):
    """The body of createFeed."""

    feed_type: _Text
    marketplace_ids: Annotated[list[_Text], Meta(min_length=1, max_length=25)]
    input_feed_document_id: _Text
    feed_options: dict[str, str] | None = None


class FeedQuery(Struct, frozen=True, kw_only=True):
    """Which feeds are asked for."""

    feed_types: frozenset[str]
    statuses: frozenset[str]
    marketplaces: frozenset[str]
    since: datetime
    until: datetime
    size: int
    offset: int = 0


_Body = TypeVar("_Body", DocumentWish, FeedWish)


def read_body(content: bytes, shape: type[_Body]) -> _Body:
    """Read a body; Refusal (400) names what is wrong with it."""
    try:
        return msgspec.json.decode(content, type=shape)
    except ValueError as problem:
        raise invalid_input(str(problem)) from None


def read_feed_query(parameters: Mapping[str, str], now: datetime) -> FeedQuery:
    """Check the parameters of getFeeds."""
    unknown = sorted(set(parameters) - _PARAMETERS)
    if unknown:
        raise invalid_input(f"Unknown query parameter: {unknown[0]}.")
    feed_types = _words(parameters, "feedTypes", 10)
    if not feed_types:
        raise invalid_input("Either feedTypes or nextToken is required.")
    statuses = _words(parameters, "processingStatuses", len(STATUSES))
    if not statuses <= STATUSES:
        raise invalid_input("processingStatuses has an invalid value.")
    size = parameters.get("pageSize", "10")
    if not (size.isascii() and size.isdigit()) or not 1 <= int(size) <= 100:
        raise invalid_input("pageSize must be a number from 1 to 100.")
    return FeedQuery(
        feed_types=feed_types,
        statuses=statuses,
        marketplaces=_words(parameters, "marketplaceIds", 10),
        since=_moment(parameters, "createdSince", datetime.min.replace(tzinfo=UTC)),
        until=_moment(parameters, "createdUntil", now),
        size=int(size),
    )


def _words(parameters: Mapping[str, str], name: str, most: int) -> frozenset[str]:
    words = frozenset(parameters[name].split(",")) if name in parameters else frozenset()
    if len(words) > most or "" in words:
        raise invalid_input(f"{name} must hold 1 to {most} values.")
    return words


def _moment(parameters: Mapping[str, str], name: str, default: datetime) -> datetime:
    try:
        return read_time(parameters[name]) if name in parameters else default
    except ValueError:
        raise invalid_input(f"{name} is not an ISO 8601 date and time.") from None
