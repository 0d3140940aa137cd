import signal
import subprocess
import sys
from datetime import UTC, datetime

import httpx2
import msgspec
import pytest

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.server import serve
from tests.integration.sandbox.seller import ORDERS, QUIET, selling

PROGRAM = """
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.server import serve
serve(SandboxOptions(port=0, orders=3), lambda url: print(url, flush=True))
"""


def test_it_serves_until_it_is_interrupted_and_says_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        state = httpx2.get(f"{url}/_sandbox/state").json()
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=20)
    assert state["orders"] == 3
    assert (process.returncode, *rest) == (0, "", "")


def test_a_taken_port_is_told_at_once() -> None:
    with selling() as (sandbox, _):
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            serve(SandboxOptions(port=port))


def test_page_tokens_and_access_tokens_outlive_a_restart() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    same = SandboxOptions(orders=4, page_cap=3, now=now)
    query: dict[str, str | int] = {"lastUpdatedAfter": "2026-01-01T00:00:00Z"}
    with selling(same) as (_, seller):
        token = seller.get(ORDERS, **query).json()["pagination"]["nextToken"]
        headers = seller.headers
    with selling(same) as (sandbox, seller):
        seller.headers = headers
        rest = seller.get(ORDERS, **query, paginationToken=token).json()["orders"]
        assert [order["orderId"] for order in rest] == [sandbox.orders()[3]["orderId"]]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"createdAfter": "2024-01-01T00:00:00Z", "lastUpdatedAfter": "2024-01-01T00:00:00Z"},
        {"lastUpdatedAfter": "2024-01-01T00:00:00Z", "createdBefore": "2024-02-01T00:00:00Z"},
        {"lastUpdatedAfter": "2024-01-01T00:00:00Z", "lastUpdatedBefore": "2023-01-01T00:00:00Z"},
        {"lastUpdatedAfter": "2024-01-01T00:00:00Z", "lastUpdatedBefore": "2026-04-30T23:59:00Z"},
        {"createdAfter": "TEST_CASE_400"},
        {"createdAfter": "2024-01-01T00:00:00"},
        {"createdAfter": "2024-01-01"},
        {"createdAfter": "2024-01-01T00:00:00Z", "fulfillmentStatuses": "Unshipped"},
        {"createdAfter": "2024-01-01T00:00:00Z", "includedData": "BUYER,"},
        {"createdAfter": "2024-01-01T00:00:00Z", "maxResultsPerPage": "101"},
        {"createdAfter": "2024-01-01T00:00:00Z", "maxResultsPerPage": "0"},
        {"createdAfter": "2024-01-01T00:00:00Z", "marketplaceIds": ",".join("A" * 51)},
        {"createdAfter": "2024-01-01T00:00:00Z", "NextToken": "x"},
        {"createdAfter": "2024-01-01T00:00:00Z", "paginationToken": "x y"},
    ],
    ids=str,
)
def test_every_broken_parameter_rule_is_refused(parameters: dict[str, str | int]) -> None:
    fixed = msgspec.structs.replace(QUIET, now=datetime(2026, 5, 1, tzinfo=UTC))
    with selling(fixed) as (_, seller):
        answer = seller.get(ORDERS, **parameters)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "InvalidInput"
        assert answer.headers["x-amzn-ratelimit-limit"] == "0.0056"
