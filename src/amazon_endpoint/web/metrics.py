"""Metrics: what the endpoint answered, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

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

    def message(self, service: str, outcome: str, seconds: float) -> None:
        """Count one message, answered after `seconds`."""
        self._messages.labels(service=service, outcome=outcome).inc()
        self._seconds.labels(service=service).observe(seconds)

    def orders(self, answered: int) -> None:
        """Count the orders handed to a hub; those that are only told of are none."""
        self._orders.inc(answered)

    def exposition(self) -> bytes:
        """Everything counted so far, in Prometheus' text format."""
        return generate_latest(self._registry)
