"""`amazon-endpoint orders` brings in every order, and remembers how far it came."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amazon_endpoint.cli.sandbox import environment, mws_environment
from amazon_endpoint.sandbox.mws.signature import secret_for
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from tests.acceptance.conftest import Command, address, expected_numbers

SINCE = ("--since", "2000-01-01T00:00:00Z")


@pytest.fixture(autouse=True)
def _no_faults_left(sandbox: RunningSandbox) -> Iterator[None]:
    yield
    sandbox.clear_faults()


def numbers(lines: str) -> list[str]:
    return [json.loads(line)["payload"]["order"]["number"] for line in lines.splitlines()]


def kept(state: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(state.read_text())
    return values


def test_polls_every_page_and_goes_on_where_it_stopped(
    command: Command, sandbox: RunningSandbox
) -> None:
    state = command.folder / "state.json"
    first = command("orders", "poll", *SINCE, "--state", str(state), "--json")

    assert first.returncode == 0, first.stderr
    assert set(numbers(first.stdout)) == expected_numbers(sandbox)
    assert len(numbers(first.stdout)) == len(expected_numbers(sandbox)) > 20
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    newest = numbers(first.stdout)[-1]

    again = command("orders", "poll", "--state", str(state), "--json")
    assert (again.returncode, numbers(again.stdout)) == (0, [newest])
    third = command("orders", "poll", "--state", str(state), "--json")
    assert (third.returncode, third.stdout) == (0, "")


def test_keeps_its_place_when_the_quota_ends(command: Command, sandbox: RunningSandbox) -> None:
    state = command.folder / "state.json"
    sandbox.fault("searchOrders", "throttle", after=2)
    cut = command("orders", "poll", *SINCE, "--state", str(state), "--json")

    assert cut.returncode == 75
    assert "quota for searchOrders" in cut.stderr
    assert "Run it again at" in cut.stderr
    assert len(numbers(cut.stdout)) == 20
    assert kept(state)["amazon.resume"]

    rested = str(command.folder / "rested.db")
    rest = command("orders", "poll", "--state", str(state), "--json", database=rested)
    assert rest.returncode == 0, rest.stderr
    every = numbers(cut.stdout) + numbers(rest.stdout)
    assert set(every) == expected_numbers(sandbox)
    assert len(every) == len(set(every))
    assert "amazon.resume" not in kept(state)


def test_ten_thousand_orders_take_a_hundred_calls(tmp_path: Path) -> None:
    here = SandboxOptions(orders=10_000, quotas=False, marketplaces=("ATVPDKIKX0DER",))
    with run_in_thread(here) as amazon:
        command = Command(environment(amazon.url), tmp_path)
        done = command("orders", "poll", *SINCE, "--all", "--json")
        priced = {order["orderId"] for order in amazon.orders() if "proceeds" in order}
        calls = amazon.calls("searchOrders")

    assert done.returncode == 0, done.stderr
    assert set(numbers(done.stdout)) == priced
    assert len(numbers(done.stdout)) == len(priced)
    assert calls == 100


def test_polls_over_mws_through_a_gateway(tmp_path: Path) -> None:
    # Each key has quotas of its own.
    few = SandboxOptions(orders=20, marketplaces=("ATVPDKIKX0DER",), item_page_cap=2)
    with run_in_thread(few) as gateway:
        command = Command(mws_environment(gateway.url), tmp_path)
        done = command("orders", "poll", *SINCE, "--json")
        with command.running("serve", "--port", "0") as server:
            via = ("--via", address(server))
            another = {"aws_access_key": "ANOTHER", "secret_key": secret_for("ANOTHER")}
            served = command("orders", "poll", *SINCE, "--json", *via, **another)
        wrong = command("orders", "poll", *SINCE, aws_access_key="A-THIRD", secret_key="canary")
        expected = expected_numbers(gateway)
        calls = gateway.state()["calls"]

    for one in (done, served):
        assert one.returncode == 0, one.stderr
        assert set(numbers(one.stdout)) == expected
        assert len(numbers(one.stdout)) == len(expected) > 5
    assert calls["ListOrderItemsByNextToken"] > 0
    assert "searchOrders" not in calls
    assert wrong.returncode == 2
    assert "AMAZON_ENDPOINT_SECRET_KEY" in wrong.stderr
    assert "canary" not in wrong.stdout + wrong.stderr


def test_a_place_that_is_no_longer_good_is_dropped(command: Command) -> None:
    state = command.folder / "state.json"
    state.write_text(
        '{"amazon.last_updated_after": "2000-01-01T00:00:00Z", "amazon.resume": "w1.nonsense"}'
    )
    refused = command("orders", "poll", "--state", str(state), "--json")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "amazon.resume" in refused.stderr
    assert kept(state) == {"amazon.last_updated_after": "2000-01-01T00:00:00Z"}


def test_the_table_tells_nothing_about_buyers(command: Command, sandbox: RunningSandbox) -> None:
    done = command("orders", "poll", *SINCE)
    assert done.returncode == 0, done.stderr
    for order in sandbox.orders():
        if order["orderId"] not in expected_numbers(sandbox):
            continue
        assert order["orderId"] in done.stdout
        for who in (order.get("buyer", {}), order.get("recipient", {}).get("deliveryAddress", {})):
            for told in ("name", "phone", "buyerName", "buyerEmail", "addressLine1"):
                assert who.get(told, "nothing told") not in done.stdout + done.stderr


def test_reads_one_order_of_any_status(command: Command, sandbox: RunningSandbox) -> None:
    shipped = next(
        order["orderId"]
        for order in sandbox.orders()
        if order["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    )
    done = command("orders", "get", shipped, "--json")
    assert (done.returncode, numbers(done.stdout)) == (0, [shipped])


def test_an_order_that_amazon_does_not_know_is_told(command: Command) -> None:
    done = command("orders", "get", "000-0000000-0000000")
    assert done.returncode == 1
    assert "Amazon knows no order 000-0000000-0000000" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("get", "12"), "Give Amazon's order number"),
        (("poll",), "--since"),
        (("poll", "--since", "yesterday"), "--since: Give a date"),
        (("poll", *SINCE, "--statuses", "Sent"), "--statuses: Give one"),
        (("poll", *SINCE, "--via", "http://shop.example"), "clear text"),
        (("poll", *SINCE, "--via", "shop"), "--via takes"),
        (("poll", *SINCE, "--state", "/nowhere/state.json"), "/nowhere"),
    ],
)
def test_wrong_usage_is_told(command: Command, arguments: tuple[str, ...], told: str) -> None:
    done = command("orders", *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_missing_settings_are_named_all_at_once(bare_command: Command) -> None:
    done = bare_command("orders", "poll", *SINCE)
    assert done.returncode == 2
    assert "AMAZON_ENDPOINT_CLIENT_ID, AMAZON_ENDPOINT_CLIENT_SECRET" in done.stderr


def test_refused_credentials_name_the_setting_and_show_no_secret(command: Command) -> None:
    done = command("orders", "poll", *SINCE, refresh_token="revoked-canary")
    assert done.returncode == 2
    assert "AMAZON_ENDPOINT_REFRESH_TOKEN" in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_asks_an_endpoint_that_is_served(command: Command, sandbox: RunningSandbox) -> None:
    token = "a-token-for-this-test"
    with command.running("serve", "--port", "0", token=token) as server:
        via = ("--via", address(server))
        done = command("orders", "poll", *SINCE, "--json", *via, token=token)
        refused = command("orders", "poll", *SINCE, "--json", *via, token="another")
    gone = command("orders", "poll", *SINCE, "--json", *via, token=token)

    assert done.returncode == 0, done.stderr
    assert set(numbers(done.stdout)) == expected_numbers(sandbox)
    assert refused.returncode == 2
    assert "AMAZON_ENDPOINT_TOKEN" in refused.stderr
    assert gone.returncode == 1
    assert "can't be reached" in gone.stderr
