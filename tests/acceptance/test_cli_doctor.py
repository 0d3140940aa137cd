"""`amazon-endpoint doctor` finds what is wrong, and says how to mend it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from amazon_endpoint.sandbox.testing import RunningSandbox
from tests.acceptance.conftest import Command


@pytest.fixture(autouse=True)
def _as_it_was(sandbox: RunningSandbox) -> Iterator[None]:
    yield
    sandbox.clear_faults()
    sandbox.set_clock(datetime.now(UTC))


def findings(command: Command, *options: str, **settings: str) -> tuple[int, list[dict[str, Any]]]:
    done = command("doctor", "--json", *options, **settings)
    return done.returncode, json.loads(done.stdout)


def test_all_is_well(command: Command) -> None:
    code, found = findings(command, "--deep")
    assert (code, {one["outcome"] for one in found}) == (0, {"ok"})
    assert [one["check"] for one in found] == [
        "Settings",
        "Database",
        "Hosts and clock",
        "Login with Amazon",
        "Orders",
        "Feeds",
        "Buyers and addresses",
    ]


@pytest.mark.parametrize(
    ("settings", "check", "told"),
    [
        ({"client_id": ""}, "Settings", "AMAZON_ENDPOINT_CLIENT_ID"),
        ({"log_level": "loud"}, "Settings", "AMAZON_ENDPOINT_LOG_LEVEL"),
        ({"database": "/proc/nowhere/e.db"}, "Database", "AMAZON_ENDPOINT_DATABASE"),
        ({"allowed_hosts": ""}, "Hosts and clock", "AMAZON_ENDPOINT_ALLOWED_HOSTS"),
        ({"marketplace_id": "A1"}, "Hosts and clock", "AMAZON_ENDPOINT_MARKETPLACE_ID"),
        ({"refresh_token": "revoked"}, "Login with Amazon", "AMAZON_ENDPOINT_REFRESH_TOKEN"),
    ],
)
def test_what_is_wrong_comes_last_and_names_the_setting(
    command: Command, settings: dict[str, str], check: str, told: str
) -> None:
    code, found = findings(command, **settings)
    assert code == 1
    assert [one["check"] for one in found if one["outcome"] != "ok"] == [check]
    assert found[-1]["outcome"] == "wrong"
    assert told in found[-1]["told"]


GATEWAY = {
    "client_id": "",
    "client_secret": "",
    "refresh_token": "",
    "aws_access_key": "LOCALACCESSKEY",
    "secret_key": "local-LOCALACCESSKEY",
}


def test_all_is_well_over_mws(command: Command) -> None:
    code, found = findings(command, **GATEWAY)
    assert (code, {one["outcome"] for one in found}) == (0, {"ok"})


def test_a_wrong_secret_of_a_gateway_is_told(command: Command) -> None:
    code, found = findings(command, **GATEWAY | {"secret_key": "another"})
    assert code == 1
    assert (found[-1]["check"], found[-1]["outcome"]) == ("Login with Amazon", "wrong")
    assert "AMAZON_ENDPOINT_SECRET_KEY" in found[-1]["told"]


def test_a_host_that_does_not_answer_is_told(command: Command) -> None:
    nobody = "http://127.0.0.1:9"
    code, found = findings(command, allowed_hosts="127.0.0.1", services_host=nobody)
    assert code == 1
    assert found[-1]["told"].startswith(f"{nobody} can't be reached")


def test_a_clock_that_is_wrong_is_a_warning(command: Command, sandbox: RunningSandbox) -> None:
    sandbox.set_clock(datetime.now(UTC) + timedelta(minutes=5))
    code, found = findings(command)
    clock = next(one for one in found if one["outcome"] == "warning")
    assert code == 0
    assert "seconds behind" in clock["told"]


@pytest.mark.parametrize(("operation", "check"), [("getOrder", "Orders"), ("getFeeds", "Feeds")])
def test_a_missing_role_is_told(
    command: Command, sandbox: RunningSandbox, operation: str, check: str
) -> None:
    sandbox.fault(operation, "deny", times=None)
    code, found = findings(command)
    assert code == 1
    assert [one["check"] for one in found if one["outcome"] == "wrong"] == [check]


def test_withheld_buyers_are_told(command: Command, sandbox: RunningSandbox) -> None:
    sandbox.fault("searchOrders", "deny_personal_data", times=None)
    code, found = findings(command, "--deep")
    assert code == 1
    assert "withholds buyers and addresses" in found[-1]["told"]


def test_people_get_a_line_for_each_check(command: Command) -> None:
    done = command("doctor")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 6
