"""Logs: one chain for every line, ours and our libraries', which no secret and no buyer passes.

A value is masked because of its name (`refresh_token`, `buyer_email`) wherever it is nested, or
because of its looks (a token, a signature, an e-mail address) wherever it stands in a text, be it
an exception's.
"""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"

# Parts of a name, letters and digits alone, that tell a secret or a buyer's data …
_REVEALING = re.compile(
    "token|secret|passw|authorization|credential|signature|accesskey|cookie"
    "|e?mail|phone|address|buyer|recipient|customer"
)
# … and words that do so only when they stand by themselves.
_REVEALING_WORDS = frozenset(
    {"name", "names", "firstname", "lastname", "fullname", "company", "city", "district"}
    | {"street", "zip", "zipcode", "postcode", "postal", "gift", "lines"}
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

_ENCLOSED = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}"""
# `name=value`, `name='value'`, `"name": "value"`, `name=('value', …)`
_PAIR = re.compile(
    rf"""(?<![\w.-])([\w.-]++)(?:(["']?\s*[=:]\s*)({_ENCLOSED})|(=)([^\s&,;"'()\[\]{{}}]+))"""
)

# More than this of a text helps nobody, and searching it would hold up the work.
_LONGEST = 20_000

_LOOKS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Login with Amazon: access, refresh and grantless tokens, and restricted data tokens.
    (re.compile(r"""\bAt[a-z]{1,2}(\.\w+)?(\||%7[Cc])[^\s"'&,;<>]+"""), MASK),
    (re.compile(r"\bamzn1\.oa2-cs\.[\w.-]+"), MASK),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=|-]+"), rf"\1 {MASK}"),
    (re.compile(r"(://[^:/?#\s]*:)[^@\s]{1,200}@"), rf"\1{MASK}@"),
    (re.compile(r"(?<![\w.+-])[\w.+-]++(@|%40)[\w-]+(\.[\w-]+)+"), MASK),
)

# What these tell below a warning is every statement and every request, with all that is in them.
_TOO_TALKATIVE = ("alembic", "httpcore2", "httpx2", "psycopg", "sqlalchemy")


def configure(
    level: Literal["debug", "info", "warning", "error"],
    form: Literal["json", "console"],
    stream: TextIO | None = None,
) -> None:
    """Send every log line through the chain, to standard error or `stream`.

    uvicorn has to be started with ``log_config=None``, else it sets up lines of its own.
    """
    stream = stream or sys.stderr
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # Made text here, so that it is redacted as all the rest is.
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                _renderer(form, colors=stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.access", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor that masks what no log may hold. What it returns is plain: JSON can say it."""
    return {key: _redacted(value, key) for key, value in event.items()}


def masked(text: str) -> str:
    """A text without what looks like a secret or a buyer's data."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({len(text)} characters)"
    text = _PAIR.sub(_mask_pair, text)
    for looks, instead in _LOOKS:
        text = looks.sub(instead, text)
    return text


def _mask_pair(found: re.Match[str]) -> str:
    name, separator, value = (part for part in found.groups() if part is not None)
    if _reveals(name):
        return f"{name}{separator}{MASK}"
    if value[0] in "\"'([{":
        return f"{name}{separator}{value[0]}{masked(value[1:-1])}{value[-1]}"
    return found[0]


def _redacted(value: Any, name: str = "") -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _reveals(name):
        return MASK
    if isinstance(value, int | float):
        return value
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, Mapping):
        return {masked(str(key)): _redacted(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return _each(value)
    return masked(_text(value))


def _each(values: Iterable[Any]) -> list[Any]:
    match values:
        case (str() | bytes() as name, value):
            return [_redacted(name), _redacted(value, _text(name))]
        case _:
            return [_redacted(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return str(value)


def _reveals(name: str) -> bool:
    if _REVEALING.search(re.sub(r"[\W_]", "", name).lower()):
        return True
    return any(word.lower() in _REVEALING_WORDS for word in _WORD.findall(name))


def _renderer(form: str, *, colors: bool) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback
    )


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say that a line is missing: the standard library would print it, as it is."""
        with suppress(Exception):
            self.stream.write(f"A log line of {record.name} could not be written.\n")
