"""Metrics: what the endpoint answered, what a worker did, and how it goes, for Prometheus."""

import asyncio

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from amazon_endpoint.clock import Clock
from amazon_endpoint.sync.status import StatusReader
from amazon_endpoint.web.status_metrics import StatusMetrics

MEDIA_TYPE = CONTENT_TYPE_LATEST

# The hub waits up to 180 seconds for an answer.
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 180)


class Metrics:
    """Counters of one server process, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._messages = Counter(
            "amazon_endpoint_messages",
            "Messages answered, by service and outcome (ok, error, delay, failed).",
            ["service", "outcome"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "amazon_endpoint_message_seconds",
            "Time to answer a message.",
            ["service"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._orders = Counter(
            "amazon_endpoint_orders", "Orders handed to hubs.", registry=self._registry
        )
        self._pages = self._counter(
            "order_pages",
            "Pages of orders read for accounts, by outcome: kept or failed.",
            "outcome",
        )
        self._deliveries = self._counter(
            "deliveries", "Attempts at messages, by outcome: delivered, refused or gone.", "outcome"
        )
        self._calls = self._counter("amazon_calls", "Calls to Amazon, by operation.", "operation")
        self._put_off = self._counter(
            "amazon_calls_put_off", "Calls not made, because the quota was used up.", "operation"
        )
        self._throttled = self._counter(
            "amazon_throttles", "Calls that Amazon answered with 429.", "operation"
        )
        self._status: StatusMetrics | None = None

    def message(self, service: str, outcome: str, seconds: float) -> None:
        """Count one message, answered after `seconds`."""
        self._messages.labels(service=service, outcome=outcome).inc()
        self._seconds.labels(service=service).observe(seconds)

    def orders(self, answered: int) -> None:
        """Count the orders handed to a hub; those that are only told of are none."""
        self._orders.inc(answered)

    def page(self, *, kept: bool) -> None:
        """Count a page of orders that was kept, or that could not be had."""
        self._pages.labels("kept" if kept else "failed").inc()

    def delivery(self, outcome: str) -> None:
        """Count an attempt at a message."""
        self._deliveries.labels(outcome).inc()

    def amazon_call(self, operation: str, *, put_off: bool) -> None:
        """Count a call that may be made now, or that is put off until there is quota."""
        (self._put_off if put_off else self._calls).labels(operation).inc()

    def amazon_throttled(self, operation: str) -> None:
        """Count a call that Amazon throttled, though we thought that there was quota."""
        self._throttled.labels(operation).inc()

    def show_status(self, reader: StatusReader, clock: Clock) -> None:
        """Tell how it goes with the accounts as well, from now on. To be called once."""
        self._status = StatusMetrics(reader, clock)
        self._registry.register(self._status)

    async def exposition(self) -> bytes:
        """Everything counted so far and how it goes, in Prometheus' text format."""
        if self._status is not None:
            await self._status.refresh()
        return await asyncio.to_thread(generate_latest, self._registry)

    def _counter(self, name: str, meaning: str, label: str) -> Counter:
        return Counter(f"amazon_endpoint_{name}", meaning, [label], registry=self._registry)
