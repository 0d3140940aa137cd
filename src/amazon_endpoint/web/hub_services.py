"""The services that hubs ask for, carried out alike whatever format they ask in."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.clock import Clock, whole_seconds
from amazon_endpoint.errors import EndpointError, InvalidInput, Later
from amazon_endpoint.feeds import FeedResult
from amazon_endpoint.hub.notifications import Notification
from amazon_endpoint.hub.requests import ByNumber, Confirm, FeedQuery, Poll, TakeIn
from amazon_endpoint.orders import Order
from amazon_endpoint.services.confirm import (
    Confirmed,
    ConfirmRequest,
    Submitted,
    Wait,
    confirm_shipment,
)
from amazon_endpoint.services.confirmations import Channel, Confirmations
from amazon_endpoint.services.feed_status import feed_status
from amazon_endpoint.services.import_order import import_order
from amazon_endpoint.services.poll import PollRequest
from amazon_endpoint.settings import Settings
from amazon_endpoint.sync.accounts import AccountUnknown
from amazon_endpoint.web.shipments import Reception, about

_log = structlog.get_logger(__name__)


class HubServices:
    """The services, with what they need. What they raise is told in each format's own way."""

    def __init__(
        self,
        *,
        settings: Settings,
        connector: Connector,
        confirmations: Confirmations,
        reception: Reception,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._connector = connector
        self._confirmations = confirmations
        self._reception = reception
        self._clock = clock

    def deadline(self) -> datetime:
        """Until when a poll that begins now may read on."""
        return self._clock.now() + timedelta(seconds=self._settings.reply_seconds)

    async def order(self, asked: ByNumber) -> Order:
        """One order, by its number."""
        return await import_order(self._connector.connect(asked.account), asked.order_number)

    async def confirm(
        self, asked: Confirm, channel: Channel = Channel.FEED
    ) -> Submitted | Confirmed:
        """Confirm a shipment, by `channel` where both will do.

        Raises:
            Later: nothing can be said of it yet.
        """
        outcome = await confirm_shipment(
            self._connector.connect(asked.account),
            self._confirmations,
            ConfirmRequest(
                shipment=asked.shipment,
                seller_id=asked.account.seller_id,
                marketplace_ids=asked.account.marketplace_ids,
                carrier_lookup=asked.carriers,
                allow_cancellation_requested=self._settings.allow_cancellation_requested,
                channel=channel,
            ),
            clock=self._clock,
        )
        if isinstance(outcome, Wait):
            raise Later(outcome.reason, not_before=outcome.not_before)
        return outcome

    async def take_in(self, asked: TakeIn) -> Notification:
        """Keep a shipment of an account that is configured here, or tell what became of it.

        Raises:
            InvalidInput: there is no such account, or it is another seller's.
        """
        try:
            received = await self._reception.take_in(
                asked.shipment, asked.account_id, seller_id=asked.seller_id
            )
        except AccountUnknown as unknown:
            raise InvalidInput(unknown.message, field="amazon.account") from unknown
        return about(received)

    async def feed(self, asked: FeedQuery) -> tuple[FeedResult, Mapping[str, tuple[str, str]]]:
        """What became of a feed, and (order number, shipment number) by its message ids, as far
        as known."""
        seller_id = asked.account.seller_id
        amazon = self._connector.connect(asked.account)
        result = await feed_status(amazon, self._confirmations, asked.feed_id, seller_id=seller_id)
        travelled = await self._confirmations.of_feed(seller_id, asked.feed_id)
        return result, {
            one.message_id: (one.key.order_number, one.key.shipment_number) for one in travelled
        }


def poll_request(asked: Poll) -> PollRequest:
    """A hub's poll, as the service takes it."""
    return PollRequest(
        cursor=whole_seconds(asked.updated_after),
        marketplace_ids=asked.account.marketplace_ids,
        statuses=asked.statuses,
        fulfilled_by=asked.fulfilled_by,
        secret=asked.account.credentials.secret,
        resume=asked.resume,
        seen=asked.seen,
    )


def log_not_done(service: str, error: EndpointError) -> str:
    """Log why a message was not carried out. Returns its outcome, as metrics count it."""
    if isinstance(error, Later):
        _log.info("later", service=service, reason=error.message, request_id=error.request_id)
        return "delay"
    _log.warning(
        "refused",
        service=service,
        error=type(error).__name__,
        field=error.field,
        request_id=error.request_id,
    )
    return "error"
