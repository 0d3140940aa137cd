"""`make check` finds what it looks for."""

from pathlib import Path

import pytest

from tests.checks.secrets import unlisted
from tests.checks.vulnerabilities import NotThereError, audited, judged, read

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
        ('key = "Q7c0dLw2ZsX9vB4n' + 'M1kJ8hG5fEXAMPLE"', "Base64 High Entropy String"),
        ('password = "' + 'correcthorsebattery"', "Secret Keyword"),
        ('DB_PASSWORD = "' + 'S3cure-Passw0rd-99"', "Secret Keyword"),
        ('{"client_secret": "' + 'Xy-4kq"}', "Secret Keyword"),
    ],
)
def test_a_secret_is_found(planted: str, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text(f"# one\n{planted}\n", encoding="utf-8")

    assert f"{file}:2: {kind}" in unlisted([str(file)])


def test_what_is_none_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text(
        'url = "postgresql://shop:hunter2@db/orders"\nid = "Atzr|example"\n'
        'client_secret = "canary-1"\npassword = "a wrong one"\n'
    )

    assert unlisted([str(file)]) == []


SOUND = {"name": "two", "version": "2.0", "vulns": []}
UNKNOWN = {"name": "three", "skip_reason": "Dependency not found on PyPI"}


def test_a_vulnerability_is_told_with_what_mends_it() -> None:
    known = {"id": "PYSEC-2026-1", "fix_versions": ["1.0.1"], "aliases": [], "description": "…"}
    vulnerable = {"name": "one", "version": "1.0", "vulns": [known]}

    assert judged({"dependencies": [vulnerable, SOUND]}) == [
        "one 1.0: PYSEC-2026-1, mended in 1.0.1"
    ]


def test_what_the_service_does_not_know_is_told() -> None:
    assert judged({"dependencies": [UNKNOWN, SOUND]}) == [
        "three: the service knows no such version"
    ]
    assert judged({"dependencies": []}) == ["pip-audit found no dependency in the files."]


def test_an_index_that_knows_no_vulnerabilities_is_no_service() -> None:
    with pytest.raises(NotThereError):
        judged({"dependencies": [UNKNOWN, UNKNOWN]})


@pytest.mark.parametrize(
    "said",
    [
        "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed",
        "requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='pypi.org', port=443)",
        "requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url",
        "requests.exceptions.SSLError: certificate verify failed",
    ],
)
def test_a_service_that_is_not_there_is_no_failure(said: str) -> None:
    with pytest.raises(NotThereError):
        read("", f"Traceback (most recent call last):\n{said}\n")


@pytest.mark.parametrize(
    "said",
    [
        "pip-audit: error: unrecognized arguments: --nonsense",
        "ValueError: no such file",
        "",
    ],
)
def test_whatever_else_pip_audit_says_is_a_failure(said: str) -> None:
    with pytest.raises(SystemExit, match=said or "pip-audit failed"):
        read("", said)


def test_pip_audit_says_so_where_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = tmp_path / "locked.txt"
    file.write_text(f"one==1.0 --hash=sha256:{'0' * 64}\n")

    with pytest.raises(NotThereError, match="ProxyError"):
        audited([str(file)])


def test_pip_audit_fails_over_what_is_not_locked(tmp_path: Path) -> None:
    file = tmp_path / "locked.txt"
    file.write_text("one==1.0\n")

    with pytest.raises(SystemExit, match="does not contain a hash"):
        audited([str(file)])
