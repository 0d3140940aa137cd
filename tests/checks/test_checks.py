"""`make check` finds what it looks for."""

from pathlib import Path

import pytest

from tests.checks.secrets import unlisted
from tests.checks.vulnerabilities import judged

_HEX = "0123456789abcdef"


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        ("key = AKIA" + "ABCDEFGHIJKLMNOP", "AWS Access Key"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "Private Key"),
        ("url = postgresql://shop:" + "correcthorsebattery@db/orders", "Basic Auth Credentials"),
        ("secret: amzn1.oa2-cs.v1." + _HEX[::-1] * 4, "Login with Amazon"),
        ("token: Atzr|" + "IwEBIJ9kX2" * 5, "Login with Amazon"),
        ('key = "Q7c0dLw2ZsX9vB4n' + 'M1kJ8hG5fD3aP6oI"', "Base64 High Entropy String"),
    ],
)
def test_a_secret_is_found(planted: str, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text(f"# one\n{planted}\n", encoding="utf-8")

    assert f"{file}:2: {kind}" in unlisted([str(file)])


def test_what_is_none_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text('url = "postgresql://shop:hunter2@db/orders"\nid = "Atzr|example"\n')

    assert unlisted([str(file)]) == []


def test_a_vulnerability_is_told_with_what_mends_it() -> None:
    known = {"id": "PYSEC-2026-1", "fix_versions": ["1.0.1"], "aliases": [], "description": "…"}
    report = {
        "dependencies": [
            {"name": "one", "version": "1.0", "vulns": [known]},
            {"name": "two", "version": "2.0", "vulns": []},
        ]
    }

    assert judged(report) == (["one 1.0: PYSEC-2026-1, mended in 1.0.1"], None)


def test_what_was_not_audited_is_told() -> None:
    unknown = {"name": "one", "skip_reason": "Dependency not found"}
    sound = {"name": "two", "version": "2.0", "vulns": []}

    assert judged({"dependencies": [unknown]})[1] == (
        "the vulnerability service has no answer for any dependency"
    )
    assert judged({"dependencies": [unknown, sound]})[1] == (
        "the vulnerability service has no answer for one"
    )
