"""Confirm: tell Amazon of a shipment, once, whatever is lost or dies in between.

The intent is stored before anything is sent, and its state is moved by compare-and-set, so that
of several processes one sends. A state that a dead process left behind is settled by what Amazon
shows (`services.evidence`), never by sending again in good faith.
"""

from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.clock import Clock
from amazon_endpoint.services.confirmations import Confirmations
from amazon_endpoint.services.next_step import Confirmed, ConfirmOutcome, Submitted, Wait
from amazon_endpoint.services.preparation import ConfirmRequest, Ready, prepare_shipment
from amazon_endpoint.services.sending import send

__all__ = [
    "ConfirmOutcome",
    "ConfirmRequest",
    "Confirmed",
    "Submitted",
    "Wait",
    "confirm_shipment",
]


async def confirm_shipment(
    amazon: Amazon, confirmations: Confirmations, request: ConfirmRequest, *, clock: Clock
) -> ConfirmOutcome:
    """Confirm a shipment, or answer what is known of it.

    The same content is answered with its first feed for ever, without a call to Amazon, unless
    Amazon refused it. Changed content describes the same package again.

    Raises:
        ShipmentRefused: it may not be confirmed as it is; nothing was sent.
        InvalidInput: neither the order nor the connection names a marketplace.
        AmazonRefused: Amazon said no. The same content may be tried again.
        Later: Amazon's quota or Amazon itself isn't available; nothing was sent.
        StillUncertain: it may have been carried out, and nothing that Amazon shows decides it.
    """
    of_order = await confirmations.of_orders(request.seller_id, (request.shipment.order_number,))
    prepared = await prepare_shipment(
        amazon, confirmations, request, clock=clock, of_order=of_order
    )
    if not isinstance(prepared, Ready):
        return prepared
    return await send(
        amazon,
        confirmations,
        (prepared,),
        channel=prepared.only or request.channel,
        seller_id=request.seller_id,
        clock=clock,
    )
