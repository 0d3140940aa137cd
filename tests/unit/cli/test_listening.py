import resource
import socket

import click
import pytest

from amazon_endpoint.cli.listening import address, allow_connections, is_loopback, listen


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_only_this_machine_calls_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "shop.example", ""])
def test_anything_else_can_be_called_from_elsewhere(host: str) -> None:
    assert not is_loopback(host)


def test_a_taken_port_is_told() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert address(taken) == f"http://127.0.0.1:{port}"
        with pytest.raises(click.ClickException, match=f"127.0.0.1 port {port}"):
            listen("127.0.0.1", port)


def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(click.ClickException, match="Can't listen on"):
        listen("no.such.host.invalid", 0)


def test_an_address_of_version_six_is_a_url() -> None:
    class Listener(socket.socket):
        def getsockname(self) -> tuple[str, int, int, int]:
            return "::1", 8000, 0, 0

    with Listener() as listener:
        assert address(listener) == "http://[::1]:8000"


def test_a_server_has_as_many_connections_as_the_system_allows() -> None:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, most), most))
    try:
        allow_connections()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))
