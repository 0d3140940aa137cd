"""A thousand orders under Amazon's published quotas: read in no more calls than they take."""

from datetime import datetime, timedelta

from amazon_endpoint.errors import Later
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.services.poll import PollOutcome, PollRequest, poll_orders
from tests.integration.mws.seller import UNITED_STATES, Seller
from tests.turned_clock import TurnedClock

ORDERS, PAGE = 1000, 25


class Hub:
    """Polls, keeps what it is given, and comes back when it is told to."""

    def __init__(self, sandbox: RunningSandbox, seller: Seller, clock: TurnedClock) -> None:
        self._sandbox = sandbox
        self._seller = seller
        self._clock = clock
        self._resume: str | None = None
        self._cursor = clock.now() - timedelta(days=90)
        self.polls = 0
        self.told: list[str] = []

    async def poll(self) -> bool:
        """Poll once, and wait. Returns whether the window has ended."""
        self.polls += 1
        request = PollRequest(
            cursor=self._cursor,
            marketplace_ids=(UNITED_STATES,),
            statuses=(),
            fulfilled_by=(),
            secret=b"secret",
            resume=self._resume,
        )
        deadline = self._clock.now() + timedelta(seconds=150)
        try:
            outcome = await poll_orders(
                self._seller.account(), request, clock=self._clock, deadline=deadline
            )
        except Later as later:
            outcome = PollOutcome(resume=self._resume, unfinished=True, not_before=later.not_before)
        self.told += [order.number for order in outcome.orders]
        assert not outcome.unreadable
        assert outcome.problem is None
        self._resume = outcome.resume
        self._wait_until(outcome.not_before)
        return not outcome.unfinished

    def _wait_until(self, moment: datetime | None) -> None:
        if moment is not None:
            seconds = (moment - self._clock.now()).total_seconds()
            self._clock.advance(seconds)
            self._sandbox.advance(seconds)


async def test_a_thousand_orders_end_in_one_poll_per_page() -> None:
    options = SandboxOptions(orders=ORDERS, marketplaces=(UNITED_STATES,))
    with run_in_thread(options) as sandbox:
        sandbox.advance(600)
        clock = TurnedClock(sandbox.now())
        began = clock.now()
        seller = Seller(sandbox.url, clock)
        hub = Hub(sandbox, seller, clock)

        while not await hub.poll():
            assert hub.polls < 100
        await seller.connector.aclose()

        expected = sorted(one["orderId"] for one in sandbox.orders())
        pages = sandbox.calls("ListOrders") + sandbox.calls("ListOrdersByNextToken")
        items = sandbox.calls("ListOrderItems") + sandbox.calls("ListOrderItemsByNextToken")

    assert sorted(hub.told) == expected
    assert (pages, items) == (ORDERS // PAGE, ORDERS)
    assert hub.polls == ORDERS // PAGE
    # Six pages at once, then one a minute: no sooner can it be done.
    assert clock.now() - began < timedelta(minutes=ORDERS // PAGE - 6, seconds=5)
