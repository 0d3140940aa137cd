"""How long shipments take to be confirmed, on a turned clock, against the least that is possible.

A seller's shipments come all at once, or evenly over the day. Each is confirmed when Amazon has
taken it by `confirmShipment`, or the report of its feed has been read. No schedule could need less
than the best of these, for any number of feeds:

- a shipment can't be confirmed before it came;
- feeds go every twenty minutes, the first at once, each of ten megabytes at most; the last is
  processed `_PROCESSING` later;
- meanwhile what the feeds do not take goes directly: a burst, then so many calls a second
  ("Orders API v0").

Calls take no time, so that uploading a feed and reading its report adds nothing to either side.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from statistics import mean

from amazon_endpoint.shipments import Shipment, ShipmentItem
from amazon_endpoint.sync.confirming import confirm_waiting
from amazon_endpoint.sync.following import follow_sent
from amazon_endpoint.sync.kept_orders import KeptOrders
from amazon_endpoint.sync.shipping import NextDue, ShipmentState
from benchmarks.rows import Row, Size
from benchmarks.turned import Shop, Worker, middling, number, opened

_PROCESSING = timedelta(minutes=10, seconds=13)
_FEED_EVERY = timedelta(minutes=20)
# No message of Amazon's schema with a carrier, a tracking number and an item is shorter.
_IN_A_FEED = 10 * 2**20 // 500
_CALLS, _CALLS_AT_ONCE = 2.0, 10

_SHIPMENTS = {Size.FULL: 10_000, Size.SHORT: 100}
_APART = timedelta(days=1) / _SHIPMENTS[Size.FULL]
_HARDLY = 0.05


def confirmations(size: Size) -> Iterator[Row]:
    """The rows of shipments that come at once, and of those that come one by one."""
    number = _SHIPMENTS[size]
    yield _row("confirmations, at once", [timedelta()] * number, f"{number:,} shipments")
    yield _row(
        "confirmations, evenly",
        [_APART * one for one in range(number)],
        f"{number:,} shipments, one each {_APART.total_seconds():.1f} s. The ratio is of the "
        "moments at which the last is confirmed: it tells that we keep pace, and nothing of delay",
    )


def _row(name: str, come: Sequence[timedelta], remarks: str) -> Row:
    took = asyncio.run(_confirm(come))
    delays = [(end - begin).total_seconds() for begin, end in zip(come, took, strict=True)]
    return Row(
        name=name,
        ours=(max(took).total_seconds(),),
        theirs=(_least(come).total_seconds(),),
        unit="s of Amazon's time",
        against="the best schedule",
        at_most=1.1,
        remarks=f"{remarks}. {_delay(delays)}",
    )


def _delay(delays: Sequence[float]) -> str:
    if max(delays) < _HARDLY:
        return (
            "Each is confirmed directly, at the moment at which it comes: the quota of direct "
            "calls lasts, and a call takes no time here."
        )
    return (
        f"From coming to confirmed it takes {mean(delays):.1f} s on average, "
        f"{max(delays):.1f} s at most. A feed is processed in {_PROCESSING.total_seconds():.0f} s."
    )


def _least(come: Sequence[timedelta]) -> timedelta:
    """When the last of them is confirmed if all goes as well as it can."""
    best = None
    for feeds in count():
        rest = max(len(come) - feeds * _IN_A_FEED, 0)
        directly = timedelta(seconds=max(rest - _CALLS_AT_ONCE, 0) / _CALLS)
        processed = (feeds - 1) * _FEED_EVERY + _PROCESSING if feeds else timedelta()
        # Feeds may wait for what comes, calls need not: so this is less than it takes, if anything.
        end = max(come[-1], processed, directly)
        best = end if best is None else min(best, end)
        if rest == 0:
            return best
    raise AssertionError


async def _confirm(come: Sequence[timedelta]) -> list[timedelta]:
    """After what time each of the shipments is confirmed; they come when `come` says."""
    async with opened(len(come), _PROCESSING) as shop:
        await _catch_up(shop)
        begin, shipments = shop.clock.now(), shop.kept.shipments
        known_orders = KeptOrders(shop.kept.orders)

        async def confirm() -> bool:
            return await confirm_waiting(
                shop.account,
                amazon=shop.amazon,
                shipments=shipments,
                confirmations=shop.storage.confirmations,
                known_orders=known_orders,
                allow_cancellation_requested=False,
                clock=shop.clock,
                random=middling,
            )

        async def follow() -> bool:
            return await follow_sent(
                shop.account,
                amazon=shop.amazon,
                shipments=shipments,
                confirmations=shop.storage.confirmations,
                known_orders=known_orders,
                clock=shop.clock,
                random=middling,
            )

        arriving, over = True, False

        async def arrive() -> None:
            nonlocal arriving
            await _arrive(shop, [begin + one for one in come], confirming)
            arriving = False

        async def next_due() -> NextDue:
            nonlocal over
            due = await shipments.next_due(shop.account.id)
            over = not arriving and due == NextDue(None, None)
            return due

        async def to_send() -> datetime | None:
            return (await next_due()).to_send

        async def to_look() -> datetime | None:
            return (await next_due()).to_look

        def done() -> bool:
            return over

        confirming = Worker(shop.clock, confirm, to_send)
        await asyncio.gather(
            arrive(),
            confirming.work(done),
            Worker(shop.clock, follow, to_look).work(done),
            Worker(shop.clock, shop.poll).work(done),
        )
        kept = await shipments.of(shop.account.id, ShipmentState.CONFIRMED)
        ends = {int(one.number): one.ended_at - begin for one in kept if one.ended_at}
        if not len(ends) == len(shop.sandbox.ledger.told()) == len(come):
            raise RuntimeError("Not every shipment is confirmed.")
        return [ends[index] for index in range(len(come))]


async def _catch_up(shop: Shop) -> None:
    """Have the orders read, which are there long before their shipments."""
    caught_up = False

    async def poll() -> bool:
        nonlocal caught_up
        more = await shop.poll()
        caught_up = await shop.is_caught_up()
        return more

    await Worker(shop.clock, poll).work(lambda: caught_up)


async def _arrive(shop: Shop, moments: Sequence[datetime], confirming: Worker) -> None:
    """Let the shipments come, each the whole of an order; those of one moment come together."""
    pattern = next(iter(shop.sandbox.book)).order()
    items = tuple(
        ShipmentItem(sku="", external_ref=one["orderItemId"], quantity=one["quantityOrdered"])
        for one in pattern["orderItems"]
    )
    with shop.clock.at_work():
        for index, moment in enumerate(moments):
            await shop.clock.until(moment)
            shipment = Shipment(
                number=str(index),
                order_number=number(index),
                tracking=f"1Z{index:016d}",
                shipping_method="UPS Ground",
                items=items,
            )
            await shop.kept.shipments.receive(
                shipment, account_id=shop.account.id, now=shop.clock.now()
            )
            if moment not in moments[index + 1 : index + 2]:
                confirming.wake()
