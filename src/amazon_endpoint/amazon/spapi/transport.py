"""Transport: one seller's calls to the Selling Partner API, told apart by what they mean.

What did not happen is tried again for a moment, then left to the caller with the moment from
which it may be tried. What may have happened is never repeated here.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

import msgspec

from amazon_endpoint.amazon.amazon_time import AmazonTime
from amazon_endpoint.amazon.failures import broken, quoted, throttled
from amazon_endpoint.amazon.patience import (
    Garbled,
    Misdirected,
    come_back,
    passes,
    retry_after,
    retrying,
)
from amazon_endpoint.amazon.quota import Bucket, QuotaKey, Quotas, as_far_as_possible
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.amazon.spapi.operations import Operation
from amazon_endpoint.amazon.spapi.shallow import shallow
from amazon_endpoint.amazon.spapi.token import TokenCache
from amazon_endpoint.amazon.user_agent import USER_AGENT
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonRefused,
    AmazonUnavailable,
    CredentialsRefused,
)
from amazon_endpoint.outbound import Answer, NoAnswer, NotSent, Outbound

# And than whatever comes before it, each with its repetitions.
_LONGER_THAN_A_SUBMISSION = timedelta(minutes=10)

_log = logging.getLogger(__name__)

T = TypeVar("T")


class BadRequest(AmazonRefused):
    """Amazon can't use the request (400)."""


class NotFound(AmazonRefused):
    """Amazon knows no such thing in this account (404)."""


class _TokenRefused(AmazonRefused):
    """Amazon does not take the access token."""


class _AmazonError(msgspec.Struct):
    code: str | None = None
    message: str | None = None
    details: str | None = None


class _AmazonErrors(msgspec.Struct):
    errors: list[_AmazonError]


class Transport:
    """Calls operations in the name of one seller."""

    def __init__(
        self,
        *,
        outbound: Outbound,
        tokens: TokenCache,
        quotas: Quotas,
        clock: Clock,
        amazon_time: AmazonTime,
        credentials: SellingPartnerCredentials,
        services_url: str,
        token_url: str,
    ) -> None:
        self.outbound = outbound
        self.clock = clock
        self._tokens = tokens
        self._quotas = quotas
        self._amazon_time = amazon_time
        self._credentials = credentials
        self._services_url = services_url
        self._token_url = token_url

    @property
    def account(self) -> tuple[str, str]:
        """The application and the fingerprint of the seller's authorisation."""
        return self._credentials.client_id, self._credentials.account

    async def amazon_now(self) -> datetime:
        """The present moment at Amazon; a token's answer tells it too, and is needed anyway."""
        hosts = (self._services_url, self._token_url)
        if self._amazon_time.lately(*hosts) is None:
            await self._access_token()
        return await self._amazon_time.now(*hosts)

    async def call(
        self,
        operation: Operation,
        read: Callable[[bytes], T],
        *,
        path_id: str = "",
        params: Mapping[str, str] | None = None,
        body: object = None,
    ) -> T:
        """Call `operation` and `read` its body (ValueError: it makes no sense).

        Raises:
            Throttled: its quota is used up for longer than a moment; `not_before` says until when.
            AmazonUnavailable: nothing happened, and trying again for a moment did not help.
            AnswerLost: it was sent and may have happened; only for what is not repeatable.
            BadRequest, NotFound, AccessDenied, CredentialsRefused, AmazonRefused: it did not
                happen, and will not.
        """

        async def attempt(token: str) -> T:
            await self._take_quota(operation)
            answer = await self._send(operation, token, path_id, params, body)
            await self._learn(operation, answer)
            if not 200 <= answer.status < 300:
                raise self._failure(operation, answer, token)
            try:
                return _read(read, answer.body)
            except (ValueError, RecursionError):
                # Not quoted: what was meant to be an order holds a buyer's data.
                told = f"answered {answer.status} with a body that can't be read"
                raise broken(
                    operation, told, request_id=_request_id(answer), kind=Garbled
                ) from None

        token = await self._access_token()
        try:
            return await retrying(self.clock, plan=operation.plan)(attempt, token)
        except _TokenRefused:
            self._tokens.forget(self._token_url, self._credentials, token)
        try:
            token = await self._access_token()
            return await retrying(self.clock, plan=operation.plan)(attempt, token)
        except _TokenRefused as refused:
            raise CredentialsRefused(
                f"{refused.message} A fresh access token did not help. Check that the client "
                "secret has not expired and that the seller's authorisation still stands.",
                request_id=refused.request_id,
            ) from None

    async def have_token(self) -> None:
        """See that what is called in the next minutes finds an access token.

        A submission spends no time on one then: it is to be done, or known not to be, soon.
        """
        await self._tokens.access_token(
            self._token_url, self._credentials, lasting=_LONGER_THAN_A_SUBMISSION
        )

    async def _access_token(self) -> str:
        return await self._tokens.access_token(self._token_url, self._credentials)

    async def bucket(self, operation: Operation) -> Bucket:
        """What is left of the operation's quota."""
        key, now = self._quota_key(operation), self.clock.now()
        return await self._quotas.bucket(key, operation.plan, now)

    def _quota_key(self, operation: Operation) -> QuotaKey:
        return QuotaKey(*self.account, operation.name)

    async def _take_quota(self, operation: Operation) -> None:
        key, now = self._quota_key(operation), self.clock.now()
        not_before = await self._quotas.take(key, operation.plan, now)
        if not_before is not None:
            raise throttled(operation, not_before)

    async def _send(
        self,
        operation: Operation,
        token: str,
        path_id: str,
        params: Mapping[str, str] | None,
        body: object,
    ) -> Answer:
        headers = {
            "user-agent": USER_AGENT,
            "accept": "application/json",
            "x-amz-access-token": token,
            "x-amz-date": self.clock.now().strftime("%Y%m%dT%H%M%SZ"),
        }
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = msgspec.json.encode(body)
        path = operation.path.format(id=quote(path_id, safe=""))
        try:
            answer = await self.outbound.send(
                operation.method,
                self._services_url + path,
                params=params,
                headers=headers,
                content=content,
            )
        except NotSent as error:
            raise AmazonUnavailable(f"Amazon can't be reached: {error}.") from None
        except NoAnswer as error:
            raise broken(operation, f"gave no answer: {error}") from None
        self._amazon_time.note(self._services_url, answer.headers.get("date"))
        _log.info(
            "%s answered %d, request id %s", operation.name, answer.status, _request_id(answer)
        )
        return answer

    async def _learn(self, operation: Operation, answer: Answer) -> None:
        rate = _told_rate(answer)
        drained = answer.status == 429
        if rate is not None or drained:
            key, now = self._quota_key(operation), self.clock.now()
            with as_far_as_possible(operation.name):
                await self._quotas.learn(key, operation.plan, now, rate=rate, drained=drained)

    def _failure(self, operation: Operation, answer: Answer, token: str) -> Exception:
        status, request_id = answer.status, _request_id(answer)
        if status == 429:
            return throttled(operation, self._refilled(operation, answer), request_id)
        said = quoted(_said(answer), token)
        if passes(status):
            wait = retry_after(answer.headers.get("retry-after"), self.clock.now())
            return broken(
                operation, f"answered {status}: {said}", request_id=request_id, not_before=wait
            )
        told = f"Amazon answered {operation.name} with {status}: {said}"
        if status < 400:
            return Misdirected(
                f"{told} A redirect is not followed: check the host.",
                field="amazon.services_host",
                request_id=request_id,
            )
        if status in {401, 403}:
            if status == 401 or "token" in said.lower() or "expired" in said.lower():
                return _TokenRefused(told, request_id=request_id)
            return AccessDenied(
                f"{told} Check that the application has the role {operation.role}, and that the "
                "seller's authorisation includes it and covers the marketplace.",
                request_id=request_id,
            )
        kind = {400: BadRequest, 404: NotFound}.get(status, AmazonRefused)
        return kind(told, request_id=request_id)

    def _refilled(self, operation: Operation, answer: Answer) -> datetime:
        """When to come back after a 429, which has no `Retry-After` and no rate as a rule."""
        now = self.clock.now()
        wished = retry_after(answer.headers.get("retry-after"), now)
        return come_back(operation.plan, now, wished, _told_rate(answer))


def _read(read: Callable[[bytes], T], body: bytes) -> T:
    try:
        return read(body)
    except RecursionError:
        return read(shallow(body))


def _request_id(answer: Answer) -> str | None:
    return answer.headers.get("x-amzn-requestid")


def _told_rate(answer: Answer) -> float | None:
    try:
        rate = float(answer.headers["x-amzn-ratelimit-limit"])
    except (KeyError, ValueError):
        return None
    return rate if 0 < rate < float("inf") else None


def _said(answer: Answer) -> str:
    """Amazon's own words in a refusal. What came instead is not quoted: it may hold anything."""
    try:
        errors = msgspec.json.decode(answer.body, type=_AmazonErrors).errors
        words = [word for one in errors for word in (one.code, one.message, one.details) if word]
    except (ValueError, RecursionError):
        words = []
    return " ".join(words) or "The answer is no error message of Amazon's."
