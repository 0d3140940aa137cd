"""Outbound calls: to the address that was checked, bounded, and clear about what can have been."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from amazon_endpoint import outbound
from amazon_endpoint.outbound import NoAnswer, NotSent, Outbound, is_public
from tests.integration.spapi.scripted_amazon import LOST, Reply, ScriptedAmazon


@pytest.fixture
async def careful() -> AsyncIterator[Outbound]:
    """Connects to public addresses only."""
    client = Outbound(may_be_private=lambda _host, _port: False)
    yield client
    await client.aclose()


@pytest.fixture
async def trusting() -> AsyncIterator[Outbound]:
    client = Outbound(may_be_private=lambda _host, _port: True)
    yield client
    await client.aclose()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::10.0.0.1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:7f00:1::",
        "fec0::1",
    ],
)
def test_an_address_of_ones_own_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["52.94.236.248", "2600:9000::1", "::ffff:52.94.236.248", "64:ff9b::52.94.236.248"],
)
def test_an_address_of_the_world_is_public(address: str) -> None:
    assert is_public(address)


async def test_a_name_that_leads_inside_is_not_followed(
    amazon: ScriptedAmazon, careful: Outbound
) -> None:
    url = amazon.url.replace("127.0.0.1", "localhost")

    with pytest.raises(NotSent, match="no public address"):
        await careful.send("GET", url, headers={})

    assert amazon.asked == []


async def test_a_name_is_asked_for_once_and_its_address_connected_to(
    amazon: ScriptedAmazon, careful: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    resolve = loop.getaddrinfo
    port = int(amazon.url.rpartition(":")[2])
    asked = []

    async def rebind(host: Any, *rest: Any, **more: Any) -> Any:
        """A name server that leads elsewhere from the second question on."""
        if host != "bucket.s3.amazonaws.com":
            return await resolve(host, *rest, **more)
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1" if len(asked) == 1 else "127.0.0.2", port))]

    monkeypatch.setattr(loop, "getaddrinfo", rebind)
    monkeypatch.setattr(outbound, "is_public", lambda address: address == "127.0.0.1")

    await careful.send("GET", f"http://bucket.s3.amazonaws.com:{port}/", headers={})

    assert len(asked) == 1
    assert amazon.asked[0].headers["host"] == f"bucket.s3.amazonaws.com:{port}"


async def test_an_unknown_name_is_told_as_not_sent(careful: Outbound) -> None:
    with pytest.raises(NotSent, match="can't be resolved"):
        await careful.send("GET", "https://nowhere.invalid", headers={})


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "shop..example"])
async def test_a_name_that_is_none_was_not_sent(
    careful: Outbound, trusting: Outbound, host: str
) -> None:
    for client in (careful, trusting):
        with pytest.raises(NotSent):
            await client.send("GET", f"http://{host}/", headers={})


async def test_a_closed_port_is_told_as_not_sent(trusting: Outbound) -> None:
    with pytest.raises(NotSent):
        await trusting.send("GET", "http://127.0.0.1:1", headers={})


async def test_a_dropped_connection_is_no_answer(
    amazon: ScriptedAmazon, trusting: Outbound
) -> None:
    amazon.will(LOST)

    with pytest.raises(NoAnswer):
        await trusting.send("POST", amazon.url, headers={}, content=b"x")


async def test_an_endless_answer_is_cut_off(
    amazon: ScriptedAmazon, trusting: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "MAX_BODY", 1000)
    amazon.will(Reply(200, b"x" * 1000), Reply(200, b"x" * 1001))

    assert len((await trusting.send("GET", amazon.url, headers={})).body) == 1000
    with pytest.raises(NoAnswer, match="exceeds"):
        await trusting.send("GET", amazon.url, headers={})


async def test_where_the_status_is_enough_only_the_beginning_is_kept(
    amazon: ScriptedAmazon, trusting: Outbound
) -> None:
    amazon.will(Reply(200, b"x" * 1_000_000), Reply(202, b"x" * 1000, cut=True))

    long = await trusting.send("POST", amazon.url, headers={}, content=b"x", enough=700)
    cut = await trusting.send("POST", amazon.url, headers={}, content=b"x", enough=700)

    assert (long.status, len(long.body)) == (200, 700)
    assert (cut.status, len(cut.body)) == (202, 500)


async def test_an_answer_that_never_ends_is_given_up(
    amazon: ScriptedAmazon, trusting: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "_WHOLE_CALL_SECONDS", 0.05)
    amazon.hold()

    with pytest.raises(NoAnswer):
        await trusting.send("GET", amazon.url, headers={})
    amazon.release()


async def test_a_call_whose_turn_does_not_come_is_not_sent(
    amazon: ScriptedAmazon, trusting: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "_LONGEST_WAIT_FOR_TURN", 0.01)
    trusting._turns = asyncio.Semaphore(1)
    amazon.hold()
    first = asyncio.create_task(trusting.send("GET", amazon.url, headers={}))
    await amazon.arrived.wait()

    with pytest.raises(NotSent, match="too many"):
        await trusting.send("GET", amazon.url, headers={})
    amazon.release()

    await first
    assert (await trusting.send("GET", amazon.url, headers={})).status == 200


async def test_a_redirect_is_an_answer_like_any_other(
    amazon: ScriptedAmazon, trusting: Outbound
) -> None:
    amazon.will(Reply(302, b"", {"location": amazon.url}))

    assert (await trusting.send("GET", amazon.url, headers={})).status == 302
    assert len(amazon.asked) == 1
