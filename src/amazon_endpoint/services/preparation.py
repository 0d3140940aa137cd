"""Preparation: all that is settled about a shipment before Amazon is told of it.

What is known of it already, which of the order's units it stands for, and what Amazon is to be
told. Nothing is sent.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC

import msgspec

from amazon_endpoint.amazon.carriers import OTHER, carrier
from amazon_endpoint.amazon.fulfillment import MAX_LENGTH, write_feed
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import (
    InvalidInput,
    OrderNotFound,
    ShipmentRefused,
)
from amazon_endpoint.orders import Order, OrderPackage
from amazon_endpoint.services.allocation import allocate, without_units_on_their_way
from amazon_endpoint.services.confirmations import (
    Channel,
    Confirmation,
    ConfirmationKey,
    Confirmations,
    ConfirmationState,
)
from amazon_endpoint.services.evidence import Shown, own_package
from amazon_endpoint.services.next_step import (
    ConfirmOutcome,
    Step,
    Wait,
    content_digest,
    next_step,
    package_number,
)
from amazon_endpoint.services.reconciliation import (
    Reconciliation,
    check_not_overtaken,
    elsewhere,
)
from amazon_endpoint.shipments import Carrier, Package, PackageItem, Shipment

# Also what it confirmed: the order may have been read before, and shows it some minutes later.
_TOLD = {
    ConfirmationState.SENDING,
    ConfirmationState.UNCERTAIN,
    ConfirmationState.SUBMITTED,
    ConfirmationState.CONFIRMED,
}


class ConfirmRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment to confirm, in the name of a seller.

    `marketplace_ids` are the connection's, for an order that doesn't tell its own.
    `carrier_lookup` is the operator's: shipping method or carrier → Amazon's code. `channel` is
    taken where both will do.
    """

    shipment: Shipment
    seller_id: str
    marketplace_ids: tuple[str, ...]
    carrier_lookup: Mapping[str, str] = {}
    allow_cancellation_requested: bool = False
    channel: Channel = Channel.FEED


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment that may be sent: its record as it was seen, and what Amazon is told.

    `is_new`: the record is not stored yet. `only` is the channel that it has to take, if it has to.
    `size` is that of a feed that tells nothing else, in bytes. `contents` are the shipment's
    records that were looked at.
    """

    seen: Confirmation
    is_new: bool
    package: Package
    only: Channel | None
    size: int
    contents: tuple[Confirmation, ...]


async def prepare_shipment(
    amazon: Shown,
    confirmations: Confirmations,
    request: ConfirmRequest,
    *,
    clock: Clock,
    of_order: Sequence[Confirmation],
    known_order: Order | None = None,
    alongside: Mapping[str, tuple[PackageItem, ...]] = {},
) -> Ready | ConfirmOutcome:
    """Make a shipment ready to be sent, or answer what is known of it.

    `of_order` are the order's confirmations, oldest first. `known_order` is the order as Amazon had
    it a short while ago, and no later than they were looked up; it is read again where more hangs
    on it than the units. `alongside` are packages that will be sent with it, by their references.

    Raises:
        ShipmentRefused: it may not be confirmed as it is.
        InvalidInput: neither the order nor the connection names a marketplace.
        AmazonRefused: Amazon doesn't know the order, or refuses the account.
        Later: Amazon's quota or Amazon itself isn't available.
        StillUncertain: it may have been carried out, and nothing that Amazon shows decides it.
    """
    preparing = _Preparing(
        amazon, confirmations, request, clock, of_order, known_order, dict(alongside)
    )
    return await preparing.run()


class _Preparing:
    """One shipment on its way to Amazon."""

    def __init__(
        self,
        amazon: Shown,
        confirmations: Confirmations,
        request: ConfirmRequest,
        clock: Clock,
        of_order: Sequence[Confirmation],
        known_order: Order | None,
        alongside: dict[str, tuple[PackageItem, ...]],
    ) -> None:
        self._amazon = amazon
        self._confirmations = confirmations
        self._of_order = of_order
        self._reconciliation = Reconciliation(amazon, confirmations, request.shipment, clock)
        self._request = request
        self._shipment = request.shipment
        self._clock = clock
        self._known_order = known_order
        self._alongside = alongside
        self._key = ConfirmationKey(
            seller_id=request.seller_id,
            order_number=self._shipment.order_number,
            shipment_number=self._shipment.number,
            content=content_digest(self._shipment),
        )
        self._number = package_number(self._shipment.order_number, self._shipment.number)

    async def run(self) -> Ready | ConfirmOutcome:
        contents = self._contents()
        place = next((i for i, one in enumerate(contents) if one.key == self._key), len(contents))
        mine = next(iter(contents[place:]), None)
        step = next_step(mine, self._clock.now())
        if not isinstance(step, Step):
            return step
        if mine is not None and step is Step.CHECK:
            found = await self._reconciliation.found_with_others(mine)
            if found is not None:
                return found
        carrier_told = _carrier(self._shipment, self._request.carrier_lookup)
        _check_tracking(self._shipment.tracking)
        check_not_overtaken(contents[place + 1 :])
        order = await self._order(step, contents[:place])
        if order is not self._known_order:
            # It may show what others confirmed since their confirmations were looked up.
            key = self._key
            self._of_order = await self._confirmations.of_orders(key.seller_id, (key.order_number,))
            if self._contents() != contents:
                return elsewhere(self._clock)

        told = await self._reconciliation.earlier(contents[:place], order)
        if isinstance(told, Wait):
            return told
        known = await self._reconciliation.outcome(mine, step, order, told)
        if known is not None:
            return known
        package = own_package(order, self._number)
        items = allocate(
            self._shipment,
            self._without_others_units(order),
            _earlier_items(package, told),
            self._request.allow_cancellation_requested,
        )
        seen = mine or self._intent(items, contents)
        # What may have been sent already is sent as it was, or it would not be the same package.
        sent_items = seen.items if step is Step.CHECK else items
        told_package = self._package(seen, order, carrier_told, sent_items)
        return Ready(
            seen=seen,
            is_new=mine is None,
            package=told_package,
            only=self._only_channel(package),
            size=self._size(told_package),
            contents=contents,
        )

    def _contents(self) -> tuple[Confirmation, ...]:
        number = self._shipment.number
        return tuple(one for one in self._of_order if one.key.shipment_number == number)

    def _without_others_units(self, order: Order) -> Order:
        """The order less what its other shipments hold and Amazon may not show yet."""
        # Of several contents of a shipment the last one counts, or the one that goes now.
        told = {
            one.reference: one
            for one in self._of_order
            if one.state in _TOLD
            and one.key.shipment_number != self._shipment.number
            and one.reference not in self._alongside
        }
        on_their_way, confirmed = dict(self._alongside), dict[str, tuple[PackageItem, ...]]()
        for reference, one in told.items():
            is_confirmed = one.state is ConfirmationState.CONFIRMED
            (confirmed if is_confirmed else on_their_way)[reference] = one.items
        return without_units_on_their_way(order, on_their_way, confirmed)

    async def _order(self, step: Step, earlier: tuple[Confirmation, ...]) -> Order:
        number = self._shipment.order_number
        first_try = step in {Step.BEGIN, Step.SEND} and not earlier
        if first_try and self._known_order is not None:
            return self._known_order
        try:
            return await self._amazon.get_order(number)
        except OrderNotFound as unknown:
            raise OrderNotFound(
                f"Amazon knows no order {number} in this account. Check the number and the "
                "marketplace.",
                field="payload.shipment.order_number",
                request_id=unknown.request_id,
            ) from unknown

    def _intent(
        self, items: tuple[PackageItem, ...], contents: tuple[Confirmation, ...]
    ) -> Confirmation:
        now = self._clock.now()
        first_receipt = contents[0].created_at if contents else now
        shipped_at = self._shipment.shipped_at or self._shipment.updated_at or first_receipt
        return Confirmation(
            key=self._key,
            reference=self._number,
            message_id=self._number,
            shipped_at=shipped_at.astimezone(UTC),
            items=items,
            channel=self._request.channel,
            state=ConfirmationState.PREPARED,
            created_at=now,
        )

    def _only_channel(self, package: OrderPackage | None) -> Channel | None:
        if package is not None:
            # A second feed would ship further units; this edits the package that is there.
            return Channel.DIRECT
        # Amazon takes a direct call with a tracking number only.
        return None if self._shipment.tracking else Channel.FEED

    def _package(
        self,
        mine: Confirmation,
        order: Order,
        carrier_told: Carrier,
        items: tuple[PackageItem, ...],
    ) -> Package:
        marketplaces = (order.marketplace_id, *self._request.marketplace_ids)
        marketplace_id = next((one for one in marketplaces if one), None)
        if marketplace_id is None:
            raise InvalidInput(
                "The order doesn't tell its marketplace. Set amazon.marketplace_id.",
                field="amazon.marketplace_id",
            )
        return Package(
            order_number=self._shipment.order_number,
            marketplace_id=marketplace_id,
            reference=mine.reference,
            message_id=mine.message_id,
            carrier=carrier_told,
            shipping_method=self._shipment.shipping_method,
            tracking=self._shipment.tracking,
            shipped_at=mine.shipped_at,
            items=items,
        )

    def _size(self, package: Package) -> int:
        """The size of a feed of its own. What can be written into none is refused alone, or it
        would spoil the others' one."""
        try:
            return len(write_feed(self._request.seller_id, (package,)))
        except ValueError as problem:
            raise ShipmentRefused(
                f"Amazon's feed can't hold this shipment: {problem}. Correct it and send it again.",
                field="payload.shipment",
            ) from problem


def _earlier_items(
    package: OrderPackage | None, told: list[Confirmation]
) -> tuple[PackageItem, ...] | None:
    """What Amazon has under our reference; where it shows no units, what it was last told."""
    if package is None:
        return None
    if package.items:
        return tuple(PackageItem(item_id, units) for item_id, units in package.items.items())
    return told[-1].items if told else None


def _check_tracking(tracking: str) -> None:
    if len(tracking) > MAX_LENGTH:
        raise ShipmentRefused(
            f"A tracking number has at most {MAX_LENGTH} characters, this one {len(tracking)}. "
            "Correct it and send the shipment again.",
            field="payload.shipment.tracking",
        )


def _carrier(shipment: Shipment, lookup: Mapping[str, str]) -> Carrier:
    """The carrier by its own name or by the shipping method, whichever is known."""
    names = [name for name in (shipment.carrier, shipment.shipping_method) if name]
    if not names:
        raise ShipmentRefused(
            "Amazon needs a carrier. Send the shipment with its shipping method or carrier.",
            field="payload.shipment.shipping_method",
        )
    known = [carrier(name, lookup) for name in names]
    return next((one for one in known if one.code != OTHER), known[0])
