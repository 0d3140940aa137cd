"""Settings come from the environment and a file; a mistake is named, a secret never."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from amazon_endpoint.settings import Setting, SettingInvalid, Settings, listed, load

SECRET = "canary-3f9a1c77e2b04d58"


def setting(name: str, settings: Settings) -> Setting:
    return next(one for one in listed(settings) if one.name == name)


def test_nothing_has_to_be_set() -> None:
    settings = load({"PATH": "/bin", "HOME": "/home/shop"})

    assert settings == Settings()
    assert settings.token is None
    assert settings.allowed_hosts == ()
    assert settings.body_limit == 5 * 1024 * 1024
    assert settings.reply_seconds == 150
    assert settings.allow_cancellation_requested is False


def test_the_environment_sets() -> None:
    settings = load(
        {
            "AMAZON_ENDPOINT_TOKEN": SECRET,
            "AMAZON_ENDPOINT_ALLOWED_HOSTS": "127.0.0.1:8001, Proxy.Example ,[::1]:8001,",
            "AMAZON_ENDPOINT_DATABASE": "/var/lib/shop/endpoint.db",
            "AMAZON_ENDPOINT_BODY_LIMIT": "1048576",
            "AMAZON_ENDPOINT_REPLY_SECONDS": "60",
            "AMAZON_ENDPOINT_ALLOW_CANCELLATION_REQUESTED": "True",
            "AMAZON_ENDPOINT_LOG_LEVEL": "debug",
            "AMAZON_ENDPOINT_LOG_FORMAT": "json",
            "AMAZON_ENDPOINT_MARKETPLACE_ID": "A1PA6795UKMFR9,A13V1IB3VIYZZH",
        }
    )

    assert settings == Settings(
        token=SECRET,
        allowed_hosts=("127.0.0.1:8001", "proxy.example", "[::1]:8001"),
        database="/var/lib/shop/endpoint.db",
        body_limit=1024 * 1024,
        reply_seconds=60,
        allow_cancellation_requested=True,
        log_level="debug",
        log_format="json",
        marketplace_id="A1PA6795UKMFR9,A13V1IB3VIYZZH",
    )


def test_a_file_sets_and_the_environment_wins(tmp_path: Path) -> None:
    path = tmp_path / "endpoint.toml"
    path.write_text(
        f"""
        token = "{SECRET}"
        allowed_hosts = ["127.0.0.1:8001", "Proxy.Example"]
        body_limit = 2048
        allow_cancellation_requested = true
        reply_seconds = 30
        """
    )
    settings = load({"AMAZON_ENDPOINT_CONFIG": str(path), "AMAZON_ENDPOINT_REPLY_SECONDS": "60"})

    assert settings == Settings(
        token=SECRET,
        allowed_hosts=("127.0.0.1:8001", "proxy.example"),
        body_limit=2048,
        allow_cancellation_requested=True,
        reply_seconds=60,
    )


def test_a_file_of_its_own_may_hold_a_value(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")

    settings = load({"AMAZON_ENDPOINT_CLIENT_SECRET_FILE": str(tmp_path / "secret")})
    assert settings.credentials == {"client_secret": SECRET}


def test_a_blank_variable_is_not_set() -> None:
    assert load({"AMAZON_ENDPOINT_TOKEN": "  ", "AMAZON_ENDPOINT_TOKEN_FILE": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("BODY_LIMIT", "much", "a number from 1024"),
        ("BODY_LIMIT", "1023", "a number from 1024"),
        ("BODY_LIMIT", "2048.5", "a number from 1024"),
        ("REPLY_SECONDS", "0", "a number of seconds from 1"),
        ("ERASE_AFTER_DAYS", "0", "a number of days from 1 to 30"),
        ("ERASE_AFTER_DAYS", "31", "a number of days from 1 to 30"),
        ("ALLOW_CANCELLATION_REQUESTED", "perhaps", "true or false"),
        ("LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("LOG_FORMAT", "xml", "json or console"),
        ("ALLOWED_HOSTS", "http://127.0.0.1:8001", "host or host:port"),
        ("ALLOWED_HOSTS", "127.0.0.1:8001/path", "host or host:port"),
        ("ALLOWED_HOSTS", "one.example two.example", "host or host:port"),
        ("ALLOWED_HOSTS", "user@one.example", "host or host:port"),
    ],
)
def test_an_unusable_value_is_told_with_what_is_wanted(name: str, value: str, wanted: str) -> None:
    with pytest.raises(SettingInvalid, match=f"AMAZON_ENDPOINT_{name}: This has to be {wanted}"):
        load({f"AMAZON_ENDPOINT_{name}": value})


@pytest.mark.parametrize(
    ("key", "value"), [("body_limit", "'much'"), ("token", "5"), ("allowed_hosts", "[1]")]
)
def test_an_unusable_value_in_the_file_is_told_with_its_place(
    key: str, value: str, tmp_path: Path
) -> None:
    path = tmp_path / "endpoint.toml"
    path.write_text(f"{key} = {value}")

    with pytest.raises(SettingInvalid, match=rf"{key} in .*endpoint\.toml: This has"):
        load({"AMAZON_ENDPOINT_CONFIG": str(path)})


def test_an_unknown_variable_is_told_with_the_nearest() -> None:
    with pytest.raises(
        SettingInvalid, match=r"AMAZON_ENDPOINT_TOKKEN: .*Is it AMAZON_ENDPOINT_TOKEN\?"
    ):
        load({"AMAZON_ENDPOINT_TOKKEN": SECRET})


def test_an_unknown_key_is_told_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "endpoint.toml"
    path.write_text("[sevices_host]\n")

    with pytest.raises(SettingInvalid, match=r"sevices_host in .*toml: .*Is it services_host\?"):
        load({"AMAZON_ENDPOINT_CONFIG": str(path)})


def test_what_resembles_nothing_is_told_where_to_look() -> None:
    with pytest.raises(SettingInvalid, match="`amazon-endpoint settings` lists all"):
        load({"AMAZON_ENDPOINT_COLOUR": "blue"})


def test_what_kubernetes_says_of_a_service_of_our_name_is_no_setting() -> None:
    links = {
        "AMAZON_ENDPOINT_SERVICE_HOST": "10.0.0.7",
        "AMAZON_ENDPOINT_SERVICE_PORT": "8000",
        "AMAZON_ENDPOINT_SERVICE_PORT_HTTP": "8000",
        "AMAZON_ENDPOINT_PORT": "tcp://10.0.0.7:8000",
        "AMAZON_ENDPOINT_PORT_8000_TCP": "tcp://10.0.0.7:8000",
        "AMAZON_ENDPOINT_PORT_8000_TCP_ADDR": "10.0.0.7",
    }

    assert load(links) == Settings()
    with pytest.raises(SettingInvalid, match=r"Is it AMAZON_ENDPOINT_SERVICES_HOST\?"):
        load({"AMAZON_ENDPOINT_SERVICE_HOST": "10.0.0.7"})


@pytest.mark.parametrize("order", [1, -1])
def test_a_value_given_twice_is_refused(order: int, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(SECRET)
    given = [
        ("AMAZON_ENDPOINT_TOKEN", SECRET),
        ("AMAZON_ENDPOINT_TOKEN_FILE", str(tmp_path / "token")),
    ]

    with pytest.raises(SettingInvalid, match=r"AMAZON_ENDPOINT_TOKEN: .*not both"):
        load(dict(given[::order]))


@pytest.mark.parametrize("variable", ["AMAZON_ENDPOINT_CONFIG", "AMAZON_ENDPOINT_TOKEN_FILE"])
def test_a_file_that_cannot_be_read_is_told(variable: str, tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match=f"{variable}: .*missing can't be read: No such file"):
        load({variable: str(tmp_path / "missing")})


@pytest.mark.parametrize("variable", ["AMAZON_ENDPOINT_CONFIG", "AMAZON_ENDPOINT_TOKEN_FILE"])
def test_a_file_that_is_no_text_is_told(variable: str, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SettingInvalid, match=f"{variable}: .*binary is no text"):
        load({variable: str(tmp_path / "binary")})


def test_a_file_that_is_no_toml_is_told_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "endpoint.toml"
    path.write_text(f"token = {SECRET}\n")

    with pytest.raises(SettingInvalid, match=r"endpoint\.toml is no TOML: .*line 1") as raised:
        load({"AMAZON_ENDPOINT_CONFIG": str(path)})
    assert SECRET not in str(raised.value)


def test_every_setting_is_explained() -> None:
    told = listed(Settings())

    own = [name for name in Settings.__struct_fields__ if name != "credentials"]
    assert [one.name for one in told if one.name in own] == own
    assert {one.name for one in told} - {*own} == {
        *("client_id", "client_secret", "refresh_token"),
        *("aws_access_key", "secret_key", "mws_auth_token"),
    }
    assert all(one.meaning and one.wanted and one.default for one in told)
    assert setting("reply_seconds", Settings(reply_seconds=60)) == Setting(
        name="reply_seconds",
        variable="AMAZON_ENDPOINT_REPLY_SECONDS",
        meaning="How long a poll may take to be answered. Hubs give up after 180 seconds.",
        wanted="a number of seconds from 1",
        default="150",
        value="60",
    )


def test_no_secret_is_ever_shown() -> None:
    settings = Settings(
        token=SECRET,
        credentials={"client_secret": SECRET, "refresh_token": SECRET, "secret_key": SECRET},
        database=f"postgresql://shop:{SECRET}@db.example/orders",
    )

    for shown in (repr(settings), str(settings), repr(settings.__rich_repr__()), listed(settings)):
        assert SECRET not in str(shown)
    assert setting("token", settings).value == "set"
    assert setting("token", Settings()).value == "not set"
    assert setting("database", settings).value == "postgresql://shop:***@db.example/orders"


def test_a_short_token_is_remarked_on() -> None:
    assert "AMAZON_ENDPOINT_TOKEN" in Settings(token="short").remarks[0]
    assert Settings(token=SECRET).remarks == ()
    assert Settings().remarks == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-01T00:00:00+00:00", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T01:00:00+01:00", datetime(2026, 11, 1, tzinfo=UTC)),
        ("now", None),
        ("", None),
    ],
)
def test_where_a_first_poll_begins(written: str, read: datetime | None) -> None:
    settings = load({"AMAZON_ENDPOINT_POLL_START": written})
    assert settings.poll_start == read
    assert setting("poll_start", settings).value == (written if read is not None else "not set")


@pytest.mark.parametrize("written", ["yesterday", "2026-11-01T00:00:00", "2026-02-30T00:00:00Z"])
def test_where_a_first_poll_begins_is_a_moment_with_its_zone(written: str) -> None:
    with pytest.raises(SettingInvalid, match=r"AMAZON_ENDPOINT_POLL_START: .*ISO 8601"):
        load({"AMAZON_ENDPOINT_POLL_START": written})
