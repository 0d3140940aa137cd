"""No locked dependency has a known vulnerability, as far as the service that knows them is there.

``python -m tests.checks.vulnerabilities requirements.txt …``
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_SECONDS = 120

# What pip-audit says where the service can't be reached, or whoever stands before it lets nobody
# through. It fails for much else.
_NOT_THERE = re.compile(
    r"^requests\.exceptions\.\w+"
    r"|^ERROR:pip_audit\._cli:(?:Could not connect to|PyPI is not redirecting)",
    re.MULTILINE,
)


class NotThereError(Exception):
    """The service that knows vulnerabilities is not there."""


def judged(report: dict[str, Any]) -> list[str]:
    """What is wrong with the dependencies that pip-audit reports on.

    Raises:
        NotThereError: the service knows none of them, as where an index has packages alone.
    """
    dependencies = report["dependencies"]
    unknown = [one["name"] for one in dependencies if "skip_reason" in one]
    if not dependencies:
        return ["pip-audit found no dependency in the files."]
    if len(unknown) == len(dependencies):
        raise NotThereError("the service knows no dependency")
    return [
        *(f"{name}: the service knows no such version" for name in unknown),
        *(
            f"{one['name']} {one['version']}: {vulnerability['id']}, mended in "
            f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
            for one in dependencies
            for vulnerability in one.get("vulns", ())
        ),
    ]


def read(output: str, errors: str) -> dict[str, Any]:
    """The report that pip-audit wrote.

    Raises:
        NotThereError: it wrote none, since the service is not there.
        SystemExit: it wrote none for another reason.
    """
    try:
        report: dict[str, Any] = json.loads(output)
    except ValueError:
        if said := _NOT_THERE.search(errors):
            raise NotThereError(said[0]) from None
        sys.exit(f"pip-audit failed:\n{errors}")
    return report


def audited(files: Sequence[str]) -> list[str]:
    """What is wrong with the dependencies that these files lock.

    Raises:
        NotThereError: the service is not there.
        SystemExit: pip-audit could not do it for another reason.
    """
    program = Path(sys.executable).with_name("pip-audit")
    options = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json"]
    try:
        audit = subprocess.run(
            [program, *options, *(f"--requirement={file}" for file in files)],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,  # it tells by this both what it found and that it could not look
        )
    except subprocess.TimeoutExpired:
        raise NotThereError(f"the service took more than {_SECONDS} seconds") from None
    return judged(read(audit.stdout, audit.stderr))


def main() -> None:
    try:
        wrong = audited(sys.argv[1:])
    except NotThereError as why:
        print(f"pip-audit skipped: {why}")
        return
    if wrong:
        sys.exit("\n".join([*wrong, "Lock another version (uv lock, uv pip compile)."]))


if __name__ == "__main__":
    main()
