"""Windows kept for hubs that keep no parameters: how far an account has been read for them.

Such a hub sends only when the last poll began that it got an answer to. That moment moves on with
every answer, so it is no cursor: an answer may hold the first part of a window. But it tells
whether our last answer arrived, and what it covered is kept here.

Whoever else polls the same account must not cost a hub its orders. So a window begins no later
than the hub's own last poll, and only what was told before that is left out of it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

import msgspec

from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import InvalidInput, Later
from amazon_endpoint.orders import Order
from amazon_endpoint.services import resume, seen
from amazon_endpoint.services.poll import PollOutcome, PollRequest, poll_orders
from amazon_endpoint.services.window import digest

# A hub's clock may run ahead of ours by this much.
_SKEW = timedelta(minutes=5)

# Before a poll's beginning by the hub's clock: what Amazon did not list yet (two minutes), what
# the hub's clock is ahead of Amazon's, and what Amazon was late to list.
_BEFORE_LAST_POLL = timedelta(minutes=2) + _SKEW + timedelta(minutes=5)

# From a poll's beginning, in a hub's whole seconds, to its call's arrival here. What is told in a
# longer time comes a second time.
_TRAVEL = timedelta(seconds=2)


class Told(msgspec.Struct, frozen=True, array_like=True):
    """One state of an order (`window.digest`), when it was updated, and when it was told."""

    digest: str
    updated_at: datetime
    at: datetime


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an account has been read; what a hub that keeps parameters would have been given.

    `told` are the newest orders, which the next window finds again.
    """

    cursor: datetime
    resume: str | None = None
    seen: str | None = None
    told: tuple[Told, ...] = ()


class WindowKey(msgspec.Struct, frozen=True):
    """Which hub reads which account (`account`), and which orders of it (`question`): digests.

    Both are of 32 hexadecimal digits. The credentials are part of the question: a seller id may be
    mistyped, and another account's progress is none of this one's.
    """

    seller_id: str
    account: str
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

    @property
    def unfinished(self) -> bool:
        """Whether the hub may still lack a part of the window."""
        return bool(self.before.resume or self.after.resume)


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Where a poll goes on.

    `follows` tells that it goes on from what is kept, so that what it covers is kept in turn.
    `abandoned` tells that it goes back to an unfinished window of another question.
    """

    progress: Progress
    follows: bool = True
    abandoned: bool = False


class Windows(Protocol):
    """Where they are kept. Every method is one committed transaction."""

    async def find(self, key: WindowKey) -> KeptWindow | None:
        """What was last kept."""
        ...

    async def others(self, key: WindowKey) -> Sequence[KeptWindow]:
        """What was last kept for the same hub and account, but another question."""
        ...

    async def keep(self, window: KeptWindow) -> bool:
        """Keep it if the revision before it is what is kept now, else return False."""
        ...


def window_key(seller_id: str, credentials: str, hub: str, request: PollRequest) -> WindowKey:
    """The key of what `request` asks, whatever its cursor.

    `credentials` is their fingerprint, `hub` what the hub calls itself, if anything.
    """
    return WindowKey(
        seller_id,
        account=_digest(hub, sorted(request.marketplace_ids)),
        question=_digest(credentials, sorted(request.statuses), sorted(request.fulfilled_by)),
    )


def start_of(
    kept: KeptWindow | None,
    others: Sequence[KeptWindow],
    last_poll: int,
    *,
    first: datetime,
    now: datetime,
) -> Start:
    """Where a poll goes on. `first` is where a hub begins that has never polled before.

    A later `last_poll` than the one we answered says that our answer arrived, the same one that it
    did not. An earlier one is not from the chain that is kept: it is another hub, somebody's test,
    or a hub set back. It is answered from its own `last_poll`, but never past what is unread.
    `others` are read on only where nothing is kept.

    Raises:
        InvalidInput: nothing is kept, and `last_poll` is in the future.
    """
    own = first
    if last_poll:
        own = min(datetime.fromtimestamp(last_poll, UTC), now) - _BEFORE_LAST_POLL
    if kept is None:
        if last_poll > (now + _SKEW).timestamp():
            raise InvalidInput(
                f"This is in the future, it is {now:%Y-%m-%dT%H:%M:%SZ}. Set the hub's clock.",
                field="last_poll",
            )
        left = [one.before.cursor for one in others if one.unfinished]
        return Start(
            progress=Progress(cursor=min([own, *left])), abandoned=min(left, default=own) < own
        )
    # A clock that was ahead and is right now would be taken for a hub set back until it is as late.
    was_ahead = kept.last_poll > (now + _SKEW).timestamp()
    if last_poll and (last_poll == kept.last_poll or (was_ahead and last_poll < kept.last_poll)):
        return Start(progress=kept.before)
    if last_poll < kept.last_poll or not last_poll:
        return Start(progress=Progress(cursor=min(own, kept.before.cursor)), follows=False)
    if kept.after.resume:
        return Start(progress=kept.after)
    cursor = min(own, kept.after.cursor)
    return Start(progress=msgspec.structs.replace(kept.after, cursor=cursor))


async def poll_by_last_poll(
    amazon: Amazon,
    windows: Windows,
    key: WindowKey,
    request: PollRequest,
    last_poll: int,
    *,
    clock: Clock,
    deadline: datetime,
) -> tuple[PollOutcome, Start]:
    """Poll on for a hub that sends `last_poll`; `request.cursor` is the start of a first poll.

    Returns what the poll brought, and where it began. What it covered is committed before: an
    answer that is lost is given again, since the hub's next `last_poll` doesn't move on.

    Raises:
        Later: nothing could be read for now, or another poll of the same hub was faster.
        InvalidInput, AmazonRefused: as `start_of` and `poll_orders` do.
    """
    now = clock.now()
    kept = await windows.find(key)
    others = () if kept else await windows.others(key)
    start = start_of(kept, others, last_poll, first=request.cursor, now=now)
    before = start.progress
    outcome = await poll_on(
        amazon,
        msgspec.structs.replace(
            request, cursor=before.cursor, resume=before.resume, seen=before.seen
        ),
        clock=clock,
        deadline=deadline,
    )
    fresh = _not_told(outcome.orders, before.told, last_poll)
    after = Progress(
        cursor=outcome.cursor or before.cursor,
        resume=before.resume if outcome.resume is None else outcome.resume or None,
        seen=before.seen if outcome.seen is None else outcome.seen or None,
        told=_still_found(before.told, fresh, now),
    )
    answered = _answered(key, kept, last_poll, start, after)
    # Two answers to one `last_poll` would leave it open which of them arrived.
    if answered is not None and not await windows.keep(answered):
        raise Later(
            "Another poll for the same orders ran at the same time.", not_before=clock.now()
        )
    return msgspec.structs.replace(outcome, orders=fresh), start


def _answered(
    key: WindowKey, kept: KeptWindow | None, last_poll: int, start: Start, after: Progress
) -> KeptWindow | None:
    """What is to be kept of an answer.

    Of one that doesn't follow what is kept: nothing, or where it left a part unread, that the
    window is to be read again from there, for whoever comes next.
    """
    if kept is None or start.follows:
        return KeptWindow(
            key=key,
            revision=1 if kept is None else kept.revision + 1,
            last_poll=last_poll,
            before=start.progress,
            after=after,
        )
    if not after.resume:
        return None
    again = Progress(cursor=min(start.progress.cursor, kept.after.cursor))
    return msgspec.structs.replace(kept, revision=kept.revision + 1, after=again)


def _not_told(
    orders: tuple[Order, ...], told: tuple[Told, ...], last_poll: int
) -> tuple[Order, ...]:
    """The orders without those that the hub had when its last poll had been answered."""
    arrived = {one.digest for one in told if one.at.timestamp() <= last_poll + _TRAVEL.seconds}
    return tuple(order for order in orders if digest(order) not in arrived)


def _still_found(
    told: tuple[Told, ...], orders: tuple[Order, ...], now: datetime
) -> tuple[Told, ...]:
    """What is told by now, as far as a window that begins before this poll finds it again."""
    every = {one.digest: one for one in told}
    for order in orders:
        every.setdefault(digest(order), Told(digest(order), order.updated_at, now))
    oldest = now - 2 * _BEFORE_LAST_POLL
    return tuple(one for one in every.values() if one.updated_at >= oldest)


def _digest(*parts: object) -> str:
    return sha256(msgspec.json.encode(parts)).hexdigest()[:32]


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
