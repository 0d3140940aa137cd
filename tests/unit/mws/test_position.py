"""A position is written into a page token and found again."""

import pytest

from amazon_endpoint.amazon.mws.position import Position, read_position
from amazon_endpoint.errors import PageTokenRefused


@pytest.mark.parametrize(
    "position",
    [
        Position(left=25),
        Position(next_token="a+b/==ü", left=25),
        Position(left=1, failures={"111-0000000-0000003": 2}),
        Position(next_token="a", told=("111-0000000-0000001", "111-0000000-0000002"), left=23),
    ],
)
def test_a_position_is_found_again(position: Position) -> None:
    assert read_position(position.written()) == position


@pytest.mark.parametrize("token", ["", "next", "m1.", "m1.%%%", "m1.e30=", "m1.bm8="])
def test_what_is_no_position_is_refused(token: str) -> None:
    with pytest.raises(PageTokenRefused):
        read_position(token)
