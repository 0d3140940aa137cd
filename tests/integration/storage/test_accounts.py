"""Accounts in the database: whole for who has the key, nothing to who hasn't."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, select, update

from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.mws.credentials import MwsCredentials
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.accounts import StoredAccounts
from amazon_endpoint.storage.encryption import Damaged, KeyMissing, Keyring, KeyUnusable
from amazon_endpoint.storage.resealing import Resealed
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.storage.sync_tables import accounts
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync.accounts import (
    AccountExists,
    AccountUnknown,
    StillUndelivered,
    SyncAccount,
    paused,
    with_client_secret,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = (base64.b64encode(letter * 32).decode() for letter in (b"o", b"n"))
EU = SyncAccount(
    id="shop-eu",
    account=Account(
        credentials=SellingPartnerCredentials(
            client_id="application", client_secret="canary-1", refresh_token="canary-2"
        ),
        seller_id="A1SELLER",
        marketplace_ids=("A1PA6795UKMFR9", "A13V1IB3VIYZZH"),
        services_host="https://proxy.example",
    ),
    destination=Destination(
        kind="webhook", url="https://shop.example/canary-3", secrets=("whsec_canary-4",)
    ),
    start=NOON - timedelta(days=30),
    created_at=NOON,
    poll_every=timedelta(minutes=1),
    lag=timedelta(minutes=30),
    statuses=("Unshipped", "PartiallyShipped"),
    fulfilled_by=("MERCHANT", "AMAZON"),
    shipping_methods={"Standard": "UPS Ground"},
    carriers={"Our Courier": "DHL"},
    client_secret_expires_at=NOON + timedelta(days=180),
)
MWS = msgspec.structs.replace(
    EU,
    id="gateway",
    account=msgspec.structs.replace(
        EU.account,
        credentials=MwsCredentials(
            access_key_id="canary-5", secret_key="canary-6", seller_id="A1SELLER"
        ),
    ),
    destination=Destination(kind="v6", url="https://shop.example/wombat", secrets=("canary-7",)),
    client_secret_expires_at=None,
    paused_at=NOON,
)


@pytest.fixture
async def sync(storage: Storage) -> SyncStorage:
    return await storage.unlock(OLD)


async def contents(storage: Storage) -> str:
    def work(connection: Connection) -> str:
        return repr(connection.execute(select(accounts)).all())

    return await storage._database.run(work)


async def test_an_account_comes_back_as_it_was(database_url: str) -> None:
    rotated = with_client_secret(EU, "canary-8", NOON)
    async with await Storage.open(database_url) as storage:
        sync = await storage.unlock(OLD)
        await sync.accounts.add(rotated)
        await sync.accounts.add(MWS)
    async with await Storage.open(database_url) as storage:
        sync = await storage.unlock(OLD)
        assert await sync.accounts.get("shop-eu") == rotated
        assert await sync.accounts.all() == (MWS, rotated)


async def test_an_account_of_an_earlier_version_has_no_lookups(
    storage: Storage, sync: SyncStorage
) -> None:
    await sync.accounts.add(EU)

    def forget(connection: Connection) -> None:
        settings = json.loads(connection.scalars(select(accounts.c.settings)).one())
        del settings["shipping_methods"], settings["carriers"]
        connection.execute(update(accounts).values(settings=json.dumps(settings)))

    await storage._database.run(forget)

    earlier = await sync.accounts.get(EU.id)
    assert earlier == msgspec.structs.replace(EU, shipping_methods={}, carriers={})


async def test_no_secret_lies_open(storage: Storage, sync: SyncStorage) -> None:
    await sync.accounts.add(with_client_secret(EU, "canary-8", NOON))
    await sync.accounts.add(MWS)
    told = await contents(storage)
    assert "A1PA6795UKMFR9" in told
    assert "canary" not in told


async def test_an_id_is_taken_once(sync: SyncStorage) -> None:
    tries = await asyncio.gather(*(sync.accounts.add(EU) for _ in range(4)), return_exceptions=True)
    assert [type(one) for one in tries if one is not None] == [AccountExists] * 3


async def test_changes_follow_one_another(sync: SyncStorage) -> None:
    await sync.accounts.add(EU)

    def slower(account: SyncAccount) -> SyncAccount:
        return msgspec.structs.replace(account, lag=account.lag + timedelta(minutes=1))

    await asyncio.gather(*(sync.accounts.change("shop-eu", slower) for _ in range(8)))
    assert (await sync.accounts.get("shop-eu")).lag == timedelta(minutes=38)


async def test_a_change_that_fails_changes_nothing(sync: SyncStorage) -> None:
    await sync.accounts.add(MWS)
    with pytest.raises(Exception, match="MWS"):
        await sync.accounts.change("gateway", lambda one: with_client_secret(one, "x", NOON))
    assert await sync.accounts.get("gateway") == MWS


async def test_pausing_is_kept(sync: SyncStorage) -> None:
    await sync.accounts.add(EU)
    changed = await sync.accounts.change("shop-eu", lambda one: paused(one, NOON))
    assert changed.paused_at == NOON
    assert await sync.accounts.get("shop-eu") == changed


async def test_an_unknown_account_is_told(sync: SyncStorage) -> None:
    await sync.accounts.add(EU)
    for ask in (
        sync.accounts.get("shop"),
        sync.accounts.change("shop", lambda one: one),
        sync.accounts.remove("shop"),
    ):
        with pytest.raises(AccountUnknown, match=r"'shop'.*accounts list"):
            await ask
    assert await sync.accounts.all() == (EU,)


async def test_removing_erases_its_secrets(storage: Storage, sync: SyncStorage) -> None:
    await sync.accounts.add(EU)
    await sync.accounts.add(MWS)
    await sync.accounts.remove("shop-eu")
    assert await sync.accounts.all() == (MWS,)
    assert "shop-eu" not in await contents(storage)


async def test_what_a_store_lacks_keeps_its_account(storage: Storage, sync: SyncStorage) -> None:
    def two(_connection: Connection, account_id: str) -> int:
        return 2 if account_id == "shop-eu" else 0

    kept = StoredAccounts(storage._database, Keyring([b"o" * 32]), two)
    await sync.accounts.add(EU)
    await sync.accounts.add(MWS)
    with pytest.raises(StillUndelivered, match=r"shop-eu lacks 2 messages.*--force"):
        await kept.remove("shop-eu")
    await kept.remove("gateway")
    assert await sync.accounts.all() == (EU,)
    await kept.remove("shop-eu", force=True)
    assert await sync.accounts.all() == ()


async def test_another_key_opens_and_adds_nothing_but_removes(
    storage: Storage, sync: SyncStorage
) -> None:
    await sync.accounts.add(EU)
    stranger = await storage.unlock(NEW)
    for ask in (
        stranger.accounts.get("shop-eu"),
        stranger.accounts.all(),
        stranger.accounts.change("shop-eu", lambda one: one),
        stranger.accounts.add(MWS),
    ):
        with pytest.raises(KeyMissing, match="accounts shop-eu was sealed with key"):
            await ask
    await stranger.accounts.remove("shop-eu")
    await stranger.accounts.add(MWS)
    assert await stranger.accounts.all() == (MWS,)


async def test_secrets_of_one_account_do_not_open_in_another(
    storage: Storage, sync: SyncStorage
) -> None:
    await sync.accounts.add(EU)
    await sync.accounts.add(MWS)

    def move(connection: Connection) -> None:
        stolen = select(accounts.c.secrets).where(accounts.c.id == "shop-eu").scalar_subquery()
        connection.execute(
            update(accounts).where(accounts.c.id == "gateway").values(secrets=stolen)
        )

    await storage._database.run(move)
    with pytest.raises(Damaged, match="gateway"):
        await sync.accounts.get("gateway")


async def test_a_new_key_takes_over(storage: Storage, sync: SyncStorage) -> None:
    added = [msgspec.structs.replace(EU, id=f"shop-{number:03}") for number in range(600)]
    for account in added:
        await sync.accounts.add(account)
    rotating = await storage.unlock(f"{NEW},{OLD}")
    await rotating.accounts.add(MWS)
    assert await rotating.reseal() == Resealed(600, ())
    assert await rotating.reseal() == Resealed(0, ())
    alone = await storage.unlock(NEW)
    assert await alone.accounts.all() == (MWS, *added)


async def test_what_no_key_opens_is_told_and_the_rest_taken_over(
    storage: Storage, sync: SyncStorage
) -> None:
    await sync.accounts.add(EU)
    await sync.accounts.add(MWS)

    def damage(connection: Connection) -> None:
        connection.execute(
            update(accounts).where(accounts.c.id == "gateway").values(secrets=b"\x01damaged")
        )

    await storage._database.run(damage)
    done = await (await storage.unlock(f"{NEW},{OLD}")).reseal()
    assert done.count == 1
    assert [failure.split(" is")[0] for failure in done.failures] == ["accounts gateway"]
    assert await (await storage.unlock(NEW)).accounts.get("shop-eu") == EU


async def test_sqlite_makes_its_key_once(tmp_path: Path) -> None:
    async with await Storage.open(str(tmp_path / "endpoint.db")) as storage:
        first, second = await asyncio.gather(storage.unlock(None), storage.unlock(None))
        await first.accounts.add(EU)
        assert await second.accounts.get("shop-eu") == EU

        (tmp_path / "endpoint.db.key").unlink()
        without = await storage.unlock(None)
        with pytest.raises(KeyMissing, match=r"endpoint\.db\.key"):
            await without.accounts.get("shop-eu")
        assert not (tmp_path / "endpoint.db.key").exists()

        await without.accounts.remove("shop-eu")
        assert (await (await storage.unlock(None)).accounts.all()) == ()
        assert (tmp_path / "endpoint.db.key").exists()


async def test_postgresql_needs_a_key(postgresql_url: str) -> None:
    async with await Storage.open(postgresql_url) as storage:
        with pytest.raises(KeyUnusable, match="PostgreSQL needs a key"):
            await storage.unlock(None)
