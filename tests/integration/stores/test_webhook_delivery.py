"""Deliveries by webhook: one attempt each, whatever the store makes of it."""

import json
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from amazon_endpoint import outbound as outbound_module
from amazon_endpoint.outbound import Outbound
from amazon_endpoint.stores.port import Delivered, Gone, Refused
from amazon_endpoint.stores.webhook import WebhookStore
from tests.integration.spapi.scripted_amazon import LOST, Reply, ScriptedAmazon
from tests.turned_clock import NOON, ShiftedClock, TurnedClock
from tests.unit.stores.examples import OLD_SECRET, SECRET, order_delivery

HTML = {"content-type": "text/html; charset=utf-8"}
CANARY = b"<p>Patrick Cook, 7159 edwards rd</p>"


@pytest.fixture
def webhooks(store: ScriptedAmazon, outbound: Outbound, clock: TurnedClock) -> WebhookStore:
    url = f"{store.url}/hook?key=1"
    return WebhookStore(url, (SECRET, OLD_SECRET), outbound=outbound, clock=clock)


async def test_a_message_arrives_as_it_was_signed(
    store: ScriptedAmazon, outbound: Outbound
) -> None:
    webhooks = WebhookStore(
        f"{store.url}/hook?key=1", (SECRET,), outbound=outbound, clock=ShiftedClock()
    )

    assert await webhooks.deliver(order_delivery(webhook_id="msg_7")) == Delivered()

    (asked,) = store.asked
    assert (asked.method, asked.path, asked.params) == ("POST", "/hook", {"key": "1"})
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["webhook-id"] == "msg_7"
    message = Webhook(SECRET).verify(asked.body, asked.headers)
    assert (message["message"], message["message_id"]) == ("order:import", "msg_7")


async def test_a_repeat_is_the_same_message_at_its_own_time(
    store: ScriptedAmazon, webhooks: WebhookStore, clock: TurnedClock
) -> None:
    store.will(Reply(500))

    await webhooks.deliver(order_delivery())
    clock.advance(60)
    await webhooks.deliver(order_delivery())

    first, second = store.asked
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert second.headers["webhook-timestamp"] == str(int(NOON.timestamp()) + 60)


async def test_every_secret_signs(store: ScriptedAmazon, webhooks: WebhookStore) -> None:
    await webhooks.deliver(order_delivery())

    signatures = store.asked[0].headers["webhook-signature"].split(" ")
    assert [one.partition(",")[0] for one in signatures] == ["v1", "v1"]
    assert len(set(signatures)) == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"OK", HTML),
        Reply(200, b"", HTML),
        Reply(200, b"<taken/>", {"content-type": "application/xml"}),
        Reply(204, b""),
        Reply(200, b"x" * 3_000_000),
        Reply(200, b"no gzip", {"content-encoding": "gzip"}),
        Reply(200, b"half of this", cut=True),
    ],
    ids=[
        "a word",
        "an empty page",
        "XML",
        "nothing",
        "megabytes",
        "what can't be unpacked",
        "half an answer",
    ],
)
async def test_a_message_is_delivered_whatever_2xx_brings(
    store: ScriptedAmazon, webhooks: WebhookStore, reply: Reply
) -> None:
    store.will(reply)

    assert await webhooks.deliver(order_delivery()) == Delivered()


@pytest.mark.parametrize(
    "page", [CANARY, b"\xef\xbb\xbf\r\n <!DOCTYPE html>"], ids=["a part of one", "a whole one"]
)
async def test_a_page_takes_no_message(
    store: ScriptedAmazon, webhooks: WebhookStore, page: bytes
) -> None:
    store.will(Reply(200, page, {"content-type": "Text/HTML; charset=utf-8"}))

    outcome = await webhooks.deliver(order_delivery())

    assert isinstance(outcome, Refused)
    assert "answered 200 with a page (text/html)" in outcome.reason
    assert "Patrick" not in outcome.reason
    assert not outcome.store_is_down


async def test_a_redirect_is_not_followed(store: ScriptedAmazon, webhooks: WebhookStore) -> None:
    store.will(Reply(307, b"", {"location": f"{store.url}/elsewhere"}))

    outcome = await webhooks.deliver(order_delivery())

    assert isinstance(outcome, Refused)
    assert "Redirects are not followed" in outcome.reason
    assert len(store.asked) == 1


async def test_a_store_that_is_gone_is_told_apart(
    store: ScriptedAmazon, webhooks: WebhookStore
) -> None:
    store.will(Reply(410))

    assert isinstance(await webhooks.deliver(order_delivery()), Gone)


async def test_a_busy_store_says_when(store: ScriptedAmazon, webhooks: WebhookStore) -> None:
    store.will(Reply(503, CANARY, HTML | {"retry-after": "120"}))

    outcome = await webhooks.deliver(order_delivery())

    until = NOON + timedelta(minutes=2)
    assert outcome == Refused("The store answered 503 (text/html).", until, store_is_down=True)


async def test_a_lost_answer_is_refused(store: ScriptedAmazon, webhooks: WebhookStore) -> None:
    store.will(LOST)

    outcome = await webhooks.deliver(order_delivery())

    assert isinstance(outcome, Refused)
    assert "no whole answer" in outcome.reason


async def test_a_store_that_hangs_is_given_up(
    store: ScriptedAmazon, webhooks: WebhookStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound_module, "_WHOLE_CALL_SECONDS", 0.05)
    store.hold()

    outcome = await webhooks.deliver(order_delivery())

    assert isinstance(outcome, Refused)
    assert "no whole answer" in outcome.reason
    store.release()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:1/hook?key=hush", "can't be reached"),
        ("https://nowhere.invalid/hush", "nowhere.invalid can't be resolved"),
    ],
    ids=["a closed port", "an unknown name"],
)
async def test_a_store_that_is_down_is_refused_without_its_url(
    outbound: Outbound, clock: TurnedClock, url: str, told: str
) -> None:
    webhooks = WebhookStore(url, (SECRET,), outbound=outbound, clock=clock)

    outcome = await webhooks.deliver(order_delivery())

    assert isinstance(outcome, Refused)
    assert told in outcome.reason
    assert "hush" not in outcome.reason


async def test_a_name_that_leads_to_a_private_address_is_refused(
    store: ScriptedAmazon, outbound: Outbound, clock: TurnedClock
) -> None:
    url = store.url.replace("127.0.0.1", "localhost")
    webhooks = WebhookStore(url, (SECRET,), outbound=outbound, clock=clock)

    outcome = await webhooks.deliver(order_delivery())

    assert isinstance(outcome, Refused)
    assert "localhost has no public address" in outcome.reason
    assert "AMAZON_ENDPOINT_ALLOWED_HOSTS" in outcome.reason
    assert store.asked == []


@pytest.mark.parametrize("status", [400, 401, 404, 422, 500, 502])
async def test_what_a_store_says_in_its_answer_stays_there(
    store: ScriptedAmazon, webhooks: WebhookStore, status: int
) -> None:
    store.will(Reply(status, CANARY, HTML | {"x-error": CANARY.decode()}))

    outcome = await webhooks.deliver(order_delivery())

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith(f"The store answered {status} (text/html).")
    assert "Patrick" not in json.dumps(outcome.reason)
