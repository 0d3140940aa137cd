"""The database setting: a path or a URL, and never the password in an error."""

from pathlib import Path

import pytest

from amazon_endpoint.location import StorageUnusable, locate


@pytest.mark.parametrize(
    "setting",
    ["/var/lib/shop/endpoint.db", "sqlite:////var/lib/shop/endpoint.db"],
)
def test_a_file_is_named_by_its_path_or_as_a_url(setting: str) -> None:
    location = locate(setting)

    assert location.path == Path("/var/lib/shop/endpoint.db")
    assert location.url.render_as_string() == "sqlite:////var/lib/shop/endpoint.db"
    assert location.shown == "/var/lib/shop/endpoint.db"


@pytest.mark.parametrize("setting", ["endpoint.db", "sqlite:///endpoint.db"])
def test_a_relative_path_begins_where_the_process_does(
    setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert locate(setting).path == tmp_path / "endpoint.db"


def test_a_tilde_is_the_users_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/shop")

    assert locate("~/endpoint.db").path == Path("/home/shop/endpoint.db")


def test_a_tilde_without_a_home_is_refused() -> None:
    with pytest.raises(StorageUnusable, match="home"):
        locate("~nobody-of-that-name/endpoint.db")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_postgresql_is_named_by_its_url(scheme: str) -> None:
    location = locate(f"{scheme}://shop:pa%40ss@db.example/orders")

    assert location.path is None
    assert location.url.drivername == "postgresql+psycopg"
    assert location.url.password == "pa@ss"
    assert location.shown == f"{scheme}://shop:***@db.example/orders"


def test_the_urls_own_timeout_counts() -> None:
    assert locate("postgresql://db.example/o").url.query["connect_timeout"] == "10"
    assert locate("postgresql://db.example/o?connect_timeout=3").url.query == {
        "connect_timeout": "3"
    }


@pytest.mark.parametrize(
    "setting",
    ["", ":memory:", "sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://shop:hunter2@db/o"],
)
def test_anything_else_is_refused(setting: str) -> None:
    with pytest.raises(StorageUnusable, match=r"AMAZON_ENDPOINT_DATABASE: .*Give a file's path"):
        locate(setting)


@pytest.mark.parametrize(
    "setting",
    [
        "mysql://shop:hunter2@db.example/orders",
        "postgresql://shop:hunter2@db.example:port/orders",
    ],
)
def test_no_refusal_shows_the_password(setting: str) -> None:
    with pytest.raises(StorageUnusable) as raised:
        locate(setting)

    assert "hunter2" not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("postgresql://shop:pa/s:s@db/orders", "postgresql://shop:***@db/orders"),
        (
            "postgresql:///orders?user=shop&password=hunter2",
            "postgresql:///orders?user=shop&password=***",
        ),
    ],
)
def test_a_password_is_shown_nowhere_in_the_url(setting: str, shown: str) -> None:
    assert locate(setting).shown == shown
