"""Reconciliation: what became of all that Amazon was told of a shipment before.

Earlier contents, and tries whose answer was lost, are settled by what Amazon shows, or have to wait
until it shows enough. Nothing is sent.
"""

from datetime import timedelta

import msgspec

from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import ShipmentRefused, StillUncertain
from amazon_endpoint.orders import Order, OrderPackage
from amazon_endpoint.services.confirmations import (
    Confirmation,
    Confirmations,
    ConfirmationState,
)
from amazon_endpoint.services.evidence import (
    Happened,
    NotHappened,
    Shown,
    Unclear,
    find_out,
    found_with_others,
    own_package,
    shows_package,
)
from amazon_endpoint.services.next_step import (
    LOST,
    SHOWN_AFTER,
    Confirmed,
    ConfirmOutcome,
    Step,
    Wait,
    bare_tracking,
    known_outcome,
    next_step,
    package_number,
)
from amazon_endpoint.shipments import Shipment

# A feed in a queue settles within this as a rule; then somebody has to look.
_SETTLES_WITHIN = timedelta(hours=1)


def elsewhere(clock: Clock) -> Wait:
    """Another process is at the same shipment."""
    return Wait(clock.now() + SHOWN_AFTER, "Another process confirms this shipment.")


def happened(seen: Confirmation, found: Happened) -> Confirmation:
    """The record of what Amazon took."""
    state = ConfirmationState.SUBMITTED if found.feed_id else ConfirmationState.CONFIRMED
    return msgspec.structs.replace(seen, state=state, feed_id=found.feed_id)


def check_not_overtaken(newer: tuple[Confirmation, ...]) -> None:
    """Refuse a content after which Amazon was told `newer` ones.

    Raises:
        ShipmentRefused: it was told one of them.
    """
    never_told = {ConfirmationState.PREPARED, ConfirmationState.REFUSED}
    if any(one.state not in never_told for one in newer):
        raise ShipmentRefused(
            "A later version of this shipment was already sent to Amazon; this one came too late "
            "and would undo it. If it is the right one, change it or its shipped_at, and send it "
            "again.",
            field="payload.shipment",
        )


class Reconciliation:
    """What became of one shipment's contents."""

    def __init__(
        self, amazon: Shown, confirmations: Confirmations, shipment: Shipment, clock: Clock
    ) -> None:
        self._amazon = amazon
        self._confirmations = confirmations
        self._shipment = shipment
        self._clock = clock

    async def found_with_others(self, mine: Confirmation) -> ConfirmOutcome | None:
        """The outcome of a lost one, if something that was sent with it has been found."""
        found = await found_with_others(self._confirmations, mine)
        return await self._taken(mine, found) if found is not None else None

    async def earlier(
        self, contents: tuple[Confirmation, ...], order: Order
    ) -> list[Confirmation] | Wait:
        """The earlier contents that Amazon was told.

        One whose fate is open could reach Amazon after this one and undo it.

        Raises:
            StillUncertain: nothing that Amazon shows decides its fate.
            Later: Amazon isn't available.
        """
        told: list[Confirmation] = []
        for earlier in contents:
            settled = await self._settled(earlier, order, told_before=bool(told))
            if isinstance(settled, Wait):
                return settled
            if settled.state is not ConfirmationState.PREPARED:
                told.append(settled)
        return told

    async def outcome(
        self, mine: Confirmation | None, step: Step, order: Order, told: list[Confirmation]
    ) -> ConfirmOutcome | None:
        """The outcome if nothing is to be sent, or not yet. `told` are the earlier contents that
        Amazon was told.

        Raises:
            ShipmentRefused: Amazon shows no package that could be corrected.
            StillUncertain: nothing that Amazon shows decides whether it took this content.
            Later: Amazon isn't available.
        """
        if mine is not None and step is not Step.SEND:
            found = await self._looked_up(mine, step, order, told_before=bool(told))
            if found is not None:
                return found
        reference = package_number(self._shipment.order_number, self._shipment.number)
        package = own_package(order, reference)
        if package is None:
            taken = [one for one in told if one.state is not ConfirmationState.REFUSED]
            return self._not_yet_correctable(taken[-1]) if taken else None
        # Without a record of ours, which may have been lost, Amazon's package stands.
        return Confirmed() if not told and self._is_told_by(package) else None

    def _is_told_by(self, package: OrderPackage) -> bool:
        return bare_tracking(package.tracking) == bare_tracking(self._shipment.tracking)

    def _not_yet_correctable(self, earlier: Confirmation) -> Wait:
        """What changed content has to wait for: that Amazon shows the package to be changed."""
        now = self._clock.now()
        if now < (earlier.sent_at or now) + _SETTLES_WITHIN:
            return Wait(now + SHOWN_AFTER, "Amazon doesn't show yet what is to be corrected.")
        raise ShipmentRefused(
            f"Amazon was told of this shipment before, in feed {earlier.feed_id}, and shows no "
            "package of it that could be corrected. Correct it in Seller Central.",
            field="payload.shipment",
        )

    async def _settled(
        self, earlier: Confirmation, order: Order, *, told_before: bool
    ) -> Confirmation | Wait:
        """An earlier content, its fate known."""
        step = next_step(earlier, self._clock.now())
        if isinstance(step, Wait):
            return step
        if step is not Step.CHECK:
            return earlier
        found = await find_out(
            self._amazon,
            self._confirmations,
            earlier,
            order,
            tracking=None,
            told_before=told_before,
        )
        if isinstance(found, Unclear):
            return self._unclear(earlier, found)
        settled = (
            happened(earlier, found)
            if isinstance(found, Happened)
            else msgspec.structs.replace(earlier, state=ConfirmationState.PREPARED, sent_at=None)
        )
        moved = await self._confirmations.replace(earlier, settled)
        return settled if moved else elsewhere(self._clock)

    async def _looked_up(
        self, mine: Confirmation, step: Step, order: Order, *, told_before: bool
    ) -> ConfirmOutcome | None:
        """The outcome if Amazon has it already or can't be understood; None: it may be sent."""
        found: Happened | NotHappened | Unclear = NotHappened()
        if step is Step.CHECK:
            found = await find_out(
                self._amazon,
                self._confirmations,
                mine,
                order,
                tracking=self._shipment.tracking,
                told_before=told_before,
            )
        elif not told_before and shows_package(order, mine.reference, self._shipment.tracking):
            # A feed that ended badly may have been carried out, a refusal may mean "already done".
            found = Happened()
        if isinstance(found, Unclear):
            return self._unclear(mine, found)
        if isinstance(found, NotHappened):
            return None
        return await self._taken(mine, found)

    async def _taken(self, mine: Confirmation, found: Happened) -> ConfirmOutcome:
        taken = happened(mine, found)
        moved = await self._confirmations.replace(mine, taken)
        return known_outcome(taken) if moved else elsewhere(self._clock)

    def _unclear(self, confirmation: Confirmation, found: Unclear) -> Wait:
        now = self._clock.now()
        if now < (confirmation.sent_at or now) + _SETTLES_WITHIN:
            return Wait(now + SHOWN_AFTER, LOST)
        key = confirmation.key
        feeds = ", ".join(found.feed_ids)
        raise StillUncertain(
            f"Nobody can tell whether Amazon took shipment {key.shipment_number} of order "
            f"{key.order_number}: its answer was lost, and it may be in feed {feeds}. It is not "
            "sent again. Look at the order in Seller Central and confirm the shipment there if it "
            "is missing; this message, sent again, will find it."
        )
