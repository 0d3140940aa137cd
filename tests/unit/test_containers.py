"""The image and the composition name only what there is: seen without a container engine."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from amazon_endpoint import cli, settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = YAML(typ="safe").load(ROOT / "compose.yaml")
OURS = {name: one for name, one in COMPOSE["services"].items() if "build" in one}
SECRETS = {
    "database": "postgresql://amazon_endpoint:password@postgresql/amazon_endpoint",
    "key": "a" * 43 + "=",
    "token": "a-token-of-some-length",
}


def instructions(name: str) -> list[str]:
    """The arguments of every such instruction, in their order."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name}\s+(.+)$", joined, flags=re.MULTILINE)


def check_command(arguments: Sequence[str]) -> None:
    """Have our command line parse it, without carrying it out."""
    name, *rest = arguments
    group = cli._amazon_endpoint
    command = group.get_command(click.Context(group), name)
    assert command is not None, name
    command.make_context(name, list(rest))


def test_the_image_starts_with_a_command_that_there_is() -> None:
    assert json.loads(instructions("ENTRYPOINT")[-1]) == ["amazon-endpoint"]
    check_command(json.loads(instructions("CMD")[-1]))


def test_the_image_runs_as_nobody_of_importance() -> None:
    final_stage = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    (user,) = re.findall(r"^USER (\d+):\d+$", final_stage, flags=re.MULTILINE)
    assert int(user) >= 10_000


def test_the_image_is_made_with_the_versions_of_make() -> None:
    (pinned,) = re.findall(r"^ARG UV_VERSION=(.+)$", DOCKERFILE, flags=re.MULTILINE)
    assert f"\nUV_VERSION := {pinned}\n" in (ROOT / "Makefile").read_text()


def test_what_is_copied_is_there_and_not_ignored() -> None:
    allowed = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    copied = [
        source
        for line in instructions("COPY")
        if not line.startswith("--from=")
        for source in line.split()[:-1]
    ]
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source in allowed


def test_the_image_holds_no_settings() -> None:
    assert settings.PREFIX not in DOCKERFILE


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_a_command_that_there_is(name: str) -> None:
    check_command(OURS[name]["command"])


@pytest.mark.parametrize("name", OURS)
def test_a_service_has_settings_that_there_are(name: str, tmp_path: Path) -> None:
    environ = {}
    for variable, value in OURS[name]["environment"].items():
        environ[variable] = value
        if value.startswith("/run/secrets/"):
            secret = value.removeprefix("/run/secrets/")
            assert secret in OURS[name]["secrets"]
            (tmp_path / secret).write_text(SECRETS[secret])
            environ[variable] = str(tmp_path / secret)
    read = settings.load(environ)
    assert read.database == SECRETS["database"]
    assert read.key == SECRETS["key"]


def test_only_who_is_called_from_elsewhere_has_the_token() -> None:
    holders = {name for name, one in OURS.items() if "token" in one["secrets"]}
    assert holders == {name for name, one in OURS.items() if "--host" in one["command"]}


def test_no_secret_stands_in_the_composition() -> None:
    for one in OURS.values():
        for field in settings.listed(settings.Settings()):
            if field.name in {"token", "key", "database"}:
                assert field.variable not in one["environment"]
    for one in COMPOSE["secrets"].values():
        assert one["file"].startswith("secrets/")
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_every_image_of_others_is_pinned() -> None:
    images = [one["image"] for one in COMPOSE["services"].values() if "build" not in one]
    assert images
    for image in images:
        assert re.search(r":v?\d", image), image


def test_every_file_that_is_mounted_is_there() -> None:
    for one in COMPOSE["configs"].values():
        if "file" in one:
            assert (ROOT / one["file"]).exists()
