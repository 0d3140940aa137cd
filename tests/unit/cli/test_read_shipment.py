import click
import pytest

from amazon_endpoint.cli.shipments import read_shipment

SHIPMENT = b'{"number": "H1", "items": [{"quantity": 1.0}]}'


@pytest.mark.parametrize(
    "content",
    [
        SHIPMENT,
        b'{"shipment": ' + SHIPMENT + b"}",
        b'{"message_id": "1", "payload": {"parameters": [], "shipment": ' + SHIPMENT + b"}}",
    ],
    ids=["shipment", "payload", "message"],
)
def test_finds_the_shipment_just_as_it_is_written(content: bytes) -> None:
    assert bytes(read_shipment(content)) == SHIPMENT


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b'"x"', b'{"payload": 1}', b'{"payload": {', b'{"\xff": 1}'),
        pytest.param(b'{"shipment": ' + b"[" * 5_000, id="nested"),
    ],
)
def test_refuses_anything_else(content: bytes) -> None:
    with pytest.raises(click.UsageError, match="no shipment in JSON"):
        read_shipment(content)
