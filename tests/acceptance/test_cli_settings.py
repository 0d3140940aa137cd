"""`amazon-endpoint settings` tells what can be set, and no secret."""

import json

from amazon_endpoint.settings import names
from tests.acceptance.conftest import Command

SECRETS = {"token": "canary-1", "client_secret": "canary-2", "refresh_token": "canary-3"}


def test_lists_every_setting_with_its_value(bare_command: Command) -> None:
    done = bare_command("settings", "--json", log_level="debug", **SECRETS)
    listed = {one["name"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 0
    assert set(listed) == set(names())
    assert (listed["log_level"]["default"], listed["log_level"]["value"]) == ("info", "debug")
    assert {listed[name]["value"] for name in SECRETS} == {"set"}


def test_shows_no_secret(bare_command: Command) -> None:
    for form in ([], ["--json"]):
        done = bare_command("settings", *form, **SECRETS)
        assert "AMAZON_ENDPOINT_CLIENT_SECRET" in done.stdout
        assert "canary" not in done.stdout + done.stderr


def test_an_unknown_setting_is_told(bare_command: Command) -> None:
    done = bare_command("settings", tokn="canary")
    assert done.returncode == 2
    assert "Is it AMAZON_ENDPOINT_TOKEN" in done.stderr


def test_the_version_is_told_without_loading_anything(bare_command: Command) -> None:
    done = bare_command("--version", tokn="not even settings")
    assert (done.returncode, done.stdout) == (0, "amazon-endpoint, version 0.1.0\n")
