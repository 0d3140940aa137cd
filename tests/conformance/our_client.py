"""Our Selling Partner API client, pointed at a loopback address."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.amazon.quota import Bucket, QuotaKey, Rate, full
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.clock import Clock, SystemClock
from tests.conformance.loopback import Call, Reply

US = "ATVPDKIKX0DER"


def token_host(call: Call) -> Reply:
    """Login with Amazon where no local Amazon is near."""
    grant = {"access_token": "Atza|token", "token_type": "bearer", "expires_in": 3600}
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(grant).encode())


class Unmetered:
    """No quota of ours: what calls there may be is for the other side to say."""

    async def take(self, key: QuotaKey, plan: Rate, now: datetime) -> datetime | None:
        del key, plan, now
        return None

    async def due(self, key: QuotaKey, plan: Rate, tokens: int, now: datetime) -> datetime | None:
        del key, plan, tokens, now
        return None

    async def bucket(self, key: QuotaKey, plan: Rate, now: datetime) -> Bucket:
        del key
        return full(plan, now)

    async def learn(
        self,
        key: QuotaKey,
        plan: Rate,
        now: datetime,
        *,
        rate: float | None = None,
        drained: bool = False,
    ) -> None:
        pass


@asynccontextmanager
async def our_client(
    services: str, tokens: str, *, seller: str = "seller", clock: Clock | None = None
) -> AsyncIterator[Amazon]:
    """An account at `services`, its access tokens from `tokens` (both base URLs)."""
    connector = Connector(
        quotas=Unmetered(), clock=clock or SystemClock(), hosts=AllowedHosts(["127.0.0.1"])
    )
    credentials = SellingPartnerCredentials(
        client_id="application", client_secret="secret", refresh_token=f"Atzr|{seller}"
    )
    connection = Account(
        credentials=credentials,
        seller_id="SELLER",
        marketplace_ids=(US,),
        services_host=services,
        token_host=tokens,
    )
    try:
        yield connector.connect(connection)
    finally:
        await connector.aclose()
