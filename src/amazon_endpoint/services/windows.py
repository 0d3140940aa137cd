"""Windows kept for hubs that keep no parameters: how far an account has been read for them.

Such a hub sends only when the last poll began that it got an answer to. That moment moves on with
every answer, so it is no cursor: an answer may hold the first part of a window. But it tells
whether our last answer arrived, and what it covered is kept here.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

import msgspec

from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import InvalidInput, Later
from amazon_endpoint.services import resume, seen
from amazon_endpoint.services.poll import PollOutcome, PollRequest, poll_orders

# Before a poll's beginning by the hub's clock: what Amazon did not list yet (two minutes), what
# the hub's clock is ahead of Amazon's, and what Amazon was late to list.
_BEFORE_LAST_POLL = timedelta(minutes=2) + timedelta(minutes=5) + timedelta(minutes=5)


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an account has been read; what a hub that keeps parameters would have been given."""

    cursor: datetime
    resume: str | None = None
    seen: str | None = None


class WindowKey(msgspec.Struct, frozen=True):
    """Whose orders, and which, by a digest of what is asked.

    Not by the credentials: with new ones the account has still been read as far as before.
    """

    seller_id: str
    question: str


class KeptWindow(msgspec.Struct, frozen=True, kw_only=True):
    """The last answer to a hub: the `last_poll` it answered, and the progress on both sides of it.

    `revision` counts the answers.
    """

    key: WindowKey
    revision: int
    last_poll: int
    before: Progress
    after: Progress


class Windows(Protocol):
    """Where they are kept. Every method is one committed transaction."""

    async def find(self, key: WindowKey) -> KeptWindow | None:
        """What was last kept."""
        ...

    async def keep(self, window: KeptWindow) -> bool:
        """Keep it if the revision before it is what is kept now, else return False."""
        ...


def window_key(seller_id: str, request: PollRequest) -> WindowKey:
    """The key of what `request` asks, whatever its cursor."""
    asked = (request.marketplace_ids, request.statuses, request.fulfilled_by)
    digest = sha256(msgspec.json.encode([sorted(words) for words in asked])).hexdigest()
    return WindowKey(seller_id, digest)


def progress_of(kept: KeptWindow | None, last_poll: int, start: datetime) -> Progress:
    """Where a poll goes on. `start` is where a hub begins that has polled never before.

    A later `last_poll` than the one we answered says that our answer arrived, the same one that it
    did not. An earlier one is a hub set back: it is followed, but never past what is unread.
    """
    if kept is not None and last_poll == kept.last_poll:
        return kept.before
    if kept is not None and last_poll > kept.last_poll:
        return kept.after
    began = start
    if last_poll:
        began = datetime.fromtimestamp(last_poll, UTC) - _BEFORE_LAST_POLL
    return Progress(cursor=began if kept is None else min(began, kept.before.cursor))


async def poll_by_last_poll(
    amazon: Amazon,
    windows: Windows,
    key: WindowKey,
    request: PollRequest,
    last_poll: int,
    *,
    clock: Clock,
    deadline: datetime,
) -> tuple[PollOutcome, Progress]:
    """Poll on for a hub that sends `last_poll`; `request.cursor` is the start of a first poll.

    Returns what the poll brought, and where it began. What it covered is committed before: an
    answer that is lost is given again, since the hub's next `last_poll` doesn't move on.

    Raises:
        Later: nothing could be read for now, or another poll of the same hub was faster.
        InvalidInput, AmazonRefused: as `poll_orders` does.
    """
    kept = await windows.find(key)
    before = progress_of(kept, last_poll, request.cursor)
    outcome = await poll_on(
        amazon,
        msgspec.structs.replace(
            request, cursor=before.cursor, resume=before.resume, seen=before.seen
        ),
        clock=clock,
        deadline=deadline,
    )
    after = Progress(
        cursor=outcome.cursor or before.cursor,
        resume=before.resume if outcome.resume is None else outcome.resume or None,
        seen=before.seen if outcome.seen is None else outcome.seen or None,
    )
    revision = 1 if kept is None else kept.revision + 1
    answered = KeptWindow(
        key=key, revision=revision, last_poll=last_poll, before=before, after=after
    )
    # Two answers to one `last_poll` would leave it open which of them arrived.
    if not await windows.keep(answered):
        raise Later(
            "Another poll for the same orders ran at the same time.", not_before=clock.now()
        )
    return outcome, before


async def poll_on(
    amazon: Amazon, request: PollRequest, *, clock: Clock, deadline: datetime
) -> PollOutcome:
    """`poll_orders`, but what is no longer usable of an earlier poll is dropped at once.

    For hubs that keep nothing of an answer that failed: they would send it for ever. Nothing is
    lost by it, some orders come again.
    """
    asked = request
    while True:
        try:
            outcome = await poll_orders(amazon, asked, clock=clock, deadline=deadline)
            break
        except InvalidInput as unusable:
            if unusable.field == resume.FIELD and asked.resume:
                asked = msgspec.structs.replace(asked, resume=None)
            elif unusable.field == seen.FIELD and asked.seen:
                asked = msgspec.structs.replace(asked, seen=None)
            else:
                raise
    return msgspec.structs.replace(
        outcome,
        resume=outcome.resume if asked.resume == request.resume else outcome.resume or "",
        seen=outcome.seen if asked.seen == request.seen else outcome.seen or "",
    )
