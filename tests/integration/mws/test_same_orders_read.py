"""An order read over MWS is the one that the Selling Partner API tells, but for what MWS lacks."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from amazon_endpoint.money import ZERO
from amazon_endpoint.orders import Order
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from tests.integration.mws.seller import Seller
from tests.integration.spapi.seller import Seller as SellingPartner
from tests.turned_clock import TurnedClock


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """Made-up orders that go through every shape five times, their items on several pages."""
    with run_in_thread(SandboxOptions(orders=165, quotas=False, item_page_cap=1)) as running:
        yield running


def less_what_mws_leaves_out(order: Order) -> Order:
    """`order` as MWS can tell it."""
    charges = order.charges
    if charges is not None:
        # It has no words for these charges, and OrderTotal is told without them.
        unsaid = charges.delivery_tip + sum((one.other for one in charges.items), ZERO)
        charges = replace(
            charges,
            delivery_tip=ZERO,
            items=tuple(replace(one, other=ZERO) for one in charges.items),
            total=charges.total - unsaid,
        )
    return replace(
        order,
        charges=charges,
        # Ship+ is younger than MWS; the other programmes are flags, which have no sequence.
        programs=tuple(sorted({*order.programs} - {"FBM_SHIP_PLUS"})),
        # The company is one of the buyer's tax information, which v2026-01-01 does not tell.
        buyer_company=None,
        # Packages are not shown, only how many units were fulfilled.
        packages=(),
        # A price is stated for the whole line; what is open, by ordered and shipped units.
        items=tuple(
            replace(item, unit_price=None, quantity_unfulfilled=None) for item in order.items
        ),
    )


async def test_an_order_is_the_same_whichever_generation_reads_it(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    clock = local_seller.clock
    assert isinstance(clock, TurnedClock)
    selling_partner = SellingPartner(sandbox.url, clock)
    over_mws, over_sp_api = local_seller.account(), selling_partner.account()
    for placed in sandbox.orders():
        # The least that quota takes to come back for an order and its items.
        clock.advance(60)
        order = await over_sp_api.get_order(placed["orderId"])
        read = await over_mws.get_order(placed["orderId"])
        assert replace(read, programs=tuple(sorted(read.programs))) == less_what_mws_leaves_out(
            order
        )
        open_units = [item.quantity_open for item in order.items]
        assert [item.quantity_open for item in read.items] == open_units
    await selling_partner.connector.aclose()
