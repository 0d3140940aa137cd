"""The status, counted from what is kept, on a database of each kind."""

import re
from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import Connection, event, update

from amazon_endpoint.amazon.mws.operations import SUBMIT_FEED
from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.amazon.quota import QuotaKey
from amazon_endpoint.amazon.spapi.operations import GET_ORDER
from amazon_endpoint.errors import AmazonUnavailable
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.quarantine import write_quarantine
from amazon_endpoint.storage.status import StoredStatus
from amazon_endpoint.storage.status_queries import counts
from amazon_endpoint.storage.sync_tables import workers
from amazon_endpoint.stores.port import Gone
from amazon_endpoint.sync.accounts import AccountUnknown, ExpiryLevel
from amazon_endpoint.sync.polling import begin_backfill
from amazon_endpoint.sync.reading import ReadingKind
from amazon_endpoint.sync.shipping import (
    KeptShipment,
    SentFeed,
    confirmed,
    doubted,
    new_feed,
    refused,
    sent,
)
from amazon_endpoint.sync.standing import after
from amazon_endpoint.sync.status import AccountStatus, CaseKind, findings
from tests.integration.mws.seller import CREDENTIALS as MWS
from tests.integration.storage.test_shipments import SHIPMENT
from tests.integration.sync.accounts import ACCOUNT, KEY, Polled, changed, middling
from tests.integration.sync.engines import running
from tests.turned_clock import NOON

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def reader(storage: Storage) -> StoredStatus:
    return storage.status(KEY)


async def of_shop(reader: StoredStatus, now: datetime) -> AccountStatus:
    (account,) = (await reader.read(now, ACCOUNT.id)).accounts
    return account


async def ship(shop: Polled, number: str) -> KeptShipment:
    shipment = msgspec.structs.replace(SHIPMENT, number=number)
    return await shop.storage.shipments.receive(
        shipment, account_id=ACCOUNT.id, now=shop.clock.now()
    )


async def move(
    shop: Polled, seen: KeptShipment, new: KeptShipment, feed: SentFeed | None = None
) -> None:
    await shop.storage.shipments.move([(seen, new)], feed=feed)


async def test_nothing_is_kept_and_nothing_is_wrong(storage: Storage, database_url: str) -> None:
    # Neither is there a key yet.
    status = await storage.status(None).read(NOON)

    assert (status.accounts, status.workers, status.locked) == ((), (), None)
    assert database_url.startswith(status.database)
    assert findings(status) == ()


async def test_an_account_that_was_never_read_begins_at_its_start(
    shop: Polled, reader: StoredStatus
) -> None:
    account = await of_shop(reader, NOON)

    assert (account.id, account.poll_every) == (ACCOUNT.id, ACCOUNT.poll_every)
    assert (account.cursor, account.readings) == (ACCOUNT.start, {})
    assert (account.paused_at, account.client_secret) == (None, None)


async def test_how_far_it_was_read_and_what_failed(shop: Polled, reader: StoredStatus) -> None:
    shop.amazon.put(1)
    await shop.later()
    read_up_to = (await shop.reading()).upper_bound
    shop.amazon.failures.append(AmazonUnavailable(request_id="an id"))
    await shop.later()

    account = await of_shop(reader, shop.clock.now())

    poll = account.readings[ReadingKind.POLL]
    assert account.cursor == poll.upper_bound == read_up_to
    assert (poll.attempts, poll.last_error) == (1, "AmazonUnavailable (Amazon request id an id)")
    assert poll.next_attempt_at is not None


async def test_how_much_of_a_back_fill_is_stored(shop: Polled, reader: StoredStatus) -> None:
    await shop.poll()
    await begin_backfill(
        ACCOUNT, NOON - 9 * DAY, NOON - DAY, readings=shop.storage.readings, clock=shop.clock
    )
    assert (await of_shop(reader, NOON)).readings[ReadingKind.BACKFILL].progress == 0

    await shop.poll()

    backfill = (await of_shop(reader, NOON)).readings[ReadingKind.BACKFILL]
    assert (backfill.progress, backfill.next_attempt_at) == (1, None)


async def test_orders_are_counted_by_when_they_were_first_seen(
    shop: Polled, reader: StoredStatus
) -> None:
    for seconds, numbers in ((0, (1,)), (23 * 3600, (2, 3)), (2400, (4,))):
        shop.clock.advance(seconds)
        for number in numbers:
            shop.amazon.put(number)
        await shop.later()

    now = shop.clock.now()
    orders = (await of_shop(reader, now)).orders
    assert (orders.first_seen_last_hour, orders.first_seen_last_day) == (3, 4)
    orders = (await of_shop(reader, now + 23 * HOUR)).orders
    assert (orders.first_seen_last_hour, orders.first_seen_last_day) == (0, 3)


async def test_what_the_store_is_not_told_of_is_counted_by_why(
    shop: Polled, reader: StoredStatus
) -> None:
    shop.amazon.put(1, charges=None)
    shop.amazon.put(2, shipping_address=None, personal_data_refused=True)
    shop.amazon.put(3)
    shop.amazon.unreadable = {"111-0000000-0000003"}
    await shop.later()

    account = await of_shop(reader, shop.clock.now())

    orders = account.orders
    assert (orders.waiting_price, orders.address_refused, orders.quarantined) == (1, 1, 1)
    assert orders.address_refused_since == shop.clock.now()
    assert account.outbox.pending == 0
    cases = {one.kind: one for one in await reader.cases(shop.clock.now(), ACCOUNT.id)}
    assert cases[CaseKind.QUARANTINED].number == "111-0000000-0000003"
    assert cases[CaseKind.QUARANTINED].reason == "This order can't be read: no price."
    assert cases[CaseKind.ADDRESS_REFUSED].number == "111-0000000-0000002"


async def test_an_order_in_quarantine_without_a_number_counts_for_a_week(
    shop: Polled, storage: Storage, reader: StoredStatus
) -> None:
    unreadable = [UnreadableOrder("111-0000000-0000001", "Odd."), UnreadableOrder(None, "Odd.")]
    await storage._database.run(
        lambda connection: write_quarantine(connection, ACCOUNT.id, unreadable, (), NOON)
    )

    for now, missed in ((NOON + 7 * DAY - MINUTE, 2), (NOON + 7 * DAY, 1)):
        assert (await of_shop(reader, now)).orders.quarantined == missed
        assert len(await reader.cases(now, ACCOUNT.id)) == missed


async def test_the_outbox_is_counted_by_state(shop: Polled, reader: StoredStatus) -> None:
    for number in range(1, 6):
        shop.amazon.put(number)
    await shop.later()
    written, outbox = shop.clock.now(), shop.storage.outbox
    first, second, third, *_ = await outbox.due(ACCOUNT.id, written, 9)
    await outbox.delivered([first], written)
    await outbox.park(second, "It said 400.")
    await shop.storage.buyers_data.erase(ACCOUNT.id, third.order_number, written)
    shop.clock.advance(60)

    told = (await of_shop(reader, shop.clock.now())).outbox

    assert (told.pending, told.parked, told.expired) == (2, 1, 1)
    assert (told.oldest_pending_at, told.pending_error) == (written, None)
    assert (told.parked_error, told.expired_lately) == ("It said 400.", 1)
    (parked,) = await reader.cases(shop.clock.now(), ACCOUNT.id)
    assert (parked.kind, parked.number) == (CaseKind.PARKED, second.order_number)


async def test_what_was_erased_undelivered_is_news_for_a_week(
    shop: Polled, reader: StoredStatus
) -> None:
    shop.amazon.put(1)
    await shop.later()
    erased_at = shop.clock.now()
    await shop.storage.buyers_data.erase(ACCOUNT.id, "111-0000000-0000001", erased_at)

    told = [
        (await of_shop(reader, erased_at + after)).outbox
        for after in (timedelta(days=7, seconds=-1), timedelta(days=7))
    ]

    assert [(one.expired, one.expired_lately) for one in told] == [(1, 1), (1, 0)]


async def test_a_store_that_is_gone_is_told(shop: Polled, reader: StoredStatus) -> None:
    standing = await shop.storage.outbox.standing(ACCOUNT.id)
    gone = after(standing, [Gone("It said 410.")], NOON, middling)
    assert await shop.storage.outbox.keep_standing(gone)

    told = (await of_shop(reader, NOON)).outbox

    assert (told.stopped_at, told.store_error) == (NOON, "It said 410.")


async def test_shipments_are_counted_by_state(shop: Polled, reader: StoredStatus) -> None:
    now = shop.clock.now()
    _waiting, in_feed, doubtful, good, bad, old, odd = [
        await ship(shop, str(number)) for number in range(7)
    ]
    feed = msgspec.structs.replace(new_feed(ACCOUNT.id, "feed", now), alarm="Nothing told.")
    await move(shop, in_feed, sent(in_feed, "feed"), feed)
    await move(shop, doubtful, doubted(doubtful, None, now))
    await move(shop, good, confirmed(good, now))
    await move(shop, bad, refused(bad, "It said no.", now))
    await move(shop, old, refused(old, None, now - DAY))
    await move(shop, odd, msgspec.structs.replace(confirmed(odd, now), alarm="It is not shown."))

    account = await of_shop(reader, now)

    told = account.shipments
    assert (told.waiting, told.sent, told.doubted) == (1, 1, 1)
    assert (told.confirmed_last_day, told.refused_last_day, told.alarms) == (2, 1, 1)
    assert (account.feeds.in_flight, account.feeds.alarms) == (1, 1)
    assert account.feeds.oldest_sent_at == now
    assert [(one.kind, one.number, one.reason) for one in await reader.cases(now, ACCOUNT.id)] == [
        (CaseKind.SHIPMENT_ALARM, SHIPMENT.order_number, "It is not shown."),
        (CaseKind.SHIPMENT_REFUSED, SHIPMENT.order_number, "It said no."),
        (CaseKind.FEED_ALARM, "feed", "Nothing told."),
    ]


async def test_what_nobody_can_take_back_is_shown_for_a_while(
    shop: Polled, reader: StoredStatus
) -> None:
    now = shop.clock.now()
    odd = await ship(shop, "1")
    await move(shop, odd, msgspec.structs.replace(refused(odd, None, now), alarm="Look."))

    assert (await of_shop(reader, now + 6 * DAY)).shipments.alarms == 1
    assert (await of_shop(reader, now + 8 * DAY)).shipments.alarms == 0


async def test_a_feed_that_has_ended_is_not_in_flight(shop: Polled, reader: StoredStatus) -> None:
    shipment, now = await ship(shop, "1"), shop.clock.now()
    feed = new_feed(ACCOUNT.id, "feed", now)
    in_feed = sent(shipment, "feed")
    await move(shop, shipment, in_feed, feed)
    await move(shop, in_feed, confirmed(in_feed, now))
    ended = msgspec.structs.replace(feed, next_look_at=None, ended_at=now)
    await shop.storage.shipments.keep_feed(ended)

    assert (await of_shop(reader, now)).feeds.in_flight == 0


async def test_quotas_are_told_of_the_account_s_own_application(
    shop: Polled, reader: StoredStatus, storage: Storage
) -> None:
    credentials = ACCOUNT.account.credentials
    key = QuotaKey(credentials.application, credentials.account, GET_ORDER.name)
    await storage.quotas.learn(key, GET_ORDER.plan, NOON, rate=0.25, drained=True)
    another = msgspec.structs.replace(key, client_id="another")
    await storage.quotas.take(another, GET_ORDER.plan, NOON)
    forgotten = msgspec.structs.replace(key, operation="getOrderOfOld")
    await storage.quotas.take(forgotten, GET_ORDER.plan, NOON)

    (quota,) = (await of_shop(reader, NOON + timedelta(seconds=2))).quotas or ()

    assert (quota.operation, quota.tokens, quota.burst) == ("getOrder", 0.5, 30)
    assert quota.per_second == 0.25
    assert quota.next_at == NOON + timedelta(seconds=4) + timedelta.resolution
    (quota,) = (await of_shop(reader, NOON + HOUR)).quotas or ()
    assert (quota.tokens, quota.next_at) == (30, None)


async def test_quotas_of_every_generation_are_told(
    shop: Polled, reader: StoredStatus, storage: Storage
) -> None:
    account = msgspec.structs.replace(ACCOUNT.account, credentials=MWS)
    await shop.storage.accounts.add(changed(id="shop-mws", account=account))
    for operation, plan in SUBMIT_FEED.buckets.items():
        key = QuotaKey(MWS.application, MWS.account, operation)
        await storage.quotas.take(key, plan, NOON)

    told = {one.id: one for one in (await reader.read(NOON)).accounts}

    assert told["shop-us"].quotas == ()
    assert [(one.operation, one.burst) for one in told["shop-mws"].quotas or ()] == [
        ("SubmitFeed", 15),
        ("SubmitFeed hourly", 30),
    ]


@pytest.mark.parametrize("key", [None, "bm90IHRoZSByaWdodCBvbmUsIGJ1dCAzMiBieXRlcy4="])
async def test_without_the_key_all_but_quotas_is_told(
    key: str | None, shop: Polled, storage: Storage
) -> None:
    expires = changed(id="shop-eu", client_secret_expires_at=NOON + 14 * DAY)
    await shop.storage.accounts.add(expires)

    status = await storage.status(key).read(NOON)

    assert status.locked is not None
    assert [one.quotas for one in status.accounts] == [None, None]
    secret = status.accounts[0].client_secret
    assert secret is not None
    assert secret.level is ExpiryLevel.URGENT
    assert any(one.account_id is None and "sealed" in one.what for one in findings(status))


async def test_workers_are_told_whose_heart_beats(
    shop: Polled, reader: StoredStatus, storage: Storage
) -> None:
    for worker in ("alive", "silent"):
        await storage.workers.beat(worker)

    def fall_silent(connection: Connection) -> None:
        long_ago = update(workers).where(workers.c.id == "silent").values(beat_at=NOON - 999 * DAY)
        connection.execute(long_ago)

    await storage._database.run(fall_silent)
    # Whatever the time is where the status is asked for.
    assert (await reader.read(NOON - DAY)).workers == ("alive",)

    await storage.workers.beat("silent")
    assert (await reader.read(NOON)).workers == ("alive", "silent")


async def test_who_is_at_work_is_told_until_it_stops(
    reader: StoredStatus, storage: Storage, database_url: str
) -> None:
    async def work(_kind: str, _account_id: str) -> bool:
        return False

    async with running(database_url, storage, work):
        (worker,) = (await reader.read(NOON)).workers

    assert worker == "local" or worker.startswith("tested-")
    assert (await reader.read(NOON)).workers == ()


async def test_one_account_can_be_asked_for(shop: Polled, reader: StoredStatus) -> None:
    await shop.storage.accounts.add(changed(id="shop-eu", paused_at=NOON))
    shop.amazon.put(1)
    await shop.later()

    status = await reader.read(NOON, "shop-eu")

    (account,) = status.accounts
    assert (account.paused_at, account.outbox.pending) == (NOON, 0)
    assert await reader.cases(NOON, "shop-eu") == ()
    with pytest.raises(AccountUnknown):
        await reader.read(NOON, "nobody")


async def test_more_accounts_take_no_more_queries(
    shop: Polled, reader: StoredStatus, storage: Storage
) -> None:
    asked: list[str] = []
    engine = storage._database._engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    await reader.read(NOON)
    of_one = len(asked)
    for number in range(5):
        await shop.storage.accounts.add(changed(id=f"shop-{number}"))
    asked.clear()
    await reader.read(NOON)

    assert len(asked) == of_one


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_rare_is_found_by_an_index(shop: Polled, storage: Storage) -> None:
    def plans(connection: Connection) -> list[str]:
        found = []
        for query in counts(NOON).values():
            asked = query.compile(connection, compile_kwargs={"literal_binds": True})
            told = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")
            found += [row.detail for row in told]
        return found

    steps = await storage._database.run(plans)

    growing = re.compile(r"(orders|outbox|shipments|sync_feeds)\b")
    read = [one for one in steps if growing.search(one)]
    assert len(read) == 9
    assert [one for one in read if not one.startswith("SEARCH") and "_alarm" not in one] == []
