"""Confirming: an account's shipments on their way to Amazon, many in a feed or one by one.

A shipment is prepared, sent and put down in its new state; whatever dies in between, its
confirmation says how far it came, and preparing it again finds out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from amazon_endpoint.amazon.port import PacedAmazon
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonRefused,
    CredentialsRefused,
    EndpointError,
    InvalidInput,
    Later,
    OrderNotFound,
    StillUncertain,
    Throttled,
)
from amazon_endpoint.orders import Order
from amazon_endpoint.services.confirmations import Channel, Confirmation, Confirmations
from amazon_endpoint.services.next_step import (
    SHOWN_AFTER,
    ConfirmOutcome,
    Submitted,
    Wait,
    package_number,
)
from amazon_endpoint.services.preparation import ConfirmRequest, Ready, prepare_shipment
from amazon_endpoint.services.sending import in_feeds, send
from amazon_endpoint.shipments import PackageItem
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.backoff import Random, backoff
from amazon_endpoint.sync.channel import GATHERING, at_once, choose, next_feed
from amazon_endpoint.sync.lookups import Lookups
from amazon_endpoint.sync.reading import describe
from amazon_endpoint.sync.shipping import (
    KeptShipment,
    KnownOrders,
    Move,
    Shipments,
    ShipmentState,
    confirmed,
    doubted,
    keep,
    new_feed,
    put_off,
    refused,
    sent,
)

# Of the size that they usually have, so many fill the ten megabytes of a feed.
_IN_A_FEED = 10_000
# Looked up together, and soon enough after that to be true still.
_LOOKED_UP = 200
# Calls of some ten seconds, at Amazon's pace; then others have their turn.
_DIRECTLY = 20

# The units of an order that was read so long ago may be trusted: what Amazon thinks otherwise it
# refuses.
_FRESH = timedelta(minutes=15)

_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
_UNCERTAIN_WAIT = timedelta(hours=6)
_TRIES_BEFORE_ALARM = 6

_GATHERS = "It gathers with others for a feed."
_THROTTLED = "Amazon's quota is used up for now."
_UNREAD = "Its order is to be read first, and Amazon's quota is used up for now."
_IN_SEQUENCE = "An earlier version of it is being sent."


async def confirm_waiting(
    account: SyncAccount,
    *,
    amazon: PacedAmazon,
    shipments: Shipments,
    confirmations: Confirmations,
    known_orders: KnownOrders,
    allow_cancellation_requested: bool,
    clock: Clock,
    random: Random,
) -> bool:
    """Send what is due of an account's shipments, or put it off until Amazon's quota allows.

    Due ones go directly or by feed, whichever tells Amazon of all of them sooner; a feed takes
    along what would soon be due. Without a tracking number only a feed will do. True: there is
    more to do right now.

    Raises:
        StorageUnavailable: how far it came will be found out.
        AccountUnknown: the account was removed.
    """
    if account.paused_at is not None:
        return False
    now = clock.now()
    due = await shipments.waiting(account.id, now, _IN_A_FEED)
    if not due:
        return False
    quota = await amazon.shipping_quota()
    sending = _Round(
        account,
        amazon=amazon,
        lookups=Lookups(amazon, quota.orders, clock),
        shipments=shipments,
        confirmations=confirmations,
        known_orders=known_orders,
        allow_cancellation_requested=allow_cancellation_requested,
        clock=clock,
        random=random,
    )
    tracked, untracked = await sending.sorted(due)
    if not untracked and at_once(len(tracked), quota.direct, now):
        await sending.directly(tracked[:_DIRECTLY])
        return len(tracked) > _DIRECTLY
    # A later one went by a clock that was ahead.
    last_feed = await shipments.latest_feed(account.id, until=now)

    def feed_of(batch: Sequence[KeptShipment]) -> datetime:
        # Else few orders that can be read at once would be few shipments in twenty minutes.
        last = None if any(one.left_behind for one in batch) else last_feed
        return next_feed([one.received_at for one in batch], last, quota.feeds, now)

    channel = choose(
        len(tracked),
        feed_at=feed_of(due),
        processing=await shipments.processing_time(account.id),
        direct=quota.direct,
        now=now,
    )
    by_feed = untracked if channel is Channel.DIRECT else [*untracked, *tracked]
    directly = tracked if channel is Channel.DIRECT else []
    feed_goes = False
    if by_feed and (feed_at := feed_of(by_feed)) > now:
        await keep(shipments, [(one, put_off(one, feed_at, _GATHERS)) for one in by_feed])
    elif by_feed:
        feed_goes, taken = True, {one.id for one in due}
        soon = await shipments.waiting(account.id, now + GATHERING, _IN_A_FEED)
        await sending.by_feed([*by_feed, *(one for one in soon if one.id not in taken)])
    await sending.directly(directly[:_DIRECTLY])
    return len(directly) > _DIRECTLY or (feed_goes and len(due) == _IN_A_FEED)


class _Known(msgspec.Struct):
    """What is kept of orders: as Amazon had them lately, and what it was told of each."""

    orders: Mapping[str, Order]
    confirmations: dict[str, list[Confirmation]]


class _Round:
    """One batch of an account's shipments."""

    def __init__(
        self,
        account: SyncAccount,
        *,
        amazon: PacedAmazon,
        lookups: Lookups,
        shipments: Shipments,
        confirmations: Confirmations,
        known_orders: KnownOrders,
        allow_cancellation_requested: bool,
        clock: Clock,
        random: Random,
    ) -> None:
        self._account = account
        self._amazon = amazon
        self._lookups = lookups
        self._shipments = shipments
        self._confirmations = confirmations
        self._known_orders = known_orders
        self._allow_cancellation_requested = allow_cancellation_requested
        self._clock = clock
        self._random = random
        # What the whole account suffers from, and until when a channel is closed.
        self._trouble: EndpointError | None = None
        self._closed: dict[Channel, datetime] = {}

    async def sorted(
        self, due: Iterable[KeptShipment]
    ) -> tuple[list[KeptShipment], list[KeptShipment]]:
        """Those with a tracking number and those without; what can't be read is put off."""
        tracked: list[KeptShipment] = []
        untracked: list[KeptShipment] = []
        moves: list[Move] = []
        for kept in due:
            try:
                shipment = self._shipments.open(kept)
            except EndpointError as error:
                moves.append((kept, self._failed(kept, error)))
            else:
                (tracked if shipment.tracking else untracked).append(kept)
        await self._keep(moves)
        return tracked, untracked

    async def by_feed(self, batch: Sequence[KeptShipment]) -> None:
        """Send a batch in as few feeds as will do."""
        ready = await self._prepared(batch)
        edits = [one for one in ready if one.only is Channel.DIRECT]
        rest = [one for one in ready if one.only is not Channel.DIRECT]
        for feed in in_feeds(rest):
            await self._send(feed, ready, Channel.FEED)
        for one in edits:
            await self._send([one], ready, Channel.DIRECT)

    async def directly(self, batch: Sequence[KeptShipment]) -> None:
        """Send a batch one by one."""
        ready = await self._prepared(batch)
        for one in ready:
            await self._send([one], ready, one.only or Channel.DIRECT)

    async def _prepared(self, batch: Sequence[KeptShipment]) -> dict[Ready, KeptShipment]:
        """What may be sent; the others are put down in their new states."""
        ready: dict[Ready, KeptShipment] = {}
        together: dict[str, dict[str, tuple[PackageItem, ...]]] = defaultdict(dict)
        moves: list[Move] = []
        for begin in range(0, len(batch), _LOOKED_UP):
            some = batch[begin : begin + _LOOKED_UP]
            known = await self._look_up({one.order_number for one in some})
            for kept in some:
                one = await self._prepare(kept, known, together[kept.order_number])
                if isinstance(one, Ready):
                    together[kept.order_number][one.package.reference] = one.package.items
                    ready[one] = kept
                else:
                    moves.append((kept, one))
        await self._keep(moves)
        return ready

    async def _look_up(self, numbers: Collection[str]) -> _Known:
        # In this sequence: what an order shows of a confirmation is known to be confirmed.
        orders = await self._known_orders.current(
            self._account, numbers, since=self._clock.now() - _FRESH
        )
        confirmations: dict[str, list[Confirmation]] = {number: [] for number in numbers}
        for one in await self._confirmations.of_orders(self._account.account.seller_id, numbers):
            confirmations[one.key.order_number].append(one)
        return _Known(orders, confirmations)

    async def _of_order(self, number: str, known: _Known) -> Sequence[Confirmation]:
        # Each was looked up once: preparing one parcel may settle what is known of the next.
        found = known.confirmations.pop(number, None)
        if found is not None:
            return found
        return await self._confirmations.of_orders(self._account.account.seller_id, (number,))

    async def _prepare(
        self,
        kept: KeptShipment,
        known: _Known,
        alongside: Mapping[str, tuple[PackageItem, ...]],
    ) -> Ready | KeptShipment:
        """It, ready to be sent, or as it is to be kept."""
        now = self._clock.now()
        if self._trouble is not None:
            return self._failed(kept, self._trouble)
        if package_number(kept.order_number, kept.number) in alongside:
            return put_off(kept, now + SHOWN_AFTER, _IN_SEQUENCE)
        try:
            outcome = await prepare_shipment(
                self._lookups,
                self._confirmations,
                ConfirmRequest(
                    shipment=self._shipments.open(kept),
                    seller_id=self._account.account.seller_id,
                    marketplace_ids=self._account.account.marketplace_ids,
                    carrier_lookup=self._account.carriers,
                    allow_cancellation_requested=self._allow_cancellation_requested,
                ),
                clock=self._clock,
                of_order=await self._of_order(kept.order_number, known),
                known_order=known.orders.get(kept.order_number),
                alongside=alongside,
            )
        except Throttled as throttled:
            unread = put_off(kept, throttled.not_before or now + _FIRST_WAIT, _UNREAD)
            return msgspec.structs.replace(unread, left_behind=True)
        except EndpointError as error:
            return self._failed(kept, error)
        return outcome if isinstance(outcome, Ready) else self._after(kept, outcome)

    async def _send(
        self, batch: Sequence[Ready], kept: dict[Ready, KeptShipment], channel: Channel
    ) -> None:
        if self._trouble is not None:
            moves = [(kept[one], self._failed(kept[one], self._trouble)) for one in batch]
        elif channel in self._closed:
            until = self._closed[channel]
            moves = [(kept[one], put_off(kept[one], until, _THROTTLED)) for one in batch]
        else:
            moves = await self._told(batch, kept, channel)
        await self._keep(moves)

    async def _told(
        self, batch: Sequence[Ready], kept: dict[Ready, KeptShipment], channel: Channel
    ) -> list[Move]:
        try:
            outcome = await send(
                self._amazon,
                self._confirmations,
                batch,
                channel=channel,
                seller_id=self._account.account.seller_id,
                clock=self._clock,
            )
        except Throttled as throttled:
            self._closed[channel] = throttled.not_before or self._clock.now() + _FIRST_WAIT
            return [(kept[one], self._failed(kept[one], throttled)) for one in batch]
        except (Later, CredentialsRefused, AccessDenied) as trouble:
            return [(kept[one], self._failed(kept[one], trouble)) for one in batch]
        except AmazonRefused as refusal:
            until = self._clock.now() + SHOWN_AFTER
            return [(kept[one], doubted(kept[one], refusal.message, until)) for one in batch]
        return [(kept[one], self._after(kept[one], outcome)) for one in batch]

    def _after(self, kept: KeptShipment, outcome: ConfirmOutcome) -> KeptShipment:
        if isinstance(outcome, Submitted):
            return sent(kept, outcome.feed_id)
        if isinstance(outcome, Wait):
            return put_off(kept, outcome.not_before, outcome.reason)
        return confirmed(kept, self._clock.now())

    def _failed(self, kept: KeptShipment, error: EndpointError) -> KeptShipment:
        """It after it could not be prepared or sent; trouble of the whole account is noted."""
        now = self._clock.now()
        if isinstance(error, Throttled):
            return put_off(kept, error.not_before or now + _FIRST_WAIT, _THROTTLED)
        if isinstance(error, InvalidInput | OrderNotFound):
            return refused(kept, error.message, now)
        if isinstance(error, StillUncertain):
            uncertain = put_off(kept, now + _UNCERTAIN_WAIT, error.message)
            return msgspec.structs.replace(uncertain, alarm=error.message)
        if isinstance(error, Later | CredentialsRefused | AccessDenied):
            self._trouble = error
        wait = backoff(
            kept.attempts + 1, first=_FIRST_WAIT, longest=_LONGEST_WAIT, random=self._random
        )
        reason = describe(error)
        failed = put_off(kept, now + wait, reason, failed=True)
        alarm = reason if failed.attempts >= _TRIES_BEFORE_ALARM else kept.alarm
        return msgspec.structs.replace(failed, alarm=alarm)

    async def _keep(self, moves: Iterable[Move]) -> None:
        by_feed: dict[str | None, list[Move]] = defaultdict(list)
        for seen, new in moves:
            in_feed = new.state is ShipmentState.SENT
            by_feed[new.feed_id if in_feed else None].append((seen, new))
        for feed_id, together in by_feed.items():
            now = self._clock.now()
            feed = new_feed(self._account.id, feed_id, now) if feed_id else None
            await keep(self._shipments, together, feed=feed)
