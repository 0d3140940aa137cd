"""`/metrics` tells how it goes with the accounts, to whoever has the token."""

from pathlib import Path

import httpx2

from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.web.app import create_app
from tests.integration.sync.accounts import ACCOUNT, KEY
from tests.turned_clock import TurnedClock
from tests.unit.web.test_status_metrics import values


async def test_metrics_tell_how_it_goes_with_the_accounts(tmp_path: Path) -> None:
    database = str(tmp_path / "endpoint.db")
    async with await Storage.open(database) as storage:
        await (await storage.unlock(KEY)).accounts.add(ACCOUNT)
    app = create_app(
        Settings(database=database, key=KEY, token="a token for tests"), clock=TurnedClock()
    )
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://endpoint.test"
        ) as client,
    ):
        refused = await client.get("/metrics")
        shown = await client.get("/metrics", headers={"Authorization": "Bearer a token for tests"})

    assert (refused.status_code, refused.content) == (401, b"")
    told = values(shown.text)
    assert (told["status_up"], told["accounts"], told["workers"]) == (1, 1, 0)
    assert told["cursor_timestamp_seconds shop-us"] == ACCOUNT.start.timestamp()
    assert ACCOUNT.account.seller_id not in shown.text
