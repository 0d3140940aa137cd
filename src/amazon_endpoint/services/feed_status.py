"""Feed status: what Amazon says became of a feed, and of our confirmations in it."""

import msgspec

from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.errors import FeedNotFound, Unreadable
from amazon_endpoint.feeds import FeedReport, FeedResult, FeedState, FeedStatus
from amazon_endpoint.services.confirmations import (
    Confirmation,
    Confirmations,
    ConfirmationState,
    move,
)

# Amazon reports what concerns the whole feed, not one message, under this id or none.
_WHOLE_FEED = {"", "0"}


async def feed_status(
    amazon: Amazon, confirmations: Confirmations, feed_id: str, *, seller_id: str
) -> FeedResult:
    """Where a feed stands, with its report once there is one; our confirmations follow it.

    A feed that is done without a report has none in the result: nothing says that it succeeded.
    The report of a feed that ended badly may be in another format; then it is left out.

    Raises:
        FeedNotFound: Amazon has no such feed in this account.
        Unreadable: the report of a feed that is done makes no sense.
    """
    try:
        status = await amazon.feed_status(feed_id)
    except FeedNotFound as unknown:
        raise FeedNotFound(
            f"Amazon knows no feed {feed_id} in this account. Give the feed id that confirming a "
            "shipment returned; Amazon keeps feeds for 28 days.",
            field="payload.feed_id",
            request_id=unknown.request_id,
        ) from unknown
    if not status.state.final:
        return FeedResult(status=status)
    result = FeedResult(status=status, report=await _report(amazon, status))
    moves = [
        (confirmation, msgspec.structs.replace(confirmation, state=state))
        for confirmation in await confirmations.of_feed(seller_id, feed_id)
        # Any other state is settled already, or is of a later try.
        if confirmation.state is ConfirmationState.SUBMITTED
        and (state := _state(confirmation, result)) is not None
    ]
    await move(confirmations, moves)
    return result


def refusal(confirmation: Confirmation, result: FeedResult) -> str | None:
    """Why a feed that ended did not carry out this confirmation of it, as far as Amazon told."""
    refused = _refusal(confirmation, result.report) if result.report else None
    if refused is None and result.status.state is not FeedState.DONE:
        # Some of it may have been carried out: the order is read before another try.
        return f"Amazon ended feed {result.status.feed_id} as {result.status.state_word}."
    return refused


async def _report(amazon: Amazon, status: FeedStatus) -> FeedReport | None:
    if status.report_id is None:
        return None
    try:
        return await amazon.feed_report(status)
    except Unreadable:
        if status.state is FeedState.DONE:
            raise
        return None


def _state(confirmation: Confirmation, result: FeedResult) -> ConfirmationState | None:
    """The confirmation's state after its feed ended; None while nothing can be said of it."""
    if refusal(confirmation, result):
        return ConfirmationState.REFUSED
    return ConfirmationState.CONFIRMED if result.report else None


def _refusal(confirmation: Confirmation, report: FeedReport) -> str | None:
    """Why the report refuses this message; None if it was carried out."""
    own = [one for one in report.errors if one.message_id == confirmation.message_id]
    whole = [one for one in report.errors if one.message_id in _WHOLE_FEED]
    if errors := own or whole:
        return "; ".join(f"{one.code}: {one.description}" for one in errors)
    blamed = {one.message_id for one in report.errors}
    if report.with_error > len(blamed) or report.processed == 0:
        # Better refused than claimed: before another try the order shows what is true.
        return "Amazon's report doesn't tell which of the feed's messages were carried out."
    return None
