"""`amazon-endpoint serve` and `sandbox` start, say where, and stop when told to."""

import signal
import socket

import httpx2
import pytest

from amazon_endpoint.cli.sandbox import environment, mws_environment
from tests.acceptance.conftest import Command, address


def test_serves_until_it_is_told_to_stop(bare_command: Command) -> None:
    with bare_command.running("serve", "--port", "0") as server:
        url = address(server)
        healthy = httpx2.get(f"{url}/health")
        missing = httpx2.get(f"{url}/canary-path")
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    told = (bare_command.folder / "stderr").read_text()

    assert healthy.status_code == 200
    assert "server" not in healthy.headers
    assert missing.status_code == 404
    assert "No token is set: everyone on this machine may call." in told
    assert "canary" not in told


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "shop.example"])
def test_does_not_serve_others_without_a_token(bare_command: Command, host: str) -> None:
    done = bare_command("serve", "--host", host, "--port", "0")
    assert done.returncode == 2
    assert "AMAZON_ENDPOINT_TOKEN" in done.stderr


def test_serves_others_with_a_token(bare_command: Command) -> None:
    token = "a-token-for-this-test"
    with bare_command.running("serve", "--host", "0.0.0.0", "--port", "0", token=token) as server:
        url = address(server).replace("0.0.0.0", "127.0.0.1")
        assert httpx2.get(f"{url}/auth").status_code == 401
        assert httpx2.get(f"{url}/auth", headers={"x-hub-token": token}).status_code == 200


def test_a_token_that_is_easy_to_guess_is_remarked(bare_command: Command) -> None:
    with bare_command.running("serve", "--port", "0", token="short") as server:
        httpx2.get(f"{address(server)}/health")
    assert "easy to guess" in (bare_command.folder / "stderr").read_text()


@pytest.mark.parametrize("server", ["serve", "sandbox"])
def test_a_taken_port_is_told(bare_command: Command, server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = bare_command(server, "--port", port)
    assert done.returncode == 1
    assert f"Can't listen on 127.0.0.1 port {port}" in done.stderr


def test_a_database_that_cannot_be_opened_is_told(bare_command: Command) -> None:
    done = bare_command("serve", "--port", "0", database="/proc/nowhere/endpoint.db")
    assert (done.returncode, done.stdout) == (2, "")
    assert "AMAZON_ENDPOINT_DATABASE" in done.stderr


def test_the_sandbox_tells_how_to_use_it(bare_command: Command) -> None:
    with bare_command.running("sandbox", "--port", "0", "--orders", "3") as sandbox:
        url = address(sandbox)
        held = httpx2.get(f"{url}/_sandbox/orders").json()["orders"]
        sandbox.send_signal(signal.SIGTERM)
        assert sandbox.stdout is not None
        told = sandbox.stdout.read()
        assert sandbox.wait(30) == 0
    assert len(held) == 3
    for given in (environment(url), mws_environment(url)):
        for variable, value in given.items():
            assert f"  export {variable}={value}\n" in told
    assert f"  amazon.services_host = {url}\n" in told
    assert "  amazon.secret_key = local-" in told


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--now", "noon", "--now"),
        ("--report-charset", "klingon", "klingon"),
        ("--page-cap", "101", "--page-cap"),
        ("--item-page-cap", "0", "--item-page-cap"),
        ("--scenario", "nowhere.json", "nowhere.json"),
    ],
)
def test_a_sandbox_that_cannot_be_is_told(
    bare_command: Command, option: str, value: str, told: str
) -> None:
    done = bare_command("sandbox", "--port", "0", option, value)
    assert done.returncode == 2
    assert told in done.stderr
