"""Polling through the endpoint, at the local Amazon."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.settings import Settings
from tests.integration.endpoint.generations import GENERATIONS, SELLING_PARTNER, Generation
from tests.integration.endpoint.hub import Hub, numbers, serving, told
from tests.turned_clock import ShiftedClock

LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
def amazon() -> Iterator[RunningSandbox]:
    """120 made-up orders, two on a page, at the published rates."""
    with run_in_thread(SandboxOptions(port=0, orders=120, page_cap=2)) as running:
        yield running


def expected(amazon: RunningSandbox) -> set[str]:
    """What a hub's default filters ask for."""
    return {
        order["orderId"]
        for order in amazon.orders()
        if order.get("fulfillment", {}).get("fulfillmentStatus")
        in {"UNSHIPPED", "PARTIALLY_SHIPPED"}
        and order["fulfillment"].get("fulfilledBy") == "MERCHANT"
        and order["salesChannel"].get("marketplaceId") == "ATVPDKIKX0DER"
    }


async def poll_to_the_end(
    hub: Hub, amazon: RunningSandbox, clock: ShiftedClock
) -> list[dict[str, Any]]:
    """Poll on until the window is done, each time as late as the answer asks for."""
    answers = [await hub.poll(last_updated_after=LONG_AGO)]
    while hub.parameters.get("amazon.resume"):
        assert len(answers) < 200
        clock.advance(180)
        amazon.advance(180)
        answers.append(await hub.poll(last_updated_after=LONG_AGO))
    return answers


async def test_every_order_of_every_page_arrives_once(
    hub: Hub, amazon: RunningSandbox, clock: ShiftedClock
) -> None:
    answers = await poll_to_the_end(hub, amazon, clock)
    arrived = [number for answer in answers for number in numbers(answer)]
    assert len(arrived) == len(set(arrived))
    assert set(arrived) == expected(amazon)


def pages_read(amazon: RunningSandbox, generation: Generation) -> int:
    return sum(amazon.calls(one) for one in {generation.first_page, generation.next_page})


async def test_the_burst_is_used_up_and_then_the_answer_says_when_to_go_on(
    hub: Hub, amazon: RunningSandbox, generation: Generation
) -> None:
    answer = await hub.poll(last_updated_after=LONG_AGO)
    assert pages_read(amazon, generation) == generation.burst
    assert len(numbers(answer)) == 2 * generation.burst
    assert "delay" not in answer
    assert [one["name"] for one in answer["parameters"]] == ["amazon.resume"]
    (level, description) = told(answer)[-1]
    assert level == "info"
    assert datetime.now(UTC).strftime("%Y-%m-%dT") in description


async def test_without_any_quota_left_the_same_message_is_put_off(hub: Hub) -> None:
    await hub.poll(last_updated_after=LONG_AGO)
    answer = await hub.poll(last_updated_after=LONG_AGO)
    assert answer == {"message_id": "1234567", "delay": answer["delay"]}
    assert 0 < answer["delay"] <= 179


async def test_a_restart_between_loses_nothing_and_repeats_nothing(
    settings: Settings, amazon: RunningSandbox, parameters: dict[str, Any], clock: ShiftedClock
) -> None:
    kept: dict[str, Any] = {}
    arrived: list[str] = []
    for _ in range(100):
        async with serving(settings, parameters, clock) as hub:
            hub.parameters |= kept
            answer = await hub.poll(last_updated_after=LONG_AGO)
            kept = hub.parameters
        arrived += numbers(answer)
        clock.advance(600)
        amazon.advance(600)
        if not kept["amazon.resume"]:
            break
    assert len(arrived) == len(set(arrived))
    assert set(arrived) == expected(amazon)
    assert kept["amazon.last_updated_after"] > LONG_AGO


async def test_quota_is_not_full_again_after_a_restart(
    settings: Settings,
    amazon: RunningSandbox,
    generation: Generation,
    parameters: dict[str, Any],
    clock: ShiftedClock,
) -> None:
    async with serving(settings, parameters, clock) as hub:
        await hub.poll(last_updated_after=LONG_AGO)
    async with serving(settings, parameters, clock) as hub:
        assert "delay" in await hub.poll(last_updated_after=LONG_AGO)
    assert pages_read(amazon, generation) == generation.burst


async def test_once_up_to_date_only_the_newest_comes_again_and_then_nothing(
    hub: Hub, amazon: RunningSandbox, clock: ShiftedClock
) -> None:
    await poll_to_the_end(hub, amazon, clock)
    clock.advance(3600)
    amazon.advance(3600)
    again = await hub.poll()
    assert numbers(again)
    assert "amazon.seen" in hub.parameters
    assert await hub.poll() == {"message_id": "1234567"}


async def test_an_order_updated_while_the_window_is_read_comes_with_the_next_one(
    hub: Hub, amazon: RunningSandbox, clock: ShiftedClock
) -> None:
    await hub.poll(last_updated_after=LONG_AGO)
    number = max(expected(amazon), key=lambda one: amazon.order(one)["lastUpdatedTime"])
    clock.advance(3600)
    amazon.advance(3600)
    order = amazon.order(number)
    order["lastUpdatedTime"] = (amazon.now() - timedelta(minutes=10)).strftime(
        "%Y-%m-%dT%H:%M:%S.000Z"
    )
    amazon.add_orders(order)
    await poll_to_the_end(hub, amazon, clock)
    clock.advance(7200)
    amazon.advance(7200)
    assert number in numbers(await hub.poll())


def each(faults: str) -> pytest.MarkDecorator:
    """Every fault of a kind, each under the generation that has it."""
    return pytest.mark.parametrize(
        ("generation", "fault"),
        [
            pytest.param(one, fault, id=f"{one.name}-{fault}")
            for one in GENERATIONS
            for fault in getattr(one, faults)
        ],
    )


@each("passing_faults")
async def test_a_passing_fault_is_not_noticed(
    hub: Hub, amazon: RunningSandbox, generation: Generation, clock: ShiftedClock, fault: str
) -> None:
    generation.fault_after_three_pages(amazon, fault, times=1)
    answers = await poll_to_the_end(hub, amazon, clock)
    arrived = [number for answer in answers for number in numbers(answer)]
    assert sorted(arrived) == sorted(expected(amazon))


@each("lasting_faults")
async def test_a_lasting_fault_gives_what_was_read_and_the_window_goes_on_after_it(
    settings: Settings,
    amazon: RunningSandbox,
    generation: Generation,
    parameters: dict[str, Any],
    clock: ShiftedClock,
    fault: str,
) -> None:
    generation.fault_after_three_pages(amazon, fault, times=None, seconds=60)
    async with serving(replace(settings, reply_seconds=4), parameters, clock) as hub:
        cut = await hub.poll(last_updated_after=LONG_AGO)
        assert len(numbers(cut)) == 6
        assert "amazon.last_updated_after" not in {one["name"] for one in cut["parameters"]}
        amazon.clear_faults()
        clock.advance(3600)
        amazon.advance(3600)
        rest = await poll_to_the_end(hub, amazon, clock)
    arrived = [number for answer in (cut, *rest) for number in numbers(answer)]
    assert sorted(arrived) == sorted(expected(amazon))


async def test_a_repeated_page_ends_the_window_with_an_error_that_says_so(
    hub: Hub, amazon: RunningSandbox, generation: Generation
) -> None:
    amazon.fault(generation.next_page, "repeated_page", times=None)
    answer = await hub.poll(last_updated_after=LONG_AGO)
    assert told(answer)[-1][0] == "error"
    assert hub.parameters["amazon.resume"] == ""
    assert hub.parameters.get("amazon.last_updated_after") is None


async def test_a_dead_page_token_starts_the_window_again(
    hub: Hub, amazon: RunningSandbox, generation: Generation, clock: ShiftedClock
) -> None:
    generation.fault_after_three_pages(amazon, "dead_token", times=1)
    answers = await poll_to_the_end(hub, amazon, clock)
    arrived = {number for answer in answers for number in numbers(answer)}
    assert arrived == expected(amazon)


async def test_one_bad_order_stops_no_other(
    hub: Hub, amazon: RunningSandbox, generation: Generation, clock: ShiftedClock
) -> None:
    amazon.fault(generation.first_page, "bad_order", times=1)
    answers = await poll_to_the_end(hub, amazon, clock)
    arrived = {number for answer in answers for number in numbers(answer)}
    (missing,) = expected(amazon) - arrived
    assert any(missing in description for _, description in told(answers[0]))


async def test_unknown_words_are_kept_as_they_are(
    hub: Hub, amazon: RunningSandbox, generation: Generation, clock: ShiftedClock
) -> None:
    amazon.fault(generation.first_page, "unknown_enum", times=1)
    answers = await poll_to_the_end(hub, amazon, clock)
    arrived = [number for answer in answers for number in numbers(answer)]
    assert sorted(arrived) == sorted(expected(amazon))


@pytest.mark.parametrize("generation", [SELLING_PARTNER], ids=["SP-API"])
async def test_refused_personal_data_is_told_and_the_orders_come_without(
    hub: Hub, amazon: RunningSandbox, clock: ShiftedClock
) -> None:
    amazon.fault("searchOrders", "deny_personal_data", times=None)
    answers = await poll_to_the_end(hub, amazon, clock)
    arrived = [number for answer in answers for number in numbers(answer)]
    assert sorted(arrived) == sorted(expected(amazon))
    assert any(level == "warn" and "address" in text for level, text in told(answers[0]))
    order = answers[0]["messages"][0]["payload"]["order"]
    assert order["shipping_address"]["address1"] == ""


async def test_every_status_and_both_fulfilments_can_be_asked_for(
    hub: Hub, amazon: RunningSandbox, clock: ShiftedClock
) -> None:
    hub.parameters["amazon.statuses"] = "Shipped,Canceled"
    hub.parameters["amazon.fulfilled_by"] = "AMAZON,MERCHANT"
    answers = await poll_to_the_end(hub, amazon, clock)
    statuses = {
        one["payload"]["order"]["status"]
        for answer in answers
        for one in answer.get("messages", ())
    }
    assert statuses <= {"Shipped", "Canceled"}
    assert "Shipped" in statuses
