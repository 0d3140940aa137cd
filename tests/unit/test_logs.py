"""No secret and no buyer's data passes into a log: at no level, from no library, in no disguise."""

import json
import logging
import logging.config
from collections.abc import Iterator
from io import StringIO
from typing import Any, Literal

import pytest
import structlog
import uvicorn.config

from amazon_endpoint import logs
from amazon_endpoint.orders import Address

CANARY = "canary7f3a"

LEVELS = ["debug", "info", "warning", "error"]

DISGUISED = {
    "an access token": f"sent Atza|IwEBI-{CANARY}+/= to Amazon",
    "a refresh token": f"Atzr|IwEBI{CANARY}",
    "an encoded token": f"refresh=Atzr%7CIwEBI{CANARY}",
    "a restricted data token": f"Atz.sprdt|IQEB{CANARY}",
    "a client secret": f"amzn1.oa2-cs.v1.{CANARY}",
    "a signed URL": f"https://tortuga.s3.amazonaws.com/feed?X-Amz-Signature={CANARY}&Expires=9",
    "a security token": f"https://tortuga.s3.amazonaws.com/feed?X-Amz-Security-Token={CANARY}",
    "an MWS signature": f"AWSAccessKeyId={CANARY}&Signature={CANARY}%2F",
    "a form": f"grant_type=refresh_token&refresh_token={CANARY}&client_secret={CANARY}",
    "JSON": f'{{"access_token": "{CANARY}", "expires_in": 3600}}',
    "JSON with quotes": f'{{"name": "A \\"{CANARY}\\" B"}}',
    "nested JSON": f'{{"payload": {{"recipientName": "{CANARY}"}}}}',
    "a dict": repr({"buyerEmail": CANARY, "shippingAddress": {"addressLine1": CANARY}}),
    "a value": repr(Address(name=CANARY, lines=(f"1 {CANARY} St",), city=CANARY)),
    "a nested value": f"Order(shipping_address={Address(name=CANARY, phone=CANARY)!r})",
    "a header": f"Authorization: Bearer {CANARY}",
    "a database's URL": f"postgresql://shop:{CANARY}@db.example/orders",
    "an e-mail address": f"from Jo <{CANARY}@marketplace.amazon.example>",
    "an encoded e-mail address": f"/auth?to={CANARY}%40shop.example",
}

NAMED: dict[str, Any] = {
    "token": CANARY,
    "refresh_token": CANARY,
    "x-amz-access-token": CANARY,
    "AWSAccessKeyId": CANARY,
    "secret_key": CANARY,
    "PASSWORD": CANARY,
    "Authorization": CANARY,
    "buyer": {"anything": CANARY},
    "buyerCompanyName": CANARY,
    "recipientName": CANARY,
    "firstname": CANARY,
    "shipping_address": Address(name=CANARY),
    "addressLine1": CANARY,
    "phone": 4930123456,
    "postal_code": CANARY,
    "emails": [CANARY],
}

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["json", "console"]


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture(params=["json", "console"])
def form(request: pytest.FixtureRequest) -> Form:
    chosen: Form = request.param
    return chosen


def lines(stream: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def configured(form: Form = "json", level: Level = "debug") -> StringIO:
    stream = StringIO()
    logs.configure(level, form, stream)
    return stream


@pytest.mark.parametrize("text", DISGUISED.values(), ids=DISGUISED)
def test_what_looks_like_a_secret_or_a_buyer_is_masked_in_any_text(text: str) -> None:
    assert CANARY in text
    assert CANARY not in logs.masked(text)
    assert logs.MASK in logs.masked(text)


@pytest.mark.parametrize("name", NAMED)
def test_what_is_named_like_a_secret_or_a_buyer_is_masked(name: str) -> None:
    event = logs.redact(None, "info", {"event": "told", "deep": [{name: NAMED[name]}]})

    assert event["deep"] == [{name: logs.MASK}]


@pytest.mark.parametrize(
    "text",
    [
        "Order 111-2223334-5556667 imported: 2 items, 1 page",
        "GET /orders/2026-01-01/orders?createdAfter=2026-03-01T12:00:00Z&maxResultsPerPage=100",
        "AMAZON_ENDPOINT_TOKEN: There is no such setting.",
        "quota of searchOrders (account=f00d) is used up until 12:00:05",
    ],
)
def test_the_rest_stays_readable(text: str) -> None:
    assert logs.masked(text) == text


def test_a_text_without_end_is_cut() -> None:
    assert logs.masked("a" * 5_000_000) == "a" * 20_000 + "… (5000000 characters)"


def test_flags_and_absent_values_stay() -> None:
    event = {"event": "told", "token": None, "secret_set": True, "pages": 3, "seconds": 0.5}

    assert logs.redact(None, "info", dict(event)) == event


@pytest.mark.parametrize("level", LEVELS)
def test_our_own_lines_are_masked_at_every_level(level: Level, form: Form) -> None:
    stream = configured(form)
    log = structlog.get_logger("amazon_endpoint.test")
    for text in DISGUISED.values():
        getattr(log, level)(text, text=text, texts=[text], error=ValueError(text))
        getattr(log, level)("told %s", text)
    getattr(log, level)("told", **NAMED, headers=[("X-Hub-Token", CANARY), (b"cookie", CANARY)])

    assert stream.getvalue().count("told") > len(DISGUISED)
    assert CANARY not in stream.getvalue()
    assert "4930123456" not in stream.getvalue()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("library", ["uvicorn.error", "uvicorn.access", "httpx2", "sqlalchemy"])
def test_libraries_lines_are_masked_at_every_level(level: Level, library: str, form: Form) -> None:
    stream = configured(form)
    for text in DISGUISED.values():
        getattr(logging.getLogger(library), level)("told %s", text)

    assert CANARY not in stream.getvalue()
    if level in {"warning", "error"}:
        assert stream.getvalue().count("told") == len(DISGUISED)


@pytest.mark.parametrize("text", DISGUISED.values(), ids=DISGUISED)
def test_exceptions_and_their_causes_are_masked(text: str, form: Form) -> None:
    stream = configured(form)
    try:
        try:
            raise ValueError(text)
        except ValueError as cause:
            raise RuntimeError(text) from cause
    except RuntimeError:
        structlog.get_logger().exception("ours failed")
        logging.getLogger("asyncio").exception("theirs failed")

    assert stream.getvalue().count("RuntimeError") >= 2
    assert stream.getvalue().count("ValueError") >= 2
    assert CANARY not in stream.getvalue()


def test_bound_context_is_told_and_masked() -> None:
    stream = configured()
    with structlog.contextvars.bound_contextvars(message_id="m-1", token=CANARY):
        structlog.get_logger("amazon_endpoint.test").info("taken")

    (line,) = lines(stream)
    assert line["message_id"] == "m-1"
    assert line["token"] == logs.MASK


def test_a_line_tells_when_where_and_how_grave() -> None:
    stream = configured()
    structlog.get_logger("amazon_endpoint.test").warning("slow", seconds=3)
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)

    ours, theirs = lines(stream)
    assert ours.pop("timestamp").endswith("Z")
    assert ours == {
        "event": "slow",
        "level": "warning",
        "logger": "amazon_endpoint.test",
        "seconds": 3,
    }
    assert theirs["event"] == "Started server process [7]"
    assert theirs["logger"] == "uvicorn.error"


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_less_important_than_the_level_is_not_told(level: Level) -> None:
    stream = configured(level=level)
    for one in LEVELS:
        getattr(structlog.get_logger("amazon_endpoint.test"), one)("told")
        getattr(logging.getLogger("uvicorn.error"), one)("told")

    told = [line["level"] for line in lines(stream)]
    assert told == [one for one in LEVELS[LEVELS.index(level) :] for _ in range(2)]


@pytest.mark.parametrize("library", ["sqlalchemy.engine", "sqlalchemy.pool", "httpcore2.http11"])
def test_statements_and_requests_are_never_told(library: str) -> None:
    stream = configured()
    logging.getLogger(library).debug("INSERT %s", CANARY)
    logging.getLogger(library).info("INSERT %s", CANARY)

    assert stream.getvalue() == ""


def test_lines_that_uvicorn_set_up_before_come_through_the_chain(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)
    stream = configured()
    logging.getLogger("uvicorn.error").error("told token=%s", CANARY)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', "h", "GET", "/", "1.1", 200)

    assert [line["event"] for line in lines(stream)] == [
        "told token=***",
        'h - "GET / HTTP/1.1" 200',
    ]
    assert capsys.readouterr() == ("", "")


def test_a_line_that_cannot_be_written_is_told_without_its_content(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream = configured()
    logging.getLogger("some.library").error("%d orders", CANARY)

    assert stream.getvalue() == "A log line of some.library could not be written.\n"
    assert capsys.readouterr() == ("", "")
