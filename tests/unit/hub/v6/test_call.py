import pytest

from amazon_endpoint.hub.errors import NotAMessage
from amazon_endpoint.hub.json_object import read_object
from amazon_endpoint.hub.v6.call import is_call, read_call


def test_a_call_has_an_id_parameters_and_an_object() -> None:
    body = {"request_id": "52f3", "parameters": {"since": "x"}, "order": {"id": "1"}, "mapping": 1}
    call = read_call(body)
    assert call.request_id == "52f3"
    assert call.parameters == {"since": "x"}
    assert call.content == {"order": {"id": "1"}, "mapping": 1}


@pytest.mark.parametrize("request_id", ["x", 7, 0])
def test_the_id_is_text_or_a_whole_number_and_kept_as_it_is(request_id: object) -> None:
    assert read_call({"request_id": request_id}).request_id == request_id


@pytest.mark.parametrize("request_id", ["", None, True, [], {}])
def test_any_other_id_is_none(request_id: object) -> None:
    with pytest.raises(NotAMessage, match="request_id"):
        read_call({"request_id": request_id})


def test_an_id_with_a_fraction_is_none() -> None:
    with pytest.raises(NotAMessage, match="request_id"):
        read_call(read_object(b'{"request_id": 1.5}'))


@pytest.mark.parametrize("body", [{"request_id": "1"}, {"request_id": "1", "parameters": None}])
def test_no_parameters_are_none(body: dict[str, object]) -> None:
    assert read_call(body).parameters == {}


@pytest.mark.parametrize("parameters", [[], "x", 1, [{"name": "a", "value": "b"}]])
def test_parameters_are_an_object(parameters: object) -> None:
    with pytest.raises(NotAMessage, match="parameters is not an object"):
        read_call({"request_id": "1", "parameters": parameters})


def test_messages_are_of_the_other_format() -> None:
    with pytest.raises(NotAMessage, match="messages"):
        read_call({"request_id": "1", "messages": []})


def test_a_message_id_makes_it_a_message_of_the_other_format() -> None:
    assert is_call({"request_id": "1", "payload": {}})
    assert not is_call({"request_id": "1", "message_id": "1"})
    assert not is_call({"payload": {}})


def test_nothing_of_the_content_is_shown() -> None:
    call = read_call({"request_id": "1", "parameters": {"secret_key": "s3cret"}, "order": "Jane"})
    assert repr(call) == "Call(request_id='1')"
