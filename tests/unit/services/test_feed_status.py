"""A feed's end is told as it is, and our confirmations in it follow, message by message."""

from typing import Any

import msgspec
import pytest

from amazon_endpoint.errors import FeedNotFound, Unreadable
from amazon_endpoint.feeds import FeedReport, FeedResult, FeedState, MessageOutcome, MessageResult
from amazon_endpoint.services.confirmations import (
    Channel,
    Confirmation,
    ConfirmationKey,
    ConfirmationState,
)
from amazon_endpoint.services.feed_status import Refusals, feed_status
from tests.turned_clock import NOON, TurnedClock
from tests.unit.services.shipping_amazon import (
    MemoryConfirmations,
    ShippingAmazon,
    failing_report,
)

SUBMITTED, CONFIRMED, REFUSED = (
    ConfirmationState.SUBMITTED,
    ConfirmationState.CONFIRMED,
    ConfirmationState.REFUSED,
)


class Shop:
    """Two shipments with the message ids 1 and 2, both in feed 7001."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.amazon = ShippingAmazon(self.clock)
        self.confirmations = MemoryConfirmations()
        for number in ("1", "2"):
            self.put(number)

    def put(self, number: str, **changes: Any) -> None:
        key = ConfirmationKey("SELLER1", "111-2222222-3333333", f"H{number}", "digest")
        confirmation = Confirmation(
            key=key,
            reference=number,
            message_id=number,
            shipped_at=NOON,
            items=(),
            channel=Channel.FEED,
            state=SUBMITTED,
            created_at=NOON,
            sent_at=NOON,
            feed_id="7001",
        )
        self.confirmations.rows[key] = msgspec.structs.replace(confirmation, **changes)

    async def ask(self, *, seconds: float = 300, **feed: Any) -> FeedResult:
        self.amazon.add_foreign_feed("7001", **feed)
        self.clock.advance(seconds)
        self.told = await feed_status(self.amazon, self.confirmations, "7001", seller_id="SELLER1")
        return self.told

    @property
    def states(self) -> list[ConfirmationState]:
        return [one.state for one in self.confirmations.rows.values()]

    @property
    def reasons(self) -> list[str | None]:
        return [Refusals(self.told).of(one) for one in self.confirmations.rows.values()]


def result(message_id: str, outcome: MessageOutcome = MessageOutcome.ERROR) -> MessageResult:
    return MessageResult(
        message_id=message_id, outcome=outcome, code="18021", description="Too many units."
    )


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.mark.parametrize("seconds", [10, 75])
async def test_a_feed_in_progress_has_no_report_yet(shop: Shop, seconds: float) -> None:
    told = await shop.ask(seconds=seconds)
    assert not told.status.state.final
    assert told.report is None
    assert not shop.amazon.calls["feed_report"]
    assert shop.states == [SUBMITTED, SUBMITTED]


async def test_a_clean_report_confirms_and_the_feed_stays_known(shop: Shop) -> None:
    told = await shop.ask(
        report=FeedReport(processed=2, successful=2, with_error=0, with_warning=0)
    )
    assert told.report is not None
    assert shop.states == [CONFIRMED, CONFIRMED]
    assert [one.feed_id for one in shop.confirmations.rows.values()] == ["7001", "7001"]


async def test_partial_success_is_told_per_shipment(shop: Shop) -> None:
    await shop.ask(report=failing_report(result("2"), result("2"), processed=2))
    assert shop.states == [CONFIRMED, REFUSED]
    assert shop.reasons == [None, "18021: Too many units.; 18021: Too many units."]


async def test_a_warning_is_no_refusal(shop: Shop) -> None:
    warned = FeedReport(
        processed=2,
        successful=2,
        with_error=0,
        with_warning=1,
        results=(result("1", MessageOutcome.WARNING),),
    )
    await shop.ask(report=warned)
    assert shop.states == [CONFIRMED, CONFIRMED]


@pytest.mark.parametrize("whole", ["0", ""])
async def test_an_error_of_the_whole_feed_refuses_every_message(shop: Shop, whole: str) -> None:
    await shop.ask(report=failing_report(result(whole)))
    assert shop.states == [REFUSED, REFUSED]
    assert shop.reasons == ["18021: Too many units."] * 2


@pytest.mark.parametrize(
    "report",
    [
        FeedReport(processed=2, successful=1, with_error=1, with_warning=0),
        FeedReport(processed=0, successful=0, with_error=0, with_warning=0),
    ],
    ids=["an error without its message", "nothing processed"],
)
async def test_success_is_not_claimed_where_the_report_does_not_tell(
    shop: Shop, report: FeedReport
) -> None:
    await shop.ask(report=report)
    assert shop.states == [REFUSED, REFUSED]


async def test_a_feed_done_without_a_report_claims_nothing(shop: Shop) -> None:
    told = await shop.ask(has_report=False)
    assert (told.status.state, told.report) == (FeedState.DONE, None)
    assert shop.states == [SUBMITTED, SUBMITTED]


@pytest.mark.parametrize("end", [FeedState.FATAL, FeedState.CANCELLED])
async def test_a_feed_that_ended_badly_refuses_with_its_reason(shop: Shop, end: FeedState) -> None:
    await shop.ask(ends=end, has_report=False)
    assert shop.states == [REFUSED, REFUSED]
    assert shop.reasons == [f"Amazon ended feed 7001 as {end.value}."] * 2


async def test_a_fatal_feeds_own_words_come_first(shop: Shop) -> None:
    told = await shop.ask(ends=FeedState.FATAL, report=failing_report(result("1")))
    assert told.report is not None
    assert shop.reasons == ["18021: Too many units.", "Amazon ended feed 7001 as FATAL."]


async def test_an_unreadable_report_of_a_fatal_feed_is_left_out(shop: Shop) -> None:
    shop.amazon.fails["feed_report"] = Unreadable()
    told = await shop.ask(ends=FeedState.FATAL)
    assert told.report is None
    assert shop.states == [REFUSED, REFUSED]


async def test_an_unreadable_report_of_a_feed_that_is_done_is_told(shop: Shop) -> None:
    shop.amazon.fails["feed_report"] = Unreadable()
    with pytest.raises(Unreadable):
        await shop.ask()
    assert shop.states == [SUBMITTED, SUBMITTED]


@pytest.mark.parametrize("state", [one for one in ConfirmationState if one is not SUBMITTED])
async def test_what_is_settled_or_tried_again_is_left_alone(
    shop: Shop, state: ConfirmationState
) -> None:
    shop.put("1", state=state)
    await shop.ask(report=failing_report(result("1"), processed=2))
    assert shop.states == [state, CONFIRMED]


async def test_an_unknown_feed_is_told(shop: Shop) -> None:
    with pytest.raises(FeedNotFound):
        await feed_status(shop.amazon, shop.confirmations, "1", seller_id="SELLER1")


async def test_a_report_is_gone_through_as_often_however_many_it_refuses(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def errors(report: FeedReport) -> tuple[MessageResult, ...]:
        asked.append(report)
        return report.results

    monkeypatch.setattr(FeedReport, "errors", property(errors))
    numbers = [str(one) for one in range(1, 101)]
    for number in numbers:
        shop.put(number)
    await shop.ask(report=failing_report(*map(result, numbers), processed=100))
    assert shop.states == [REFUSED] * 100
    assert len(asked) == 1
