import pytest

from amazon_endpoint.hub.names import split


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Ada Example", "Ada", "Example"),
        ("Ada van der Example", "Ada", "van der Example"),
        ("Ada", "Ada", ""),
        ("  Ada   Example  ", "Ada", "Example"),
        ("Ada\u00a0Example", "Ada", "Example"),
        ("", "", ""),
        ("  ", "", ""),
        ("見本太郎", "見本太郎", ""),
    ],
)
def test_the_first_word_is_the_first_name(name: str, first: str, last: str) -> None:
    assert split(name) == (first, last)
