"""Transport: one seller's calls to Marketplace Web Service, told apart by what they mean.

What did not happen because Amazon failed is tried again for a moment. A used up quota is told at
once, with the moment from which there is some: most of MWS's come back too slowly to wait for.
"""

import base64
import hashlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from lxml import etree

from amazon_endpoint.amazon.amazon_time import AmazonTime
from amazon_endpoint.amazon.failures import broken, quoted, throttled
from amazon_endpoint.amazon.mws.credentials import MwsCredentials
from amazon_endpoint.amazon.mws.operations import Operation
from amazon_endpoint.amazon.mws.refusal import (
    Refusal,
    read_refusal,
    request_id,
    used_up_until,
)
from amazon_endpoint.amazon.mws.signature import signed_query
from amazon_endpoint.amazon.patience import (
    Garbled,
    Misdirected,
    come_back,
    passes,
    retry_after,
    retrying,
)
from amazon_endpoint.amazon.quota import Bucket, QuotaKey, Quotas, Rate, as_far_as_possible
from amazon_endpoint.amazon.user_agent import USER_AGENT
from amazon_endpoint.amazon.xml import child, local_name, read_xml
from amazon_endpoint.clock import Clock, iso
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonRefused,
    AmazonUnavailable,
    CredentialsRefused,
    Unreadable,
)
from amazon_endpoint.outbound import Answer, NoAnswer, NotSent, Outbound

_HOUR = timedelta(hours=1)

_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Refused(AmazonRefused):
    """Amazon refused the request. `code` is its word for why."""

    def __init__(self, message: str, *, code: str, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.code = code


class Transport:
    """Calls operations in the name of one seller."""

    def __init__(
        self,
        *,
        outbound: Outbound,
        quotas: Quotas,
        clock: Clock,
        amazon_time: AmazonTime,
        credentials: MwsCredentials,
        services_url: str,
    ) -> None:
        self.clock = clock
        self._outbound = outbound
        self._quotas = quotas
        self._amazon_time = amazon_time
        self._credentials = credentials
        self._services_url = services_url

    async def amazon_now(self) -> datetime:
        """The present moment at Amazon."""
        return await self._amazon_time.now(self._services_url)

    async def due(self, operation: Operation, calls: int = 1) -> datetime | None:
        """When so many calls of `operation`, at most its burst, may be made. None: now."""
        now = self.clock.now()
        moments = [
            await self._quotas.due(key, plan, calls, now) for key, plan in self._buckets(operation)
        ]
        return max((one for one in moments if one is not None), default=None)

    async def bucket(self, operation: Operation) -> Bucket:
        """What is left of the operation's quota, but for the hourly one."""
        key, plan = self._buckets(operation)[0]
        return await self._quotas.bucket(key, plan, self.clock.now())

    async def call(
        self,
        operation: Operation,
        read: Callable[[etree._Element], T],
        params: Mapping[str, str],
        *,
        content: bytes | None = None,
    ) -> T:
        """Call `operation` and `read` its result (ValueError or Unreadable: it makes no sense).

        `content` is the body; without it the parameters are.

        Raises:
            Throttled: its quota is used up; `not_before` says until when.
            AmazonUnavailable: nothing happened, and trying again for a moment did not help.
            AnswerLost: it was sent and may have happened; only for what is not repeatable.
            Refused, AccessDenied, CredentialsRefused: it did not happen, and will not.
        """

        def result(answer: Answer) -> T:
            root = read_xml(answer.body, "Amazon's answer", answer.headers.get("content-type"))
            found = child(root, f"{operation.name}Result")
            if local_name(root) != f"{operation.name}Response" or found is None:
                raise Unreadable("Amazon answered something else.")
            return read(found)

        return await self._call(operation, result, params, content)

    async def fetch(self, operation: Operation, params: Mapping[str, str]) -> Answer:
        """Call an operation that answers with an XML document, and see that it arrived as a whole:
        by its Content-MD5, else by its being XML.

        Raises: as `call` does.
        """

        def document(answer: Answer) -> Answer:
            told = answer.headers.get("content-md5")
            if told is None:
                read_xml(answer.body, "Amazon's document", answer.headers.get("content-type"))
            elif told.strip() != content_md5(answer.body):
                raise Unreadable("Amazon's document is not the one that its Content-MD5 tells.")
            return answer

        return await self._call(operation, document, params, None)

    async def _call(
        self,
        operation: Operation,
        read: Callable[[Answer], T],
        params: Mapping[str, str],
        content: bytes | None,
    ) -> T:
        async def attempt() -> T:
            await self._take_quota(operation)
            answer = await self._send(operation, params, content)
            refusal = None if 200 <= answer.status < 300 else read_refusal(answer)
            with as_far_as_possible(operation.name):
                await self._learn(operation, answer, refusal)
            if refusal is not None:
                raise self._failure(operation, answer, refusal)
            try:
                return read(answer)
            except (ValueError, Unreadable):
                # Not quoted: what was meant to be an order holds a buyer's data.
                told = f"answered {answer.status} with a body that can't be read"
            raise broken(operation, told, request_id=request_id(answer), kind=Garbled)

        return await retrying(self.clock, (AmazonUnavailable, Misdirected), operation.plan)(attempt)

    async def _take_quota(self, operation: Operation) -> None:
        # Of two buckets neither loses a token while the other one has none.
        not_before = await self.due(operation)
        if not_before is not None:
            raise throttled(operation, not_before)
        for key, plan in self._buckets(operation):
            not_before = await self._quotas.take(key, plan, self.clock.now())
            if not_before is not None:
                raise throttled(operation, not_before)

    async def _send(
        self, operation: Operation, params: Mapping[str, str], content: bytes | None
    ) -> Answer:
        url = self._services_url + operation.section.path
        query = signed_query(
            "POST", url, {**self._common(operation), **params}, self._credentials.secret_key
        )
        # Unpacked, a document would no longer be the one that its Content-MD5 tells.
        headers = {"user-agent": USER_AGENT, "accept": "text/xml", "accept-encoding": "identity"}
        if content is None:
            headers, content = headers | _FORM, query.encode()
        else:
            url = f"{url}?{query}"
            headers["content-type"] = "text/xml; charset=UTF-8"
            headers["content-md5"] = content_md5(content)
        try:
            answer = await self._outbound.send("POST", url, headers=headers, content=content)
        except NotSent as error:
            raise AmazonUnavailable(f"Amazon can't be reached: {error}.") from None
        except NoAnswer as error:
            raise broken(operation, f"gave no answer: {error}") from None
        self._amazon_time.note(self._services_url, answer.headers.get("date"))
        _log.info(
            "%s answered %d, request id %s", operation.name, answer.status, request_id(answer)
        )
        return answer

    def _common(self, operation: Operation) -> dict[str, str]:
        """What every request says ("Required request parameters")."""
        parameters = {
            "AWSAccessKeyId": self._credentials.access_key_id,
            "Action": operation.name,
            "SellerId": self._credentials.seller_id,
            "SignatureMethod": "HmacSHA256",
            "SignatureVersion": "2",
            # Amazon refuses a time that is off by a quarter of an hour.
            "Timestamp": iso(self._amazon_time.probably(self._services_url)),
            "Version": operation.section.version,
        }
        if self._credentials.auth_token:
            parameters["MWSAuthToken"] = self._credentials.auth_token
        return parameters

    def _buckets(self, operation: Operation) -> list[tuple[QuotaKey, Rate]]:
        client_id, account = self._credentials.access_key_id, self._credentials.account
        return [
            (QuotaKey(client_id, account, name), plan) for name, plan in operation.buckets.items()
        ]

    async def _learn(self, operation: Operation, answer: Answer, refusal: Refusal | None) -> None:
        now = self.clock.now()
        (key, plan), (hourly_key, hourly_plan) = self._buckets(operation)
        if refusal is not None and refusal.throttled:
            await self._quotas.learn(key, plan, now, drained=True)
        resets_at = used_up_until(answer, refusal)
        if resets_at is not None and now < resets_at:
            # Emptied so late that its first token is there when the next hour begins.
            first = timedelta(seconds=1 / hourly_plan.per_second)
            at = min(resets_at, now + _HOUR) - first
            await self._quotas.learn(hourly_key, hourly_plan, at, drained=True)

    def _failure(self, operation: Operation, answer: Answer, refusal: Refusal) -> Exception:
        ident = request_id(answer)
        if refusal.throttled:
            now = self.clock.now()
            wished = used_up_until(answer, refusal) or retry_after(
                answer.headers.get("retry-after"), now
            )
            return throttled(operation, come_back(operation.plan, now, wished), ident)
        credentials = self._credentials
        said = quoted(
            refusal.said, credentials.secret_key, credentials.access_key_id, credentials.auth_token
        )
        told = f"Amazon answered {operation.name} with {refusal.status}: {said}"
        if refusal.transient:
            return AmazonUnavailable(told, request_id=ident)
        if passes(refusal.status):
            wait = retry_after(answer.headers.get("retry-after"), self.clock.now())
            return broken(
                operation, f"answered {refusal.status}: {said}", request_id=ident, not_before=wait
            )
        if refusal.status < 400:
            return Misdirected(
                f"{told} A redirect is not followed: check the host.",
                field="amazon.services_host",
                request_id=ident,
            )
        return _refused(told, refusal, ident)


def _refused(told: str, refusal: Refusal, ident: str | None) -> AmazonRefused:
    """A refusal that repeating can't mend, with what to check."""
    if refusal.code == "InvalidAccessKeyId":
        return CredentialsRefused(
            f"{told} Check amazon.aws_access_key.",
            field="amazon.aws_access_key",
            request_id=ident,
        )
    if refusal.code == "SignatureDoesNotMatch":
        return CredentialsRefused(
            f"{told} Check that amazon.secret_key belongs to amazon.aws_access_key.",
            field="amazon.secret_key",
            request_id=ident,
        )
    if refusal.code == "AccessDenied" or refusal.status in {401, 403}:
        return AccessDenied(
            f"{told} Check that amazon.aws_access_key may act for amazon.seller_id, "
            "and that the seller sells in amazon.marketplace_id.",
            request_id=ident,
        )
    return Refused(told, code=refusal.code, request_id=ident)


def content_md5(content: bytes) -> str:
    """The digest that travels with a document, to tell whether it arrived as it was sent."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
