"""NextTokens: each stands for the rest of a query, which is frozen with it."""

import secrets
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from amazon_endpoint.sandbox.mws.xml import MwsRefusal, invalid_value
from amazon_endpoint.sandbox.tokens import Caller

_LIFE = timedelta(hours=24)

_Rest = TypeVar("_Rest")


class Pages(Generic[_Rest]):
    """What is left of each query of one operation."""

    def __init__(self) -> None:
        self._rests: dict[tuple[Caller, str], tuple[datetime, _Rest]] = {}

    def keep(self, caller: Caller, rest: _Rest, now: datetime) -> str:
        """Keep what is left of a query and return its token, which must be encoded to be sent."""
        token = f"{secrets.token_hex(12)}+/=="
        self._rests[caller, token] = (now + _LIFE, rest)
        return token

    def open(self, caller: Caller, token: str, now: datetime) -> _Rest:
        """Return what is left of the query behind a token; MwsRefusal (400) when it is dead."""
        kept = self._rests.get((caller, token))
        if kept is None or now > kept[0]:
            raise dead_token()
        return kept[1]


def dead_token() -> MwsRefusal:
    """Refuse a NextToken."""
    return invalid_value("NextToken is not valid or has expired.")
