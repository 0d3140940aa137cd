"""Both generations of Amazon's API bring the same orders, but for what MWS has no words for."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from amazon_endpoint.hub.parameters import STATUSES
from amazon_endpoint.sandbox.mws.amounts import unsaid
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.settings import Settings
from tests.integration.endpoint.generations import GENERATIONS, Generation
from tests.integration.endpoint.hub import TOKEN, serving
from tests.integration.endpoint.test_poll import poll_to_the_end
from tests.turned_clock import ShiftedClock

#: Where the made-up orders were placed, by region; with and without tax in the prices.
REGIONS = ("ATVPDKIKX0DER,A2EUQ1WTGCTBG2", "A1F83G8C2ARO7P,A1PA6795UKMFR9", "A1VC38T7YXB528")

#: In which row a charge stands that MWS has no word for, by Amazon's name of it.
UNSAID_ROWS = {"OTHER": "Amazon Other", "DELIVERY_TIP": "Delivery Tip"}

NUMBER = re.compile(r"\d{3}-\d{7}-\d{7}")


@pytest.fixture
def amazon() -> Iterator[RunningSandbox]:
    """Made-up orders that go through every shape ten times, their items on several pages."""
    with run_in_thread(SandboxOptions(orders=325, quotas=False, item_page_cap=2)) as running:
        yield running


class Brought(NamedTuple):
    """The orders that polls brought, by number, and the warnings, each with an order's number."""

    orders: dict[str, dict[str, Any]]
    warnings: set[tuple[str, str]]


async def brought(
    generation: Generation, amazon: RunningSandbox, clock: ShiftedClock, folder: Path
) -> Brought:
    """All orders of every status, polled as a hub does."""
    found = Brought({}, set())
    for number, marketplaces in enumerate(REGIONS):
        database = str(folder / f"{generation.name} {number}.db")
        settings = Settings(token=TOKEN, allowed_hosts=(amazon.host,), database=database)
        asked = {
            "amazon.marketplace_id": marketplaces,
            "amazon.statuses": ",".join(STATUSES),
            "amazon.fulfilled_by": "MERCHANT,AMAZON",
        }
        async with serving(settings, generation.parameters(amazon.url) | asked, clock) as hub:
            for answer in await poll_to_the_end(hub, amazon, clock):
                for one in answer.get("notifications", ()):
                    if one["level"] != "info":
                        numbers = NUMBER.findall(one["description"])
                        found.warnings.update((one["subject"], number) for number in numbers)
                for message in answer.get("messages", ()):
                    order = exact(message["payload"]["order"])
                    assert order["number"] not in found.orders
                    found.orders[order["number"]] = order
    return found


def exact(order: dict[str, Any]) -> dict[str, Any]:
    """The order with its amounts as they were written."""
    read: dict[str, Any] = json.loads(json.dumps(order), parse_float=Decimal)
    return read


def less_what_mws_leaves_out(order: dict[str, Any], placed: dict[str, Any]) -> dict[str, Any]:
    """`order` as it is told to MWS's callers, who never hear of packages and of some charges."""
    charges = {UNSAID_ROWS[kind]: amount for kind, amount in unsaid(placed).items()}
    left_out = sum(charges.values(), Decimal())
    rows = {row["name"]: row["value"] for row in order["adjustments"]}
    assert {name: rows.get(name) for name in charges} == charges
    totals = order["totals"]
    paid = {"amount": totals["payment"] - left_out}
    return order | {
        # Orders 2013-09-01 has no field for such a charge: neither it nor its row is there, and
        # the local Amazon leaves it out of OrderTotal too.
        "adjustments": [row for row in order["adjustments"] if row["name"] not in charges],
        "totals": totals
        | {name: totals[name] - left_out for name in ("adjustment", "order", "payment")},
        "payments": [payment | paid for payment in order["payments"]],
        # It shows how many units were fulfilled, but no package.
        "shipments": [one | {"tracking": "", "number": ""} for one in order["shipments"]],
    }


async def test_both_generations_bring_the_same_orders(
    amazon: RunningSandbox, clock: ShiftedClock, tmp_path: Path
) -> None:
    selling_partner, mws = [await brought(one, amazon, clock, tmp_path) for one in GENERATIONS]

    assert mws.orders.keys() == selling_partner.orders.keys()
    assert mws.warnings == selling_partner.warnings
    for placed in amazon.orders():
        order = selling_partner.orders.get(placed["orderId"])
        if order is None:
            assert ("Not priced yet", placed["orderId"]) in mws.warnings
            continue
        over_mws = mws.orders[placed["orderId"]]
        assert over_mws == less_what_mws_leaves_out(order, placed)
        rows = [row["name"] for row in (*order["adjustments"], *over_mws["adjustments"])]
        assert "Amazon Difference" not in rows


def test_the_made_up_orders_hold_all_that_mws_leaves_out(amazon: RunningSandbox) -> None:
    """Or the comparison would prove less than it says."""
    placed = amazon.orders()
    assert {kind for one in placed for kind in unsaid(one)} == UNSAID_ROWS.keys()
    assert any("packages" in one for one in placed)
