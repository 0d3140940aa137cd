"""The port: what every store is told, whatever it speaks, and what it may answer."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

import msgspec


class MessageKind(StrEnum):
    """What a message tells, in the hub's words."""

    ORDER_IMPORT = "order:import"
    ORDER_UPDATE = "order:update"
    ORDER_CANCEL = "order:cancel"
    SHIPMENT_CONFIRMED = "shipment:confirmed"
    SHIPMENT_REFUSED = "shipment:refused"


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Where an account's messages go, as the operator configured it.

    `kind` is ``webhook`` (signed messages to `url`) or ``v6`` (the hub extension of a store, whose
    hooks lie below `url`). `secrets` are a webhook's signing secrets, the first of them the
    current one, each in the form ``whsec_`` and base64; or the one token of a hub extension.
    """

    kind: Literal["webhook", "v6"]
    url: str
    secrets: tuple[str, ...]

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Without secrets; and of the URL only the host, since the rest may be a key to it."""
        host = re.split(r"[/?#]", self.url.partition("://")[2])[0].rpartition("@")[2]
        return [("kind", self.kind), ("host", host)]

    def __repr__(self) -> str:
        return (
            f"Destination({', '.join(f'{name}={text!r}' for name, text in self.__rich_repr__())})"
        )


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way to a store.

    `webhook_id` names the message through all attempts, so that a store takes it once; it holds no
    full stop. `body` is what `messages` wrote for this `kind`.
    """

    webhook_id: str
    kind: MessageKind
    account_id: str
    order_number: str
    body: bytes

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Without the body, which holds buyers' data."""
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "body"]

    def __repr__(self) -> str:
        return f"Delivery({', '.join(f'{name}={text!r}' for name, text in self.__rich_repr__())})"


class Delivered(msgspec.Struct, frozen=True):
    """The store has the message."""


class Refused(msgspec.Struct, frozen=True):
    """The store has it not, or nobody knows: to be tried again, not before `retry_after`.

    `store_is_down` where any other message would have fared alike.
    """

    reason: str
    retry_after: datetime | None = None
    store_is_down: bool = False


class Gone(msgspec.Struct, frozen=True):
    """The store wants no more messages: stop, until the operator says otherwise."""

    reason: str


Outcome: TypeAlias = Delivered | Refused | Gone


class Store(Protocol):
    """A store that takes messages."""

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Make one attempt.

        Whatever the store or the network does is an outcome, never an exception. Reasons are for
        the operator: they hold nothing of what a store's answer says, which may quote a buyer's
        data.
        """
        ...
