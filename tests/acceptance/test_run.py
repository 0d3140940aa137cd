"""`make run`: the whole loop on the local Amazon, checked at every step."""

import re
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.conftest import Command, address

STORE = str(Path(__file__).parents[2] / "examples" / "receiver.py")


def test_the_whole_loop_happens(bare_command: Command) -> None:
    done = bare_command(
        *("demo", "--once", "--store", STORE),
        services_host="https://not.for.the.demo",
        token="mine",
    )

    assert done.returncode == 0, done.stdout + done.stderr
    pages = re.search(r"✓ (\d+) orders in (\d+) pages, as many as it holds", done.stdout)
    assert pages is not None
    assert int(pages[1]) > 100
    assert int(pages[2]) > 1
    assert "The order is PartiallyShipped now." in done.stdout
    assert "The order is Shipped now." in done.stdout
    assert done.stdout.count("Succesfully processed feed") == 2

    came = re.search(r"✓ (\d+) orders of any status came to the store", done.stdout)
    assert came is not None
    assert int(came[1]) > int(pages[1])
    assert "Amazon confirmed, and the store was told." in done.stdout

    assert {one.name for one in bare_command.folder.iterdir()} == {".state"}
    for url in re.findall(r"http://127\.0\.0\.1:\d+", done.stdout):
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(url)


def test_all_run_on_until_they_are_stopped(bare_command: Command) -> None:
    with bare_command.running("demo", "--store", STORE) as demo:
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
