"""Following: what becomes of an account's shipments once Amazon has them.

Feeds are followed to their report. What Amazon refused is looked for in its order before it counts
as refused, and so is, a while later, what it confirmed.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from amazon_endpoint.amazon.patience import Garbled
from amazon_endpoint.amazon.port import PacedAmazon
from amazon_endpoint.clock import Clock, iso
from amazon_endpoint.errors import (
    AccessDenied,
    CredentialsRefused,
    EndpointError,
    FeedNotFound,
    Later,
    OrderNotFound,
    Throttled,
)
from amazon_endpoint.feeds import FeedResult
from amazon_endpoint.orders import Order
from amazon_endpoint.services.confirmations import (
    Confirmation,
    ConfirmationKey,
    Confirmations,
    ConfirmationState,
)
from amazon_endpoint.services.evidence import shows_confirmed, shows_package
from amazon_endpoint.services.feed_status import Refusals, feed_status
from amazon_endpoint.services.next_step import SHOWN_AFTER
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.backoff import Random, backoff
from amazon_endpoint.sync.lookups import Lookups
from amazon_endpoint.sync.reading import describe
from amazon_endpoint.sync.shipping import (
    SHOWN_WITHIN,
    KeptShipment,
    KnownOrders,
    SentFeed,
    Shipments,
    ShipmentState,
    confirmed,
    doubted,
    keep,
    put_off,
    refused,
    waiting_again,
)

_FEEDS, _CHECKS = 20, 20

_SHORTEST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=30)
_OVERDUE = timedelta(hours=6)
# Amazon keeps feeds for 28 days, so that one it doesn't know by then never was its.
_UNKNOWN_AFTER = timedelta(days=1)

_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=1)
_TRIES_BEFORE_ALARM = 6

_DOUBTFUL = {ConfirmationState.REFUSED, ConfirmationState.SUBMITTED}

_ACCOUNT_TROUBLE = (Later, CredentialsRefused, AccessDenied)


async def follow_sent(
    account: SyncAccount,
    *,
    amazon: PacedAmazon,
    shipments: Shipments,
    confirmations: Confirmations,
    known_orders: KnownOrders,
    clock: Clock,
    random: Random,
) -> bool:
    """Look at what is due of an account's feeds, and of the shipments to be found in their orders.

    True: there is more to do right now.

    Raises:
        StorageUnavailable: what was not kept is looked at again.
        AccountUnknown: the account was removed.
    """
    if account.paused_at is not None:
        return False
    now = clock.now()
    feeds = await shipments.feeds(account.id, now, _FEEDS)
    checks = await shipments.to_check(account.id, now, _CHECKS)
    if not feeds and not checks:
        return False
    quota = await amazon.shipping_quota()
    following = _Following(
        account,
        amazon=amazon,
        lookups=Lookups(amazon, quota.orders, clock),
        shipments=shipments,
        confirmations=confirmations,
        known_orders=known_orders,
        clock=clock,
        random=random,
    )
    for feed in feeds:
        await following.look(feed)
    await following.check(checks)
    return len(feeds) == _FEEDS or len(checks) == _CHECKS


def next_look(age: timedelta) -> timedelta:
    """The pause after a look at a feed of this age that is not done: a twentieth of it, so that its
    end is seen hardly later than it comes, at few calls."""
    return min(max(age / 20, _SHORTEST_PAUSE), _LONGEST_PAUSE)


class _Following:
    """One batch of an account's feeds and shipments."""

    def __init__(
        self,
        account: SyncAccount,
        *,
        amazon: PacedAmazon,
        lookups: Lookups,
        shipments: Shipments,
        confirmations: Confirmations,
        known_orders: KnownOrders,
        clock: Clock,
        random: Random,
    ) -> None:
        self._account = account
        self._amazon = amazon
        self._lookups = lookups
        self._shipments = shipments
        self._confirmations = confirmations
        self._known_orders = known_orders
        self._clock = clock
        self._random = random
        # What the whole account suffers from.
        self._trouble: EndpointError | None = None

    async def look(self, feed: SentFeed) -> None:
        """Ask what became of a feed; where Amazon tells, its shipments follow."""
        if self._trouble is not None:
            return await self._look_later(feed, self._trouble)
        seller_id = self._account.account.seller_id
        try:
            result = await feed_status(
                self._amazon, self._confirmations, feed.feed_id, seller_id=seller_id
            )
        except FeedNotFound as unknown:
            if self._clock.now() < feed.sent_at + _UNKNOWN_AFTER:
                return await self._look_later(feed, unknown)
            return await self._told(feed, unknown)
        except EndpointError as error:
            if isinstance(error, _ACCOUNT_TROUBLE) and not isinstance(error, Throttled | Garbled):
                self._trouble = error
            return await self._look_later(feed, error)
        if result.status.state.final:
            return await self._told(feed, result)
        return await self._look_later(feed, None)

    async def _told(self, feed: SentFeed, end: FeedResult | FeedNotFound) -> None:
        """Let the shipments follow their confirmations."""
        now = self._clock.now()
        of_feed = {
            one.key: one
            for one in await self._confirmations.of_feed(
                self._account.account.seller_id, feed.feed_id
            )
        }
        refusals = Refusals(end) if isinstance(end, FeedResult) else None
        moves = []
        untold = False
        for kept in await self._shipments.in_feed(self._account.id, feed.feed_id):
            confirmation = of_feed.get(self._key(kept))
            state = confirmation.state if confirmation is not None else None
            if state is ConfirmationState.CONFIRMED:
                moves.append((kept, confirmed(kept, now)))
            elif state is ConfirmationState.SUBMITTED and isinstance(end, FeedNotFound):
                moves.append((kept, doubted(kept, end.message, now)))
            elif state is ConfirmationState.SUBMITTED:
                # Done without a report, which may come yet.
                untold = True
            elif confirmation is not None and state is ConfirmationState.REFUSED:
                reason = refusals.of(confirmation) if refusals else None
                moves.append((kept, doubted(kept, reason, now + SHOWN_AFTER)))
            else:
                # It was sent once more, elsewhere.
                moves.append((kept, waiting_again(kept, now)))
        await keep(self._shipments, moves)
        if untold:
            return await self._look_later(feed, None)
        unknown = end.message if isinstance(end, FeedNotFound) else None
        ended = msgspec.structs.replace(
            feed, next_look_at=None, ended_at=now, reason=unknown, alarm=None
        )
        return await self._shipments.keep_feed(ended)

    async def _look_later(self, feed: SentFeed, error: EndpointError | None) -> None:
        now = self._clock.now()
        told = error.not_before if isinstance(error, Later) else None
        overdue = now >= feed.sent_at + _OVERDUE
        alarm = f"Amazon has not told what became of it since {iso(feed.sent_at)}."
        await self._shipments.keep_feed(
            msgspec.structs.replace(
                feed,
                looks=feed.looks + 1,
                next_look_at=told or now + next_look(now - feed.sent_at),
                reason=describe(error) if error else None,
                alarm=alarm if overdue else None,
            )
        )

    async def check(self, batch: Sequence[KeptShipment]) -> None:
        """Look for shipments in their orders."""
        if not batch:
            return
        numbers = {one.order_number for one in batch}
        found = await self._confirmations.of_orders(self._account.account.seller_id, numbers)
        confirmations = {one.key: one for one in found}
        known_orders: Mapping[str, Order] = {}
        if ends := [one.ended_at for one in batch if one.ended_at]:
            known_orders = await self._known_orders.current(self._account, numbers, since=max(ends))
        moves = []
        for kept in batch:
            confirmation = confirmations.get(self._key(kept))
            known = known_orders.get(kept.order_number)
            moves.append((kept, await self._checked(kept, confirmation, known)))
        await keep(self._shipments, moves)

    async def _checked(
        self, kept: KeptShipment, confirmation: Confirmation | None, known: Order | None
    ) -> KeptShipment:
        """It after a look at its order, by Amazon or as it is `known`."""
        try:
            if self._trouble is not None:
                raise self._trouble
            if kept.state is ShipmentState.CONFIRMED:
                return await self._seen_at_last(kept, confirmation, known)
            return await self._decided(kept, confirmation)
        except Throttled as throttled:
            until = throttled.not_before or self._clock.now() + _FIRST_WAIT
            return put_off(kept, until, kept.reason)
        except EndpointError as error:
            if isinstance(error, _ACCOUNT_TROUBLE):
                self._trouble = error
            return self._check_later(kept, error)

    def _check_later(self, kept: KeptShipment, error: EndpointError) -> KeptShipment:
        wait = backoff(
            kept.attempts + 1, first=_FIRST_WAIT, longest=_LONGEST_WAIT, random=self._random
        )
        # Of what is confirmed only looks at its order are counted.
        failed = kept.state is ShipmentState.DOUBTED
        later = put_off(kept, self._clock.now() + wait, kept.reason, failed=failed)
        if later.attempts < _TRIES_BEFORE_ALARM:
            return later
        return msgspec.structs.replace(later, alarm=describe(error))

    async def _decided(self, kept: KeptShipment, confirmation: Confirmation | None) -> KeptShipment:
        """A doubted shipment at its end, unless it is being sent once more elsewhere."""
        now = self._clock.now()
        if confirmation is not None and confirmation.state in _DOUBTFUL:
            shown = await self._is_shown_though_refused(kept, confirmation)
            state = ConfirmationState.CONFIRMED if shown else ConfirmationState.REFUSED
            decided = msgspec.structs.replace(confirmation, state=state)
            if not await self._confirmations.replace(confirmation, decided):
                return waiting_again(kept, now)
            confirmation = decided
            if state is ConfirmationState.REFUSED:
                return refused(kept, kept.reason, now)
        if confirmation is not None and confirmation.state is ConfirmationState.CONFIRMED:
            return confirmed(kept, now)
        return waiting_again(kept, now)

    async def _is_shown_though_refused(
        self, kept: KeptShipment, confirmation: Confirmation
    ) -> bool:
        """Whether the order has it: of a corrected shipment it shows what was told before."""
        key = confirmation.key
        told = {
            one.key
            for one in await self._confirmations.of_orders(key.seller_id, (key.order_number,))
            if one.key.shipment_number == key.shipment_number
            and one.state not in {ConfirmationState.PREPARED, ConfirmationState.REFUSED}
        }
        if told - {key}:
            return False
        try:
            order = await self._lookups.get_order(kept.order_number)
        except OrderNotFound:
            return False
        return shows_package(order, confirmation.reference, self._tracking(kept))

    async def _seen_at_last(
        self, kept: KeptShipment, confirmation: Confirmation | None, known: Order | None
    ) -> KeptShipment:
        tracking = self._tracking(kept)
        ended_at = kept.ended_at or self._clock.now()
        if known is None or not _shows(known, confirmation, tracking):
            try:
                known = await self._lookups.get_order(kept.order_number)
            except OrderNotFound:
                known = None
        if known is not None and _shows(known, confirmation, tracking):
            return msgspec.structs.replace(kept, next_attempt_at=None, alarm=None)
        looked = kept.attempts + 1
        if looked < len(SHOWN_WITHIN):
            return put_off(kept, ended_at + SHOWN_WITHIN[looked], None, failed=True)
        return msgspec.structs.replace(
            kept,
            next_attempt_at=None,
            attempts=looked,
            alarm="Amazon took the shipment, and its order doesn't show it. Look at the order in "
            "Seller Central.",
        )

    def _key(self, kept: KeptShipment) -> ConfirmationKey:
        return ConfirmationKey(
            self._account.account.seller_id, kept.order_number, kept.number, kept.content
        )

    def _tracking(self, kept: KeptShipment) -> str | None:
        return self._shipments.open(kept).tracking if kept.sealed is not None else None


def _shows(order: Order, confirmation: Confirmation | None, tracking: str | None) -> bool:
    return confirmation is None or shows_confirmed(order, confirmation, tracking)
