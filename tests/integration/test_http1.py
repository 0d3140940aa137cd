"""HTTP/1.1 as servers speak it: how an answer ends, and which connection takes the next call."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from amazon_endpoint import http1
from amazon_endpoint.outbound import NoAnswer, NotSent, Outbound

_HEAD = b"HTTP/1.1 200 OK\r\n"
_OK = _HEAD + b"content-length: 2\r\n\r\n{}"
_UPGRADE = b"upgrade: h2\r\nconnection: upgrade\r\n"


class Server:
    """Answers the first request of each connection with the next of its answers, byte for byte.

    An answer that has parts is sent part by part; None closes the connection.
    """

    def __init__(self, *answers: tuple[bytes | None, ...]) -> None:
        self._answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                for part in self._answers.pop(0):
                    if part is None:
                        return
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def _running(
    *answers: tuple[bytes | None, ...], tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Server, str]]:
    server = Server(*answers)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield server, f"{'https' if tls else 'http'}://localhost:{port}"
    finally:
        listening.close()


@pytest.fixture
async def client() -> AsyncIterator[Outbound]:
    outbound = Outbound(may_be_private=lambda _host, _port: True)
    yield outbound
    await outbound.aclose()


@pytest.mark.parametrize(
    "parts",
    [
        (_HEAD + b"content-length: 5\r\n\r\nwhole",),
        (_HEAD[:3], _HEAD[3:] + b"content-len", b"gth: 5\r\n\r\nwh", b"ole"),
        (_HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\nwh\r\n", b"3\r\nole\r\n0\r\n\r\n"),
        (_HEAD + b"\r\nwh", b"ole", None),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nwhole", None),
        (b"HTTP/1.1 103 -\r\nlink: <x>\r\n\r\n", _HEAD + b"content-length: 5\r\n\r\nwhole"),
        (_HEAD + _UPGRADE + b"content-length: 5\r\n\r\nwhole",),
    ],
    ids=["at once", "in parts", "chunked", "to the end", "of old", "announced", "upgradable"],
)
async def test_an_answer_ends_where_the_server_says(
    client: Outbound, parts: tuple[bytes | None, ...]
) -> None:
    async with _running(parts) as (_, url):
        answer = await client.send("GET", url, headers={})

    assert (answer.status, answer.body) == (200, b"whole")


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((_HEAD + b"content-length: 5\r\n\r\nha", None), "closed"),
        ((_HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\nha\r\n", None), "closed"),
        ((_HEAD, None), "closed"),
        ((b"SSH-2.0-else\r\n",), "not HTTP"),
        ((b"HTTP/1.1 101 -\r\n" + _UPGRADE + b"\r\n",), "not HTTP"),
        ((_HEAD + b"x: ", *[b"x" * 10_000] * 20), "head is too long"),
        ((_HEAD + b"content-encoding: gzip\r\ncontent-length: 3\r\n\r\nraw",), "decompressed"),
    ],
    ids=["cut", "cut chunks", "cut head", "other protocol", "switched", "endless head", "no gzip"],
)
async def test_what_is_no_whole_answer_is_none(
    client: Outbound, parts: tuple[bytes | None, ...], told: str
) -> None:
    async with _running(parts) as (_, url):
        with pytest.raises(NoAnswer, match=told):
            await client.send("GET", url, headers={})


async def test_a_compressed_answer_is_bounded_by_what_it_holds(
    client: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http1, "MAX_BODY", 1000)
    compressed = [gzip.compress(bytes(size)) for size in (1000, 1_000_000)]
    answers = [
        _HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(one) + one
        for one in compressed
    ]
    async with _running(*[(one,) for one in answers]) as (_, url):
        assert (await client.send("GET", url, headers={})).body == bytes(1000)
        with pytest.raises(NoAnswer, match="exceeds"):
            await client.send("GET", url, headers={})


async def test_several_headers_of_a_name_are_one(client: Outbound) -> None:
    async with _running((b"HTTP/1.1 204 -\r\nVary: a\r\nvary: b\r\n\r\n",)) as (_, url):
        answer = await client.send("GET", url, headers={})

    assert answer.headers == {"vary": "a, b"}


async def test_a_connection_takes_the_next_call(client: Outbound) -> None:
    async with _running((_OK,), (_OK,)) as (server, url):
        await client.send("POST", f"{url}/a?b", headers={"x-c": "d"}, params={"e": "+ /"})
        await client.send("GET", url, headers={})

    host = url.removeprefix("http://").encode()
    assert server.connections == 1
    assert server.requests == [
        b"POST /a?b&e=%2B%20%2F HTTP/1.1\r\nhost: " + host + b"\r\naccept: */*\r\n"
        b"accept-encoding: gzip\r\nx-c: d\r\ncontent-length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: " + host + b"\r\naccept: */*\r\naccept-encoding: gzip\r\n\r\n",
    ]


@pytest.mark.parametrize(
    "first",
    [
        (_HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\n{}",),
        (_OK, None),
        (_OK + _HEAD + b"content-length: 6\r\n\r\nforged",),
        (_OK, _HEAD + b"content-length: 6\r\n\r\nforged"),
    ],
    ids=["told to be the last", "closed", "more than was asked", "more, later"],
)
async def test_a_connection_that_may_not_be_used_again_is_not(
    client: Outbound, first: tuple[bytes | None, ...]
) -> None:
    async with _running(first, (_OK,)) as (server, url):
        await client.send("GET", url, headers={})
        await asyncio.sleep(0.01)
        answer = await client.send("GET", url, headers={})

    assert (answer.body, server.connections) == (b"{}", 2)


async def test_a_call_that_was_given_up_leaves_no_connection_behind(client: Outbound) -> None:
    async with _running((), (_OK,)) as (server, url):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.send("GET", url, headers={})
        await client.send("GET", url, headers={})

    assert server.connections == 2


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://localhost:1/a b", {}),
        ("http://localhost:1/\r\nx: y", {}),
        ("http://localhost:0x1/", {}),
        ("ftp://localhost/", {}),
        ("http://localhost:1/", {"x-token": "a\r\nx: y"}),
        ("http://localhost:1/", {"x-token": "…"}),
    ],
)
async def test_what_can_not_be_written_is_not_sent(
    client: Outbound, url: str, headers: dict[str, str]
) -> None:
    with pytest.raises(NotSent, match=r"makes no sense|can't be written"):
        await client.send("GET", url, headers=headers)


async def test_encrypted_calls_go_to_whom_the_certificate_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = _certificate("localhost", tmp_path)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    client = Outbound(may_be_private=lambda _host, _port: True)

    async with _running((_OK,), (_OK,), tls=server_side) as (server, url):
        await client.send("GET", url, headers={})
        await client.send("GET", url, headers={})
        with pytest.raises(NotSent, match=r"(?i)certificate"):
            await client.send("GET", url.replace("localhost", "127.0.0.1"), headers={})
        await client.aclose()

    assert server.connections == 1


def _certificate(host: str, folder: Path) -> Path:
    """A certificate that signed itself, with its key, as a file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file
