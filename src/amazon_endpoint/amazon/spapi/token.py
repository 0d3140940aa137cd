"""Login with Amazon: access tokens, fetched once for all who need them."""

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlencode

import msgspec

from amazon_endpoint.amazon.amazon_time import AmazonTime
from amazon_endpoint.amazon.patience import Misdirected, passes, retry_after, retrying
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import AmazonUnavailable, CredentialsRefused
from amazon_endpoint.outbound import Answer, NoAnswer, NotSent, Outbound

CAPACITY = 10_000
_A_CALL = timedelta(seconds=60)
_LONGEST_LIFE_SECONDS = 24 * 3600

_WHAT_TO_CHECK = {
    "invalid_grant": "amazon.refresh_token",
    "invalid_client": "amazon.client_secret",
    "unauthorized_client": "amazon.client_id",
}
_ADVICE = {
    "amazon.refresh_token": "Amazon refused the refresh token: the seller may have withdrawn the "
    "authorisation, or it belongs to another application.",
    "amazon.client_secret": "Amazon refused the application: amazon.client_id and "
    "amazon.client_secret must belong together, and a client secret expires after 180 days.",
    "amazon.client_id": "Amazon does not let this application act for sellers.",
}


class _Key(msgspec.Struct, frozen=True):
    base_url: str
    client_id: str
    client_secret: bytes
    refresh_token: bytes


class _Token(msgspec.Struct, frozen=True):
    text: str
    life: timedelta
    ends_at: datetime

    def lasts(self, wished: timedelta, now: datetime) -> bool:
        """Whether it is good for as long as is wished, or for half of a life that is short."""
        return now + min(wished, self.life / 2) < self.ends_at


class _Grant(msgspec.Struct):
    # It travels in a header.
    access_token: Annotated[str, msgspec.Meta(pattern=r"^[!-~]+\Z")]
    expires_in: Annotated[int, msgspec.Meta(gt=0)]


class _Refusal(msgspec.Struct):
    error: str = ""


class TokenCache:
    """Access tokens by credentials, the least used dropped first.

    Callers with the same credentials share one request. It outlives whichever of them began it.
    """

    def __init__(
        self, outbound: Outbound, clock: Clock, amazon_time: AmazonTime, capacity: int = CAPACITY
    ) -> None:
        self._outbound = outbound
        self._clock = clock
        self._amazon_time = amazon_time
        self._capacity = capacity
        self._tokens: OrderedDict[_Key, _Token] = OrderedDict()
        self._flights: dict[_Key, asyncio.Task[str]] = {}

    async def access_token(
        self,
        base_url: str,
        credentials: SellingPartnerCredentials,
        lasting: timedelta = _A_CALL,
    ) -> str:
        """A token that is good for a call, or for as long as it has to last.

        Raises:
            CredentialsRefused: Amazon does not take the credentials.
            AmazonUnavailable: no answer worth the name, after a few tries.
            AmazonRefused: whoever answers there has no tokens to give.
        """
        key = _key(base_url, credentials)
        token = self._tokens.get(key)
        if token is not None and token.lasts(lasting, self._clock.now()):
            self._tokens.move_to_end(key)
            return token.text
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._renew(key, credentials))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    def forget(self, base_url: str, credentials: SellingPartnerCredentials, token: str) -> None:
        """Drop a token that Amazon no longer takes, unless it has been renewed already."""
        key = _key(base_url, credentials)
        kept = self._tokens.get(key)
        if kept is not None and kept.text == token:
            del self._tokens[key]

    async def aclose(self) -> None:
        """Give up every request that is under way."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _landed(self, key: _Key, flight: asyncio.Task[str]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # seen, even if nobody waits for it any more

    async def _renew(self, key: _Key, credentials: SellingPartnerCredentials) -> str:
        asked_at = self._clock.now()
        grant = await self._granted(key.base_url, credentials)
        life = timedelta(seconds=min(grant.expires_in, _LONGEST_LIFE_SECONDS))
        self._tokens[key] = _Token(grant.access_token, life, asked_at + life)
        self._tokens.move_to_end(key)
        while len(self._tokens) > self._capacity:
            self._tokens.popitem(last=False)
        return grant.access_token

    async def _granted(self, base_url: str, credentials: SellingPartnerCredentials) -> _Grant:
        previous = credentials.previous_client_secret
        try:
            grant: _Grant = await retrying(self._clock)(self._ask, base_url, credentials)
        except CredentialsRefused as refused:
            if previous is None or refused.field != "amazon.client_secret":
                raise
        else:
            return grant
        before = msgspec.structs.replace(
            credentials, client_secret=previous, previous_client_secret=None
        )
        return await self._granted(base_url, before)

    async def _ask(self, base_url: str, credentials: SellingPartnerCredentials) -> _Grant:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": credentials.refresh_token,
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
        }
        try:
            answer = await self._outbound.send(
                "POST",
                f"{base_url}/auth/o2/token",
                headers={"content-type": "application/x-www-form-urlencoded;charset=UTF-8"},
                content=urlencode(form).encode(),
            )
        except (NotSent, NoAnswer) as error:
            raise AmazonUnavailable(f"Login with Amazon can't be reached: {error}.") from None
        self._amazon_time.note(base_url, answer.headers.get("date"))
        if answer.status == 200:
            return _grant(answer)
        if answer.status in {400, 401}:
            raise _refused(answer)
        told = f"Login with Amazon answered {answer.status}."
        request_id = answer.headers.get("x-amzn-requestid")
        if passes(answer.status):
            raise AmazonUnavailable(
                told,
                not_before=retry_after(answer.headers.get("retry-after"), self._clock.now()),
                request_id=request_id,
            )
        raise Misdirected(
            f"{told} It does not serve access tokens there: check the host, and what lies between "
            "it and this machine.",
            field="amazon.token_host",
            request_id=request_id,
        )


def _key(base_url: str, credentials: SellingPartnerCredentials) -> _Key:
    return _Key(
        base_url,
        credentials.client_id,
        sha256(credentials.client_secret.encode()).digest(),
        sha256(credentials.refresh_token.encode()).digest(),
    )


def _grant(answer: Answer) -> _Grant:
    try:
        return msgspec.json.decode(answer.body, type=_Grant)
    except (ValueError, RecursionError):
        raise AmazonUnavailable(
            "Login with Amazon sent an answer that can't be read.",
            request_id=answer.headers.get("x-amzn-requestid"),
        ) from None


def _refused(answer: Answer) -> CredentialsRefused:
    try:
        word = msgspec.json.decode(answer.body, type=_Refusal).error
    except (ValueError, RecursionError):
        word = ""
    field = _WHAT_TO_CHECK.get(word)
    request_id = answer.headers.get("x-amzn-requestid")
    return CredentialsRefused(_ADVICE.get(field or ""), field=field, request_id=request_id)
