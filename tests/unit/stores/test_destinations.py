"""Which destinations can be used, and what is told of those that can't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.clock import SystemClock
from amazon_endpoint.errors import HostNotAllowed, InvalidInput
from amazon_endpoint.outbound import Outbound
from amazon_endpoint.stores.connect import check, connect
from amazon_endpoint.stores.port import Destination, MessageKind
from amazon_endpoint.stores.v6_push import V6Store
from amazon_endpoint.stores.webhook import WebhookStore
from tests.unit.stores.examples import OLD_SECRET, SECRET, TOKEN, order_delivery

URL = "https://store.example/webhooks/amazon"


def allowed(host: str, port: int) -> bool:
    return (host, port) in {("127.0.0.1", 9000), ("::1", 9000), ("store.lan", 80)}


def webhook(url: str = URL, *secrets: str) -> Destination:
    return Destination(kind="webhook", url=url, secrets=secrets or (SECRET,))


def v6(url: str = "https://store.example/wombat", *secrets: str) -> Destination:
    return Destination(kind="v6", url=url, secrets=secrets or (TOKEN,))


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://store.example",
        "https://store.example:8443/",
        "HTTPS://Store.Example/Hook?key=a%20b&c=[d]",
        "https://store.example?key=1",
        "https://93.184.216.34/hook",
        "https://[2606:2800:220:1::1]/hook",
        "http://127.0.0.1:9000/hook",
        "https://127.0.0.1:9000/hook",
        "http://[::1]:9000",
        "http://STORE.lan/hook",
    ],
)
def test_a_usable_url_passes(url: str) -> None:
    check(webhook(url), allowed=allowed)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "Give a URL like"),
        ("store.example/hook", "Give a URL like"),
        ("ftp://store.example", "Give a URL like"),
        ("https://", "Give a URL like"),
        ("https:///hook", "Give a URL like"),
        ("https://store..example", "Give a URL like"),
        ("https://store.example/a b", "Give a URL like"),
        ("https://store.example/a\n", "Give a URL like"),
        ("https://store.example\\hook", "Give a URL like"),
        ("https://störe.example", "Give a URL like"),
        ("https://[:::::]/hook", "Give a URL like"),
        ("https://[1.2.3.4]/hook", "Give a URL like"),
        ("https://1.2.3.4.5/hook", "Give a URL like"),
        (f"https://{'a' * 64}.example", "Give a URL like"),
        ("https://2130706433/hook", "Give a URL like"),
        (f"https://store.example/{'a' * 2000}", "Give a URL like"),
        ("https://store.example:0", "Give a URL like"),
        ("https://store.example:65536", "Give a URL like"),
        ("https://user:hush@store.example/hook", "user and password"),
        ("https://hush@store.example", "user and password"),
        ("https://store.example/hook#hush", "Leave out #"),
    ],
)
def test_an_unusable_url_is_refused_without_being_quoted(url: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as refused:
        check(webhook(url), allowed=allowed)

    assert refused.value.field == "destination.url"
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://store.example/hook", "store.example:80"),
        ("http://store.lan:81", "store.lan:81"),
        ("https://10.0.0.7/hook", "10.0.0.7:443"),
        ("https://127.0.0.1:9001", "127.0.0.1:9001"),
        ("https://169.254.169.254/latest", "169.254.169.254:443"),
        ("https://[::ffff:10.0.0.7]", "[::ffff:10.0.0.7]:443"),
    ],
)
def test_clear_text_and_private_addresses_are_the_operators_choice(url: str, place: str) -> None:
    with pytest.raises(HostNotAllowed) as refused:
        check(webhook(url), allowed=allowed)

    assert f"add {place} to AMAZON_ENDPOINT_ALLOWED_HOSTS" in str(refused.value)


def test_a_hub_extensions_url_has_no_query() -> None:
    check(v6("https://store.example/wombat/"), allowed=allowed)

    with pytest.raises(InvalidInput, match="without a query"):
        check(v6("https://store.example/wombat?key=1"), allowed=allowed)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "hush",
        SECRET.removeprefix("whsec_"),
        "whsec_",
        "whsec_aHVzaA==",
        "whsec_" + "a" * 88,
        SECRET[:-1] + "*",
        SECRET + "\n",
        "whsec_" + "ä" * 32,
    ],
    ids=[
        "empty",
        "a word",
        "without its prefix",
        "only its prefix",
        "too short",
        "too long",
        "not base64",
        "with a line's end",
        "not ASCII",
    ],
)
def test_a_weak_or_misread_signing_secret_is_refused_without_being_quoted(secret: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(webhook(URL, SECRET, secret), allowed=allowed)

    assert str(refused.value) == (
        "destination.secrets[1]: A signing secret is whsec_ followed by 24 to 64 random bytes in "
        'base64. `echo "whsec_$(openssl rand -base64 32)"` makes one.'
    )


def test_a_webhook_needs_a_secret() -> None:
    with pytest.raises(InvalidInput, match="needs a signing secret"):
        check(Destination(kind="webhook", url=URL, secrets=()), allowed=allowed)


@pytest.mark.parametrize("tokens", [(), ("",), ("a", "b"), ("a b",), ("a\r\nx: y",), ("ä",)])
def test_a_hub_extension_has_one_token_that_fits_a_header(tokens: tuple[str, ...]) -> None:
    destination = Destination(kind="v6", url="https://store.example/wombat", secrets=tokens)

    with pytest.raises(InvalidInput, match="one token"):
        check(destination, allowed=allowed)


async def test_the_kind_chooses_the_store() -> None:
    outbound = Outbound(may_be_private=allowed)
    clock = SystemClock()

    stores = [
        connect(one, outbound=outbound, clock=clock, allowed=allowed)
        for one in (webhook(URL, SECRET, OLD_SECRET), v6())
    ]
    with pytest.raises(InvalidInput):
        connect(webhook("http://store.example"), outbound=outbound, clock=clock, allowed=allowed)

    assert [type(store) for store in stores] == [WebhookStore, V6Store]
    await outbound.aclose()


@given(st.text() | st.from_regex(r"https?://[!-~]*", fullmatch=True))
def test_a_destination_shows_neither_secrets_nor_what_may_be_a_key(url: str) -> None:
    destination = webhook(url, "whsec_hush")

    assert "hush" not in repr(destination)


def test_a_destination_is_shown_by_its_host() -> None:
    shown = "Destination(kind='webhook', host='store.example:8443')"

    assert repr(webhook("https://hush:hush@store.example:8443/hush?hush#hush", "hush")) == shown


def test_a_delivery_is_shown_without_its_body() -> None:
    shown = repr(order_delivery(MessageKind.ORDER_IMPORT))

    assert "msg_1" in shown
    assert "order:import" in shown
    assert "Patrick" not in shown
