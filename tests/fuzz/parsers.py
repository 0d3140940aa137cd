"""Everything that reads what others wrote, each with valid documents.

What a reader returns is carried as far as it goes: orders are kept and written in every format,
so that no odd value is found out only there.
"""

import gzip
import json
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import click
import httpx2
import msgspec

from amazon_endpoint import settings
from amazon_endpoint.amazon.amazon_time import AmazonTime
from amazon_endpoint.amazon.connect import generation_of
from amazon_endpoint.amazon.credentials import Credentials
from amazon_endpoint.amazon.fulfillment import write_feed
from amazon_endpoint.amazon.generation import Shared
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.mws.position import Position, read_position
from amazon_endpoint.amazon.port import Amazon, OrderPage
from amazon_endpoint.cli.endpoint import message as cli_message
from amazon_endpoint.cli.poll_state import PollState
from amazon_endpoint.cli.reply import Parameter
from amazon_endpoint.cli.shipments import read_shipment
from amazon_endpoint.errors import EndpointError, InvalidInput, PageTokenRefused
from amazon_endpoint.feeds import FeedResult, FeedState, FeedStatus
from amazon_endpoint.hub.errors import NotAMessage
from amazon_endpoint.hub.json_object import read_object
from amazon_endpoint.hub.requests import Confirm
from amazon_endpoint.hub.v5 import reply as v5_reply
from amazon_endpoint.hub.v5 import requests as v5
from amazon_endpoint.hub.v5.message import Service, decode
from amazon_endpoint.hub.v6 import reply as v6_reply
from amazon_endpoint.hub.v6 import requests as v6
from amazon_endpoint.hub.v6.call import is_call, read_call, request_id
from amazon_endpoint.orders import Order
from amazon_endpoint.outbound import Answer, Outbound
from amazon_endpoint.services import resume, seen
from amazon_endpoint.settings import SettingInvalid
from amazon_endpoint.shipments import Shipment
from amazon_endpoint.stores.posting import judge
from amazon_endpoint.sync import intake
from tests.integration.mws import scripted_mws
from tests.integration.mws.seller import CREDENTIALS as MWS
from tests.integration.spapi.memory_quotas import MemoryQuotas
from tests.integration.spapi.scripted_amazon import NO_ORDERS, Reply, grant
from tests.integration.spapi.seller import CREDENTIALS as SELLING_PARTNER
from tests.integration.spapi.seller import PACKAGE, window
from tests.turned_clock import NOON, TurnedClock
from tests.unit.amazon.test_fulfillment import report, result, summary
from tests.unit.amazon.test_order_reader import FULL
from tests.unit.amazon.wire_orders import item, money, order, part
from tests.unit.hub.examples import PARAMETERS
from tests.unit.mws.mws_orders import item_xml, order_xml
from tests.unit.mws.mws_orders import money as mws_money
from tests.unit.sync.test_changes import PlainMarker

T = TypeVar("T")

_GRANT = grant("Atza|1")

_URL = "http://127.0.0.1:9"
_NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

# Longer than anything that a person would read.
_LONGEST_TOLD = 5_000


class Parser(msgspec.Struct, frozen=True):
    """`read` returns what was read, if anything, and raises only what is not foreseen.

    Of valid `documents` something is read.
    """

    name: str
    documents: tuple[bytes, ...]
    read: Callable[[bytes], Coroutine[Any, Any, object]]

    def __repr__(self) -> str:
        return self.name


# Amazon


class _Amazon:
    """Answers each call with the next of its replies, the last for ever; grants tokens."""

    def __init__(self) -> None:
        self._outbound = Outbound(lambda _host, _port: True)
        self._outbound._client = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))

    def account(self, credentials: Credentials, *replies: Reply, token: Reply = _GRANT) -> Amazon:
        """An account of a process that has just been started."""
        self._replies, self._token = list(replies), token
        clock = TurnedClock()
        shared = Shared(
            outbound=self._outbound,
            quotas=MemoryQuotas(),
            clock=clock,
            amazon_time=AmazonTime(self._outbound, clock),
            hosts=AllowedHosts(["127.0.0.1"]),
        )
        generation = generation_of(credentials)
        urls = (_URL, _URL) if credentials is SELLING_PARTNER else (_URL,)
        return generation.open(shared).connect(credentials, urls)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/auth/o2/token":
            reply = self._token
        else:
            reply = self._replies[0] if len(self._replies) == 1 else self._replies.pop(0)
        headers = [(name.encode(), one.encode("latin-1")) for name, one in reply.headers.items()]
        return httpx2.Response(reply.status, headers=headers, content=reply.body)


_amazon = cache(_Amazon)


async def _foreseen(call: Awaitable[T]) -> T | None:
    """What the call returns, unless it fails as a call may; what it tells then can be kept."""
    try:
        return await call
    except EndpointError as error:
        told = str(error)
        assert "\0" not in told, "no database takes it"
        assert len(told.encode()) <= _LONGEST_TOLD
        return None


def _kept(page: OrderPage) -> None:
    """Each order is kept and written, or told to be none, on its own."""
    orders, unreadable = intake.sort_out(page)
    taken = intake.take_in(
        orders,
        unreadable,
        {},
        marker=PlainMarker(),
        shipping_methods={},
        read_at=NOON,
        behind=NOON,
        now=NOON,
    )
    for one in (*taken.quarantined, *page.unreadable):
        assert "\0" not in one.reason
        assert len(one.reason.encode()) <= _LONGEST_TOLD
    for known in taken.orders:
        assert "\0" not in known.status, "no database takes it"
        assert known.updated_at.tzinfo is not None
    for reply in (v5_reply, v6_reply):
        written = reply.write_orders(page.orders, shipping_methods={}, unreadable=page.unreadable)
        json.loads(reply.orders_reply("1", written))
    written_bytes = msgspec.json.encode(orders)
    assert msgspec.json.decode(written_bytes, type=tuple[Order, ...]) == orders


async def _page(amazon: Amazon) -> object:
    page = await _foreseen(amazon.search_orders(window(), None))
    if page is None:
        return None
    _kept(page)
    return page.orders


async def _spapi_page(body: bytes) -> object:
    return await _page(_amazon().account(SELLING_PARTNER, Reply(body=body)))


async def _spapi_order(body: bytes) -> object:
    amazon = _amazon().account(SELLING_PARTNER, Reply(body=body))
    found = await _foreseen(amazon.get_order("111-0000000-0000001"))
    if found is not None:
        _kept(OrderPage(orders=(found,)))
    return found


async def _spapi_feeds(body: bytes) -> object:
    amazon = _amazon().account(SELLING_PARTNER, Reply(body=body))
    one, several = await _foreseen(amazon.feed_status("1")), None
    if one is None:
        several = await _foreseen(amazon.feeds_since(NOON))
    return _told(one, *several or ())


def _told(*feeds: FeedStatus | None) -> list[FeedStatus]:
    """Those of `feeds` that were read, as hubs are told of them."""
    found = [one for one in feeds if one is not None]
    for status in found:
        for reply in (v5_reply, v6_reply):
            json.loads(reply.feed_reply("1", FeedResult(status=status), shipments={}))
    return found


async def _spapi_submission(body: bytes) -> object:
    amazon = _amazon().account(SELLING_PARTNER, Reply(body=body))
    document = await _foreseen(amazon.prepare_feed(b"<x/>"))
    return _keepable(await _foreseen(amazon.submit_feed("1", ("ATVPDKIKX0DER",)))) and document


def _keepable(feed_id: str | None) -> str | None:
    assert feed_id is None or ("\0" not in feed_id and len(feed_id) <= 64), "it can't be kept"
    return feed_id


async def _spapi_refusal(body: bytes) -> object:
    for status in (400, 403, 404, 429, 500):
        amazon = _amazon().account(SELLING_PARTNER, Reply(status, body))
        assert await _foreseen(amazon.search_orders(window(), "page")) is None
        await _foreseen(amazon.confirm_shipment(PACKAGE))
    return True


async def _spapi_token(body: bytes) -> object:
    refused = _amazon().account(SELLING_PARTNER, NO_ORDERS, token=Reply(400, body))
    assert await _foreseen(refused.search_orders(window(), None)) is None
    granted = _amazon().account(SELLING_PARTNER, NO_ORDERS, token=Reply(200, body))
    return await _foreseen(granted.search_orders(window(), None))


_DONE = FeedStatus(feed_id="1", state=FeedState.DONE, state_word="DONE", report_id="2")
_DOCUMENT = {"feedDocumentId": "2", "url": f"{_URL}/report"}
_PLAIN, _ZIPPED = (
    Reply(body=msgspec.json.encode(_DOCUMENT | more))
    for more in ({}, {"compressionAlgorithm": "GZIP"})
)


async def _report(body: bytes) -> object:
    found = [
        await _foreseen(_amazon().account(credentials, *replies).feed_report(_DONE))
        for credentials, *replies in (
            (SELLING_PARTNER, _PLAIN, Reply(body=body)),
            (SELLING_PARTNER, _ZIPPED, Reply(body=gzip.compress(body, 1))),
            (SELLING_PARTNER, _ZIPPED, Reply(body=b"\x1f\x8b\x08" + body)),
            (MWS, Reply(body=body)),
        )
    ]
    for one in found:
        for reply in (v5_reply, v6_reply):
            json.loads(reply.feed_reply("1", FeedResult(status=_DONE, report=one), shipments={}))
    return found[0]


async def _mws_page(body: bytes) -> object:
    return await _page(_amazon().account(MWS, Reply(body=body), scripted_mws.items(1)))


async def _mws_items(body: bytes) -> object:
    return await _page(_amazon().account(MWS, scripted_mws.orders(1), Reply(body=body)))


async def _mws_feeds(body: bytes) -> object:
    amazon = _amazon().account(MWS, Reply(body=body))
    one, several = await _foreseen(amazon.feed_status("1")), None
    if one is None:
        several = await _foreseen(amazon.feeds_since(NOON))
    return _keepable(await _foreseen(amazon.submit_feed("<x/>", ()))) or _told(one, *several or ())


async def _mws_refusal(body: bytes) -> object:
    for status in (400, 401, 503):
        amazon = _amazon().account(MWS, Reply(status, body))
        assert await _foreseen(amazon.search_orders(window(), None)) is None
        assert await _foreseen(amazon.submit_feed("<x/>", ())) is None
    return True


_READ_HEADERS = (
    *("date", "retry-after", "x-amzn-ratelimit-limit", "x-amzn-requestid", "content-type"),
    *("x-mws-quota-remaining", "x-mws-quota-resetson", "x-mws-request-id", "content-md5"),
)


async def _headers(body: bytes) -> object:
    """One text in every header that is read."""
    told = "".join(one for one in body.decode("latin-1").strip(' "') if one >= " ")[:1_000]
    headers = dict.fromkeys(_READ_HEADERS, told)
    found = []
    for status in (200, 429, 503):
        judge(Answer(status, headers, b""), NOON)
        for credentials, page in ((SELLING_PARTNER, NO_ORDERS), (MWS, scripted_mws.orders())):
            amazon = _amazon().account(credentials, Reply(status, page.body, headers))
            found.append(await _foreseen(amazon.latest_upper_bound()))
            await _foreseen(amazon.search_orders(window(), None))
            await _foreseen(amazon.feed_report(_DONE))
    return any(found)


# Hubs


async def _v5(body: bytes) -> object:
    try:
        message = decode(body)
    except NotAMessage:
        return None
    json.loads(v5_reply.delay_reply(message.message_id, 1))
    return _usable(
        lambda: v5.read_poll(message, _NOW),
        lambda: v5.read_by_number(message),
        lambda: v5.read_confirm(message, _NOW),
        lambda: v5.read_feed_status(message),
    )


async def _v6(body: bytes) -> object:
    try:
        read = read_object(body)
        if not is_call(read):
            return None
        json.loads(v6_reply.failure_reply(request_id(read), "No."))
        call = read_call(read)
    except NotAMessage:
        return None
    json.loads(v6_reply.failure_reply(call.request_id, "No."))
    return _usable(
        lambda: v6.read_poll(call, _NOW, _NOW),
        lambda: v6.read_by_number(call),
        lambda: v6.read_confirm(call, _NOW),
        lambda: v6.read_feed_status(call),
    )


async def _shipment(body: bytes) -> object:
    try:
        given = read_object(body).get("shipment")
    except NotAMessage:
        return None
    return _usable(lambda: v5.read_shipment(given, _NOW, field="shipment", tracked=False))


def _usable(*readers: Callable[[], object]) -> list[object]:
    """What could be read. Errors name the field, and can be told; a shipment can be sent."""
    found: list[object] = []
    for read in readers:
        try:
            found.append(read())
        except InvalidInput as error:
            assert error.field, "no field is named"  # noqa: PT017 - of whichever reader
            json.loads(v5_reply.error_reply("1", error))
            json.loads(v6_reply.error_reply("1", error))
    for one in found:
        shipment = one.shipment if isinstance(one, Confirm) else one
        if isinstance(shipment, Shipment):
            shown = msgspec.structs.replace(
                PACKAGE,
                tracking=shipment.tracking,
                shipping_method=shipment.shipping_method,
                shipped_at=shipment.shipped_at or NOON,
            )
            write_feed("A0000000000000", [shown])
    return found


async def _given_back(body: bytes) -> object:
    """What hubs keep for us: an unfinished window, and what was seen; and a position within it."""
    text = body.decode("latin-1").strip(' "')
    sealed = f"w1.{urlsafe_b64encode(body).decode()}"
    found = _usable(
        lambda: resume.unseal(text, secret=b"s", binding=b"b"),
        lambda: resume.unseal(sealed, secret=b"s", binding=b"b"),
        lambda: seen.read(text, NOON),
    )
    for one in (text, sealed.replace("w1.", "m1.")):
        with suppress(PageTokenRefused):
            found.append(read_position(one))
    return found


async def _settings(body: bytes) -> object:
    """One text as every setting and as the file of one, and the body as the file of them all."""
    text = body.decode("utf-8", "surrogateescape").replace("\0", "").strip(' "')
    found = []
    for name in (*settings.names(), "token_file"):
        with suppress(SettingInvalid):
            given = settings.load({f"{settings.PREFIX}{name.upper()}": text})
            found.append(given)
            str(given).encode()
    with TemporaryDirectory() as folder:
        file = Path(folder, "settings.toml")
        file.write_bytes(body)  # noqa: ASYNC240 - nobody else waits
        with suppress(SettingInvalid):
            found.append(settings.load({settings.CONFIG: str(file)}))
    return found


# Files on the command line

_ACCOUNT = {name: str(value) for name, value in PARAMETERS.items()}


async def _shipment_file(body: bytes) -> object:
    try:
        shipment = {"shipment": read_shipment(body)}
        message = decode(cli_message(Service.SHIPMENT_CONFIRM, shipment, _ACCOUNT))
    except (click.UsageError, NotAMessage):
        return None
    return _usable(lambda: v5.read_confirm(message, _NOW))


async def _poll_state(body: bytes) -> object:
    """What is read can be kept again."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "state.json")
        file.write_bytes(body)  # noqa: ASYNC240 - nobody else waits
        try:
            state = PollState(file)
        except click.UsageError:
            return None
        state.keep(Parameter(name, value) for name, value in state.parameters.items())
        return PollState(file).parameters


def _written(value: object) -> bytes:
    return json.dumps(value).encode()


def _message(name: str, payload: dict[str, Any]) -> bytes:
    given = {
        **PARAMETERS,
        "amazon.shipping_method_lookup": [{"Standard": "UPS Ground"}],
        "amazon.carrier_lookup": {"UPS Ground": "UPS"},
        "amazon.statuses": "Unshipped,Shipped",
        "amazon.services_host": "127.0.0.1:8001",
    }
    listed = [{"name": key, "value": value} for key, value in given.items()]
    body = {"message_id": "1", "message": name, "payload": {**payload, "parameters": listed}}
    return _written(body)


_SHIPMENT = {
    "number": "H1",
    "order_number": "100-EXAMPLE-1000000",
    "tracking": "1Z0000000000000000",
    "shipping_method": "UPS Ground",
    "carrier": "UPS",
    "shipped_at": "2026-11-01T00:00:00Z",
    "updated_at": None,
    "items": [{"sku": "MUG-1", "external_ref": "1", "quantity": 2}, {"sku": "B", "quantity": "1"}],
}
_CALLS = (
    {"last_poll": 0},
    {"order": {"id": "100-EXAMPLE-1000000"}},
    {"feed": {"id": "7891011"}},
    {
        "shipment": {
            "id": "H1",
            "order_id": "100-EXAMPLE-1000000",
            "status": "shipped",
            "tracking": "1Z",
            "shipping_carrier": "UPS",
            "shipped_at": "2026-11-01T00:00:00Z",
            "items": [{"product_id": "MUG-1", "quantity": 2}],
        }
    },
)
_ORDER = FULL | order(
    item(
        part("ITEM", "10.00"),
        part("TAX", "1.00", ITEM="0.80", SHIPPING="0.20"),
        part("DISCOUNT", "-2.00", ITEM="-2.00"),
        total="9.00",
        unit_price=money("5.00"),
        quantity=2,
    ),
    total=money("9.00"),
)
_ORDER_XML = order_xml(
    OrderTotal=mws_money("11.00"),
    ShippingAddress={"Name": "Pat Example", "AddressLine1": "1 Sample Street", "City": "Sampleton"},
    BuyerEmail="pat@marketplace.example",
    IsPrime="true",
)
_ITEM_XML = item_xml(
    "10.00",
    ItemTax=mws_money("1.00"),
    PromotionDiscount=mws_money("0.00"),
    PromotionDiscountTax=mws_money("0.00"),
    QuantityShipped="0",
    Title="Mug",
    BuyerRequestedCancel={"IsBuyerRequestedCancel": "true", "BuyerCancelReason": "Too late"},
    PromotionIds={"PromotionId": "SUMMER"},
)
_FEED = {
    "feedId": "1",
    "feedType": "POST_ORDER_FULFILLMENT_DATA",
    "createdTime": "2026-11-01T00:00:00Z",
    "processingStatus": "DONE",
    "resultFeedDocumentId": "2",
}
_FEED_XML = (
    "<HasNext>true</HasNext><NextToken>next</NextToken><FeedSubmissionInfo>"
    "<FeedSubmissionId>1</FeedSubmissionId><SubmittedDate>2026-11-01T00:00:00+00:00</SubmittedDate>"
    "<FeedProcessingStatus>_DONE_</FeedProcessingStatus></FeedSubmissionInfo>"
)

PARSERS = (
    Parser(
        "spapi-page",
        (
            _written(
                {
                    "orders": [_ORDER, FULL],
                    "pagination": {"nextToken": "next"},
                    "lastUpdatedBefore": "2026-11-01T00:00:00Z",
                }
            ),
        ),
        _spapi_page,
    ),
    Parser("spapi-order", (_written({"order": _ORDER}), _written({"order": FULL})), _spapi_order),
    Parser(
        "spapi-feeds",
        (_written(_FEED), _written({"feeds": [_FEED], "nextToken": ""})),
        _spapi_feeds,
    ),
    Parser(
        "spapi-submission",
        (_written({"feedDocumentId": "1", "url": f"{_URL}/upload?a=b", "feedId": "1"}),),
        _spapi_submission,
    ),
    Parser(
        "spapi-refusal",
        (_written({"errors": [{"code": "InvalidInput", "message": "No.", "details": "a"}]}),),
        _spapi_refusal,
    ),
    Parser(
        "spapi-token",
        (
            _written(
                {
                    "access_token": "Atza|1",
                    "token_type": "bearer",
                    "expires_in": 3600,
                    "error": "invalid_grant",
                    "error_description": "No.",
                }
            ),
        ),
        _spapi_token,
    ),
    Parser(
        "report",
        (report(summary(3, 2, 1, 1), result("1") + result("2", "Warning")).encode(),),
        _report,
    ),
    Parser(
        "mws-page",
        (
            scripted_mws.answer(
                "ListOrders",
                f"<Orders>{_ORDER_XML}{order_xml()}</Orders>",
                "<NextToken>next</NextToken>",
                "<LastUpdatedBefore>2026-11-01T00:00:00Z</LastUpdatedBefore>",
            ).body,
        ),
        _mws_page,
    ),
    Parser("mws-items", (scripted_mws.items(1, _ITEM_XML, item_xml()).body,), _mws_items),
    Parser(
        "mws-feeds",
        tuple(
            scripted_mws.answer(action, _FEED_XML).body
            for action in ("GetFeedSubmissionList", "SubmitFeed")
        ),
        _mws_feeds,
    ),
    Parser(
        "mws-refusal",
        tuple(
            scripted_mws.refusal(400, code, told).body
            for code, told in (
                ("InvalidParameterValue", "Invalid AmazonOrderId"),
                ("QuotaExceeded", "It will reset on Sun Nov 01 13:00:00 UTC 2026"),
            )
        ),
        _mws_refusal,
    ),
    Parser(
        "headers",
        (b'"Sun, 01 Nov 2026 12:00:00 GMT"', b'"2026-11-01T12:00:00Z"', b'"0.0167"'),
        _headers,
    ),
    Parser(
        "hub-v5",
        (
            _message("amazon:order:poll", {}),
            _message("amazon:import:by_number", {"amazon_order_id": "100-EXAMPLE-1000000"}),
            _message("amazon:feed:status", {"feed_id": "7891011"}),
            _message("shipment:confirm", {"shipment": _SHIPMENT}),
        ),
        _v5,
    ),
    Parser(
        "hub-v6",
        tuple(_written({"request_id": "1", "parameters": PARAMETERS, **call}) for call in _CALLS),
        _v6,
    ),
    Parser("shipments", (_written({"shipment": _SHIPMENT}),), _shipment),
    Parser(
        "given-back",
        (
            _written(Position(next_token="x", left=1).written()),
            b'"2026-11-01T12:00:00Z 0123456789abcdef"',
        ),
        _given_back,
    ),
    Parser(
        "settings",
        (b'"2026-11-01T00:00:00Z"', b'"127.0.0.1:8001,example.com"', b'"1024"', b'"true"'),
        _settings,
    ),
    Parser("shipment-file", (_written({"payload": {"shipment": _SHIPMENT}}),), _shipment_file),
    Parser(
        "poll-state",
        (
            _written(
                {
                    "amazon.last_updated_after": "2026-11-01T00:00:00Z",
                    "amazon.resume": "w1.x",
                    "amazon.seen": "2026-11-01T12:00:00Z 0123456789abcdef",
                }
            ),
        ),
        _poll_state,
    ),
)
