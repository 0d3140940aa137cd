"""`make run`: the whole loop on the local Amazon, checked at every step."""

import re

import httpx2
import pytest

from tests.acceptance.conftest import Command, address


def test_the_whole_loop_happens(bare_command: Command) -> None:
    done = bare_command("demo", "--once", services_host="https://not.for.the.demo", token="mine")

    assert done.returncode == 0, done.stdout + done.stderr
    pages = re.search(r"✓ (\d+) orders in (\d+) pages, as many as it holds", done.stdout)
    assert pages is not None
    assert int(pages[1]) > 100
    assert int(pages[2]) > 1
    assert "The order is PartiallyShipped now." in done.stdout
    assert "The order is Shipped now." in done.stdout
    assert done.stdout.count("Succesfully processed feed") == 2

    assert {one.name for one in bare_command.folder.iterdir()} == {".state"}
    for url in re.findall(r"http://127\.0\.0\.1:\d+", done.stdout):
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(url)


def test_both_run_on_until_they_are_stopped(bare_command: Command) -> None:
    with bare_command.running("demo") as demo:
        assert demo.stdout is not None
        amazon, endpoint = address(demo), address(demo)
        for line in demo.stdout:
            if "until Ctrl-C" in line:
                break
        healthy = httpx2.get(f"{endpoint}/health")
        demo.terminate()
        assert demo.wait(30) == 0

    assert healthy.status_code == 200
    for url in (amazon, endpoint):
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(url)
