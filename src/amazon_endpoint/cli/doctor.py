"""`doctor`: find out what is wrong, and how to mend it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

import click
import msgspec

from amazon_endpoint import logs, settings
from amazon_endpoint.amazon.connect import Connector, base_urls
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.port import Amazon, OrderQuery
from amazon_endpoint.cli import options
from amazon_endpoint.cli.endpoint import account_parameters
from amazon_endpoint.cli.exit_codes import FAILED, told
from amazon_endpoint.cli.output import write_json
from amazon_endpoint.cli.waiting import working
from amazon_endpoint.clock import Clock, SystemClock
from amazon_endpoint.errors import AccessDenied, AmazonRefused, CredentialsRefused, EndpointError
from amazon_endpoint.hub import parameters
from amazon_endpoint.outbound import NoAnswer, NotSent, Outbound
from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage

_MOST_SKEW = timedelta(seconds=30)

# Of the right form, and nobody's.
_NO_ORDER = "000-0000000-0000000"

_COLOURS = {"ok": "green", "warning": "yellow", "wrong": "red"}


class Doubt(EndpointError):
    """This works, and had better be changed."""


class Finding(msgspec.Struct, frozen=True):
    """What one check found."""

    check: str
    outcome: Literal["ok", "warning", "wrong"]
    told: str


@click.command()
@options.deep
@options.as_json
@click.pass_context
def command(ctx: click.Context, deep: bool, as_json: bool) -> None:
    """Find out what is wrong, and how to mend it.

    Checks the settings, the database, the hosts, the clock, the credentials and the roles, one
    after the other. Ends with exit code 1 if anything is wrong.
    """
    examine(ctx, lambda examination: examination.of_everything(deep=deep), as_json=as_json)


def examine(
    ctx: click.Context,
    checks: Callable[["Examination"], Coroutine[None, None, None]],
    *,
    as_json: bool,
) -> None:
    """Carry out checks and tell what each found; exit code 1 if anything is wrong."""
    findings: list[Finding] = []

    def note(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            outcome = click.style(f"{finding.outcome:>7}", fg=_COLOURS[finding.outcome])
            click.echo(f"{outcome}  {finding.check}: {finding.told}")

    asyncio.run(checks(Examination(SystemClock(), note)))
    if as_json:
        write_json(findings)
    if any(finding.outcome == "wrong" for finding in findings):
        ctx.exit(FAILED)


class Examination:
    """The checks in their order. Where one fails that others rest on, they are left out."""

    def __init__(self, clock: Clock, note: Callable[[Finding], None]) -> None:
        self._clock = clock
        self._note = note

    async def of_everything(self, *, deep: bool) -> None:
        """Check the settings, the database, and the account that the settings name."""
        if not await self.passes("Settings", _settings):
            return
        given = settings.load()
        logs.configure("error", given.log_format)
        if await self.passes("Database", lambda: _database(given)):
            await self.of_account(given, _account(given), deep=deep)

    async def of_account(self, given: Settings, account: Account, *, deep: bool) -> None:
        """Check everything between us and this account at Amazon."""
        hosts = AllowedHosts(given.allowed_hosts)
        if not await self.passes("Hosts and clock", lambda: self._hosts(account, hosts)):
            return
        async with _connected(given, account, hosts, self._clock) as amazon:
            if not await self.passes("Login with Amazon", lambda: _login(amazon)):
                return
            await self.passes("Orders", lambda: _orders(amazon))
            await self.passes("Feeds", lambda: self._feeds(amazon))
            if deep:
                await self.passes("Buyers and addresses", lambda: self._people(amazon, account))

    async def of_login(self, name: str, given: Settings, account: Account) -> None:
        """Check nothing but whether Amazon takes the account's credentials."""

        async def login() -> str:
            hosts = AllowedHosts(given.allowed_hosts)
            async with _connected(given, account, hosts, self._clock) as amazon:
                return await _login(amazon)

        await self.passes(name, login)

    async def passes(self, name: str, check: Callable[[], Awaitable[str]]) -> bool:
        """Tell what a check found; False if it failed.

        It returns what is well, and raises `Doubt` or any other `EndpointError`.
        """
        try:
            with working(f"Checking: {name}"):
                finding = Finding(name, "ok", await check())
        except Doubt as doubt:
            finding = Finding(name, "warning", doubt.message)
        except EndpointError as error:
            finding = Finding(name, "wrong", told(error))
        self._note(finding)
        return finding.outcome != "wrong"

    async def _hosts(self, account: Account, hosts: AllowedHosts) -> str:
        urls = dict.fromkeys(base_urls(account, hosts))
        outbound = Outbound(may_be_private=hosts.listed)
        try:
            for url in urls:
                date = await _date(outbound, url)
                ahead = self._clock.now() - date if date else timedelta()
                if abs(ahead) > _MOST_SKEW:
                    way = "ahead of" if ahead > timedelta() else "behind"
                    raise Doubt(
                        f"This machine's clock is {abs(ahead).total_seconds():.0f} seconds {way} "
                        f"{url}. Let the machine synchronise it (NTP)."
                    )
        finally:
            await outbound.aclose()
        return f"{' and '.join(urls)} answer, and the clock agrees with theirs."

    async def _feeds(self, amazon: Amazon) -> str:
        await amazon.feeds_since(self._clock.now() - timedelta(hours=1))
        return "The application may see feeds."

    async def _people(self, amazon: Amazon, account: Account) -> str:
        before = await amazon.latest_upper_bound()
        page = await amazon.search_orders(
            OrderQuery(
                after=before - timedelta(days=30),
                before=before,
                marketplace_ids=account.marketplace_ids,
            ),
            None,
        )
        if not page.orders:
            raise Doubt("No order was updated in the last 30 days: there is nothing to see.")
        if any(order.personal_data_refused for order in page.orders):
            raise EndpointError(
                "Amazon withholds buyers and addresses. Give the application the restricted role "
                "'Direct-to-Consumer Shipping', and let the seller authorise it again."
            )
        return "Amazon gives buyers and addresses."


async def _settings() -> str:
    given = settings.load()
    _account(given)
    if given.remarks:
        raise Doubt(" ".join(given.remarks))
    return "Everything that is needed is set."


def _account(given: Settings) -> Account:
    return parameters.read(account_parameters(given).items()).account()


async def _database(given: Settings) -> str:
    async with await Storage.open(given.database):
        return "It opens, and is up to date."


async def _date(outbound: Outbound, url: str) -> datetime | None:
    """What time it is there; any answer will do."""
    try:
        answer = await outbound.send("GET", url, headers={})
    except (NotSent, NoAnswer) as error:
        raise EndpointError(
            f"{url} can't be reached ({error}). Check the network, its firewall and name server."
        ) from None
    try:
        return parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return None


async def _login(amazon: Amazon) -> str:
    # Whom it denies access, it knows.
    with suppress(AccessDenied):
        await _look_for_an_order(amazon)
    return "Amazon takes the credentials."


async def _orders(amazon: Amazon) -> str:
    await _look_for_an_order(amazon)
    return "The application may read orders."


async def _look_for_an_order(amazon: Amazon) -> None:
    """Make a call that takes credentials over every generation, and the right to read orders."""
    try:
        await amazon.get_order(_NO_ORDER)
    except (AccessDenied, CredentialsRefused):
        raise
    except AmazonRefused:
        # It looked for the order.
        pass


@asynccontextmanager
async def _connected(
    given: Settings, account: Account, hosts: AllowedHosts, clock: Clock
) -> AsyncIterator[Amazon]:
    async with await Storage.open(given.database) as storage:
        connector = Connector(quotas=storage.quotas, clock=clock, hosts=hosts)
        try:
            yield connector.connect(account)
        finally:
            await connector.aclose()
