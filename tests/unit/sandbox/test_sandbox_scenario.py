import json
from pathlib import Path
from typing import Any

import pytest

from amazon_endpoint.sandbox.clock import read_time
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.scenario import ScenarioProblem
from amazon_endpoint.sandbox.state import Sandbox

ORDER: dict[str, Any] = {
    "orderId": "222-0000000-0000001",
    "createdTime": "2013-03-01T08:00:00Z",
    "lastUpdatedTime": "2013-03-02T08:00:00.250Z",
    "orderItems": [],
}
FEED = {
    "feedId": "77",
    "feedType": "POST_ORDER_FULFILLMENT_DATA",
    "processingStatus": "DONE",
    "createdTime": "2013-03-02T09:00:00Z",
}


def sandbox(tmp_path: Path, scenario: object) -> Sandbox:
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario), "utf-8")
    return Sandbox(SandboxOptions(scenario=path))


@pytest.mark.parametrize(
    "scenario",
    [[ORDER], {"orders": [ORDER]}, {"payload": {"orders": [ORDER]}}, {"order": ORDER}],
    ids=["list", "orders", "payload", "single"],
)
def test_orders_are_served_as_they_are_written(tmp_path: Path, scenario: object) -> None:
    book = sandbox(tmp_path, scenario).book
    assert [entry.order() for entry in book] == [ORDER]


def test_the_clock_starts_where_the_scenario_says(tmp_path: Path) -> None:
    clock = sandbox(tmp_path, {"now": "2013-03-05T00:00:00Z"}).clock
    assert (clock.now() - read_time("2013-03-05T00:00:00Z")).total_seconds() < 5


def test_a_finished_feed_has_a_report(tmp_path: Path) -> None:
    feeds = [FEED, FEED | {"feedId": 78, "report": "<Report>ü</Report>"}]
    served = sandbox(tmp_path, {"feeds": feeds})
    reports = []
    for feed in served.feeds.every():
        document = served.documents.find(feed.result_id or "", "any seller")
        assert document is not None
        reports.append(document.content or b"")
    assert b"<MessagesSuccessful>1</MessagesSuccessful>" in reports[0]
    assert reports[1] == "<Report>ü</Report>".encode()


def test_a_feed_that_waits_has_none_and_goes_on_waiting(tmp_path: Path) -> None:
    served = sandbox(tmp_path, {"feeds": [FEED | {"processingStatus": "IN_PROGRESS"}]})
    served.settle()
    assert [feed.told()["processingStatus"] for feed in served.feeds.every()] == ["IN_PROGRESS"]
    assert served.feeds.every()[0].result_id is None


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ({"orders": [{"orderId": "A"}]}, "order A has no createdTime"),
        ([{}], "an order has no orderId"),
        ([ORDER | {"lastUpdatedTime": "yesterday"}], "lastUpdatedTime: 'yesterday' is not"),
        ({"orders": {}}, "orders must be a list"),
        ({"feeds": [{"feedId": "9"}]}, "feed 9 has no feedType"),
        ({"feeds": [FEED | {"processingStatus": "LATE"}]}, "processingStatus is 'LATE'"),
        (7, "neither an object nor a list"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_scenario_is_told(tmp_path: Path, scenario: object, told: str) -> None:
    with pytest.raises(ScenarioProblem, match=rf"scenario\.json: .*{told}"):
        sandbox(tmp_path, scenario)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioProblem, match="No such file"):
        Sandbox(SandboxOptions(scenario=tmp_path / "none.json"))
