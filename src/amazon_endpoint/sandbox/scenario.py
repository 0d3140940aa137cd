"""Serves what a file says instead of made-up orders: orders, feeds, and the time.

The file holds `{"orders": [...], "feeds": [...], "now": time}`, each part optional, or just a
list of orders. Orders and feeds are written as Amazon's APIs write them. A feed may carry
`report`, the text of its processing report.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from amazon_endpoint.sandbox.clock import SandboxClock, read_time
from amazon_endpoint.sandbox.feed_queries import STATUSES
from amazon_endpoint.sandbox.feeds import Feed, Feeds
from amazon_endpoint.sandbox.orders import Json, OrderBook, OrderProblem
from amazon_endpoint.sandbox.reports import processing_report


class ScenarioProblem(ValueError):
    """A scenario cannot be served; the message names the file and the field."""


def load_scenario(path: Path, clock: SandboxClock, book: OrderBook, feeds: Feeds) -> None:
    """Fill the sandbox with what the file says."""
    try:
        _load(_read(path), clock, book, feeds)
    except (OrderProblem, ScenarioProblem) as problem:
        raise ScenarioProblem(f"{path}: {problem}") from None


def _read(path: Path) -> Json:
    try:
        content = msgspec.json.decode(path.read_bytes())
    except OSError as problem:
        raise ScenarioProblem(problem.strerror or "cannot be read") from None
    except ValueError as problem:
        raise ScenarioProblem(f"is not JSON: {problem}") from None
    if isinstance(content, dict) and isinstance(content.get("payload"), dict | list):
        content = content["payload"]
    if isinstance(content, list):
        return {"orders": content}
    if isinstance(content, dict):
        return content
    raise ScenarioProblem("is neither an object nor a list of orders")


def _load(scenario: Json, clock: SandboxClock, book: OrderBook, feeds: Feeds) -> None:
    if scenario.get("now") is not None:
        clock.set(_moment(scenario, "now", "the scenario"))
    orders = _list(scenario, "orders")
    if "order" in scenario:
        orders = [*orders, scenario["order"]]
    book.fill(orders)
    for wish in _list(scenario, "feeds"):
        _add_feed(wish, feeds, clock.now())


def _add_feed(wish: object, feeds: Feeds, now: datetime) -> None:
    if not isinstance(wish, dict):
        raise ScenarioProblem("a feed must be a JSON object")
    name = f"feed {wish.get('feedId', '?')}"
    feed = Feed(
        feed_id=_text(wish, "feedId", name),
        seller=None,
        feed_type=_text(wish, "feedType", name),
        marketplaces=_list(wish, "marketplaceIds"),
        created=_moment(wish, "createdTime", name),
        document=None,
        status=_text(wish, "processingStatus", name),
        started=_optional_moment(wish, "processingStartTime", name),
        ended=_optional_moment(wish, "processingEndTime", name),
        result_id=wish.get("resultFeedDocumentId"),
    )
    if feed.status not in STATUSES:
        raise ScenarioProblem(f"{name}: processingStatus is {feed.status!r}")
    report = wish.get("report")
    if report is not None and not isinstance(report, str):
        raise ScenarioProblem(f"{name}: report must be text")
    if report is None and feed.status == "DONE":
        content = processing_report(feed.feed_id, 1, [], charset=feeds.report_charset)
    elif report is not None:
        content = report.encode(feeds.report_charset, "xmlcharrefreplace")
    else:
        feeds.add(feed)
        return
    feed.result_id = feeds.keep_report(None, content, feed.ended or now, feed.result_id)
    feeds.add(feed)


def _list(parent: Json, field: str) -> list[Any]:
    value = parent.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ScenarioProblem(f"{field} must be a list")
    return value


def _text(parent: Json, field: str, name: str) -> str:
    value = parent.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise ScenarioProblem(f"{name} has no {field}")
    return value


def _moment(parent: Json, field: str, name: str) -> datetime:
    try:
        return read_time(_text(parent, field, name))
    except ScenarioProblem:
        raise
    except ValueError as problem:
        raise ScenarioProblem(f"{name}: {field}: {problem}") from None


def _optional_moment(parent: Json, field: str, name: str) -> datetime | None:
    return None if parent.get(field) is None else _moment(parent, field, name)
