"""`orders`: bring orders in from Amazon, and erase their buyers."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import click

from amazon_endpoint import logs, settings
from amazon_endpoint.cli import options
from amazon_endpoint.cli.endpoint import Endpoint, open_endpoint
from amazon_endpoint.cli.order_table import order_table
from amazon_endpoint.cli.output import remark, show, write_json, write_messages
from amazon_endpoint.cli.poll_state import PollState
from amazon_endpoint.cli.reply import Parameter, Reply
from amazon_endpoint.cli.waiting import resumes_at, wait, working
from amazon_endpoint.clock import Clock, SystemClock, iso
from amazon_endpoint.errors import EndpointError, InvalidInput, Later
from amazon_endpoint.hub.fields import MOMENT_EXAMPLE, order_number
from amazon_endpoint.hub.parameters import STATUSES
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.orders import AMAZON, MERCHANT
from amazon_endpoint.services import resume, seen
from amazon_endpoint.storage import Storage
from amazon_endpoint.sync.erasure import Erased


@click.group()
def command() -> None:
    """Bring orders in from Amazon, and erase their buyers."""


@command.command()
@click.option(
    "--since",
    metavar="TIME",
    help=f"Orders updated from here on, like {MOMENT_EXAMPLE}. Needed until --state has a place.",
)
@click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file that keeps how far orders were read; the next poll goes on there.",
)
@click.option("--wait", "waits", is_flag=True, help="Wait when Amazon's quota is used up.")
@click.option("--statuses", help=f"Some of {', '.join(STATUSES)}, separated by commas.")
@click.option("--fulfilled-by", help=f"{MERCHANT}, {AMAZON} or both, separated by a comma.")
@click.option("--all", "everything", is_flag=True, help="Every status, whoever fulfils the order.")
@options.via
@options.as_json
def poll(
    since: str | None,
    state_file: Path | None,
    waits: bool,
    statuses: str | None,
    fulfilled_by: str | None,
    everything: bool,
    via: str | None,
    as_json: bool,
) -> None:
    """Read every order that was updated, page by page, until there are no more.

    Without filters: the merchant's own orders that are to be shipped. When Amazon's quota is used
    up it ends with exit code 75, or waits with --wait. An order comes again when it is updated.
    With --json each line is an order:import message.
    """
    state = PollState(state_file)
    if since is not None:
        state.begin(since)
    if state.cursor is None:
        raise click.UsageError("Say with --since from when on orders are wanted.")
    if everything:
        statuses, fulfilled_by = ",".join(STATUSES), f"{MERCHANT},{AMAZON}"
    filters = {"amazon.statuses": statuses or "", "amazon.fulfilled_by": fulfilled_by or ""}

    count = 0

    def write(reply: Reply) -> None:
        nonlocal count
        count += len(reply.messages)
        _write(reply, as_json=as_json)
        remark(reply)

    async def run() -> None:
        clock = SystemClock()
        async with open_endpoint(settings.load(), clock, via=via) as endpoint:
            await read_on(endpoint, state, filters, write, clock, waits=waits)

    try:
        asyncio.run(run())
        if not count:
            click.echo("Nothing new.", err=True)
    except Later:
        if state_file is None:
            click.echo("Without --state the next poll begins at --since again.", err=True)
        raise
    finally:
        if count:
            click.echo(f"{_counted(count, 'order')}.", err=True)


async def read_on(
    endpoint: Endpoint,
    state: PollState,
    filters: dict[str, str],
    write: Callable[[Reply], None],
    clock: Clock,
    *,
    waits: bool,
) -> None:
    """Poll until the window is finished, keeping the place in `state` as a hub would.

    The place moves on only after `write` returned: whatever happens, no order is left out.

    Raises:
        Later: Amazon's quota is used up, and nobody waits for it.
        EndpointError: something else ended it.
    """
    while True:
        try:
            with working("Reading orders"):
                reply = await endpoint.ask(Service.ORDER_POLL, {}, {**filters, **state.parameters})
        except Later as later:
            if not waits:
                raise _stopped(later, clock) from later
            await wait(clock, later)
            continue
        except InvalidInput as invalid:
            if invalid.field in {resume.FIELD, seen.FIELD}:
                state.keep([Parameter(invalid.field, "")])
            raise
        write(reply)
        state.keep(reply.parameters)
        reply.check()
        if not state.unfinished:
            return


def _write(reply: Reply, *, as_json: bool) -> None:
    if as_json:
        write_messages(reply.messages)
    elif reply.messages:
        show(order_table(reply.messages))


def _stopped(later: Later, clock: Clock) -> Later:
    at = resumes_at(clock, later)
    return Later(
        f"{later.message} Run it again at {iso(at)} or later, or use --wait.", not_before=at
    )


@command.command()
@click.argument("number")
@options.via
@options.as_json
def get(number: str, via: str | None, as_json: bool) -> None:
    """Read one order by its number, whatever its status."""
    try:
        wanted = order_number(number, "NUMBER")
    except InvalidInput as invalid:
        raise click.BadParameter(invalid.message, param_hint="NUMBER") from None

    async def run() -> Reply:
        async with open_endpoint(settings.load(), SystemClock(), via=via) as endpoint:
            with working(f"Reading order {wanted}"):
                return await endpoint.ask(Service.IMPORT_BY_NUMBER, {"amazon_order_id": wanted}, {})

    reply = asyncio.run(run())
    _write(reply, as_json=as_json)
    remark(reply)
    reply.check()


@command.command()
@click.argument("account_id", metavar="ACCOUNT")
@click.argument("number")
@click.confirmation_option(prompt="Erase all that is kept of this order's buyer?")
@options.as_json
def erase(account_id: str, number: str, as_json: bool) -> None:
    """Erase all that is kept of an order's buyer, as its 30 days would.

    Messages that the store has not got yet are never sent, shipments that Amazon was not told of
    have to be sent again, and the order itself is told no further, but for its cancellation. What
    the store and Amazon have is theirs to erase.
    """
    given, now = settings.load(), SystemClock().now()
    logs.configure("debug" if given.log_level == "debug" else "warning", given.log_format)

    async def run() -> Erased | None:
        async with await Storage.open(given.database) as storage:
            kept = await storage.unlock(given.key)
            return await kept.buyers_data.erase(account_id, number, now)

    erased = asyncio.run(run())
    if erased is None:
        raise EndpointError(f"Nothing is kept of order {number} for {account_id}.")
    if as_json:
        write_json(
            {
                "account": account_id,
                "order": number,
                "erased_at": iso(erased.before or now),
                "messages": erased.messages,
                "undelivered": erased.expired,
                "shipments": erased.shipments,
            }
        )
    else:
        click.echo(_erased(number, erased))


def _erased(number: str, erased: Erased) -> str:
    parts = []
    if erased.messages:
        lacking = f" ({erased.expired} that the store never got)" if erased.expired else ""
        parts.append(f"{_counted(erased.messages, 'message')}{lacking}")
    if erased.shipments:
        parts.append(_counted(erased.shipments, "shipment"))
    what = " and ".join(parts)
    if erased.before is None:
        return f"Order {number} is erased{f', with {what}' if what else ''}."
    since = f" Erased now, as it came since: {what}." if what else ""
    return f"Order {number} was erased already, {iso(erased.before)}.{since}"


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"
