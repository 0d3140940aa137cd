"""The endpoint as the command line asks it: in this process, or one that is served elsewhere.

Either way the command line is a small hub: a message goes out, a reply comes back.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Protocol
from uuid import uuid4

import click
import httpx2
import msgspec

from amazon_endpoint import logs
from amazon_endpoint.amazon import connect
from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.cli.listening import is_loopback
from amazon_endpoint.cli.reply import Refused, Reply, read_reply
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import Later
from amazon_endpoint.hub.v5.message import Service, decode
from amazon_endpoint.services.confirmations import Channel
from amazon_endpoint.settings import PREFIX, SettingInvalid, Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.web.hub_v5 import HubV5
from amazon_endpoint.web.metrics import Metrics
from amazon_endpoint.web.shipments import Reception, nobody_woken

# As patient as a hub: the endpoint answers within its reply_seconds.
_PATIENCE = httpx2.Timeout(180, connect=5)

_NEEDED = ("seller_id", "marketplace_id")
_HOSTS = ("services_host", "token_host")


class Endpoint(Protocol):
    """What answers a hub's messages."""

    async def ask(
        self, service: Service, payload: Mapping[str, object], parameters: Mapping[str, str]
    ) -> Reply:
        """The reply to a message of `service` with this payload.

        `parameters` are added to those that name the account.

        Raises:
            Later: not now; the same message may be sent again from `not_before`.
            EndpointError: it can't be carried out.
        """
        ...


@asynccontextmanager
async def open_endpoint(
    settings: Settings, clock: Clock, *, via: str | None = None, channel: Channel = Channel.FEED
) -> AsyncIterator[Endpoint]:
    """The endpoint that is served at `via`, else one in this process, with its storage.

    Raises:
        SettingInvalid: the settings don't name the account.
        StorageUnusable: the database can't be opened.
        click.UsageError: secrets would travel to `via` in clear text.
    """
    logs.configure("debug" if settings.log_level == "debug" else "warning", settings.log_format)
    account = account_parameters(settings)
    hosts = AllowedHosts(settings.allowed_hosts)
    if via is not None:
        async with httpx2.AsyncClient(
            base_url=_checked(via, hosts), timeout=_PATIENCE, trust_env=False
        ) as client:
            yield _Served(client, account, settings.token, clock)
        return
    async with await Storage.open(settings.database) as storage:
        connector = Connector(quotas=storage.quotas, clock=clock, hosts=hosts)
        try:
            hub = HubV5(
                settings=settings,
                connector=connector,
                confirmations=storage.confirmations,
                reception=Reception(
                    partial(storage.unlock, settings.key), wake=nobody_woken, clock=clock
                ),
                metrics=Metrics(),
                clock=clock,
                channel=channel,
            )
            yield _InProcess(hub, account, clock)
        finally:
            await connector.aclose()


def account_parameters(settings: Settings) -> dict[str, str]:
    """The account of the settings, as the parameters that a hub would send.

    Raises:
        SettingInvalid: some of what is needed isn't set.
    """
    given = {
        **settings.credentials,
        **{name: getattr(settings, name) for name in (*_NEEDED, *_HOSTS)},
    }
    generation = connect.chosen(lambda one: one.name in given)
    credentials = [one.name for one in generation.parameters if not one.optional]
    missing = [name for name in (*credentials, *_NEEDED) if given.get(name) is None]
    if missing:
        raise SettingInvalid(
            "Not set. `amazon-endpoint settings` tells what to set.",
            field=", ".join(PREFIX + name.upper() for name in missing),
        )
    return {f"amazon.{name}": value for name, value in given.items() if value is not None}


class _InProcess:
    """Carries messages out in this process."""

    def __init__(self, hub: HubV5, account: Mapping[str, str], clock: Clock) -> None:
        self._hub = hub
        self._account = account
        self._clock = clock

    async def ask(
        self, service: Service, payload: Mapping[str, object], parameters: Mapping[str, str]
    ) -> Reply:
        """See `Endpoint`."""
        asked = decode(message(service, payload, {**self._account, **parameters}))
        return _answered(await self._hub.carry_out(asked, service), self._clock)


class _Served:
    """Posts messages to an endpoint that is served."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        account: Mapping[str, str],
        token: str | None,
        clock: Clock,
    ) -> None:
        self._client = client
        self._account = account
        self._headers = {"content-type": "application/json"}
        if token is not None:
            self._headers["authorization"] = f"Bearer {token}"
        self._clock = clock

    async def ask(
        self, service: Service, payload: Mapping[str, object], parameters: Mapping[str, str]
    ) -> Reply:
        """See `Endpoint`."""
        try:
            answer = await self._client.post(
                service.path,
                content=message(service, payload, {**self._account, **parameters}),
                headers=self._headers,
            )
        except httpx2.HTTPError as error:
            kind = type(error).__name__
            raise Refused(
                f"The endpoint at {self._client.base_url} can't be reached ({kind}). Is "
                "`amazon-endpoint serve` running there?"
            ) from None
        if answer.status_code == 401:
            raise SettingInvalid("The endpoint expects another token.", field=f"{PREFIX}TOKEN")
        if answer.status_code != 200:
            raise Refused(f"The endpoint answered {answer.status_code}: {answer.text[:300]}")
        return _answered(answer.content, self._clock)


def message(
    service: Service, payload: Mapping[str, object], parameters: Mapping[str, str]
) -> bytes:
    """A message as a hub posts it."""
    listed = [{"name": name, "value": value} for name, value in parameters.items()]
    return msgspec.json.encode(
        {
            "message": service.value,
            "message_id": uuid4().hex,
            "payload": {**payload, "parameters": listed},
        }
    )


def _answered(content: bytes, clock: Clock) -> Reply:
    try:
        reply = read_reply(content)
    except (ValueError, RecursionError):
        raise Refused("This is no endpoint's answer. Check the address.") from None
    if reply.delay is not None and not reply.messages:
        raise Later(
            f"Amazon is not done with it, or its quota is used up: ask again in {reply.delay} "
            "seconds.",
            not_before=clock.now() + timedelta(seconds=reply.delay),
        )
    return reply


def _checked(via: str, hosts: AllowedHosts) -> str:
    try:
        url = httpx2.URL(via)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        raise click.UsageError("--via takes the address of an endpoint, like http://127.0.0.1:8000")
    safe = url.scheme == "https" or is_loopback(url.host) or hosts.listed(url.host, url.port or 80)
    if not safe:
        raise click.UsageError(
            f"Secrets and buyers' data would travel to {url.host} in clear text. Use https, or "
            f"allow {url.host} with {PREFIX}ALLOWED_HOSTS."
        )
    return via
