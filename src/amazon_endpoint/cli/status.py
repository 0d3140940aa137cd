"""`status`: how it goes with all accounts, and what to do next."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import click
import msgspec
from rich.console import Group, RenderableType

from amazon_endpoint import logs, settings
from amazon_endpoint.cli import options
from amazon_endpoint.cli.exit_codes import FAILED
from amazon_endpoint.cli.output import show, write_json
from amazon_endpoint.cli.status_table import (
    account_table,
    accounts_table,
    cases_table,
    findings_table,
    headline,
    quotas_table,
)
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.sync.status import Case, Finding, Severity, Status, StatusReader, findings

_SECONDS_BETWEEN_LOOKS = 5


class _Look(msgspec.Struct, frozen=True, kw_only=True):
    """A status, what is to be told of it, and of one account what there is to look at."""

    healthy: bool
    findings: Sequence[Finding]
    cases: Sequence[Case]
    status: Status


@click.command()
@click.option("--account", "account_id", metavar="ID", help="Everything about this one.")
@click.option("--watch", is_flag=True, help="Look again every 5 seconds, until Ctrl-C.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, account_id: str | None, watch: bool, as_json: bool) -> None:
    """Tell how it goes with all accounts, problems first, and what to do next.

    Ends with exit code 0 when all is well, and with 1 when something needs attention; notices
    don't. It reads the database alone: neither a server nor a worker need be running.
    """
    if watch and as_json:
        raise click.UsageError("--json tells of one look; leave out --watch.")
    given = settings.load()
    logs.configure("debug" if given.log_level == "debug" else "warning", given.log_format)
    if watch:
        _watch(given, account_id)
        return
    look = asyncio.run(_look_once(given, account_id))
    if as_json:
        write_json(look)
    else:
        show(_shown(look, detailed=account_id is not None))
    if not look.healthy:
        ctx.exit(FAILED)


def _watch(given: Settings, account_id: str | None) -> None:
    clock = SystemClock()

    async def run() -> None:
        async with await Storage.open(given.database) as storage:
            while True:
                look = await _look(storage.status(given.key), account_id)
                click.clear()
                show(_shown(look, detailed=account_id is not None))
                await clock.sleep(_SECONDS_BETWEEN_LOOKS)

    # That is how it ends.
    with suppress(KeyboardInterrupt):
        asyncio.run(run())


async def _look_once(given: Settings, account_id: str | None) -> _Look:
    async with await Storage.open(given.database) as storage:
        return await _look(storage.status(given.key), account_id)


async def _look(reader: StatusReader, account_id: str | None) -> _Look:
    now = SystemClock().now()
    status = await reader.read(now, account_id)
    told = findings(status)
    return _Look(
        healthy=all(one.severity is not Severity.PROBLEM for one in told),
        findings=told,
        cases=await reader.cases(now, account_id) if account_id is not None else (),
        status=status,
    )


def _shown(look: _Look, *, detailed: bool) -> RenderableType:
    parts = [headline(look.status, look.findings)]
    if look.findings:
        parts.append(findings_table(look.findings))
    if detailed:
        (account,) = look.status.accounts
        parts.append(account_table(account, look.status.at))
        if look.cases:
            parts.append(cases_table(look.cases, look.status.at))
        if account.quotas:
            parts.append(quotas_table(account.quotas, look.status.at))
    elif look.status.accounts:
        parts.append(accounts_table(look.status, look.findings))
    return Group(*parts)
