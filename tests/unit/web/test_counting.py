"""What passes through is counted, and comes out as it went in."""

from datetime import datetime, timedelta
from typing import Any

from amazon_endpoint.amazon.quota import Bucket, QuotaKey, Rate, full
from amazon_endpoint.stores.port import Delivered, Delivery, Gone, MessageKind, Outcome, Refused
from amazon_endpoint.sync.polling import Readings
from amazon_endpoint.sync.reading import Reading, ReadingKind
from amazon_endpoint.web.counting import (
    CountedBooks,
    CountedQuotas,
    CountedReadings,
    CountedStore,
)
from amazon_endpoint.web.metrics import Metrics
from tests.turned_clock import NOON
from tests.unit.web.test_status_metrics import values

KEY, PLAN = QuotaKey("application", "account", "getOrder"), Rate(0.5, 30)
LATER = NOON + timedelta(minutes=1)


class Handed:
    """Answers whatever a test put here."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.told: list[Any] = []

    def _answer(self, *told: Any) -> Any:
        self.told.append(told)
        return self.answers.pop(0) if self.answers else None

    async def take(self, key: QuotaKey, plan: Rate, now: datetime) -> datetime | None:
        return self._answer(key, plan, now)  # type: ignore[no-any-return]

    async def due(self, *of_what: Any) -> Any:
        return self._answer(*of_what)

    async def bucket(self, key: QuotaKey, plan: Rate, now: datetime) -> Bucket:
        return self._answer(key, plan, now)  # type: ignore[no-any-return]

    async def learn(self, *of_what: Any, **learnt: Any) -> None:
        self._answer(*of_what, learnt)

    async def deliver(self, delivery: Delivery) -> Outcome:
        return self._answer(delivery)  # type: ignore[no-any-return]

    async def of(self, account_id: str) -> Any:
        return self._answer(account_id)

    async def keep(self, reading: Reading) -> bool:
        return self._answer(reading)  # type: ignore[no-any-return]

    async def take_in(self, *of_what: Any) -> bool:
        return self._answer(*of_what)  # type: ignore[no-any-return]


async def counted(metrics: Metrics) -> dict[str, float]:
    told = values((await metrics.exposition()).decode())
    return {name: value for name, value in told.items() if value and "_created" not in name}


async def test_calls_are_counted_where_they_take_their_token() -> None:
    metrics, handed = Metrics(), Handed(None, LATER, LATER, full(PLAN, NOON))
    quotas = CountedQuotas(handed, metrics)

    assert await quotas.take(KEY, PLAN, NOON) is None
    assert await quotas.take(KEY, PLAN, NOON) == LATER
    assert await quotas.due(KEY, PLAN, 2, NOON) == LATER
    assert await quotas.bucket(KEY, PLAN, NOON) == full(PLAN, NOON)
    await quotas.learn(KEY, PLAN, NOON, rate=1.0)
    await quotas.learn(KEY, PLAN, NOON, drained=True)

    assert handed.told[-1] == (KEY, PLAN, NOON, {"rate": None, "drained": True})
    assert await counted(metrics) == {
        "amazon_calls_total getOrder": 1,
        "amazon_calls_put_off_total getOrder": 1,
        "amazon_throttles_total getOrder": 1,
    }


async def test_attempts_are_counted_by_their_outcome() -> None:
    outcomes = [Delivered(), Refused("No."), Gone("No more."), Delivered()]
    metrics = Metrics()
    store = CountedStore(Handed(*outcomes), metrics)
    message = Delivery(
        webhook_id="msg",
        kind=MessageKind.ORDER_IMPORT,
        account_id="shop-us",
        order_number="1",
        body=b"",
    )

    assert [await store.deliver(message) for _ in outcomes] == outcomes

    assert await counted(metrics) == {
        "deliveries_total delivered": 2,
        "deliveries_total refused": 1,
        "deliveries_total gone": 1,
    }


async def test_pages_are_counted_that_were_kept_and_that_could_not_be_had() -> None:
    metrics, handed = Metrics(), Handed(True, True, True, False)
    readings: Readings = CountedReadings(handed, metrics)
    books = CountedBooks(handed, metrics)

    for attempts in (0, 1):
        reading = Reading(
            account_id="shop-us",
            kind=ReadingKind.POLL,
            since=NOON,
            upper_bound=NOON,
            next_attempt_at=NOON,
            attempts=attempts,
        )
        assert await readings.keep(reading)
    for written in (True, False):
        assert await books.take_in("shop-us", [], None) is written  # type: ignore[arg-type]

    assert await counted(metrics) == {"order_pages_total kept": 1, "order_pages_total failed": 1}
