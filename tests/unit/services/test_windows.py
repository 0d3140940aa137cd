"""Where a poll goes on for a hub that sends only when its last one began."""

from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
import pytest

from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.errors import InvalidInput, Later, Throttled
from amazon_endpoint.orders import Order
from amazon_endpoint.services.poll import PollOutcome, PollRequest
from amazon_endpoint.services.windows import (
    KeptWindow,
    Progress,
    Start,
    Told,
    WindowKey,
    poll_by_last_poll,
    poll_on,
    start_of,
    window_key,
)
from tests.turned_clock import NOON, TurnedClock
from tests.unit.services.test_poll import PagedAmazon, order, request

LAST_POLL = int(NOON.timestamp())
BEFORE = Progress(cursor=NOON - timedelta(hours=2))
AFTER = Progress(cursor=NOON - timedelta(hours=1), resume="w1.sealed")
KEY = WindowKey("A1SELLER", "a" * 32, "b" * 32)
KEPT = KeptWindow(key=KEY, revision=1, last_poll=LAST_POLL, before=BEFORE, after=AFTER)
START = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryWindows:
    """Keeps windows; `overtaken` lets somebody else be faster once."""

    def __init__(self) -> None:
        self.every: dict[WindowKey, KeptWindow] = {}
        self.overtaken = False

    @property
    def kept(self) -> KeptWindow | None:
        return self.every.get(KEY)

    async def find(self, key: WindowKey) -> KeptWindow | None:
        return self.every.get(key)

    async def others(self, key: WindowKey) -> list[KeptWindow]:
        return [one for other, one in self.every.items() if other != key]

    async def keep(self, window: KeptWindow) -> bool:
        known = self.every.get(window.key)
        if self.overtaken or window.revision != (known.revision if known else 0) + 1:
            return False
        self.every[window.key] = window
        return True


def start(
    kept: KeptWindow | None, last_poll: int, first: datetime = START, *others: KeptWindow
) -> Start:
    return start_of(kept, others, last_poll, first=first, now=NOON + timedelta(days=1))


async def poll(
    amazon: PagedAmazon,
    windows: MemoryWindows,
    last_poll: int,
    key: WindowKey = KEY,
    **asked: object,
) -> tuple[PollOutcome, Start]:
    return await poll_by_last_poll(
        cast("Amazon", amazon),
        windows,
        key,
        request(**asked),
        last_poll,
        clock=amazon.clock,
        deadline=amazon.clock.now() + timedelta(minutes=2),
    )


async def polled_on(amazon: PagedAmazon, asked: PollRequest) -> PollOutcome:
    deadline = NOON + timedelta(minutes=2)
    return await poll_on(cast("Amazon", amazon), asked, clock=amazon.clock, deadline=deadline)


def test_a_first_poll_begins_at_the_start() -> None:
    assert start(None, 0) == Start(progress=Progress(cursor=START))


def test_an_unknown_hub_goes_on_well_before_its_last_poll() -> None:
    began = start(None, LAST_POLL)
    assert began == Start(progress=Progress(cursor=NOON - timedelta(minutes=12)))


def test_a_later_last_poll_says_that_our_answer_arrived() -> None:
    assert start(KEPT, LAST_POLL + 1) == Start(progress=AFTER)
    assert start(KEPT, LAST_POLL + 10**8) == Start(progress=AFTER)


def test_after_a_finished_window_the_next_begins_no_later_than_the_hubs_last_poll() -> None:
    after = Progress(cursor=NOON + timedelta(minutes=9), told=(Told("00ff", NOON, NOON),))
    finished = msgspec.structs.replace(KEPT, after=after)
    cursors = {
        minutes: start(finished, LAST_POLL + 60 * minutes).progress.cursor
        for minutes in (1, 20, 21, 22, 60)
    }
    assert cursors == {
        1: NOON - timedelta(minutes=11),
        20: NOON + timedelta(minutes=8),
        21: NOON + timedelta(minutes=9),
        22: NOON + timedelta(minutes=9),
        60: NOON + timedelta(minutes=9),
    }
    assert start(finished, LAST_POLL + 60).progress.told == after.told


def test_the_same_last_poll_says_that_our_answer_was_lost() -> None:
    assert start(KEPT, LAST_POLL) == Start(progress=BEFORE)


def test_an_earlier_last_poll_is_answered_from_it_and_follows_nothing() -> None:
    earlier = start(KEPT, LAST_POLL - 86_400)
    assert earlier.progress.cursor == NOON - timedelta(days=1, minutes=12)
    assert start(KEPT, 0).progress == Progress(cursor=START)
    assert not earlier.follows
    assert not start(KEPT, 0).follows
    assert not start(msgspec.structs.replace(KEPT, last_poll=0), 0).follows


def test_an_earlier_last_poll_skips_nothing_that_is_unread() -> None:
    assert start(KEPT, LAST_POLL - 60).progress == Progress(cursor=BEFORE.cursor)
    assert start(KEPT, 0, NOON).progress == Progress(cursor=BEFORE.cursor)


def test_a_clock_that_was_ahead_is_followed_back() -> None:
    ahead = msgspec.structs.replace(KEPT, last_poll=LAST_POLL + 10 * 86_400)
    assert start(ahead, LAST_POLL) == Start(progress=BEFORE)
    assert not start(ahead, 0).follows


def test_a_clock_ahead_does_no_harm_where_progress_is_kept() -> None:
    finished = msgspec.structs.replace(KEPT, after=Progress(cursor=NOON))
    assert start(finished, LAST_POLL + 10 * 86_400).progress.cursor == NOON


def test_a_clock_ahead_of_which_nothing_is_known_is_named() -> None:
    with pytest.raises(InvalidInput, match="clock") as raised:
        start(None, LAST_POLL + 86_400 + 301)
    assert raised.value.field == "last_poll"


def test_an_unknown_question_goes_back_to_a_window_left_unfinished() -> None:
    long_ago = START - timedelta(days=90)
    older = msgspec.structs.replace(KEPT, before=Progress(cursor=long_ago))
    assert start(None, LAST_POLL, START, KEPT, older) == Start(
        progress=Progress(cursor=long_ago), abandoned=True
    )
    finished = msgspec.structs.replace(older, after=Progress(cursor=NOON))
    assert not start(None, LAST_POLL, START, finished).abandoned


def test_the_key_is_what_is_asked_in_whatever_sequence() -> None:
    asked = request(statuses=("Shipped", "Unshipped"))
    key = window_key("A1", "00ff", "", asked)
    turned = request(statuses=("Unshipped", "Shipped"), cursor=START)
    assert key == window_key("A1", "00ff", "", turned)
    for other in (
        window_key("A1", "00ff", "", request()),
        window_key("A1", "00fe", "", asked),
    ):
        assert (other.account, other.question != key.question) == (key.account, True)
    assert key.account != window_key("A1", "00ff", "staging", asked).account
    assert key != window_key("A2", "00ff", "", asked)


async def test_what_an_answer_covers_is_kept_before_it_is_given() -> None:
    windows = MemoryWindows()
    amazon = PagedAmazon(TurnedClock(), [order(n, NOON - timedelta(hours=n)) for n in (3, 2, 1)])
    amazon.failures[1] = Throttled()
    first, began = await poll(amazon, windows, 0)
    assert began.progress == Progress(cursor=request().cursor)
    assert windows.kept is not None
    assert windows.kept.after == msgspec.structs.replace(began.progress, resume=first.resume)

    second, began = await poll(amazon, windows, LAST_POLL)
    assert began.progress.resume == first.resume
    assert [*first.orders, *second.orders] == amazon.orders
    assert windows.kept.revision == 2
    assert windows.kept.after == Progress(cursor=NOON - timedelta(hours=1))


class Shop:
    """Orders that come one a minute, and hubs that poll for them without telling who they are."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.amazon = PagedAmazon(self.clock)
        self.windows = MemoryWindows()

    async def minute(self) -> None:
        self.clock.advance(60)
        number = len(self.amazon.orders)
        self.amazon.orders.append(order(number, self.clock.now() - timedelta(seconds=121)))

    async def poll(self, last_poll: int) -> list[str]:
        outcome, _ = await poll(self.amazon, self.windows, last_poll, cursor=self.clock.now())
        return [one.number for one in outcome.orders]

    @property
    def now(self) -> int:
        return int(self.clock.now().timestamp())


async def test_each_order_comes_once_to_a_hub_that_polls_alone() -> None:
    shop, last_poll, arrived = Shop(), 0, list[str]()
    for _ in range(40):
        now = shop.now
        arrived += await shop.poll(last_poll)
        last_poll = now
        await shop.minute()
    assert arrived == [one.number for one in shop.amazon.orders[:-1]]


async def test_what_somebody_else_is_told_comes_to_the_hub_all_the_same() -> None:
    shop, last_poll, arrived = Shop(), 0, list[str]()
    for minute in range(40):
        now = shop.now
        arrived += await shop.poll(last_poll)
        last_poll = now
        await shop.minute()
        if minute % 5 == 3:
            await shop.poll(0)
        if minute % 7 == 3:
            await shop.poll(now - 3600)
    assert arrived == [one.number for one in shop.amazon.orders[:-1]]


async def test_two_hubs_that_cannot_be_told_apart_both_get_every_order() -> None:
    shop = Shop()
    last_polls, arrived = [0, 0], [list[str](), list[str]()]
    for minute in range(60):
        which = 0 if minute % 3 else 1
        now = shop.now
        arrived[which] += await shop.poll(last_polls[which])
        last_polls[which] = now
        await shop.minute()
    every = {one.number for one in shop.amazon.orders[:-3]}
    assert every <= set(arrived[0])
    assert every <= set(arrived[1])


async def test_a_part_that_a_stranger_took_is_read_again() -> None:
    windows = MemoryWindows()
    amazon = PagedAmazon(
        TurnedClock(), [order(n, NOON - timedelta(hours=n)) for n in range(9, 0, -1)]
    )
    arrived: list[Order] = []
    for call, last_poll in enumerate((0, LAST_POLL, 0, LAST_POLL + 60, LAST_POLL + 120)):
        amazon.failures[len(amazon.queries) + 1 + call] = Throttled()
        outcome, _ = await poll(amazon, windows, last_poll)
        if call != 2:
            arrived += outcome.orders
        amazon.failures.clear()
    while outcome.unfinished:
        outcome, _ = await poll(amazon, windows, LAST_POLL + 180)
        arrived += outcome.orders
    assert {one.number for one in arrived} == {one.number for one in amazon.orders}


async def test_what_is_kept_of_the_orders_told_stays_small() -> None:
    shop, last_poll = Shop(), 0
    for _ in range(80):
        now = shop.now
        await shop.poll(last_poll)
        last_poll = now
        await shop.minute()
    kept = shop.windows.kept
    assert kept is not None
    assert 12 <= len(kept.after.told) <= 25


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
