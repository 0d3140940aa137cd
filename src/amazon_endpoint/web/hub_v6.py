"""Hub v6: a call in, the work done, the answer out."""

import math
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.responses import Response

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.clock import Clock, iso
from amazon_endpoint.errors import EndpointError, Later
from amazon_endpoint.hub.requests import TakeIn
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.hub.v6 import parameters, reply, requests
from amazon_endpoint.hub.v6.call import Call
from amazon_endpoint.hub.v6.requests import NotToConfirm
from amazon_endpoint.services.confirm import Submitted
from amazon_endpoint.services.confirmations import Confirmations
from amazon_endpoint.services.windows import Windows, poll_by_last_poll, poll_on, window_key
from amazon_endpoint.settings import Settings
from amazon_endpoint.web.hub_services import HubServices, log_not_done, poll_request
from amazon_endpoint.web.metrics import Metrics
from amazon_endpoint.web.shipments import Reception

_JSON = "application/json"

# What a hub waits when nothing says how long, and the longest it shall, in seconds.
_DEFAULT_WAIT = 120
_LONGEST_WAIT = 3600


class HubV6:
    """Answers calls of the later hub format.

    It knows no notifications and no delay, and a hub believes every answer with a good status: it
    moves its `last_poll` on, or takes a shipment for confirmed. So what was not done is answered
    500, and 503 with ``Retry-After`` where waiting mends it.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        connector: Connector,
        confirmations: Confirmations,
        windows: Windows,
        reception: Reception,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._services = HubServices(
            settings=settings,
            connector=connector,
            confirmations=confirmations,
            reception=reception,
            clock=clock,
        )
        self._settings = settings
        self._connector = connector
        self._windows = windows
        self._metrics = metrics
        self._clock = clock
        self._handlers: dict[Service, Callable[[Call], Awaitable[bytes]]] = {
            Service.ORDER_POLL: self._poll,
            Service.IMPORT_BY_NUMBER: self._import,
            Service.SHIPMENT_CONFIRM: self._confirm,
            Service.FEED_STATUS: self._feed_status,
        }

    async def answer(self, call: Call, service: Service) -> Response:
        """The answer to `call`, asked of `service`."""
        started = time.perf_counter()
        outcome = "ok"
        try:
            return Response(await self._handlers[service](call), media_type=_JSON)
        except EndpointError as error:
            outcome = log_not_done(service.value, error)
            body = reply.error_reply(call.request_id, error)
            if not isinstance(error, Later):
                return Response(body, status_code=500, media_type=_JSON)
            wait = {"Retry-After": str(self._seconds_until(error.not_before))}
            return Response(body, status_code=503, headers=wait, media_type=_JSON)
        except Exception:
            outcome = "failed"
            raise
        finally:
            self._metrics.message(service.value, outcome, time.perf_counter() - started)

    async def _poll(self, call: Call) -> bytes:
        now = self._clock.now()
        poll = requests.read_poll(call, now, min(self._settings.poll_start or now, now))
        asked = poll.asked
        amazon = self._connector.connect(asked.account)
        deadline = self._services.deadline()
        request = poll_request(asked)
        returned: dict[str, str | None] = {}
        since: datetime | None = None
        abandoned = False
        if poll.last_poll is None:
            outcome = await poll_on(amazon, request, clock=self._clock, deadline=deadline)
            cursor = outcome.cursor
            if not poll.given.has_cursor:
                # The hub has to know from where it is read, or the next poll would begin later.
                since = request.cursor
                cursor = cursor or since
            returned = {
                parameters.CURSOR: iso(cursor) if cursor else None,
                parameters.RESUME: outcome.resume,
                parameters.SEEN: outcome.seen,
            }
        else:
            key = window_key(
                asked.account.seller_id,
                asked.account.credentials.account,
                poll.hub or call.hub or "",
                request,
            )
            outcome, start = await poll_by_last_poll(
                amazon,
                self._windows,
                key,
                request,
                poll.last_poll,
                clock=self._clock,
                deadline=deadline,
            )
            if start.abandoned or not poll.last_poll:
                since, abandoned = start.progress.cursor, start.abandoned
        written = reply.write_orders(
            outcome.orders,
            shipping_methods=asked.shipping_methods,
            unreadable=outcome.unreadable,
        )
        self._metrics.orders(len(written.objects))
        return reply.orders_reply(
            call.request_id,
            written,
            parameters=poll.given.named(returned),
            since=since,
            abandoned=abandoned,
            unfinished=outcome.unfinished,
            not_before=outcome.not_before,
            amazon_failed=outcome.amazon_failed,
            problem=outcome.problem,
        )

    async def _import(self, call: Call) -> bytes:
        asked = requests.read_by_number(call)
        order = await self._services.order(asked)
        written = reply.write_orders([order], shipping_methods=asked.shipping_methods)
        self._metrics.orders(len(written.objects))
        return reply.orders_reply(call.request_id, written)

    async def _confirm(self, call: Call) -> bytes:
        asked = requests.read_confirm(call, self._clock.now())
        if isinstance(asked, NotToConfirm):
            return reply.not_to_confirm_reply(call.request_id, asked)
        if isinstance(asked, TakeIn):
            return reply.taken_in_reply(call.request_id, await self._services.take_in(asked))
        outcome = await self._services.confirm(asked)
        if isinstance(outcome, Submitted):
            return reply.submitted_reply(call.request_id, asked.shipment, outcome.feed_id)
        return reply.confirmed_reply(call.request_id, asked.shipment)

    async def _feed_status(self, call: Call) -> bytes:
        asked = requests.read_feed_status(call)
        result, shipments = await self._services.feed(asked)
        return reply.feed_reply(call.request_id, result, shipments=shipments)

    def _seconds_until(self, not_before: datetime | None) -> int:
        if not_before is None:
            return _DEFAULT_WAIT
        seconds = (not_before - self._clock.now()).total_seconds()
        return min(max(math.ceil(seconds), 1), _LONGEST_WAIT)
