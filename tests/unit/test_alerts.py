"""The alert rules ask for what is exported, and say what to do."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

from amazon_endpoint import cli
from amazon_endpoint.sync.accounts import expiry
from amazon_endpoint.sync.reading import ReadingKind
from amazon_endpoint.sync.status import FeedsStatus, OutboxStatus, QuotaStatus, Status
from amazon_endpoint.web.metrics import Metrics
from tests.turned_clock import NOON, TurnedClock
from tests.unit.sync.statuses import POLL, account, status
from tests.unit.web.test_status_metrics import HandedStatus

DOCS = Path(__file__).parents[2] / "docs"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES]

_METRIC = re.compile(r"\b(amazon_endpoint_\w+)(?:\{(\w+)=\"(\w+)\"\})?")

_GROUPED = re.compile(r"by \(([^)]*)\) \((?:\w+\()?(amazon_endpoint_\w+)")


def full_status() -> Status:
    """A status with a value for everything."""
    return status(
        account(
            readings={ReadingKind.POLL: POLL},
            outbox=OutboxStatus(pending=1, oldest_pending_at=NOON),
            feeds=FeedsStatus(in_flight=1, oldest_sent_at=NOON),
            client_secret=expiry(NOON, NOON),
            quotas=(
                QuotaStatus(operation="getOrder", tokens=1, burst=30, per_second=1, next_at=None),
            ),
        )
    )


async def exported() -> dict[str, list[dict[str, str]]]:
    """The labels of every sample, by its name."""
    metrics, reader = Metrics(), HandedStatus()
    reader.status = full_status()
    metrics.show_status(reader, TurnedClock())
    metrics.message("amazon:order:poll", "failed", 1)
    metrics.amazon_throttled("getOrder")
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families((await metrics.exposition()).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
async def test_every_rule_asks_for_what_is_exported(rule: dict[str, Any]) -> None:
    samples = await exported()

    asked = _METRIC.findall(rule["expr"])

    assert asked
    for name, label, value in asked:
        assert name in samples, name
        assert not label or value in {one.get(label) for one in samples[name]}
    for labels, name in _GROUPED.findall(rule["expr"]):
        assert set(labels.split(", ")) <= samples[name][0].keys()


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_every_rule_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].endswith(".")
    for told in commands(rule["annotations"]["description"]):
        assert is_command(told), told


def test_no_two_rules_have_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_every_alert_is_explained() -> None:
    explained = (DOCS / "operations.md").read_text()

    assert [
        name for name in NAMES if f"`{name.removeprefix('AmazonEndpoint')}`" not in explained
    ] == []


def commands(text: str) -> Iterable[list[str]]:
    return [one.split() for one in re.findall(r"`amazon-endpoint ([^`]+)`", text)]


def is_command(words: list[str]) -> bool:
    command: click.Command | None = cli._amazon_endpoint
    while isinstance(command, click.Group) and words:
        command = command.get_command(click.Context(command), words[0])
        words = words[1:]
    options = {option for one in command.params for option in one.opts} if command else set()
    return command is not None and {one for one in words if one.startswith("--")} <= options
