"""Where a poll goes on for a hub that sends only when its last one began."""

from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
import pytest

from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.errors import InvalidInput, Later, Throttled
from amazon_endpoint.services.poll import PollOutcome, PollRequest
from amazon_endpoint.services.windows import (
    KeptWindow,
    Progress,
    WindowKey,
    poll_by_last_poll,
    poll_on,
    progress_of,
    window_key,
)
from tests.turned_clock import NOON, TurnedClock
from tests.unit.services.test_poll import PagedAmazon, order, request

LAST_POLL = int(NOON.timestamp())
BEFORE = Progress(cursor=NOON - timedelta(hours=2))
AFTER = Progress(cursor=NOON - timedelta(hours=1), resume="w1.sealed")
KEY = WindowKey("A1SELLER", "all")
KEPT = KeptWindow(key=KEY, revision=1, last_poll=LAST_POLL, before=BEFORE, after=AFTER)
START = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryWindows:
    """Keeps windows; `overtaken` lets somebody else be faster once."""

    def __init__(self) -> None:
        self.kept: KeptWindow | None = None
        self.overtaken = False

    async def find(self, key: WindowKey) -> KeptWindow | None:
        return self.kept if self.kept and self.kept.key == key else None

    async def keep(self, window: KeptWindow) -> bool:
        if self.overtaken or window.revision != (self.kept.revision if self.kept else 0) + 1:
            return False
        self.kept = window
        return True


async def poll(
    amazon: PagedAmazon, windows: MemoryWindows, last_poll: int
) -> tuple[PollOutcome, Progress]:
    return await poll_by_last_poll(
        cast("Amazon", amazon),
        windows,
        KEY,
        request(),
        last_poll,
        clock=amazon.clock,
        deadline=NOON + timedelta(minutes=2),
    )


async def polled_on(amazon: PagedAmazon, asked: PollRequest) -> PollOutcome:
    deadline = NOON + timedelta(minutes=2)
    return await poll_on(cast("Amazon", amazon), asked, clock=amazon.clock, deadline=deadline)


def test_a_first_poll_begins_at_the_start() -> None:
    assert progress_of(None, 0, START) == Progress(cursor=START)


def test_an_unknown_hub_goes_on_well_before_its_last_poll() -> None:
    began = progress_of(None, LAST_POLL, START)
    assert began == Progress(cursor=NOON - timedelta(minutes=12))


def test_a_later_last_poll_says_that_our_answer_arrived() -> None:
    assert progress_of(KEPT, LAST_POLL + 1, START) == AFTER
    assert progress_of(KEPT, LAST_POLL + 10**8, START) == AFTER


def test_the_same_last_poll_says_that_our_answer_was_lost() -> None:
    assert progress_of(KEPT, LAST_POLL, START) == BEFORE


def test_a_hub_set_back_is_followed() -> None:
    earlier = LAST_POLL - 86_400
    assert progress_of(KEPT, earlier, START).cursor == NOON - timedelta(days=1, minutes=12)
    assert progress_of(KEPT, 0, START) == Progress(cursor=START)


def test_a_hub_set_back_skips_nothing_that_is_unread() -> None:
    assert progress_of(KEPT, LAST_POLL - 60, START) == Progress(cursor=BEFORE.cursor)
    assert progress_of(KEPT, 0, NOON) == Progress(cursor=BEFORE.cursor)


def test_the_key_is_what_is_asked_in_whatever_sequence() -> None:
    key = window_key("A1", request(statuses=("Shipped", "Unshipped")))
    assert key == window_key("A1", request(statuses=("Unshipped", "Shipped"), cursor=START))
    assert key != window_key("A1", request())
    assert key != window_key("A2", request(statuses=("Shipped", "Unshipped")))


async def test_what_an_answer_covers_is_kept_before_it_is_given() -> None:
    windows = MemoryWindows()
    amazon = PagedAmazon(TurnedClock(), [order(n, NOON - timedelta(hours=n)) for n in (3, 2, 1)])
    amazon.failures[1] = Throttled()
    first, began = await poll(amazon, windows, 0)
    assert began == Progress(cursor=request().cursor)
    assert windows.kept is not None
    assert windows.kept.after == msgspec.structs.replace(began, resume=first.resume)

    second, began = await poll(amazon, windows, LAST_POLL)
    assert began.resume == first.resume
    assert [*first.orders, *second.orders] == amazon.orders
    assert windows.kept.revision == 2
    assert windows.kept.after == Progress(cursor=NOON - timedelta(hours=1))


async def test_of_two_polls_at_once_one_is_put_off() -> None:
    windows = MemoryWindows()
    windows.overtaken = True
    with pytest.raises(Later, match="at the same time"):
        await poll(PagedAmazon(TurnedClock()), windows, 0)


async def test_a_poll_that_fails_keeps_nothing() -> None:
    windows, amazon = MemoryWindows(), PagedAmazon(TurnedClock())
    amazon.failures[0] = Throttled()
    with pytest.raises(Throttled):
        await poll(amazon, windows, 0)
    assert windows.kept is None


async def test_an_unusable_resume_and_seen_are_dropped_and_emptied() -> None:
    amazon = PagedAmazon(TurnedClock(), [order(1, NOON - timedelta(hours=1))])
    outcome = await polled_on(amazon, request(resume="w1.forged", seen="everything"))
    assert len(outcome.orders) == 1
    assert (outcome.resume, outcome.seen) == ("", "")


async def test_other_input_that_is_wrong_is_told() -> None:
    amazon = PagedAmazon(TurnedClock())
    amazon.failures[0] = InvalidInput(field="amazon.marketplace_id")
    with pytest.raises(InvalidInput):
        await polled_on(amazon, request())
