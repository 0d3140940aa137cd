"""Shipments of the accounts that are configured here: taken in at once, told of when asked."""

from collections.abc import Awaitable, Callable
from typing import Literal

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from amazon_endpoint.clock import Clock, iso
from amazon_endpoint.errors import EndpointError, InvalidInput, Later
from amazon_endpoint.hub.errors import NotAMessage
from amazon_endpoint.hub.json_object import read_object
from amazon_endpoint.hub.notifications import Notification, about_confirmed
from amazon_endpoint.hub.v5.requests import read_shipment
from amazon_endpoint.shipments import Shipment
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync.accounts import AccountUnknown
from amazon_endpoint.sync.shipping import KeptShipment, ShipmentState, ShipmentUnknown
from amazon_endpoint.web.answers import FAILED, json_answer, log_failure, no_message
from amazon_endpoint.web.bodies import BodyTooLarge, BodyTooSlow, read_body

PATH = "/v1/accounts/{account_id}/shipments"

Wake = Callable[[Literal["confirm"], str], None]
"""Has an account's shipments sent soon."""


def nobody_woken(_kind: Literal["confirm"], _account_id: str) -> None:
    """Leaves what is kept to be found by a worker."""


Work = Callable[[Request, "Reception"], Awaitable[Response]]


class Reception:
    """Takes in the shipments of the accounts that are configured here, and tells of them.

    `unlock` opens what is kept sealed; what it and the storage raise is passed on.
    """

    def __init__(
        self, unlock: Callable[[], Awaitable[SyncStorage]], *, wake: Wake, clock: Clock
    ) -> None:
        self._unlock = unlock
        self._wake = wake
        self._clock = clock

    async def take_in(
        self, shipment: Shipment, account_id: str, *, seller_id: str | None = None
    ) -> KeptShipment:
        """Keep a shipment and have it sent soon. See `sync.shipping.Shipments.receive`.

        Raises:
            AccountUnknown: there is no such account.
            InvalidInput: it is not the account of the seller that is given.
        """
        kept = await self._unlock()
        if seller_id is not None:
            account = await kept.accounts.get(account_id)
            if account.account.seller_id != seller_id:
                raise InvalidInput(
                    f"The account {account_id} is another seller's. Give the account of this "
                    "seller, or leave the seller's id out.",
                    field="amazon.seller_id",
                )
        received = await kept.shipments.receive(
            shipment, account_id=account_id, now=self._clock.now()
        )
        if received.state is ShipmentState.WAITING:
            self._wake("confirm", account_id)
        return received

    async def get(self, account_id: str, shipment_id: str) -> KeptShipment:
        """What became of a shipment.

        Raises:
            ShipmentUnknown: this account has none of this id.
        """
        return await (await self._unlock()).shipments.get(account_id, shipment_id)


def shipment_routes(*, body_limit: int, clock: Clock) -> list[Route]:
    """The routes to send a shipment and to ask what became of it.

    The application's state has the `reception`.
    """

    async def receive(request: Request, reception: Reception) -> Response:
        body = read_object(await read_body(request, body_limit))
        shipment = read_shipment(body.get("shipment"), clock.now(), field="shipment", tracked=False)
        received = await reception.take_in(shipment, request.path_params["account_id"])
        return json_answer(shown(received), status=202)

    async def show(request: Request, reception: Reception) -> Response:
        asked = request.path_params
        return json_answer(shown(await reception.get(asked["account_id"], asked["shipment_id"])))

    return [
        Route(PATH, _answering(receive), methods=["POST"]),
        Route(f"{PATH}/{{shipment_id}}", _answering(show), methods=["GET"]),
    ]


def _answering(work: Work) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await work(request, request.app.state.reception)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except (BodyTooSlow, BodyTooLarge, NotAMessage) as error:
            return no_message(error)
        except EndpointError as error:
            return _problem(error)
        except Exception as failure:  # noqa: BLE001 - the last place that can still answer
            log_failure(failure)
            return json_answer({"error": FAILED}, status=500)

    return answer


def _problem(error: EndpointError) -> Response:
    statuses = {AccountUnknown: 404, ShipmentUnknown: 404, InvalidInput: 422, Later: 503}
    # Any other is of the keys, and the operator's to mend.
    status = next((statuses[kind] for kind in statuses if isinstance(error, kind)), 500)
    field = {"field": error.field} if error.field else {}
    return json_answer({"error": error.message, **field}, status=status)


def about(kept: KeptShipment) -> Notification:
    """What is said of a shipment that was taken in just now, for the first time or again.

    One that was refused is not among them: taken in again, it waits again.
    """
    named = f"Shipment {kept.number}"
    match kept.state:
        case ShipmentState.CONFIRMED:
            return about_confirmed(kept.number, kept.order_number)
        case ShipmentState.REPLACED:
            told = "was sent here with other content since: of that Amazon is told."
            return Notification("info", "Shipment Replaced", f"{named} {told}")
        case ShipmentState.SENT | ShipmentState.DOUBTED:
            told = f"taken in as {kept.id}, was sent to Amazon; its answer is awaited."
            return Notification("info", "Shipment Sent", f"{named}, {told}")
        case _:
            told = f"is taken in as {kept.id}; Amazon will be told."
            return Notification("info", "Shipment Taken In", f"{named} {told}")


def shown(kept: KeptShipment) -> dict[str, str | None]:
    """What may be seen of a shipment."""
    return {
        "id": kept.id,
        "state": kept.state.value,
        "order_number": kept.order_number,
        "number": kept.number,
        "feed_id": kept.feed_id,
        "reason": kept.reason,
        "alarm": kept.alarm,
        "received_at": iso(kept.received_at),
        "ended_at": iso(kept.ended_at) if kept.ended_at else None,
    }
