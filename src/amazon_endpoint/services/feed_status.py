"""Feed status: what Amazon says became of a feed, and of our confirmations in it."""

from collections import defaultdict

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

# Amazon reports what concerns the whole feed, not one message, under this id or "0".
_WHOLE_FEED = ""


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
    refusals = Refusals(result)
    moves = [
        (confirmation, msgspec.structs.replace(confirmation, state=state))
        for confirmation in await confirmations.of_feed(seller_id, feed_id)
        # Any other state is settled already, or is of a later try.
        if confirmation.state is ConfirmationState.SUBMITTED
        and (state := _state(confirmation, result, refusals)) is not None
    ]
    await move(confirmations, moves)
    return result


class Refusals:
    """Why a feed that ended did not carry out confirmations of it, as far as Amazon told.

    The report is read once: it may refuse each of ten thousand messages.
    """

    def __init__(self, result: FeedResult) -> None:
        report = result.report
        told: dict[str, list[str]] = defaultdict(list)
        for one in report.errors if report else ():
            message_id = _WHOLE_FEED if one.message_id == "0" else one.message_id
            told[message_id].append(f"{one.code}: {one.description}")
        self._told = {message_id: "; ".join(errors) for message_id, errors in told.items()}
        self._rest = self._told.get(_WHOLE_FEED)
        if self._rest is None and report and _is_incomplete(report, blamed=len(told)):
            # Better refused than claimed: before another try the order shows what is true.
            self._rest = (
                "Amazon's report doesn't tell which of the feed's messages were carried out."
            )
        if self._rest is None and result.status.state is not FeedState.DONE:
            # Some of it may have been carried out: the order is read before another try.
            status = result.status
            self._rest = f"Amazon ended feed {status.feed_id} as {status.state_word}."

    def of(self, confirmation: Confirmation) -> str | None:
        """Why this one was not carried out; None if it was, or nothing can be said of it."""
        return self._told.get(confirmation.message_id, self._rest)


async def _report(amazon: Amazon, status: FeedStatus) -> FeedReport | None:
    if status.report_id is None:
        return None
    try:
        return await amazon.feed_report(status)
    except Unreadable:
        if status.state is FeedState.DONE:
            raise
        return None


def _state(
    confirmation: Confirmation, result: FeedResult, refusals: Refusals
) -> ConfirmationState | None:
    """The confirmation's state after its feed ended; None while nothing can be said of it."""
    if refusals.of(confirmation):
        return ConfirmationState.REFUSED
    return ConfirmationState.CONFIRMED if result.report else None


def _is_incomplete(report: FeedReport, *, blamed: int) -> bool:
    """Whether messages that the report doesn't name may have failed as well."""
    return report.with_error > blamed or report.processed == 0
