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
from amazon_endpoint.hub.v5.requests import read_shipment
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync.accounts import AccountUnknown
from amazon_endpoint.sync.shipping import KeptShipment, ShipmentState, ShipmentUnknown
from amazon_endpoint.web.answers import FAILED, json_answer, log_failure, no_message
from amazon_endpoint.web.bodies import BodyTooLarge, BodyTooSlow, read_body

PATH = "/v1/accounts/{account_id}/shipments"

Wake = Callable[[Literal["confirm"], str], None]
"""Has an account's shipments sent soon."""

Work = Callable[[Request, SyncStorage], Awaitable[Response]]


def shipment_routes(*, body_limit: int, clock: Clock) -> list[Route]:
    """The routes to send a shipment and to ask what became of it.

    The application's state has `unlock`, which opens what is kept sealed, and `wake`.
    """

    async def receive(request: Request, kept: SyncStorage) -> Response:
        account_id = request.path_params["account_id"]
        body = read_object(await read_body(request, body_limit))
        now = clock.now()
        shipment = read_shipment(body.get("shipment"), now, field="shipment", tracked=False)
        received = await kept.shipments.receive(shipment, account_id=account_id, now=now)
        if received.state is ShipmentState.WAITING:
            wake: Wake = request.app.state.wake
            wake("confirm", account_id)
        return json_answer(_told(received), status=202)

    async def show(request: Request, kept: SyncStorage) -> Response:
        asked = request.path_params
        return json_answer(
            _told(await kept.shipments.get(asked["account_id"], asked["shipment_id"]))
        )

    return [
        Route(PATH, _answering(receive), methods=["POST"]),
        Route(f"{PATH}/{{shipment_id}}", _answering(show), methods=["GET"]),
    ]


def _answering(work: Work) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await work(request, await request.app.state.unlock())
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


def _told(kept: KeptShipment) -> dict[str, str | None]:
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
