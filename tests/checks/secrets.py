"""No tracked file holds a secret but the examples that `.secrets.baseline` lists.

``python -m tests.checks.secrets [file …]`` looks at these files only.
"""

import subprocess
import sys
from pathlib import Path

from detect_secrets.core.baseline import load, load_from_file
from detect_secrets.core.secrets_collection import SecretsCollection

_BASELINE = ".secrets.baseline"
_WHAT_TO_DO = f"""
If it is a secret: withdraw it where it was given out, then take it out of the history. If it is an
example, call it "canary-1" or "a wrong one", which {_BASELINE} lets pass, or list it:
.venv/bin/detect-secrets scan --no-verify --slim --baseline {_BASELINE}"""


def unlisted(files: list[str]) -> list[str]:
    """Where there is what looks like a secret and is not listed; never the secret itself."""
    examples = load(load_from_file(_BASELINE), _BASELINE)
    found = SecretsCollection()
    found.scan_files(*files)
    return [f"{file}:{one.line_number}: {one.type}" for file, one in found - examples]


def main() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True, text=True)
    files = sys.argv[1:] or [one for one in listed.stdout.split("\0") if Path(one).is_file()]
    if found := unlisted(files):
        sys.exit("\n".join([*found, _WHAT_TO_DO]))


if __name__ == "__main__":
    main()
