"""Settings: what the operator decides, from the environment and a TOML file.

Each field of `Settings` is a setting, with its meaning and what it wants beside it. The field
`token` is `AMAZON_ENDPOINT_TOKEN` in the environment and `token` in the file that
`AMAZON_ENDPOINT_CONFIG` names; `AMAZON_ENDPOINT_TOKEN_FILE` names a file that holds just this
value, as container secrets do. The environment wins. A blank variable is not set.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo

from amazon_endpoint.amazon import connect
from amazon_endpoint.errors import EndpointError

PREFIX = "AMAZON_ENDPOINT_"
CONFIG = f"{PREFIX}CONFIG"

_SHORTEST_TOKEN = 16

# How Kubernetes describes a service named amazon-endpoint to every pod beside it.
_SERVICE_LINK = re.compile(
    rf"{PREFIX}(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_.+)?)"
)


class SettingInvalid(EndpointError):
    """A setting can't be used."""


def _meta(
    meaning: str,
    wanted: str,
    *,
    secret: bool = False,
    ge: int | None = None,
    le: int | None = None,
) -> Meta:
    return Meta(description=meaning, extra={"wanted": wanted, "secret": secret}, ge=ge, le=le)


Text = Annotated[str, Meta(min_length=1)]
Host = Annotated[
    str, Meta(pattern=r"^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?$")
]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator decided. Its representation shows no secret.

    `credentials` are settings of their own, as the generations of Amazon's API declare them.
    """

    token: Annotated[
        Text | None,
        _meta(
            "The token that a hub sends with each message.",
            f"{_SHORTEST_TOKEN} characters or more",
            secret=True,
        ),
    ] = None
    allowed_hosts: Annotated[
        tuple[Host, ...],
        _meta(
            "Hosts that may be called besides Amazon's, also by http://.",
            "host or host:port, several separated by commas, without http://",
        ),
    ] = ()
    database: Annotated[
        Text,
        _meta(
            "Where quota and confirmations are kept.",
            "a file's path, sqlite:///path/to/file, or postgresql://user:password@host/database",
        ),
    ] = "~/.local/state/amazon-endpoint/endpoint.db"
    key: Annotated[
        Text | None,
        _meta(
            "The key that secrets and buyers' data are kept with. Of several, the first one "
            "seals and all open. Without any, SQLite has one in a file beside its own.",
            "32 bytes in base64 (`openssl rand -base64 32`), or several separated by commas",
            secret=True,
        ),
    ] = None
    body_limit: Annotated[
        int, _meta("The largest message that is taken, in bytes.", "a number from 1024", ge=1024)
    ] = 5 * 1024 * 1024
    reply_seconds: Annotated[
        int,
        _meta(
            "How long a poll may take to be answered. Hubs give up after 180 seconds.",
            "a number of seconds from 1",
            ge=1,
        ),
    ] = 150
    poll_start: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        _meta(
            "Where the first poll of a hub begins that names no moment; not set: now.",
            "a moment in ISO 8601 like 2026-11-01T00:00:00Z, or now",
        ),
    ] = None
    allow_cancellation_requested: Annotated[
        bool,
        _meta(
            "Whether shipments are confirmed although the buyer asks for a cancellation.",
            "true or false",
        ),
    ] = False
    erase_after_days: Annotated[
        int,
        _meta(
            "How long after its delivery an order's buyer is kept. Amazon allows 30 days.",
            "a number of days from 1 to 30",
            ge=1,
            le=30,
        ),
    ] = 30
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        _meta("The least important log lines to write.", "debug, info, warning or error"),
    ] = "info"
    log_format: Annotated[
        Literal["json", "console"], _meta("How log lines look.", "json or console")
    ] = "console"
    credentials: Mapping[str, str] = {}
    destination_secret: Annotated[
        Text | None,
        _meta(
            "What messages to a store are signed with, or its hub extension's token, to add an "
            "account with.",
            "whsec_ and base64, several separated by commas; or the token",
            secret=True,
        ),
    ] = None
    seller_id: Annotated[Text | None, _meta("The seller's id, for the command line.", "text")] = (
        None
    )
    marketplace_id: Annotated[
        Text | None,
        _meta(
            "The marketplaces to work with, for the command line.",
            "a marketplace id, or several separated by commas",
        ),
    ] = None
    services_host: Annotated[
        Text | None,
        _meta(
            "Another host than Amazon's for the marketplace, for the command line.",
            "a host, or the URL of an allowed host",
        ),
    ] = None
    token_host: Annotated[
        Text | None,
        _meta(
            "Another host than Amazon's for Login with Amazon, for the command line.",
            "a host, or the URL of an allowed host",
        ),
    ] = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What works and had better be changed, to be told at the start."""
        if self.token is None or len(self.token) >= _SHORTEST_TOKEN:
            return ()
        weak = f"{PREFIX}TOKEN is easy to guess. Use {_SHORTEST_TOKEN} characters or more"
        return (f"{weak}: `openssl rand -hex 32` makes a good one.",)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(one.name, one.value) for one in listed(self)]

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value}' for name, value in self.__rich_repr__())})"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting as it is listed for people: secrets are only ``set`` or ``not set``."""

    name: str
    variable: str
    meaning: str
    wanted: str
    default: str
    value: str


def listed(settings: Settings) -> tuple[Setting, ...]:
    """Every setting and its present value, in the order in which they are explained."""
    return tuple(
        Setting(
            name=field.name,
            variable=_variable(field.name),
            meaning=_meta_of(field).description or "",
            wanted=_extra(field)["wanted"],
            default=_shown(field, field.default),
            value=_shown(field, _value(settings, field.name)),
        )
        for field in _fields()
    )


def names() -> tuple[str, ...]:
    """The name of every setting."""
    return tuple(field.name for field in _fields())


def without_password(url: str) -> str:
    """The URL of a database as people may see it."""
    hidden = re.sub(r"(://[^:/?#]*:).*@", r"\1***@", url)
    return re.sub(r"(?i)(password=)[^&]*", r"\1***", hidden)


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from the environment and the file that it names.

    Raises:
        SettingInvalid: a value can't be used, or a name isn't known; it names the variable, or
            the key and the file.
    """
    given = {**_in_file(environ.get(CONFIG, "").strip()), **_in_environment(environ)}
    values = {
        field.name: _convert(field, *given[field.name])
        for field in _fields()
        if field.name in given
    }
    credentials = {name: value for name, value in values.items() if not _is_own(name)}
    own = {name: value for name, value in values.items() if _is_own(name)}
    return Settings(**own, credentials=credentials)


def _fields() -> tuple[FieldInfo, ...]:
    """Every setting: the fields of `Settings`, the parts of the credentials in their place."""
    parts = [
        FieldInfo(
            name=one.name,
            encode_name=one.name,
            type=Annotated[
                Text | None,
                _meta(f"{one.description}, for the command line.", "text", secret=one.secret),
            ],
            default=None,
        )
        for one in connect.parameters()
    ]
    return tuple(
        one
        for field in msgspec.structs.fields(Settings)
        for one in (parts if field.name == "credentials" else [field])
    )


def _is_own(name: str) -> bool:
    return name in Settings.__struct_fields__


def _value(settings: Settings, name: str) -> Any:
    return getattr(settings, name) if _is_own(name) else settings.credentials.get(name)


def _in_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """Where each setting is given, and as what."""
    by_variable = {_variable(name): name for name in names()}
    files = {f"{variable}_FILE": variable for variable in by_variable}
    # A pod's own variables tell that those which look like service links are such.
    linked = f"{PREFIX}SERVICE_PORT" in environ
    given: dict[str, tuple[str, Any]] = {}
    for variable, raw in environ.items():
        if not variable.startswith(PREFIX) or variable == CONFIG:
            continue
        if linked and _SERVICE_LINK.fullmatch(variable):
            continue
        value, target = raw.strip(), files.get(variable, variable)
        if target not in by_variable:
            raise _unknown(variable, variable, [*by_variable, *files, CONFIG])
        if not value:
            continue
        if by_variable[target] in given:
            raise SettingInvalid(f"Give this or {target}_FILE, not both.", field=target)
        if variable in files:
            value = _read(variable, value).strip()
        given[by_variable[target]] = (variable, value)
    return given


def _in_file(path: str) -> dict[str, tuple[str, Any]]:
    if not path:
        return {}
    try:
        table = tomllib.loads(_read(CONFIG, path))
    except (ValueError, RecursionError) as error:
        raise SettingInvalid(f"{path} is no TOML: {error}", field=CONFIG) from None
    known = names()
    for name in table:
        if name not in known:
            raise _unknown(f"{name} in {path}", name, known)
    return {name: (f"{name} in {path}", value) for name, value in table.items()}


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise SettingInvalid(f"{path} can't be read: {error.strerror}", field=variable) from error
    except UnicodeDecodeError:
        raise SettingInvalid(f"{path} is no text in UTF-8.", field=variable) from None
    except RuntimeError:
        raise SettingInvalid(f"{path} is in no user's home directory.", field=variable) from None


def _convert(field: FieldInfo, source: str, value: Any) -> Any:
    if field.name == "allowed_hosts":
        value = _hosts(value)
    if field.name == "poll_start" and value == "now":
        return None
    try:
        if isinstance(value, str):
            value.encode()  # of bytes that were no UTF-8 nothing can be made
        return msgspec.convert(value, field.type, strict=False)
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise SettingInvalid(f"This has to be {_extra(field)['wanted']}.", field=source) from None


def _hosts(value: Any) -> Any:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        return value
    return tuple(part.strip().lower() for part in parts if part.strip())


def _unknown(told: str, name: str, known: Iterable[str]) -> SettingInvalid:
    # Of variables, what all have in common would make any two look alike.
    by_suffix = {one.removeprefix(PREFIX): one for one in known}
    nearest = get_close_matches(name.removeprefix(PREFIX), by_suffix, n=1)
    hint = f"Is it {by_suffix[nearest[0]]}?" if nearest else "`amazon-endpoint settings` lists all."
    return SettingInvalid(f"There is no such setting. {hint}", field=told)


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _meta_of(field: FieldInfo) -> Meta:
    meta: Meta = field.type.__metadata__[-1]
    return meta


def _extra(field: FieldInfo) -> dict[str, Any]:
    return _meta_of(field).extra or {}


def _shown(field: FieldInfo, value: Any) -> str:
    if value is None:
        return "not set"
    if _extra(field)["secret"]:
        return "set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return ",".join(value) or "none"
    return without_password(str(value))
