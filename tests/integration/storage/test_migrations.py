"""Migrating from every earlier version: nothing is lost, and who runs meanwhile goes on.

A release may find a database of any version before it, and processes of the version before it at
work. So each revision keeps the rows, and lets the version before it read and write as ever:
it adds tables, and columns that may be left out.
"""

import asyncio
import base64
import json
import multiprocessing
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, Table, delete, insert, select, text, update

from amazon_endpoint.location import locate
from amazon_endpoint.services.confirmations import ConfirmationState
from amazon_endpoint.shipments import PackageItem
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.encryption import Keyring
from amazon_endpoint.storage.engine import create_engine
from amazon_endpoint.sync.reading import ReadingKind
from tests.integration.storage.test_opening import open_and_close
from tests.integration.sync.accounts import ACCOUNT, KEY

_CONFIG = Config()
_CONFIG.set_main_option("script_location", "amazon_endpoint.storage:migrations")
HISTORY = [
    script.revision for script in reversed([*ScriptDirectory.from_config(_CONFIG).walk_revisions()])
]

NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5, microseconds=1)
ORDER = "111-2222222-3333333"
SHIPMENT_ID = "5f1d7f0a3c1b4e0f9a8b7c6d5e4f3a2b"
_KEYRING = Keyring([base64.b64decode(KEY)])

pytestmark = pytest.mark.no_tables


def sealed(table: str, row: str, plain: Mapping[str, Any] | bytes) -> bytes:
    content = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
    return _KEYRING.seal(content, table=table, row=row)


#: A row of each table, with every column that it ever had, as it was written when it came. What a
#: revision adds is added here; what was written before stays as it is.
ROWS: dict[str, dict[str, Any]] = {
    "quota_buckets": {
        "client_id": "application",
        "account": "fingerprint",
        "operation": "searchOrders",
        "learnt_rate": 0.0167,
        "tokens": 3.25,
        "at": NOON,
    },
    "confirmations": {
        "seller_id": "A1SELLER",
        "order_number": ORDER,
        "shipment_number": "H1",
        "content": "digest",
        "reference": "123456789012345678",
        "message_id": "123456789012345678",
        "shipped_at": NOON,
        "items": '[{"order_item_id":"10000000000001","quantity":2}]',
        "channel": "feed",
        "state": "submitted",
        "created_at": NOON,
        "sent_at": LATER,
        "feed_id": "50013018",
        "reason": "It was refused before.",
        "submission": "123456789012345678 2026-10-31T12:05:00+00:00",
    },
    "known_feeds": {"seller_id": "A1SELLER", "feed_id": "50013018", "sent_at": LATER},
    "windows": {
        "seller_id": "A1SELLER",
        "question": "a" * 64,
        "revision": 3,
        "last_poll": 1_793_448_000,
        "before": '{"cursor":"2026-10-30T12:00:00Z","resume":null,"seen":null,"told":[]}',
        "after": '{"cursor":"2026-10-31T12:00:00Z","resume":null,"seen":null,"told":[]}',
    },
    "workers": {"id": "host-1-0a1b2c3d", "beats": 41, "beat_at": NOON},
    "accounts": {
        "id": "shop-us",
        "seller_id": "A1SELLER",
        "settings": '{"marketplace_ids":["ATVPDKIKX0DER"],"services_host":null,"token_host":null,'
        '"start":"2026-10-31T12:00:00Z","poll_every":"PT300S","lag":"PT600S","statuses":[],'
        '"fulfilled_by":["MERCHANT","AMAZON"],"client_secret_expires_at":null}',
        "secrets": sealed(
            "accounts",
            "shop-us",
            {
                "credentials": {
                    "type": "sp-api",
                    "client_id": "application",
                    "client_secret": "secret",
                    "refresh_token": "Atzr|one",
                },
                "previous_client_secret": None,
                "destination": {
                    "kind": "webhook",
                    "url": "https://shop.example",
                    "secrets": ["whsec_one"],
                },
            },
        ),
        "paused_at": None,
        "created_at": NOON + timedelta(days=1),
    },
    "shipments": {
        "id": SHIPMENT_ID,
        "account_id": "shop-us",
        "order_number": ORDER,
        "number": "H1",
        "content": "digest",
        "body": sealed(
            "shipments",
            SHIPMENT_ID,
            {
                "number": "H1",
                "order_number": ORDER,
                "tracking": "1Z999",
                "shipping_method": "UPS Ground",
                "items": [{"sku": "MUG", "quantity": 2}],
            },
        ),
        "state": "sent",
        "feed_id": "50013018",
        "left_behind": True,
        "reason": "It gathers with others for a feed.",
        "sealed_reason": None,
        "alarm": None,
        "attempts": 1,
        "received_at": NOON,
        "next_attempt_at": LATER,
        "ended_at": None,
    },
    "sync_feeds": {
        "account_id": "shop-us",
        "feed_id": "50013018",
        "sent_at": NOON,
        "looks": 2,
        "next_look_at": LATER,
        "ended_at": None,
        "reason": None,
        "alarm": None,
    },
    "readings": {
        "account_id": "shop-us",
        "kind": "poll",
        "revision": 7,
        "since": NOON - timedelta(days=1),
        "upper_bound": NOON,
        "until": None,
        "window": '{"query":{"after":"2026-10-31T12:00:00Z","before":"2026-11-01T12:58:00Z",'
        '"by":"updated","marketplace_ids":["ATVPDKIKX0DER"],"statuses":[],'
        '"fulfilled_by":["MERCHANT","AMAZON"]},"page_token":null,'
        '"token_at":"2026-11-01T13:00:00Z","newest":"2026-11-01T12:00:00Z","told":[],'
        '"pages":["7a0fcb1ccdc7d9a2"]}',
        "page_token": sealed("readings", "shop-us/poll", b"Amazon's token"),
        "served_before": NOON,
        "width_seconds": 3600.0,
        "first_sights": 12,
        "next_attempt_at": LATER,
        "attempts": 0,
        "last_error": None,
    },
    "orders": {
        "account_id": "shop-us",
        "number": ORDER,
        "updated_at": NOON,
        "status": "Unshipped",
        "status_since": NOON,
        "delivered_at": None,
        "state": "ready",
        "content_mark": "0a1b2c3d4e5f6a7b:" + "0" * 64,
        "personal_mark": "0a1b2c3d4e5f6a7b:" + "1" * 64,
        "body": sealed("orders", f"shop-us/{ORDER}", {"number": ORDER}),
        "cancel_told": False,
        "first_seen_at": NOON,
        "imported_at": LATER,
        "erased_at": None,
    },
    "outbox": {
        "account_id": "shop-us",
        "order_number": ORDER,
        "sequence": 1,
        "webhook_id": "msg_one",
        "kind": "shipment:confirmed",
        "body": sealed(
            "outbox",
            f"shop-us/{ORDER}/1",
            {"order_number": ORDER, "shipment_number": "H1", "feed_id": "50013018"},
        ),
        "state": "pending",
        "attempts": 0,
        "next_attempt_at": LATER,
        "last_error": None,
        "created_at": NOON,
        "delivered_at": None,
    },
    "wanted_orders": {
        "account_id": "shop-us",
        "number": ORDER,
        "wanted_at": NOON,
        "next_attempt_at": LATER,
        "attempts": 2,
        "last_error": "AmazonUnavailable",
    },
    "quarantine": {
        "account_id": "shop-us",
        "name": ORDER,
        "number": ORDER,
        "reason": "This order can't be read: no price.",
        "first_seen_at": NOON,
        "last_seen_at": LATER,
    },
    "standings": {
        "account_id": "shop-us",
        "revision": 2,
        "failures": 3,
        "rests_until": LATER,
        "stopped_at": None,
        "reason": "503",
    },
}

#: What a revision lets go of on purpose, by table and column; None: the whole rows.
LET_GO: dict[str, set[str] | None] = {
    # Who is alive beats again.
    "workers": None,
    # Amazon's words, which may quote a buyer.
    "confirmations": {"reason"},
    "shipments": {"reason"},
}


Rows = dict[str, list[dict[str, Any]]]


def upgrade(connection: Connection, revision: str) -> None:
    _CONFIG.attributes["connection"] = connection
    command.upgrade(_CONFIG, revision)


def tables(connection: Connection) -> list[Table]:
    """The tables that there are, those that others refer to first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def row_of(table: Table) -> dict[str, Any]:
    row = ROWS.get(table.name, {})
    names = [column.name for column in table.columns]
    missing = ", ".join(name for name in names if name not in row)
    assert not missing, f"ROWS has to tell of {table.name}: {missing}"
    return {name: row[name] for name in names}


def fill(connection: Connection, there: list[Table]) -> None:
    for table in there:
        connection.execute(insert(table), row_of(table))


def contents(connection: Connection, there: list[Table]) -> Rows:
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table))]
        for table in there
    }


async def written_at(database_url: str, revision: str) -> tuple[list[Table], Rows]:
    """A database of this revision, with rows in all of its tables."""
    engine = create_engine(locate(database_url))

    def work(connection: Connection) -> tuple[list[Table], Rows]:
        upgrade(connection, revision)
        there = tables(connection)
        fill(connection, there)
        return there, contents(connection, there)

    with engine.begin() as connection:
        made = work(connection)
    engine.dispose()
    return made


def kept(rows: Rows) -> Rows:
    """The rows, without what is let go of."""
    found: Rows = {}
    for table, listed in rows.items():
        dropped = LET_GO.get(table, set())
        if dropped is not None:
            found[table] = [
                {name: value for name, value in row.items() if name not in dropped}
                for row in listed
            ]
    return found


def now_in(connection: Connection, before: Rows) -> Rows:
    """What is in these tables and columns now."""
    return {
        table.name: [
            {name: row[name] for name in before[table.name][0] if name in row}
            for row in contents(connection, [table])[table.name]
        ]
        for table in tables(connection)
        if before.get(table.name)
    }


@pytest.mark.parametrize("revision", HISTORY)
async def test_what_an_earlier_version_wrote_is_kept(database_url: str, revision: str) -> None:
    _, before = await written_at(database_url, revision)

    async with await Storage.open(database_url) as storage:
        after = await storage._database.run(lambda connection: now_in(connection, kept(before)))

    assert after == kept(before)


@pytest.mark.parametrize("revision", HISTORY)
async def test_what_an_earlier_version_wrote_is_understood(
    database_url: str, revision: str
) -> None:
    there = {table.name for table in (await written_at(database_url, revision))[0]}

    async with await Storage.open(database_url) as storage:
        (confirmation,) = await storage.confirmations.of_orders("A1SELLER", [ORDER])
        assert confirmation.state is ConfirmationState.SUBMITTED
        assert confirmation.items == (PackageItem("10000000000001", 2),)
        assert confirmation.sent_at == LATER
        if "accounts" not in there:
            return
        sync = await storage.unlock(KEY)
        assert await sync.accounts.all() == (ACCOUNT,)
        if "shipments" in there:
            shipment = await sync.shipments.get("shop-us", SHIPMENT_ID)
            assert sync.shipments.open(shipment).tracking == "1Z999"
        if "readings" in there:
            reading = (await sync.readings.of("shop-us"))[ReadingKind.POLL]
            assert reading.window is not None
            assert reading.window.page_token == "Amazon's token"
        if "outbox" in there:
            (message,) = await sync.outbox.due("shop-us", LATER, 9)
            assert json.loads(sync.outbox.open(message))["feed_id"] == "50013018"


# Meanwhile others run


def work_as_before(connection: Connection, there: list[Table]) -> Rows:
    """Do with every table what a process of its version does, in all of its columns."""
    for table in there:
        connection.execute(update(table).values(row_of(table)))
    for table in reversed(there):
        connection.execute(delete(table))
    fill(connection, there)
    return contents(connection, there)


@pytest.mark.parametrize(("before", "after"), [*pairwise(HISTORY)])
async def test_the_version_before_goes_on(database_url: str, before: str, after: str) -> None:
    there, rows = await written_at(database_url, before)
    running, newer = (create_engine(locate(database_url)) for _ in range(2))
    # So often that PostgreSQL's driver has prepared the statements.
    for _ in range(6):
        assert as_before(running, there) == rows

    with newer.begin() as connection:
        upgrade(connection, after)

    assert as_before(running, there) == rows
    running.dispose()
    newer.dispose()


def as_before(engine: Engine, there: list[Table]) -> Rows:
    with engine.begin() as connection:
        return work_as_before(connection, there)


def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    asyncio.run(written_at(database_url, HISTORY[0]))

    with multiprocessing.get_context("spawn").Pool(2) as processes:
        processes.map(open_and_close, [database_url] * 2, chunksize=1)


async def test_it_waits_for_what_is_under_way(postgresql_url: str) -> None:
    # The next revision adds a column to the table.
    await written_at(postgresql_url, "0004")
    running = create_engine(locate(postgresql_url))
    with running.connect() as connection:
        connection.execute(text("UPDATE confirmations SET state = 'confirmed'"))
        opening = asyncio.create_task(Storage.open(postgresql_url))
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not connection.scalar(waiting):
            assert not opening.done()
            await asyncio.sleep(0.01)
        connection.commit()

    async with await opening as storage:
        (confirmation,) = await storage.confirmations.of_orders("A1SELLER", [ORDER])
    assert confirmation.state is ConfirmationState.CONFIRMED
    running.dispose()
