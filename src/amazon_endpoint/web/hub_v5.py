"""Hub v5: a message in, the work done, the reply out."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import EndpointError, InvalidInput, Later
from amazon_endpoint.hub.notifications import about_confirmed
from amazon_endpoint.hub.requests import TakeIn
from amazon_endpoint.hub.v5 import reply, requests
from amazon_endpoint.hub.v5.message import Message, Service
from amazon_endpoint.services.confirm import Submitted
from amazon_endpoint.services.confirmations import Channel, Confirmations
from amazon_endpoint.services.poll import poll_orders
from amazon_endpoint.settings import Settings
from amazon_endpoint.web.hub_services import HubServices, log_not_done, poll_request
from amazon_endpoint.web.metrics import Metrics
from amazon_endpoint.web.shipments import Reception

# What a hub waits when nothing says how long, in seconds.
_DEFAULT_DELAY = 120.0


class HubV5:
    """Answers messages of the 2013 hub format."""

    def __init__(
        self,
        *,
        settings: Settings,
        connector: Connector,
        confirmations: Confirmations,
        reception: Reception,
        metrics: Metrics,
        clock: Clock,
        channel: Channel = Channel.FEED,
    ) -> None:
        self._services = HubServices(
            settings=settings,
            connector=connector,
            confirmations=confirmations,
            reception=reception,
            clock=clock,
        )
        self._connector = connector
        self._metrics = metrics
        self._clock = clock
        self._channel = channel
        self._handlers: dict[Service, Callable[[Message], Awaitable[bytes]]] = {
            Service.ORDER_POLL: self._poll,
            Service.IMPORT_BY_NUMBER: self._import,
            Service.SHIPMENT_CONFIRM: self._confirm,
            Service.FEED_STATUS: self._feed_status,
        }

    async def answer(self, message: Message, service: Service | None = None) -> bytes:
        """The reply to `message`, asked of `service` or of the one that the message names.

        Errors that waiting mends become a delay, all others an ``error`` notification: a hub
        would repeat any other answer for ever.
        """
        started = time.perf_counter()
        name, outcome = "unknown", "ok"
        try:
            service = service or _named(message)
            name = service.value
            return await self.carry_out(message, service)
        except EndpointError as error:
            outcome = log_not_done(name, error)
            if isinstance(error, Later):
                return self._delay(message, error.not_before)
            return reply.error_reply(message.message_id, error)
        except Exception:
            outcome = "failed"
            raise
        finally:
            self._metrics.message(name, outcome, time.perf_counter() - started)

    async def carry_out(self, message: Message, service: Service) -> bytes:
        """The reply to a message that can be carried out.

        Raises:
            EndpointError: it can't, or not now (`Later`).
        """
        return await self._handlers[service](message)

    async def _poll(self, message: Message) -> bytes:
        asked = requests.read_poll(message, self._clock.now())
        outcome = await poll_orders(
            self._connector.connect(asked.account),
            poll_request(asked),
            clock=self._clock,
            deadline=self._services.deadline(),
        )
        written = reply.write_orders(
            outcome.orders,
            shipping_methods=asked.shipping_methods,
            unreadable=outcome.unreadable,
        )
        self._metrics.orders(len(written.objects))
        return reply.orders_reply(
            message.message_id,
            written,
            cursor=outcome.cursor,
            seen=outcome.seen,
            resume=outcome.resume,
            unfinished=outcome.unfinished,
            not_before=outcome.not_before,
            amazon_failed=outcome.amazon_failed,
            problem=outcome.problem,
        )

    async def _import(self, message: Message) -> bytes:
        asked = requests.read_by_number(message)
        order = await self._services.order(asked)
        written = reply.write_orders([order], shipping_methods=asked.shipping_methods)
        self._metrics.orders(len(written.objects))
        return reply.orders_reply(message.message_id, written)

    async def _confirm(self, message: Message) -> bytes:
        asked = requests.read_confirm(message, self._clock.now())
        if isinstance(asked, TakeIn):
            told = await self._services.take_in(asked)
            return reply.notification_reply(message.message_id, told)
        outcome = await self._services.confirm(asked, self._channel)
        if isinstance(outcome, Submitted):
            return reply.confirm_reply(message.message_id, outcome.feed_id)
        told = about_confirmed(asked.shipment.number, asked.shipment.order_number)
        return reply.notification_reply(message.message_id, told)

    async def _feed_status(self, message: Message) -> bytes:
        asked = requests.read_feed_status(message)
        result, shipments = await self._services.feed(asked)
        return reply.feed_reply(message.message_id, result, shipments=shipments)

    def _delay(self, message: Message, not_before: datetime | None) -> bytes:
        if not_before is None:
            return reply.delay_reply(message.message_id, _DEFAULT_DELAY)
        seconds = (not_before - self._clock.now()).total_seconds()
        return reply.delay_reply(message.message_id, seconds)


def _named(message: Message) -> Service:
    try:
        return Service(message.message or "")
    except ValueError:
        known = ", ".join(service.value for service in Service)
        raise InvalidInput(
            f"This endpoint answers {known}. Send one of these.", field="message"
        ) from None
