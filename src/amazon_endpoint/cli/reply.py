"""Replies as a hub reads them: new messages, parameters to keep, notifications for people."""

import msgspec

from amazon_endpoint.errors import EndpointError
from amazon_endpoint.hub.notifications import Notification


class Refused(EndpointError):
    """The endpoint refused the message."""


class Parameter(msgspec.Struct, frozen=True):
    """A parameter that the hub keeps from now on."""

    name: str
    value: str


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the endpoint answered. `messages` stay as they are written, with exact numbers."""

    message_id: str
    delay: int | None = None
    parameters: tuple[Parameter, ...] = ()
    messages: tuple[msgspec.Raw, ...] = ()
    notifications: tuple[Notification, ...] = ()

    @property
    def errors(self) -> tuple[str, ...]:
        """What the endpoint says went wrong for good."""
        return tuple(
            f"{one.subject}: {one.description}"
            for one in self.notifications
            if one.level == "error"
        )

    def check(self) -> None:
        """Do nothing, unless something went wrong for good.

        Raises:
            Refused: it did, with the endpoint's words.
        """
        if self.errors:
            raise Refused(" ".join(self.errors))


read_reply = msgspec.json.Decoder(Reply).decode
