"""Seen: what the cursor's own second already delivered.

Amazon's lower bound is inclusive, so the newest order comes again with the next poll. The reply
that repeats it names what it repeats, and the poll after that leaves exactly those out.
"""

import re
from datetime import datetime

from amazon_endpoint.clock import iso
from amazon_endpoint.errors import InvalidInput

FIELD = "amazon.seen"
_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ( [0-9a-f]{16})+", re.ASCII)


def write(cursor: datetime, digests: tuple[str, ...]) -> str:
    """The value of `amazon.seen`: the cursor and the digests of its second's orders."""
    return " ".join((iso(cursor), *dict.fromkeys(digests)))


def read(text: str | None, cursor: datetime) -> tuple[str, ...]:
    """The digests that `text` holds for `cursor`; none if it speaks of another cursor.

    Raises:
        InvalidInput: the text is not one that `write` made.
    """
    if text is None:
        return ()
    if not _FORM.fullmatch(text):
        raise InvalidInput(
            "This is not what we gave. It is dropped: the next poll may repeat the newest orders.",
            field=FIELD,
        )
    told, *digests = text.split(" ")
    return tuple(digests) if told == iso(cursor) else ()
