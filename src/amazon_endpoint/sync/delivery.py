"""Delivery: an account's messages on their way from the outbox to its store."""

import asyncio
from datetime import datetime, timedelta

import structlog

from amazon_endpoint.clock import Clock, iso
from amazon_endpoint.errors import EndpointError
from amazon_endpoint.stores.port import Delivered, Delivery, Gone, Outcome, Refused, Store
from amazon_endpoint.sync import standing as standings
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.backoff import Random
from amazon_endpoint.sync.outbox import Outbox, OutboxMessage
from amazon_endpoint.sync.retries import next_attempt
from amazon_endpoint.sync.standing import Standing

_log = structlog.get_logger(__name__)

# As many as may be held in memory for each of the accounts that are delivered at once; and for how
# long, at a store that is slow, before others have their turn.
_BATCH = 100
_LONGEST = timedelta(minutes=1)

# A commit costs as much as a call. What was delivered and not kept comes to the store once more,
# should the process die: what it took in a second, and what goes at once with the slowest.
_UNKEPT = timedelta(seconds=1)


async def deliver_due(
    account: SyncAccount, *, store: Store, outbox: Outbox, clock: Clock, random: Random
) -> datetime | None:
    """Send a batch of the account's messages, a few at once, of each order one after the other.

    What the store doesn't take is put off and holds up its own order alone; after three days of
    trying it is parked. What can't be opened or written is treated alike, and no others with it.

    A store that is down for several messages sent at once is left alone as a whole, for half a
    minute at first and up to ten, or as long as it asks for. One message then finds out whether it
    is back; the others wait, and no attempt of theirs is counted. A store that answers that it is
    gone (410) is not called again until the operator redelivers or gives another destination; its
    messages stay pending.

    Returns when there is more to do, now or before if that is right now. None: not until there is a
    message more, or the operator says so.

    Raises:
        StorageUnavailable: what was delivered and not kept will come to the store a second time.
        AccountUnknown: the account was removed.
    """
    if account.paused_at is not None:
        return None
    began = clock.now()
    standing = await outbox.standing(account.id)
    if not standing.is_open(began):
        return standing.opens_at
    # Those that fail time and again have others before them.
    due = await outbox.due(account.id, began, _BATCH)
    waiting = sorted(due, key=lambda one: one.attempts)
    attempts = _Attempts(store, outbox, clock, random)
    try:
        while waiting and standing.is_open(clock.now()) and clock.now() < began + _LONGEST:
            together, waiting = waiting[: standing.at_once], waiting[standing.at_once :]
            outcomes = await attempts.make(together)
            now_standing = standings.after(standing, outcomes, clock.now(), random)
            if now_standing != standing:
                if not await outbox.keep_standing(now_standing):
                    # The operator said otherwise meanwhile, maybe of another store.
                    return began
                _tell(now_standing)
                standing = await outbox.standing(account.id)
    finally:
        await attempts.keep()
    if not standing.is_open(clock.now()):
        return standing.opens_at
    return began if waiting or len(due) == _BATCH else await outbox.next_due(account.id)


class _Attempts:
    """Attempts at messages, and what is kept of them."""

    def __init__(self, store: Store, outbox: Outbox, clock: Clock, random: Random) -> None:
        self._store = store
        self._outbox = outbox
        self._clock = clock
        self._random = random
        self._taken: list[OutboxMessage] = []
        self._kept_at = clock.now()

    async def keep(self) -> None:
        """Keep what the store took since the last time."""
        taken, self._taken, self._kept_at = self._taken, [], self._clock.now()
        await self._outbox.delivered(taken, self._kept_at)
        for message in taken:
            _log.info("delivered", **_named(message))

    async def make(self, messages: list[OutboxMessage]) -> list[Outcome]:
        """Send messages at once; what the store said of those that could be sent."""
        made = await asyncio.gather(*map(self._attempt, messages), return_exceptions=True)
        self._taken += [
            message
            for message, one in zip(messages, made, strict=True)
            if isinstance(one, Delivered)
        ]
        if self._clock.now() >= self._kept_at + _UNKEPT:
            await self.keep()
        outcomes = []
        for one in made:
            # Only now, when none is under way any more.
            if isinstance(one, BaseException):
                raise one
            if one is not None:
                outcomes.append(one)
        return outcomes

    async def _attempt(self, message: OutboxMessage) -> Outcome | None:
        try:
            outcome = await self._send(message)
        except EndpointError as error:
            await self._failed(message, Refused(error.message))
            return None
        except Exception as error:  # noqa: BLE001 - one that nobody can write stops no others
            reason = f"The message can't be written ({type(error).__name__})."
            await self._failed(message, Refused(reason))
            return None
        match outcome:
            case Delivered():
                pass  # kept together with others: a commit for all of them
            case Refused():
                await self._failed(message, outcome)
            case Gone():
                # It stays due, for when the store is to be called again.
                await self._outbox.put_off(message, self._clock.now(), outcome.reason)
        return outcome

    async def _send(self, message: OutboxMessage) -> Outcome:
        return await self._store.deliver(
            Delivery(
                webhook_id=message.webhook_id,
                kind=message.kind,
                account_id=message.account_id,
                order_number=message.order_number,
                body=self._outbox.open(message),
            )
        )

    async def _failed(self, message: OutboxMessage, refused: Refused) -> None:
        failures = message.attempts + 1
        until = next_attempt(
            failures, self._clock.now(), self._random, not_before=refused.retry_after
        )
        told = {**_named(message), "attempts": failures, "reason": refused.reason}
        if until is None:
            await self._outbox.park(message, refused.reason)
            _log.error("delivery_parked", **told)
        else:
            await self._outbox.put_off(message, until, refused.reason)
            _log.warning("delivery_failed", **told, until=iso(until))


def _named(message: OutboxMessage) -> dict[str, object]:
    return {
        "account": message.account_id,
        "order": message.order_number,
        "kind": str(message.kind),
        "message_id": message.webhook_id,
    }


def _tell(standing: Standing) -> None:
    told = {"account": standing.account_id, "reason": standing.reason}
    if standing.stopped_at is not None:
        _log.error("store_gone", **told)
    elif standing.rests_until is not None:
        _log.warning("store_rests", **told, until=iso(standing.rests_until))
    else:
        _log.info("store_is_back", account=standing.account_id)
