"""No locked dependency has a known vulnerability, as far as the service that knows them answers.

``python -m tests.checks.vulnerabilities requirements.txt [option of pip-audit …]``
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_SECONDS = 120


def judged(report: dict[str, Any]) -> tuple[list[str], str | None]:
    """The vulnerabilities that pip-audit's report tells, and what it tells of no audit."""
    dependencies = report["dependencies"]
    found = [
        f"{one['name']} {one['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for one in dependencies
        for vulnerability in one.get("vulns", ())
    ]
    skipped = [one["name"] for one in dependencies if "skip_reason" in one]
    if not skipped:
        return found, None
    which = "any dependency" if len(skipped) == len(dependencies) else ", ".join(skipped)
    return found, f"the vulnerability service has no answer for {which}"


def _audited(arguments: Sequence[str]) -> dict[str, Any] | str:
    """pip-audit's report, or why there is none."""
    program = Path(sys.executable).with_name("pip-audit")
    options = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json"]
    try:
        audit = subprocess.run(
            [program, *options, "--requirement", *arguments],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,  # it tells by this both what it found and that it could not look
        )
        report: dict[str, Any] = json.loads(audit.stdout)
    except subprocess.TimeoutExpired:
        return f"the vulnerability service took more than {_SECONDS} seconds"
    except ValueError:
        *_, why = audit.stderr.strip().splitlines() or [""]
        return f"pip-audit could not do it: {why[:200]}"
    return report


def main() -> None:
    report = _audited(sys.argv[1:])
    found, skipped = ([], report) if isinstance(report, str) else judged(report)
    if skipped:
        print(f"skipped: {skipped}")
    if found:
        sys.exit("\n".join([*found, "Lock another version: uv lock --upgrade-package NAME"]))


if __name__ == "__main__":
    main()
