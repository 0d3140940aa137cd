"""A poll reads a window to its end, or says where it stopped."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import pytest

from amazon_endpoint.amazon.port import OrderPage, OrderQuery, UnreadableOrder
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonUnavailable,
    EndpointError,
    InvalidInput,
    PageRepeated,
    PageTokenRefused,
    Throttled,
)
from amazon_endpoint.orders import Order, OrderItem
from amazon_endpoint.services.poll import PollOutcome, PollRequest, poll_orders
from tests.turned_clock import NOON, TurnedClock

CURSOR = NOON - timedelta(days=1)


def order(number: int, updated_at: datetime) -> Order:
    return Order(
        number=f"111-0000000-{number:07d}",
        status="Unshipped",
        placed_at=CURSOR,
        updated_at=updated_at,
        channel="Amazon.com",
        items=(OrderItem(item_id=str(number), quantity=1),),
    )


class PagedAmazon:
    """Serves the orders of a window two at a time, and fails where a test says."""

    def __init__(self, clock: TurnedClock, orders: Sequence[Order] = ()) -> None:
        self.clock = clock
        self.orders = list(orders)
        self.queries: list[OrderQuery] = []
        self.failures: dict[int, EndpointError] = {}
        self.stuck = False
        self.unreadable: tuple[UnreadableOrder, ...] = ()

    async def latest_upper_bound(self) -> datetime:
        return self.clock.now() - timedelta(minutes=2)

    async def search_orders(self, query: OrderQuery, page_token: str | None) -> OrderPage:
        if failure := self.failures.pop(len(self.queries), None):
            self.queries.append(query)
            raise failure
        self.queries.append(query)
        start = int(page_token or 0)
        window = [one for one in self.orders if query.after <= one.updated_at <= query.before]
        last = start + 2 >= len(window)
        return OrderPage(
            orders=tuple(window[start : start + 2]),
            unreadable=self.unreadable,
            next_token=None if last else str(0 if self.stuck else start + 2),
        )


def request(**changes: object) -> PollRequest:
    asked = PollRequest(
        cursor=CURSOR,
        marketplace_ids=("ATVPDKIKX0DER",),
        statuses=("Unshipped",),
        fulfilled_by=("MERCHANT",),
        secret=b"only this account",
    )
    return msgspec.structs.replace(asked, **changes)


async def poll(amazon: PagedAmazon, asked: PollRequest) -> PollOutcome:
    return await poll_orders(
        amazon,  # type: ignore[arg-type]
        asked,
        clock=amazon.clock,
        deadline=amazon.clock.now() + timedelta(seconds=150),
    )


def five(clock: TurnedClock) -> PagedAmazon:
    return PagedAmazon(clock, [order(n, CURSOR + timedelta(hours=n)) for n in range(1, 6)])


def numbers(outcome: PollOutcome) -> list[int]:
    return [int(one.number[-7:]) for one in outcome.orders]


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


async def test_reads_every_page_and_moves_the_cursor_to_the_newest_update(
    clock: TurnedClock,
) -> None:
    outcome = await poll(five(clock), request())
    assert numbers(outcome) == [1, 2, 3, 4, 5]
    assert outcome.cursor == CURSOR + timedelta(hours=5)
    assert (outcome.seen, outcome.resume, outcome.unfinished) == (None, None, False)


async def test_the_upper_bound_is_two_minutes_before_amazons_time(clock: TurnedClock) -> None:
    amazon = five(clock)
    await poll(amazon, request())
    assert amazon.queries[0].before == NOON - timedelta(minutes=2)


async def test_every_page_asks_the_frozen_query(clock: TurnedClock) -> None:
    amazon = five(clock)
    amazon.failures[1] = Throttled(not_before=NOON + timedelta(minutes=3))
    cut = await poll(amazon, request())
    clock.advance(300)
    await poll(amazon, request(resume=cut.resume))
    assert len(set(map(repr, amazon.queries))) == 1


async def test_the_newest_order_comes_again_once_and_then_no_more(clock: TurnedClock) -> None:
    amazon = five(clock)
    first = await poll(amazon, request())
    second = await poll(amazon, request(cursor=first.cursor, seen=first.seen))
    third = await poll(amazon, request(cursor=second.cursor, seen=second.seen))
    assert numbers(second) == [5]
    assert second.seen is not None
    assert third == PollOutcome()


async def test_an_order_that_joins_the_cursors_second_late_is_told_alone(
    clock: TurnedClock,
) -> None:
    amazon = five(clock)
    first = await poll(amazon, request())
    second = await poll(amazon, request(cursor=first.cursor))
    late = order(6, CURSOR + timedelta(hours=5, milliseconds=700))
    amazon.orders.append(late)
    third = await poll(amazon, request(cursor=second.cursor, seen=second.seen))
    fourth = await poll(amazon, request(cursor=third.cursor, seen=third.seen))
    assert numbers(third) == [6]
    assert fourth.orders == ()


async def test_a_change_within_the_cursors_second_is_told(clock: TurnedClock) -> None:
    amazon = five(clock)
    first = await poll(amazon, request())
    second = await poll(amazon, request(cursor=first.cursor))
    amazon.orders[-1] = order(5, CURSOR + timedelta(hours=5, milliseconds=1))
    third = await poll(amazon, request(cursor=second.cursor, seen=second.seen))
    assert numbers(third) == [5]


async def test_seen_of_another_cursor_leaves_nothing_out(clock: TurnedClock) -> None:
    amazon = five(clock)
    first = await poll(amazon, request())
    second = await poll(amazon, request(cursor=first.cursor))
    again = await poll(amazon, request(cursor=CURSOR, seen=second.seen))
    assert numbers(again) == [1, 2, 3, 4, 5]


async def test_quota_cuts_the_window_and_the_next_poll_goes_on(clock: TurnedClock) -> None:
    amazon = five(clock)
    amazon.failures[2] = Throttled(not_before=NOON + timedelta(minutes=3))
    cut = await poll(amazon, request())
    assert numbers(cut) == [1, 2, 3, 4]
    assert cut.cursor is None
    assert cut.unfinished
    assert cut.not_before == NOON + timedelta(minutes=3)
    rest = await poll(amazon, request(resume=cut.resume))
    assert numbers(rest) == [5]
    assert rest.cursor == CURSOR + timedelta(hours=5)
    assert rest.resume == ""


@pytest.mark.parametrize(("failure", "failed"), [(AmazonUnavailable(), True), (Throttled(), False)])
async def test_it_is_told_whether_amazon_cut_the_window(
    clock: TurnedClock, failure: EndpointError, failed: bool
) -> None:
    amazon = five(clock)
    amazon.failures[1] = failure
    cut = await poll(amazon, request())
    assert (cut.unfinished, cut.amazon_failed) == (True, failed)


async def test_a_page_cut_short_is_not_gone_on_with_at_once(clock: TurnedClock) -> None:
    class FailingAmazon(PagedAmazon):
        async def search_orders(self, query: OrderQuery, page_token: str | None) -> OrderPage:
            page = await super().search_orders(query, page_token)
            return msgspec.structs.replace(page, stopped=AmazonUnavailable())

    amazon = FailingAmazon(clock, five(clock).orders)
    cut = await poll(amazon, request())
    assert (numbers(cut), len(amazon.queries)) == ([1, 2], 1)
    assert cut.resume
    assert cut.amazon_failed


async def test_nothing_read_for_lack_of_quota_is_raised(clock: TurnedClock) -> None:
    amazon = five(clock)
    amazon.failures[0] = Throttled(not_before=NOON + timedelta(minutes=3))
    with pytest.raises(Throttled):
        await poll(amazon, request())


async def test_the_newest_update_of_the_whole_window_counts_not_of_its_last_page(
    clock: TurnedClock,
) -> None:
    amazon = five(clock)
    amazon.orders.reverse()
    amazon.failures[1] = Throttled()
    cut = await poll(amazon, request())
    rest = await poll(amazon, request(resume=cut.resume))
    assert rest.cursor == CURSOR + timedelta(hours=5)


async def test_the_deadline_cuts_the_window(clock: TurnedClock) -> None:
    amazon = five(clock)

    class SlowAmazon(PagedAmazon):
        async def search_orders(self, query: OrderQuery, page_token: str | None) -> OrderPage:
            page = await super().search_orders(query, page_token)
            clock.advance(100)
            return page

    slow = SlowAmazon(clock, amazon.orders)
    cut = await poll(slow, request())
    assert (cut.unfinished, cut.amazon_failed) == (True, False)
    assert numbers(cut) == [1, 2, 3, 4]


async def test_a_page_seen_twice_ends_the_window_and_keeps_what_was_read(
    clock: TurnedClock,
) -> None:
    amazon = five(clock)
    amazon.stuck = True
    outcome = await poll(amazon, request())
    assert isinstance(outcome.problem, PageRepeated)
    assert numbers(outcome) == [1, 2]
    assert outcome.cursor is None
    assert outcome.resume == ""


async def test_a_page_seen_twice_is_noticed_across_replies(clock: TurnedClock) -> None:
    amazon = five(clock)
    amazon.stuck = True
    amazon.failures[1] = Throttled()
    cut = await poll(amazon, request())
    outcome = await poll(amazon, request(resume=cut.resume))
    assert isinstance(outcome.problem, PageRepeated)


async def test_a_refused_page_token_starts_the_window_again(clock: TurnedClock) -> None:
    amazon = five(clock)
    amazon.failures[1] = PageTokenRefused()
    outcome = await poll(amazon, request())
    assert numbers(outcome) == [1, 2, 3, 4, 5]
    assert amazon.queries[2].after == CURSOR


async def test_a_refusal_in_the_middle_gives_what_was_read_and_where_to_go_on(
    clock: TurnedClock,
) -> None:
    amazon = five(clock)
    amazon.failures[1] = AccessDenied()
    outcome = await poll(amazon, request())
    assert isinstance(outcome.problem, AccessDenied)
    assert numbers(outcome) == [1, 2]
    assert outcome.cursor is None
    rest = await poll(amazon, request(resume=outcome.resume))
    assert numbers(rest) == [3, 4, 5]


async def test_unreadable_orders_do_not_stop_the_others(clock: TurnedClock) -> None:
    amazon = five(clock)
    amazon.unreadable = (UnreadableOrder("111-0000000-0000009", "its date is not one"),)
    outcome = await poll(amazon, request())
    assert numbers(outcome) == [1, 2, 3, 4, 5]
    assert outcome.unreadable[0].number == "111-0000000-0000009"


async def test_a_cursor_that_amazon_does_not_list_yet_costs_no_call(clock: TurnedClock) -> None:
    amazon = five(clock)
    assert await poll(amazon, request(cursor=NOON - timedelta(seconds=30))) == PollOutcome()
    assert amazon.queries == []


async def cut_short(clock: TurnedClock) -> str:
    amazon = five(clock)
    amazon.failures[1] = Throttled()
    resume = (await poll(amazon, request())).resume
    assert resume
    return resume


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"secret": b"another account"}, id="other credentials"),
        pytest.param({"marketplace_ids": ("A2EUQ1WTGCTBG2",)}, id="other marketplace"),
        pytest.param({"statuses": ("Shipped",)}, id="other filter"),
        pytest.param({"cursor": CURSOR - timedelta(seconds=1)}, id="other cursor"),
    ],
)
async def test_a_foreign_resume_is_refused(clock: TurnedClock, change: dict[str, object]) -> None:
    resume = await cut_short(clock)
    with pytest.raises(InvalidInput) as refused:
        await poll(five(clock), request(resume=resume, **change))
    assert refused.value.field == "amazon.resume"


@pytest.mark.parametrize("position", [0, 5, 20, -5])
async def test_a_forged_resume_is_refused(clock: TurnedClock, position: int) -> None:
    resume = await cut_short(clock)
    forged = list(resume)
    forged[position] = "A" if forged[position] != "A" else "B"
    with pytest.raises(InvalidInput) as refused:
        await poll(five(clock), request(resume="".join(forged)))
    assert refused.value.field == "amazon.resume"


async def test_an_expired_resume_is_refused(clock: TurnedClock) -> None:
    resume = await cut_short(clock)
    clock.advance(24 * 3600)
    with pytest.raises(InvalidInput, match="24 hours"):
        await poll(five(clock), request(resume=resume))


@pytest.mark.parametrize("seen", ["x", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z zz", "é" * 50])
async def test_a_seen_that_we_did_not_give_is_refused(clock: TurnedClock, seen: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await poll(five(clock), request(seen=seen))
    assert refused.value.field == "amazon.seen"
