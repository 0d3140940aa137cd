"""Windows: one query from a lower to an upper bound, and how far it has been read."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from amazon_endpoint.amazon.port import OrderPage, OrderQuery
from amazon_endpoint.clock import whole_seconds
from amazon_endpoint.errors import PageRepeated
from amazon_endpoint.orders import Order

# Amazon's page tokens live 24 hours; one that is about to die is not worth a call.
PAGE_TOKEN_LIFE = timedelta(hours=24) - timedelta(minutes=5)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A window in progress.

    `newest` is the newest update told so far, in whole seconds; `told` are the digests of what
    the lower bound's own second already delivered; `pages` are the marks of the pages read.
    """

    query: OrderQuery
    page_token: str | None = None
    token_at: datetime | None = None
    newest: datetime | None = None
    told: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()

    def token_is_dead(self, now: datetime) -> bool:
        """Whether Amazon would refuse the page token for its age."""
        return self.token_at is not None and now - self.token_at > PAGE_TOKEN_LIFE


def digest(order: Order) -> str:
    """What tells one state of an order from another: its number and exact time of update."""
    return _short_hash(f"{order.number} {order.updated_at.isoformat()}")


def turn_page(window: Window, page: OrderPage, now: datetime) -> tuple[Window, tuple[Order, ...]]:
    """The window after `page`, and the orders of it that were not delivered before.

    Raises:
        PageRepeated: the page, or its token, was already seen in this window.
    """
    marks = tuple(_marks(page))
    if not set(marks).isdisjoint(window.pages):
        raise PageRepeated
    lower = whole_seconds(window.query.after)
    known = set(window.told)
    fresh = tuple(
        order
        for order in page.orders
        if not (whole_seconds(order.updated_at) == lower and digest(order) in known)
    )
    updates = [whole_seconds(order.updated_at) for order in fresh]
    repeated = tuple(digest(o) for o in fresh if whole_seconds(o.updated_at) == lower)
    turned = msgspec.structs.replace(
        window,
        page_token=page.next_token,
        token_at=now if page.next_token else None,
        newest=max([*updates, *([window.newest] if window.newest else [])], default=None),
        told=window.told + repeated,
        pages=window.pages + marks,
    )
    return turned, fresh


def _marks(page: OrderPage) -> Iterable[str]:
    if page.next_token:
        yield _short_hash(f"token {page.next_token}")
    numbers = [order.number for order in page.orders]
    numbers += [one.number or "" for one in page.unreadable]
    if numbers:
        yield _short_hash("orders " + " ".join(numbers))


def _short_hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
