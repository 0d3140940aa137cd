"""The status as people see it: problems first, ages instead of moments."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from amazon_endpoint.sync.accounts import Expiry, ExpiryLevel
from amazon_endpoint.sync.reading import ReadingKind
from amazon_endpoint.sync.status import (
    AccountStatus,
    Case,
    Finding,
    OutboxStatus,
    QuotaStatus,
    Severity,
    Status,
    counted,
    duration,
)

_STYLES = {Severity.PROBLEM: "bold red", Severity.NOTICE: "yellow"}
_READINGS = {
    ReadingKind.POLL: "Polls",
    ReadingKind.SWEEP: "Daily sweep",
    ReadingKind.BACKFILL: "Back-fill",
}
_DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def headline(status: Status, findings: Sequence[Finding]) -> RenderableType:
    """How many accounts and workers there are, and whether all is well."""
    problems = sum(one.severity is Severity.PROBLEM for one in findings)
    told = f"{counted(problems, 'problem')}" if problems else "all is well"
    return Text.assemble(
        f"{counted(len(status.accounts), 'account')}, "
        f"{counted(len(status.workers), 'worker')} at work, {_DATABASES[status.database]}: ",
        (told, "bold red" if problems else "green"),
    )


def findings_table(findings: Sequence[Finding]) -> Table:
    """What is wrong, and what to do next."""
    table = Table()
    for column in ("", "Account", "What", "Next"):
        table.add_column(column, overflow="fold")
    for one in findings:
        style = _STYLES[one.severity]
        severity = Text(str(one.severity), style=style)
        table.add_row(severity, one.account_id or "all", Text(one.what, style=style), one.next_step)
    return table


def accounts_table(status: Status, findings: Sequence[Finding]) -> Table:
    """One line for each account, those with problems first."""
    table = Table()
    table.add_column("Account", overflow="fold")
    table.add_column("Read up to", no_wrap=True)
    for column in ("New orders", "Not told", "For the store", "Shipments", "Feeds", "Secret"):
        table.add_column(column, overflow="fold")
    worst = {one.account_id: one.severity for one in reversed(findings)}
    for one in sorted(status.accounts, key=lambda one: _rank(worst.get(one.id))):
        severity = worst.get(one.id)
        table.add_row(
            Text(one.id, style=_STYLES[severity] if severity else ""),
            "paused" if one.paused_at else _ago(one.cursor, status.at),
            f"{one.orders.first_seen_last_hour:,}/h {one.orders.first_seen_last_day:,}/d",
            _held(one),
            _store(one.outbox, status.at),
            _shipments(one),
            _feeds(one, status.at),
            _expiry(one.client_secret),
        )
    return table


def account_table(account: AccountStatus, now: datetime) -> Table:
    """Everything about one account."""
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    orders, shipments = account.orders, account.shipments
    for label, value in (
        ("Account", account.id),
        ("Paused", f"for {duration(now - account.paused_at)}" if account.paused_at else "no"),
        ("Read up to", _ago(account.cursor, now)),
        *_readings(account, now),
        (
            "New orders",
            f"{orders.first_seen_last_hour:,} in an hour, {orders.first_seen_last_day:,} in a day",
        ),
        ("Waiting for prices", f"{orders.waiting_price:,}"),
        ("Without address", f"{orders.address_refused:,}"),
        ("In quarantine", f"{orders.quarantined:,}"),
        ("For the store", _store(account.outbox, now)),
        ("Shipments", _shipments(account)),
        (
            "Within a day",
            f"{shipments.confirmed_last_day:,} confirmed, {shipments.refused_last_day:,} refused",
        ),
        ("Feeds", _feeds(account, now)),
        ("Client secret", _expiry(account.client_secret)),
    ):
        table.add_row(label, escape(value))
    return table


def cases_table(cases: Sequence[Case], now: datetime) -> Table:
    """What there is to look at."""
    table = Table(title="To be looked at", title_justify="left")
    for column in ("What", "Order or feed", "Since", "Why"):
        table.add_column(column, overflow="fold")
    for one in cases:
        table.add_row(
            str(one.kind), escape(one.number or ""), _ago(one.since, now), escape(one.reason or "")
        )
    return table


def quotas_table(quotas: Sequence[QuotaStatus], now: datetime) -> Table:
    """What is left of Amazon's quotas."""
    table = Table(title="Amazon's quotas", title_justify="left")
    for column in ("Operation", "Calls left", "One more in", "Next"):
        table.add_column(column)
    for one in quotas:
        table.add_row(
            one.operation,
            f"{int(one.tokens)} of {one.burst}",
            duration(timedelta(seconds=1 / one.per_second)),
            "now" if one.next_at is None else f"in {duration(one.next_at - now)}",
        )
    return table


def _rank(severity: Severity | None) -> int:
    return [Severity.PROBLEM, Severity.NOTICE, None].index(severity)


def _readings(account: AccountStatus, now: datetime) -> list[tuple[str, str]]:
    told = []
    for kind, one in account.readings.items():
        if one.next_attempt_at is None:
            state = "is through"
        elif one.next_attempt_at <= now:
            state = "goes on now"
        else:
            state = f"goes on in {duration(one.next_attempt_at - now)}"
        if one.progress is not None:
            state = f"{one.progress:.0%} stored, {state}"
        if one.last_error:
            state += f", {counted(one.attempts, 'failure')} in a row, last {one.last_error}"
        told.append((_READINGS[kind], state))
    return told


def _held(account: AccountStatus) -> str:
    orders = account.orders
    return _listed(
        (orders.waiting_price, "without price"),
        (orders.address_refused, "without address"),
        (orders.quarantined, "in quarantine"),
    )


def _store(outbox: OutboxStatus, now: datetime) -> str:
    told = _listed(
        (outbox.pending, "pending"), (outbox.parked, "parked"), (outbox.expired, "erased")
    )
    if outbox.stopped_at is not None:
        return f"{told}, gone"
    if outbox.rests_until is not None and outbox.rests_until > now:
        return f"{told}, rests for {duration(outbox.rests_until - now)}"
    if outbox.oldest_pending_at is not None:
        return f"{told}, oldest {duration(now - outbox.oldest_pending_at)}"
    return told


def _shipments(account: AccountStatus) -> str:
    shipments = account.shipments
    return _listed(
        (shipments.waiting, "waiting"),
        (shipments.sent, "sent"),
        (shipments.doubted, "in doubt"),
        (shipments.alarms, "with alarm"),
    )


def _feeds(account: AccountStatus, now: datetime) -> str:
    feeds = account.feeds
    if feeds.oldest_sent_at is None:
        return "–"
    return f"{feeds.in_flight:,}, oldest {duration(now - feeds.oldest_sent_at)}"


def _expiry(expiry: Expiry | None) -> str:
    if expiry is None:
        return "not known"
    return "expired" if expiry.level is ExpiryLevel.EXPIRED else f"{expiry.days_left} d left"


def _listed(*counts: tuple[int, str]) -> str:
    """The counts that are not zero."""
    return ", ".join(f"{number:,} {what}" for number, what in counts if number) or "–"


def _ago(moment: datetime, now: datetime) -> str:
    return f"{duration(now - moment)} ago"
