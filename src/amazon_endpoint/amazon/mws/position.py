"""Position: where a window stands, down to the order within a page.

An order's items take a call of their own, so that quota may end in the middle of a page. The page
is listed again then, by the same call, and the orders that were told are passed over by number:
Amazon may have moved others into the page meanwhile.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from amazon_endpoint.errors import PageTokenRefused

_PREFIX = "m1."


class Position(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The page that `next_token` lists (None: the window's first), less the orders `told`.

    `left` is how many orders are to be expected there. `failures` counts, by order, how often its
    items could not be had while those of others could.
    """

    next_token: str | None = None
    told: tuple[str, ...] = ()
    left: int
    failures: dict[str, int] = msgspec.field(default_factory=dict)

    def written(self) -> str:
        """The position as a page token, opaque to all others."""
        return _PREFIX + urlsafe_b64encode(msgspec.json.encode(self)).decode()


def read_position(page_token: str) -> Position:
    """The position that `Position.written` made a page token of.

    Raises:
        PageTokenRefused: it did not; a token of another generation, perhaps.
    """
    try:
        if not page_token.startswith(_PREFIX):
            raise ValueError
        written = urlsafe_b64decode(page_token.removeprefix(_PREFIX))
        return msgspec.json.decode(written, type=Position)
    except (ValueError, RecursionError):
        raise PageTokenRefused from None
