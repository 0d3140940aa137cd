"""What can go wrong, in the user's words.

EndpointError
 ├─ InvalidInput              the message's content can't be used: names the field
 │   ├─ ShipmentRefused       what may not be confirmed, told before anything is sent
 │   └─ HostNotAllowed
 ├─ AmazonRefused             Amazon said no, and will again
 │   ├─ CredentialsRefused
 │   ├─ AccessDenied
 │   ├─ OrderNotFound
 │   ├─ FeedNotFound
 │   └─ PageTokenRefused
 ├─ PageRepeated              Amazon's paging runs in a circle
 ├─ StillUncertain            whether Amazon took a shipment can't be told
 ├─ Unreadable                an answer, order or report that makes no sense
 ├─ StaysSealed               what is kept here can't be opened, and our own words say why
 └─ Later                     nothing is wrong that waiting won't mend
     ├─ Throttled
     ├─ AmazonUnavailable
     └─ AnswerLost            sent, and nobody knows whether it was done
"""

from datetime import datetime


class EndpointError(Exception):
    """Something went wrong."""

    def __init__(
        self,
        message: str | None = None,
        *,
        field: str | None = None,
        request_id: str | None = None,
    ) -> None:
        self.message = message or " ".join((type(self).__doc__ or "").split())
        self.field = field
        self.request_id = request_id
        super().__init__(self.message)

    def __str__(self) -> str:
        """The message, led by the field it is about and followed by Amazon's request id."""
        told = f"{self.field}: {self.message}" if self.field else self.message
        return f"{told} (Amazon request id {self.request_id})" if self.request_id else told


class InvalidInput(EndpointError):
    """The message holds a value that can't be used."""


class ShipmentRefused(InvalidInput):
    """This shipment may not be confirmed."""


class HostNotAllowed(InvalidInput):
    """This host is neither Amazon's nor allowed by the operator."""


class AmazonRefused(EndpointError):
    """Amazon refused the request."""


class CredentialsRefused(AmazonRefused):
    """Amazon refused the credentials. Check amazon.client_id, amazon.client_secret and
    amazon.refresh_token."""


class AccessDenied(AmazonRefused):
    """Amazon denied access. Check the application's roles, the seller's authorisation and the
    marketplace."""


class OrderNotFound(AmazonRefused):
    """Amazon knows no such order in this account."""


class FeedNotFound(AmazonRefused):
    """Amazon knows no such feed in this account."""


class PageTokenRefused(AmazonRefused):
    """Amazon no longer takes this window's page token. The window starts again."""


class PageRepeated(EndpointError):
    """Amazon returned a page of this window a second time. The window starts again at the next
    poll."""


class StillUncertain(EndpointError):
    """Nobody can tell whether Amazon took this shipment, so it is not sent again. Look at the order
    in Seller Central and confirm the shipment there if it is missing."""


class Unreadable(EndpointError):
    """Amazon's answer can't be read."""


class StaysSealed(EndpointError):
    """What is kept sealed can't be opened."""


class Later(EndpointError):
    """Not now. Try again later."""

    def __init__(
        self,
        message: str | None = None,
        *,
        not_before: datetime | None = None,
        field: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, field=field, request_id=request_id)
        self.not_before = not_before


class Throttled(Later):
    """Amazon's quota for this operation is used up for now."""


class AmazonUnavailable(Later):
    """Amazon doesn't answer as it should at the moment."""


class AnswerLost(Later):
    """The request was sent to Amazon, but its answer was lost: it may have been carried out."""
