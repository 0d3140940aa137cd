"""Polling in the later format, at the local Amazon, quota and all."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.settings import Settings
from tests.integration.endpoint.generations import GENERATIONS, Generation
from tests.integration.endpoint.test_poll import expected
from tests.integration.endpoint_v6.hubs import Cangaroo, FlowLink, numbers, serving
from tests.turned_clock import ShiftedClock

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

over_both = pytest.mark.parametrize("generation", GENERATIONS, ids=lambda one: one.name)


@pytest.fixture
def amazon() -> Iterator[RunningSandbox]:
    """120 made-up orders, two on a page, at the published rates."""
    with run_in_thread(SandboxOptions(port=0, orders=120, page_cap=2)) as running:
        yield running


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, poll_start=LONG_AGO)


class Days:
    """Time that passes at the hub's and at Amazon's alike."""

    def __init__(self, amazon: RunningSandbox, clock: ShiftedClock) -> None:
        self.amazon = amazon
        self.clock = clock

    def pass_by(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.amazon.advance(seconds)


@pytest.fixture
def days(amazon: RunningSandbox, clock: ShiftedClock) -> Days:
    return Days(amazon, clock)


def update(amazon: RunningSandbox, number: str, *, ago: timedelta) -> None:
    order = amazon.order(number)
    moment = amazon.now() - ago
    order["lastUpdatedTime"] = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    amazon.add_orders(order)


async def poll_to_the_end(hub: Cangaroo, days: Days) -> list[str]:
    arrived: list[str] = []
    for _ in range(100):
        reply = await hub.poll()
        arrived += numbers(reply)
        days.pass_by(600)
        if "goes on with this window" not in reply["summary"]:
            return arrived
    raise AssertionError("the window has no end")


@over_both
async def test_a_window_in_parts_is_finished_though_last_poll_moves_on_and_we_restart(
    settings: Settings,
    amazon: RunningSandbox,
    parameters: dict[str, Any],
    clock: ShiftedClock,
    days: Days,
) -> None:
    arrived: list[str] = []
    last_poll, parts = 0, 0
    while len(set(arrived)) < len(expected(amazon)):
        assert parts < 100
        async with serving(settings, clock) as client:
            hub = Cangaroo(client, parameters, clock)
            hub.last_poll = last_poll
            arrived += numbers(await hub.poll())
            last_poll = hub.last_poll
        parts += 1
        days.pass_by(600)
    assert parts > 3
    assert sorted(arrived) == sorted(expected(amazon))


async def test_after_the_last_part_only_the_newest_comes_again_and_then_nothing(
    hub: Cangaroo, days: Days
) -> None:
    arrived = await poll_to_the_end(hub, days)
    days.pass_by(3600)
    assert set(numbers(await hub.poll())) <= set(arrived)
    days.pass_by(3600)
    reply = await hub.poll()
    assert reply == {
        "request_id": "job-1",
        "summary": "Received 0 order(s).",
        "orders": [],
    }


async def test_an_order_updated_while_the_window_is_read_comes_with_the_next_one(
    hub: Cangaroo, amazon: RunningSandbox, days: Days
) -> None:
    first = await hub.poll()
    number = numbers(first)[0]
    days.pass_by(3600)
    update(amazon, number, ago=timedelta(minutes=10))
    await poll_to_the_end(hub, days)
    days.pass_by(3600)
    assert number in numbers(await hub.poll())


@pytest.mark.parametrize("which", range(4))
async def test_the_orders_of_a_lost_answer_come_again(
    hub: Cangaroo, amazon: RunningSandbox, days: Days, which: int
) -> None:
    arrived: list[str] = []
    for _ in range(which):
        arrived += numbers(await hub.poll())
        days.pass_by(600)
    lost = await hub.try_poll(lost=True)
    assert lost.status_code == 200
    days.pass_by(600)
    again = await hub.poll()
    assert numbers(again)[0] == numbers(lost.json())[0]
    days.pass_by(600)
    arrived += numbers(again) + await poll_to_the_end(hub, days)
    assert set(arrived) == expected(amazon)


@over_both
async def test_a_lost_last_answer_comes_again_with_what_is_new(
    hub: Cangaroo, amazon: RunningSandbox, days: Days
) -> None:
    arrived = await poll_to_the_end(hub, days)
    days.pass_by(3600)
    await hub.poll()
    update(amazon, arrived[0], ago=timedelta(minutes=20))
    update(amazon, arrived[1], ago=timedelta(seconds=30))
    assert arrived[0] in numbers((await hub.try_poll(lost=True)).json())
    days.pass_by(3600)
    assert {arrived[0], arrived[1]} <= set(numbers(await hub.poll()))


@over_both
async def test_without_quota_the_poll_fails_and_last_poll_stays(hub: Cangaroo, days: Days) -> None:
    await hub.poll()
    days.pass_by(5)
    before = hub.last_poll
    refused = await hub.try_poll()
    assert refused.status_code == 503
    assert refused.json()["request_id"] == "job-1"
    assert refused.json()["summary"].startswith("Not now: ")
    assert 1 <= int(refused.headers["Retry-After"]) <= 180
    assert hub.last_poll == before


async def test_a_poll_that_is_refused_fails_and_the_next_one_misses_nothing(
    hub: Cangaroo, amazon: RunningSandbox, days: Days
) -> None:
    refused = await hub.try_poll(client_secret="a wrong one")
    assert refused.status_code == 500
    assert "amazon.client_secret" in refused.json()["summary"]
    assert hub.last_poll == 0
    assert set(await poll_to_the_end(hub, days)) == expected(amazon)


@over_both
async def test_a_window_older_than_amazons_token_starts_again(
    hub: Cangaroo, amazon: RunningSandbox, days: Days
) -> None:
    first = numbers(await hub.poll())
    days.pass_by(25 * 3600)
    arrived = await poll_to_the_end(hub, days)
    assert set(first) <= set(arrived)
    assert set(arrived) == expected(amazon)


@over_both
async def test_a_repeated_page_is_told_and_the_window_starts_again(
    hub: Cangaroo, generation: Generation, amazon: RunningSandbox, days: Days
) -> None:
    amazon.fault(generation.next_page, "repeated_page", times=None)
    told = await hub.poll()
    assert "Error: Amazon returned a page of this window a second time." in told["summary"]
    amazon.clear_faults()
    days.pass_by(3600)
    assert set(await poll_to_the_end(hub, days)) == expected(amazon)


async def test_new_credentials_go_on_where_the_old_ones_were(
    hub: Cangaroo, amazon: RunningSandbox, days: Days
) -> None:
    await hub.poll()
    days.pass_by(3600)
    hub.parameters["refresh_token"] = "Atzr|renewed"
    assert set(await poll_to_the_end(hub, days)) == expected(amazon)


async def test_other_filters_have_a_window_of_their_own(
    hub: Cangaroo, amazon: RunningSandbox, days: Days
) -> None:
    await hub.poll()
    days.pass_by(3600)
    shipped = await hub.poll(statuses="Shipped")
    assert {order["status"] for order in shipped["orders"]} <= {"Shipped"}
    days.pass_by(3600)
    assert set(await poll_to_the_end(hub, days)) <= expected(amazon)


async def test_a_hub_known_to_nobody_is_read_from_before_its_last_poll(
    hub: Cangaroo, amazon: RunningSandbox, days: Days
) -> None:
    number, older = sorted(expected(amazon))[:2]
    days.pass_by(24 * 3600)
    update(amazon, number, ago=timedelta(minutes=11))
    update(amazon, older, ago=timedelta(hours=1))
    hub.last_poll = int(amazon.now().timestamp())
    arrived = numbers(await hub.poll())
    assert number in arrived
    assert older not in arrived


async def test_a_first_poll_begins_now_unless_told_otherwise_and_says_so(
    settings: Settings,
    amazon: RunningSandbox,
    parameters: dict[str, Any],
    clock: ShiftedClock,
    days: Days,
) -> None:
    number = min(expected(amazon))
    async with serving(replace(settings, poll_start=None), clock) as client:
        hub = Cangaroo(client, parameters, clock)
        now = clock.now()
        first = await hub.poll()
        assert numbers(first) == []
        assert f"updated since {now:%Y-%m-%dT%H:%M}" in first["summary"]
        days.pass_by(3600)
        update(amazon, number, ago=timedelta(minutes=59))
        assert numbers(await hub.poll()) == [number]


@over_both
async def test_a_hub_that_keeps_parameters_gets_them_back_under_its_own_names(
    settings: Settings,
    amazon: RunningSandbox,
    parameters: dict[str, Any],
    clock: ShiftedClock,
    days: Days,
) -> None:
    async with serving(settings, clock) as client:
        hub = FlowLink(client, parameters, clock)
        first = await hub.poll()
        assert first["parameters"].keys() == {"amazon_orders_last_polling_datetime", "resume"}
        days.pass_by(600)
        arrived = numbers(first) + await poll_to_the_end(hub, days)
    assert sorted(arrived) == sorted(expected(amazon))
    assert hub.parameters["resume"] == ""
    assert hub.parameters["amazon_orders_last_polling_datetime"] > "2020-01-01T00:00:00Z"


async def test_an_unusable_resume_is_dropped_and_the_window_starts_again_at_once(
    settings: Settings, parameters: dict[str, Any], clock: ShiftedClock
) -> None:
    async with serving(settings, clock) as client:
        hub = FlowLink(client, parameters, clock)
        reply = await hub.poll(resume="w1.forged", seen="everything")
    assert numbers(reply)
    assert reply["parameters"]["resume"].startswith("w1.")
    assert reply["parameters"]["seen"] == ""
