"""Shipments are kept some at a time, so that others can write in between."""

from collections.abc import Sequence
from typing import Any

import msgspec

from amazon_endpoint.sync.shipping import (
    KeptShipment,
    Move,
    SentFeed,
    keep,
    new_feed,
    sent,
)
from tests.turned_clock import NOON

SHIPMENT = KeptShipment(
    id="1",
    account_id="shop-us",
    order_number="111-0000000-0000001",
    number="H1",
    content="",
    sealed=None,
    received_at=NOON,
    next_attempt_at=NOON,
)
FEED = new_feed("shop-us", "7001", NOON)


class Written:
    """Notes what is written together."""

    def __init__(self) -> None:
        self.moves: list[Sequence[Move]] = []
        self.feeds: list[SentFeed | None] = []

    async def move(self, moves: Sequence[Move], *, feed: SentFeed | None = None) -> None:
        self.moves.append(moves)
        self.feeds.append(feed)


async def test_a_large_feed_is_kept_in_turns_each_with_the_feed() -> None:
    waiting = [msgspec.structs.replace(SHIPMENT, id=str(one)) for one in range(1100)]
    moves = [(one, sent(one, FEED.feed_id)) for one in waiting]
    written: Any = Written()

    await keep(written, moves, feed=FEED)

    assert [one for some in written.moves for one in some] == moves
    assert max(map(len, written.moves)) <= 500
    # Whatever dies in between, what is kept as sent has a feed that is followed.
    assert set(written.feeds) == {FEED}


async def test_nothing_is_written_where_nothing_moved() -> None:
    written: Any = Written()
    await keep(written, [])
    assert written.moves == []
