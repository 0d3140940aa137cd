"""Sending: Amazon is told of prepared shipments, of many in one feed or of one directly."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

import msgspec

from amazon_endpoint.amazon.fulfillment import write_feed
from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonRefused,
    AmazonUnavailable,
    AnswerLost,
    CredentialsRefused,
    Throttled,
)
from amazon_endpoint.services.confirmations import (
    Channel,
    Confirmation,
    Confirmations,
    ConfirmationState,
    add_all,
    move,
)
from amazon_endpoint.services.evidence import Happened
from amazon_endpoint.services.next_step import (
    LOST,
    SENDING_AT_MOST,
    SHOWN_AFTER,
    ConfirmOutcome,
    Wait,
    known_outcome,
)
from amazon_endpoint.services.preparation import Ready
from amazon_endpoint.services.reconciliation import elsewhere, happened

# "Feeds API best practices": 10 MiB a file.
_LARGEST_FEED = 10 * 2**20

# Nothing happened, and what is to be done about it concerns the account, not the shipment.
_NOT_DONE = (Throttled, AmazonUnavailable, CredentialsRefused, AccessDenied)


def in_feeds(
    batch: Iterable[Ready], *, largest: int = _LARGEST_FEED
) -> Iterator[tuple[Ready, ...]]:
    """The batch in as few feeds as will do: each of one marketplace, and of `largest` bytes."""
    of_marketplace: dict[str, list[Ready]] = {}
    for one in batch:
        of_marketplace.setdefault(one.package.marketplace_id, []).append(one)
    for group in of_marketplace.values():
        feed: list[Ready] = []
        size = 0
        for one in group:
            # With an envelope of its own each, so together they are rather less.
            if feed and size + one.size > largest:
                yield tuple(feed)
                feed, size = [], 0
            feed.append(one)
            size += one.size
        yield tuple(feed)


async def send(
    amazon: Amazon,
    confirmations: Confirmations,
    batch: Sequence[Ready],
    *,
    channel: Channel,
    seller_id: str,
    clock: Clock,
) -> ConfirmOutcome:
    """Tell Amazon of a batch of one marketplace, all of it or nothing: in one feed, or, where it
    is a single shipment, directly.

    Its intents are committed before the feed is uploaded, and that it is being sent before the
    call. The outcome is the same for each of the batch.

    Raises:
        AmazonRefused: Amazon said no to all of it.
        Later: Amazon's quota or Amazon itself isn't available; nothing was sent.
    """
    packages = [one.package for one in batch]
    document_id = None
    if channel is Channel.FEED:
        await add_all(confirmations, [one.seen for one in batch if one.is_new])
        document_id = await amazon.prepare_feed(write_feed(seller_id, packages))
    sent_at = clock.now()
    submission = f"{packages[0].message_id} {sent_at.isoformat()}"
    seen = [one.seen for one in batch]
    sending = [
        msgspec.structs.replace(
            one.seen,
            state=ConfirmationState.SENDING,
            channel=channel,
            items=one.package.items,
            sent_at=sent_at,
            submission=submission,
            feed_id=None,
        )
        for one in batch
    ]
    if channel is Channel.DIRECT and batch[0].is_new:
        is_ours = await confirmations.begin(sending[0])
    else:
        is_ours = await confirmations.replace_all(_moves(seen, sending))
    if not is_ours:
        return elsewhere(clock)
    if await _another_content_moved(confirmations, batch, seller_id, submission):
        # Whoever moved second sees the other one, so that never both are sent.
        await move(confirmations, _moves(sending, seen))
        return elsewhere(clock)
    # Others count from `sent_at` when they take the answer for overdue. So the time that it took
    # to commit is gone, and a clock that was turned back gives no more than there was.
    left = min(sent_at + SENDING_AT_MOST - clock.now(), SENDING_AT_MOST)
    if left <= timedelta():
        await move(confirmations, _moves(sending, seen))
        return elsewhere(clock)
    # Who moved one of these meanwhile took the answer for overdue, and looked.
    try:
        async with asyncio.timeout(left.total_seconds()):
            if document_id is not None:
                marketplace_ids = (packages[0].marketplace_id,)
                feed_id = await amazon.submit_feed(document_id, marketplace_ids)
            else:
                (package,), feed_id = packages, None
                await amazon.confirm_shipment(package)
    except (AnswerLost, TimeoutError):
        await move(confirmations, _moves(sending, _all(sending, state=ConfirmationState.UNCERTAIN)))
        return Wait(sent_at + SHOWN_AFTER, LOST)
    except _NOT_DONE:
        # What was true before is still true.
        await move(confirmations, _moves(sending, seen))
        raise
    except AmazonRefused:
        refused = _all(sending, state=ConfirmationState.REFUSED)
        await move(confirmations, _moves(sending, refused))
        raise
    taken = [happened(one, Happened(feed_id)) for one in sending]
    await move(confirmations, _moves(sending, taken))
    return known_outcome(taken[0])


async def _another_content_moved(
    confirmations: Confirmations, batch: Sequence[Ready], seller_id: str, submission: str
) -> bool:
    before = {known.key: (known.state, known.sent_at) for one in batch for known in one.contents}
    return any(
        rival.state is not ConfirmationState.PREPARED
        and before.get(rival.key) != (rival.state, rival.sent_at)
        for rival in await confirmations.rivals(seller_id, submission)
    )


def _moves(
    seen: Sequence[Confirmation], new: Sequence[Confirmation]
) -> list[tuple[Confirmation, Confirmation]]:
    return list(zip(seen, new, strict=True))


def _all(sending: Sequence[Confirmation], *, state: ConfirmationState) -> list[Confirmation]:
    return [msgspec.structs.replace(one, state=state) for one in sending]
