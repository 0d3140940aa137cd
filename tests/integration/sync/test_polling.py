"""Polls: every order kept once, with its messages, and never passed before it is."""

import asyncio
from base64 import b64encode
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Table, select, update

from amazon_endpoint.amazon.port import OrderPage, OrderQuery
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonUnavailable,
    CredentialsRefused,
    InvalidInput,
    Throttled,
)
from amazon_endpoint.storage import Storage, StorageUnavailable
from amazon_endpoint.storage.order_tables import orders, outbox, readings
from amazon_endpoint.stores.messages import read_order
from amazon_endpoint.sync.accounts import AccountUnknown, SyncAccount
from amazon_endpoint.sync.changes import OrderState
from amazon_endpoint.sync.polling import begin_backfill, find_due, poll_soon
from amazon_endpoint.sync.reading import ReadingKind
from amazon_endpoint.sync.sweep import LAG as SWEEP_LAG
from tests.integration.sync.accounts import ACCOUNT, KEY, LAG, POLL_EVERY, Polled, changed
from tests.turned_clock import NOON, TurnedClock
from tests.unit.hub.examples import order

NEW_KEY = b64encode(b"the key after the first one, new").decode()
CHARGES = order().charges
NOT_YET = timedelta(minutes=2)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def rows(storage: Storage, table: Table) -> list[Any]:
    def work(connection: Connection) -> list[Any]:
        return list(connection.execute(select(table)).all())

    return await storage._database.run(work)


def some(shop: Polled, count: int) -> None:
    """Orders of the last hours, the first one the newest."""
    for number in range(1, count + 1):
        moment = shop.clock.now() - number * timedelta(minutes=20)
        shop.amazon.put(number, placed_at=moment, updated_at=moment)


# What is read


async def test_all_pages_are_read_and_each_order_is_imported_once(shop: Polled) -> None:
    some(shop, 5)

    await shop.poll()

    assert await shop.kept_orders() == shop.amazon.orders
    assert sorted(await shop.messages()) == [(n, "order:import") for n in range(1, 6)]


async def test_a_message_carries_the_stores_shipping_methods(shop: Polled) -> None:
    shop.account = changed(shipping_methods={"SecondDay": "UPS 2nd Day"})
    shop.amazon.put(1)
    shop.amazon.unreadable.add(shop.amazon.put(2).number)
    await shop.later()
    shop.amazon.unreadable.clear()
    shop.clock.advance(3600)
    await shop.read_known()

    outbox = shop.storage.outbox
    due = await outbox.due(ACCOUNT.id, shop.clock.now(), 9)
    told = [read_order(outbox.open(message)).shipping_methods for message in due]
    assert told == 2 * [{"SecondDay": "UPS 2nd Day"}]


async def test_changes_are_told_in_their_sequence(shop: Polled) -> None:
    shop.amazon.put(1, status="Pending", charges=None, currency=None)
    await shop.later()
    shop.amazon.put(1, status="Unshipped", charges=CHARGES, currency="USD")
    await shop.later()
    shop.amazon.put(1, status="PartiallyShipped")
    await shop.later()
    shop.amazon.put(1, status="Canceled")
    await shop.later()

    told = await shop.deliver()
    assert [(kind, one.status) for _, kind, one in told] == [
        ("order:import", "Unshipped"),
        ("order:update", "PartiallyShipped"),
        ("order:cancel", "Canceled"),
    ]


async def test_the_overlap_read_again_makes_nothing(shop: Polled) -> None:
    some(shop, 3)
    shop.amazon.put(9)
    await shop.later(120)
    await shop.messages()

    for _ in range(3):
        await shop.later()

    assert len({query.after for query, _ in shop.amazon.queries}) == 4
    assert await shop.messages() == []


async def test_both_who_fulfils_and_the_statuses_are_amazons_to_filter(shop: Polled) -> None:
    shop.account = changed(statuses=("Unshipped",), fulfilled_by=("AMAZON",))
    shop.amazon.put(1, fulfilled_by="AMAZON")
    shop.amazon.put(2, fulfilled_by="MERCHANT")
    shop.amazon.put(3, fulfilled_by="AMAZON", status="Shipped")

    await shop.later()

    assert await shop.messages() == [(1, "order:import")]


async def test_an_account_that_is_paused_is_left_alone(shop: Polled) -> None:
    shop.account = changed(paused_at=NOON)

    assert not await shop.poll_once()
    assert shop.amazon.queries == []


async def test_an_account_removed_meanwhile_keeps_nothing(shop: Polled) -> None:
    some(shop, 1)
    await shop.storage.accounts.remove(shop.account.id)

    with pytest.raises(AccountUnknown):
        await shop.poll_once()


async def test_what_is_kept_goes_with_its_account(shop: Polled) -> None:
    some(shop, 3)
    shop.amazon.unreadable = {"111-0000000-0000002"}
    await shop.poll()

    await shop.storage.accounts.remove(shop.account.id, force=True)

    assert await shop.kept(1) is None
    assert await shop.storage.readings.of(shop.account.id) == {}
    assert await shop.storage.quarantine.of(shop.account.id) == ()


# Windows


async def test_the_first_window_begins_at_the_start(shop: Polled) -> None:
    await shop.poll()

    [(query, _)] = shop.amazon.queries
    assert (query.after, query.before) == (ACCOUNT.start, NOON - NOT_YET)
    assert query.marketplace_ids == ACCOUNT.account.marketplace_ids


async def test_a_window_begins_where_the_last_one_ended_less_the_lag(shop: Polled) -> None:
    await shop.poll()
    await shop.later()

    first, second = (query for query, _ in shop.amazon.queries)
    assert second.after == first.before - LAG
    assert second.before == shop.clock.now() - NOT_YET


async def test_a_new_start_does_not_move_a_cursor(shop: Polled) -> None:
    await shop.poll()
    shop.account = changed(start=NOON - 300 * DAY)
    await shop.later()

    assert shop.amazon.queries[1][0].after == NOON - NOT_YET - LAG


async def test_what_amazon_says_it_served_lowers_the_bound(shop: Polled) -> None:
    shop.amazon.served_before = NOON - HOUR
    await shop.poll()
    assert (await shop.reading()).upper_bound == NOON - HOUR

    shop.amazon.served_before = NOON + HOUR
    await shop.later()
    assert (await shop.reading()).upper_bound == shop.clock.now() - NOT_YET


async def test_no_bound_that_amazon_says_takes_the_cursor_back(shop: Polled) -> None:
    await shop.poll()
    shop.amazon.served_before = NOON - DAY
    await shop.later()

    assert (await shop.reading()).upper_bound == NOON - NOT_YET


async def test_a_window_keeps_its_query_until_its_last_page(shop: Polled) -> None:
    some(shop, 5)
    assert await shop.poll_once()
    shop.clock.advance(3600)
    shop.account = changed(statuses=("Shipped",), lag=DAY)
    await shop.poll_once()
    await shop.poll_once()

    assert len({msgspec.json.encode(query) for query, _ in shop.amazon.queries}) == 1
    assert len(await shop.kept_orders()) == 5


async def test_the_cursor_waits_for_the_last_page(shop: Polled) -> None:
    some(shop, 5)
    for _ in range(2):
        await shop.poll_once()
        assert (await shop.reading()).upper_bound == ACCOUNT.start
    await shop.poll_once()
    assert (await shop.reading()).upper_bound == NOON - NOT_YET


async def test_an_unfinished_window_is_gone_on_with_after_a_restart(database_url: str) -> None:
    clock = TurnedClock()
    async with await Storage.open(database_url) as storage:
        unlocked = await storage.unlock(KEY)
        await unlocked.accounts.add(ACCOUNT)
        shop = Polled(unlocked, clock)
        some(shop, 5)
        await shop.poll_once()
    async with await Storage.open(database_url) as storage:
        shop.storage = await storage.unlock(KEY)
        await shop.poll()

        assert [bool(token) for _, token in shop.amazon.queries] == [False, True, True]
        assert await shop.kept_orders() == shop.amazon.orders


async def test_a_page_token_is_kept_sealed(shop: Polled, storage: Storage) -> None:
    some(shop, 5)
    await shop.poll_once()

    token = (await shop.reading()).window
    assert token is not None
    assert token.page_token is not None
    kept = await rows(storage, readings)
    assert token.page_token.encode() not in kept[0].page_token
    assert token.page_token not in kept[0].window


# Windows that don't come to their end


async def test_a_dead_token_starts_the_window_again_and_not_the_next(shop: Polled) -> None:
    some(shop, 5)
    await shop.poll_once()
    shop.clock.advance(DAY.total_seconds())
    some(shop, 6)

    await shop.poll()

    second = shop.amazon.queries[1]
    assert second[1] is None
    assert second[0].after == ACCOUNT.start
    assert await shop.kept_orders() == shop.amazon.orders
    reading = await shop.reading()
    assert reading.upper_bound == shop.clock.now() - NOT_YET
    assert reading.last_error is None


async def test_paging_that_never_works_is_evaded_by_narrower_windows(shop: Polled) -> None:
    some(shop, 9)
    shop.amazon.refuses_tokens = True

    await shop.poll()

    assert await shop.kept_orders() == shop.amazon.orders
    assert (await shop.reading()).upper_bound == NOON - NOT_YET
    assert (await shop.reading()).width is None


async def test_a_page_seen_twice_ends_the_window_and_is_told(shop: Polled) -> None:
    some(shop, 9)
    shop.amazon.turns_in_circles = True

    await shop.poll()

    reading = await shop.reading()
    assert reading.last_error == "PageRepeated"
    assert reading.window is None
    assert reading.upper_bound == ACCOUNT.start
    assert reading.next_attempt_at is not None
    assert reading.next_attempt_at > shop.clock.now()

    shop.amazon.turns_in_circles = False
    await shop.later(3600)
    assert (await shop.reading()).last_error is None
    assert await shop.kept_orders() == shop.amazon.orders


async def test_an_empty_quota_is_waited_for_and_is_no_error(shop: Polled) -> None:
    until = NOON + timedelta(minutes=3)
    shop.amazon.failures.append(Throttled(not_before=until))

    await shop.poll()

    reading = await shop.reading()
    assert (reading.next_attempt_at, reading.last_error) == (until, None)
    assert shop.clock.now() == NOON
    assert not await shop.poll_once()
    await shop.later(180)
    assert (await shop.reading()).upper_bound > ACCOUNT.start


@pytest.mark.parametrize("error", [AccessDenied, AmazonUnavailable, CredentialsRefused])
async def test_an_error_is_kept_and_waited_for_ever_longer(
    shop: Polled, error: type[AccessDenied]
) -> None:
    waits = []
    for _ in range(9):
        shop.amazon.failures.append(error("What Patrick Cook bought", request_id="r-1"))
        await shop.poll()
        reading = await shop.reading()
        assert reading.last_error == f"{error.__name__} (Amazon request id r-1)"
        assert reading.next_attempt_at is not None
        waits.append((reading.next_attempt_at - shop.clock.now()).total_seconds())
        shop.clock.advance(waits[-1])

    assert waits[:3] == [22.5, 45, 90]
    assert waits[-1] == 2700
    await shop.poll()
    assert ((await shop.reading()).attempts, (await shop.reading()).last_error) == (0, None)


async def test_amazons_own_moment_is_waited_for_where_it_is_later(shop: Polled) -> None:
    shop.amazon.failures.append(AmazonUnavailable(not_before=NOON + HOUR))

    await shop.poll()

    assert (await shop.reading()).next_attempt_at == NOON + HOUR


# One transaction


async def test_orders_messages_and_cursor_are_kept_together_or_not_at_all(
    shop: Polled, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    some(shop, 2)

    def fail(*_: object) -> None:
        raise StorageUnavailable

    # The last of all that is written.
    monkeypatch.setattr("amazon_endpoint.storage.orders.write_quarantine", fail)
    await shop.poll()
    monkeypatch.undo()

    for table in (orders, outbox):
        assert await rows(storage, table) == []
    reading = await shop.reading()
    assert (reading.upper_bound, reading.last_error) == (ACCOUNT.start, "StorageUnavailable")
    await shop.later()
    assert len(await shop.messages()) == 2


async def test_of_two_who_read_the_same_page_one_keeps_it(shop: Polled) -> None:
    some(shop, 2)

    await asyncio.gather(*(shop.poll_once() for _ in range(5)))

    assert sorted(await shop.messages()) == [(1, "order:import"), (2, "order:import")]
    assert (await shop.reading()).revision == 1


async def test_who_comes_late_with_a_page_does_not_take_the_cursor_back(
    shop: Polled, monkeypatch: pytest.MonkeyPatch
) -> None:
    some(shop, 5)
    await shop.poll_once()
    listed, asked, answered = shop.amazon.search_orders, asyncio.Event(), asyncio.Event()

    async def search_orders(query: OrderQuery, page_token: str | None) -> OrderPage:
        asked.set()
        await answered.wait()
        return await listed(query, page_token)

    with monkeypatch.context() as patched:
        patched.setattr(shop.amazon, "search_orders", search_orders)
        late = asyncio.create_task(shop.poll_once())
        await asked.wait()
    await shop.poll()
    before = await shop.reading()
    answered.set()

    assert await late
    assert await shop.reading() == before


async def test_an_order_read_twice_at_once_is_imported_once(shop: Polled) -> None:
    some(shop, 2)
    numbers = list(shop.amazon.orders)
    await shop.storage.wanted_orders.want(shop.account.id, numbers, NOON)

    await asyncio.gather(shop.poll(), shop.read_known())

    assert sorted(await shop.messages()) == [(1, "order:import"), (2, "order:import")]


async def test_nothing_of_a_buyer_stands_in_the_clear(shop: Polled, storage: Storage) -> None:
    shop.amazon.put(1, buyer_name="canary", buyer_email="canary", purchase_order_number="canary")

    await shop.later()

    for table in (orders, outbox, readings):
        kept = await rows(storage, table)
        assert kept
        assert "canary" not in repr(kept)


async def test_a_new_key_changes_no_order(shop: Polled, storage: Storage) -> None:
    some(shop, 1)
    shop.amazon.put(2)
    await shop.later(120)
    await shop.messages()

    shop.storage = await storage.unlock(f"{NEW_KEY},{KEY}")
    await shop.later()
    await shop.storage.reseal()
    shop.amazon.put(3)
    shop.storage = await storage.unlock(NEW_KEY)
    await shop.later()

    assert await shop.messages() == [(3, "order:import")]
    shop.amazon.put(1, status="Shipped")
    await shop.later()
    assert await shop.messages() == [(1, "order:update")]


async def test_a_key_that_is_gone_is_told_and_waited_for(shop: Polled, storage: Storage) -> None:
    shop.amazon.put(1)
    await shop.later()
    shop.storage = await storage.unlock(NEW_KEY)
    shop.amazon.put(1, status="Shipped")

    await shop.later()

    reading = await shop.reading()
    assert "Add that key after the first one" in str(reading.last_error)
    assert not reading.is_due(shop.clock.now())
    shop.storage = await storage.unlock(KEY)
    await shop.later()
    assert await shop.messages() == [(1, "order:import"), (1, "order:update")]


async def test_a_page_token_that_is_damaged_starts_the_window_again(
    shop: Polled, storage: Storage
) -> None:
    some(shop, 5)
    await shop.poll_once()

    def damage(connection: Connection) -> None:
        connection.execute(update(readings).values(page_token=b"nonsense"))

    await storage._database.run(damage)
    await shop.poll()

    assert await shop.kept_orders() == shop.amazon.orders


# What can't be told yet, or not at all


async def test_what_waits_for_its_price_is_kept_and_not_told(shop: Polled) -> None:
    shop.amazon.put(1, status="Pending", charges=None, currency=None)

    await shop.later()

    kept = await shop.kept(1)
    assert kept is not None
    assert kept.state is OrderState.WAITING_PRICE
    assert await shop.messages() == []
    assert await shop.storage.wanted_orders.due(ACCOUNT.id, NOON + 9 * DAY, 9) == ()


async def test_an_unreadable_order_is_put_aside_and_the_cursor_moves_on(shop: Polled) -> None:
    some(shop, 3)
    shop.amazon.unreadable = {"111-0000000-0000002"}

    await shop.poll()

    [aside] = await shop.storage.quarantine.of(ACCOUNT.id)
    assert aside.number == "111-0000000-0000002"
    assert aside.reason == "This order can't be read: no price."
    assert sorted(await shop.messages()) == [(1, "order:import"), (3, "order:import")]
    assert (await shop.reading()).upper_bound == NOON - NOT_YET


async def test_an_order_that_can_be_read_again_leaves_quarantine(shop: Polled) -> None:
    shop.amazon.put(2)
    shop.amazon.unreadable = {"111-0000000-0000002"}
    await shop.later()
    shop.amazon.unreadable = set()

    await shop.later()

    assert await shop.storage.quarantine.of(ACCOUNT.id) == ()
    assert await shop.messages() == [(2, "order:import")]


async def test_an_order_that_no_message_can_tell_is_put_aside(shop: Polled) -> None:
    shop.amazon.put(1, items=order().items[:1])
    shop.amazon.put(2)

    await shop.later()

    [aside] = await shop.storage.quarantine.of(ACCOUNT.id)
    assert aside.reason == "This order can't be written as a message (ValueError)."
    assert await shop.kept(1) is None
    assert await shop.messages() == [(2, "order:import")]


async def test_orders_whose_number_is_none_do_not_stop_the_others(shop: Polled) -> None:
    shop.amazon.orders["\0"] = msgspec.structs.replace(shop.amazon.put(1), number="\0")
    shop.amazon.put(2, status="\0Unheard")

    await shop.later()

    [aside] = await shop.storage.quarantine.of(ACCOUNT.id)
    assert aside.number is None
    assert sorted(await shop.messages()) == [(1, "order:import"), (2, "order:import")]


async def test_an_hour_without_buyers_data_blanks_nothing(shop: Polled) -> None:
    bare: dict[str, Any] = {
        "buyer_email": None,
        "shipping_address": None,
        "personal_data_refused": True,
    }
    first = shop.amazon.put(1)
    await shop.later()
    shop.amazon.put(1, status="Shipped", **bare)
    shop.amazon.put(2, **bare)
    await shop.later()

    told = {(number, kind): one for number, kind, one in await shop.deliver()}
    assert set(told) == {(1, "order:import"), (1, "order:update")}
    assert told[1, "order:update"].shipping_address == first.shipping_address
    waiting = await shop.kept(2)
    assert waiting is not None
    assert waiting.state is OrderState.ADDRESS_REFUSED


# The schedule


async def test_an_account_is_due_until_it_is_polled_and_again_after_its_interval(
    shop: Polled,
) -> None:
    readings = shop.storage.readings
    due = [("poll", ACCOUNT.id)]
    assert await find_due(readings, NOON) == due

    await shop.poll()

    assert await find_due(readings, NOON) == []
    assert await find_due(readings, NOON + POLL_EVERY) == due


async def test_a_paused_account_is_not_due(shop: Polled) -> None:
    def pause(account: SyncAccount) -> SyncAccount:
        return msgspec.structs.replace(account, paused_at=NOON)

    await shop.storage.accounts.change(ACCOUNT.id, pause)

    assert await find_due(shop.storage.readings, NOON) == []


async def test_an_account_can_be_polled_before_its_time(shop: Polled) -> None:
    await shop.poll()
    shop.clock.advance(60)
    await poll_soon(ACCOUNT, readings=shop.storage.readings, clock=shop.clock)
    await shop.poll()

    assert (await shop.reading()).upper_bound == NOON + timedelta(seconds=60) - NOT_YET


# Sweeps and back-fills


async def test_a_daily_sweep_finds_an_order_that_no_poll_was_told_of(shop: Polled) -> None:
    await shop.poll()
    shop.clock.advance(DAY.total_seconds() / 2)
    missed = shop.amazon.put(1)
    # Amazon lists it late, under a time that was read long before.
    del shop.amazon.orders[missed.number]
    await shop.later(3600)
    shop.amazon.orders[missed.number] = missed
    await shop.later(3600)
    assert await shop.messages() == []

    await shop.later(DAY.total_seconds() / 2)

    assert await shop.messages() == [(1, "order:import")]
    swept = await shop.reading(ReadingKind.SWEEP)
    assert swept.first_sights == 1
    assert swept.next_attempt_at == shop.clock.now() + DAY


async def test_each_day_is_swept_twice_by_creation(shop: Polled) -> None:
    for _ in range(3):
        await shop.later(DAY.total_seconds())

    swept = [query for query, _ in shop.amazon.queries if query.by == "created"]
    assert len(swept) == 3
    for before, after in pairwise(swept):
        assert after.after == before.before - SWEEP_LAG
    # What the polls have not come to is not missed.
    assert swept[-1].before == (await shop.reading()).upper_bound


async def test_a_back_fill_reads_what_was_created_between_two_dates(shop: Polled) -> None:
    for number in range(1, 7):
        shop.amazon.put(number, placed_at=NOON - number * 30 * DAY, updated_at=NOON - 3 * DAY)
    since, until = NOON - 150 * DAY, NOON - 60 * DAY
    await shop.poll()
    assert await shop.messages() == []

    await begin_backfill(ACCOUNT, since, until, readings=shop.storage.readings, clock=shop.clock)
    assert (await shop.reading(ReadingKind.BACKFILL)).progress == 0
    await shop.poll()

    told = sorted(await shop.messages())
    assert told == [(number, "order:import") for number in range(2, 6)]
    reading = await shop.reading(ReadingKind.BACKFILL)
    assert (reading.progress, reading.first_sights) == (1, 4)
    assert reading.next_attempt_at is None


async def test_polls_go_before_back_fills(shop: Polled) -> None:
    await shop.poll()
    await begin_backfill(
        ACCOUNT, NOON - 9 * DAY, NOON - DAY, readings=shop.storage.readings, clock=shop.clock
    )
    shop.clock.advance(POLL_EVERY.total_seconds())

    await shop.poll()

    assert [query.by for query, _ in shop.amazon.queries] == ["updated", "updated", "created"]


async def test_a_second_back_fill_waits_for_the_first(shop: Polled) -> None:
    async def begin() -> None:
        await begin_backfill(
            ACCOUNT, NOON - 9 * DAY, NOON - DAY, readings=shop.storage.readings, clock=shop.clock
        )

    await begin()
    with pytest.raises(InvalidInput, match="under way"):
        await begin()
    await shop.poll()
    await begin()


async def test_a_back_fill_up_to_a_part_of_a_second_ends(shop: Polled) -> None:
    shop.clock.advance(0.6)
    await begin_backfill(
        ACCOUNT, NOON - DAY, shop.clock.now(), readings=shop.storage.readings, clock=shop.clock
    )
    await shop.later(HOUR.total_seconds())

    reading = await shop.reading(ReadingKind.BACKFILL)
    assert (reading.progress, reading.next_attempt_at) == (1, None)


@pytest.mark.parametrize(("since", "until"), [(DAY, DAY), (DAY, 2 * DAY), (DAY, -DAY)])
async def test_a_back_fill_lies_in_the_past(
    shop: Polled, since: timedelta, until: timedelta
) -> None:
    with pytest.raises(InvalidInput):
        await begin_backfill(
            ACCOUNT, NOON - since, NOON - until, readings=shop.storage.readings, clock=shop.clock
        )
