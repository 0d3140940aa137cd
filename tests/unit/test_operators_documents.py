"""What operators are told to set and to run is there."""

import re
import shlex
from pathlib import Path

import click
import pytest

from amazon_endpoint import cli, settings

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTS = ["deployment.md", "backup.md", "operations.md", "shipments.md"]


def known_settings() -> set[str]:
    names = {one.variable for one in settings.listed(settings.Settings())} | {settings.CONFIG}
    return names | {f"{name}_FILE" for name in names}


def shown(document: str) -> list[list[str]]:
    """The arguments of every call of our command, in the examples and in the text."""
    text = (DOCS / document).read_text()
    text = text.replace("docker compose run --rm endpoint", "amazon-endpoint")
    calls = re.findall(r"(?:^|bin/|`)amazon-endpoint ([a-z][^`\n]*)", text, flags=re.MULTILINE)
    return [shlex.split(one, comments=True) for one in calls]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_setting_is_one(document: str) -> None:
    named = set(re.findall(rf"{settings.PREFIX}[A-Z_]+", (DOCS / document).read_text()))
    assert named <= known_settings()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_is_one(document: str) -> None:
    assert shown(document)
    for arguments in shown(document):
        command: click.Command | None = cli._amazon_endpoint
        words = iter(arguments)
        while isinstance(command, click.Group):
            command = command.get_command(click.Context(command), next(words, ""))
        assert command is not None, arguments
        options = {option for one in command.params for option in one.opts}
        assert {word for word in words if word.startswith("--")} <= options, arguments


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_document_that_is_linked_is_there(document: str) -> None:
    for linked in re.findall(r"\]\(([^)#:]+)\)", (DOCS / document).read_text()):
        assert (DOCS / linked).exists(), linked
