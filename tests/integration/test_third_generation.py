"""A third generation of Amazon's API takes a folder and a line in `amazon.connect`, no more."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amazon_endpoint import settings
from amazon_endpoint.amazon import connect
from amazon_endpoint.amazon.credentials import Account, Credentials
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.cli.account_table import shown
from amazon_endpoint.cli.endpoint import account_parameters
from amazon_endpoint.cli.exit_codes import told
from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync.accounts import SyncAccount, ways_in, with_client_secret
from tests.integration.endpoint import hub as v5
from tests.integration.endpoint_v6 import hubs as v6
from tests.integration.third_generation import HOST, THIRD, LicenceCredentials
from tests.turned_clock import ShiftedClock
from tests.unit.sync.test_accounts import ACCOUNT, MWS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SELLER = {"amazon.seller_id": "A1SELLER", "amazon.marketplace_id": "ATVPDKIKX0DER"}
GIVEN = {**SELLER, "amazon.licence": "canary-1", "amazon.warehouse": "north"}
SINCE = "2013-08-16T01:00:00Z"
OPENED = f"canary-1 north https://{HOST}"
THIRDS = SyncAccount(
    id="third",
    account=Account(
        credentials=LicenceCredentials(licence="canary-1", warehouse=None, seller_id="A1SELLER"),
        seller_id="A1SELLER",
        marketplace_ids=("ATVPDKIKX0DER",),
    ),
    destination=Destination(kind="webhook", url="https://shop.example", secrets=("whsec_x",)),
    start=NOON,
    created_at=NOON,
)


@pytest.fixture(autouse=True)
def _listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "GENERATIONS", (*connect.GENERATIONS, THIRD))


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    return Settings(token=v5.TOKEN, database=str(tmp_path / "endpoint.db"))


@pytest.fixture
async def hub(given: Settings) -> AsyncIterator[v5.Hub]:
    async with v5.serving(given, GIVEN, ShiftedClock()) as running:
        yield running


async def test_its_parameters_open_an_account(hub: v5.Hub) -> None:
    answer = await hub.poll(last_updated_after=SINCE)

    (imported,) = answer["messages"]
    assert imported["payload"]["order"]["email"] == OPENED


@pytest.mark.parametrize("name", ["licence", "amazon.licence", "the_old_licence"])
async def test_hubs_of_the_later_format_have_its_names(given: Settings, name: str) -> None:
    async with v6.serving(given, ShiftedClock()) as client:
        sent = {**SELLER, name: "canary-1", "warehouse": "north"}
        later = v6.Cangaroo(client, sent, ShiftedClock())
        answer = await later.post("/get_orders", later.body({}, last_updated_after=SINCE))

    (imported,) = answer.json()["orders"]
    assert imported["email"] == OPENED


@pytest.mark.parametrize(
    ("changes", "told_of"),
    [
        ({"licence": "x" * 11}, "amazon.licence: Give at most 10"),
        ({"services_host": "mws.amazonservices.com"}, "Amazon ended MWS"),
        ({"services_host": "sellingpartnerapi-na.amazon.com"}, "takes no other credentials"),
        ({"services_host": "other.example"}, "neither Amazon's nor allowed"),
        # An optional part alone chooses nothing.
        ({"licence": ""}, "amazon.client_id: Missing"),
    ],
)
async def test_what_can_not_be_used_is_told(
    hub: v5.Hub, changes: dict[str, str], told_of: str
) -> None:
    answer = await hub.poll(last_updated_after=SINCE, **changes)

    ((level, description),) = v5.told(answer)
    assert (level, told_of in description) == ("error", True), description


@pytest.mark.parametrize("credentials", [ACCOUNT.account.credentials, MWS])
def test_its_host_takes_no_other_credentials(credentials: Credentials) -> None:
    account = Account(
        credentials=credentials,
        seller_id="A1SELLER",
        marketplace_ids=("ATVPDKIKX0DER",),
        services_host=HOST,
    )
    with pytest.raises(InvalidInput, match=r"Set amazon\.licence") as refused:
        connect.base_urls(account, AllowedHosts())
    assert refused.value.field == "amazon.services_host"


async def test_the_manifest_declares_it(hub: v5.Hub) -> None:
    manifest = (await hub.client.get("/endpoint.json")).json()

    assert THIRD.hint in manifest["help"]
    for service in manifest["services"]:
        declared = {one["name"]: one for one in service["requires"]["parameters"]}
        assert declared["licence"]["description"] == "The licence"
        assert declared["warehouse"]["optional"]


async def test_its_account_is_kept_and_comes_back(database_url: str) -> None:
    key = "b" * 43 + "="
    async with await Storage.open(database_url) as storage:
        await (await storage.unlock(key)).accounts.add(THIRDS)
    async with await Storage.open(database_url) as storage:
        assert await (await storage.unlock(key)).accounts.all() == (THIRDS,)


def test_the_command_line_has_it_as_settings() -> None:
    variables = {
        f"AMAZON_ENDPOINT_{name.removeprefix('amazon.').upper()}": v for name, v in GIVEN.items()
    }
    loaded = settings.load(variables)
    listed = {one.variable: one.value for one in settings.listed(loaded)}

    assert account_parameters(loaded) == GIVEN
    assert listed["AMAZON_ENDPOINT_LICENCE"] == "set"
    assert listed["AMAZON_ENDPOINT_WAREHOUSE"] == "north"
    assert told(InvalidInput("No.", field="amazon.licence")) == "AMAZON_ENDPOINT_LICENCE: No."


def test_what_it_is_called_and_whether_it_is_renewed_is_told() -> None:
    assert shown(THIRDS, NOON).generation == "Third"
    assert ways_in(THIRDS, NOON) == (THIRDS.account,)
    with pytest.raises(InvalidInput, match="of Third, have no client secret"):
        with_client_secret(THIRDS, "new", NOON)
