"""The image's health check, run as the container engine would run it."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.acceptance.conftest import Command, address

DOCKERFILE = (Path(__file__).parents[2] / "Dockerfile").read_text()


def is_healthy(port: str) -> bool:
    (line,) = re.findall(r"^ +CMD (\[.*\])$", DOCKERFILE, flags=re.MULTILINE)
    python, *arguments = json.loads(line)
    assert python == "python"
    assert "8000" in arguments[-1]
    asked = [*arguments[:-1], arguments[-1].replace("8000", port)]
    done = subprocess.run([sys.executable, *asked], capture_output=True, timeout=30, check=False)
    return done.returncode == 0


def test_it_tells_a_server_that_answers_from_one_that_does_not(bare_command: Command) -> None:
    with bare_command.running("serve", "--port", "0") as server:
        port = address(server).rpartition(":")[2]
        assert is_healthy(port)
    server.wait(30)
    assert not is_healthy(port)
