"""What is deleted is gone: records after 18 months, and what was erased from the very file."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event

from amazon_endpoint.services.confirmations import (
    Channel,
    Confirmation,
    ConfirmationKey,
    ConfirmationState,
)
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.order_tables import orders, outbox, quarantine, wanted_orders
from amazon_endpoint.storage.shipment_tables import shipments, sync_feeds
from amazon_endpoint.storage.tables import confirmations, known_feeds
from amazon_endpoint.sync.erasure import RECORDS, deadlines
from amazon_endpoint.sync.shipping import new_feed, sent
from tests.integration.sync.accounts import ACCOUNT, KEY, Polled
from tests.integration.sync.tidied import ONE, TWO, Tidied, poll, rows
from tests.turned_clock import NOON, TurnedClock

DAY, WEEK = timedelta(days=1), timedelta(days=7)
CONFIRMATION = Confirmation(
    key=ConfirmationKey(ACCOUNT.account.seller_id, ONE, "H1", "digest"),
    reference="1",
    message_id="1",
    shipped_at=NOON,
    items=(),
    channel=Channel.FEED,
    state=ConfirmationState.PREPARED,
    created_at=NOON,
)


@pytest.fixture
def shop(shop: Polled) -> Tidied:
    return Tidied(shop.storage, shop.clock)


async def test_records_go_after_18_months(shop: Tidied, storage: Storage) -> None:
    shop.amazon.put(1)
    shop.amazon.put(2)
    shop.amazon.unreadable.add(TWO)
    await poll(shop)
    kept = await shop.receive()
    feed = new_feed(ACCOUNT.id, "7001", shop.clock.now())
    await shop.storage.shipments.move([(kept, sent(kept, "7001"))], feed=feed)
    await storage.confirmations.add([CONFIRMATION])
    feeds = msgspec.structs.replace(
        CONFIRMATION, state=ConfirmationState.SUBMITTED, feed_id="7001", sent_at=NOON
    )
    assert await storage.confirmations.replace(CONFIRMATION, feeds)
    await shop.wait(RECORDS - DAY)
    await shop.tidy()
    tables = (
        *(orders, outbox, shipments, sync_feeds, quarantine, wanted_orders),
        *(confirmations, known_feeds),
    )
    assert [len(await rows(storage, table)) for table in tables] == [1] * 8
    assert await shop.due() == []

    await shop.wait(2 * DAY)

    assert await shop.due() == [("tidy", ACCOUNT.id)]
    await shop.tidy()
    assert [len(await rows(storage, table)) for table in tables] == [0] * 8
    assert await shop.due() == []
    # How far the account was read is no record.
    assert (await shop.reading()).upper_bound > NOON


async def test_an_order_that_still_changes_is_no_old_record(shop: Tidied) -> None:
    shop.amazon.put(1)
    await poll(shop)
    await shop.wait(RECORDS - DAY)
    shop.amazon.put(1, status="Shipped")
    await poll(shop)
    await shop.tidy()
    await shop.wait(2 * DAY)

    await shop.tidy()

    assert await shop.kept(1) is not None


async def test_looking_for_what_is_due_passes_over_no_rows(tmp_path: Path) -> None:
    """Every condition has its index: a search is as quick in a big database as in a small one."""
    async with await Storage.open(str(tmp_path / "endpoint.db")) as storage:
        kept = await storage.unlock(KEY)
        seen: list[Any] = []

        @event.listens_for(storage._database._engine, "before_cursor_execute")
        def _note(_connection: Any, _cursor: Any, *statement: Any) -> None:
            seen.append(statement)

        await kept.buyers_data.due_accounts(deadlines(WEEK, NOON))
        statement, given, *_ = next(one for one in seen if one[0].startswith("SELECT"))

        def explain(connection: Connection) -> Sequence[str]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            return [row.detail for row in plan]

        steps = await storage._database.run(explain)
        small = {"accounts", "quarantine", "wanted_orders"}
        scanned = {step.split()[1] for step in steps if step.startswith("SCAN")}
        assert scanned <= small, steps
        assert sum("ix_" in step for step in steps) >= 9, steps


async def test_what_is_erased_is_not_left_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "endpoint.db"
    async with await Storage.open(str(path)) as storage:
        kept = await storage.unlock(KEY)
        await kept.accounts.add(ACCOUNT)
        shop = Tidied(kept, TurnedClock())
        # Long enough for pages of its own.
        shop.amazon.put(1, seller_order_id="long " * 5000)
        await poll(shop)
        (order,) = await rows(storage, orders)
        pieces = [order.body[-500:], order.body[5000:5500]]
        await write_out(storage)
        assert all(piece in path.read_bytes() for piece in pieces)
        await shop.wait(31 * DAY)

        await shop.tidy()

        await write_out(storage)
        assert not any(piece in path.read_bytes() for piece in pieces)


async def write_out(storage: Storage) -> None:
    """Have SQLite write all that is committed to the file itself."""
    database = storage._database
    with database._engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        connection.rollback()
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
