import pytest

from amazon_endpoint.hub.states import code, full_name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("PA", "Pennsylvania"),
        ("pa", "Pennsylvania"),
        (" Ny ", "New York"),
        ("N.Y.", "New York"),
        ("N. Y.", "New York"),
        ("D.C.", "District of Columbia"),
        ("Washington D.C.", "District of Columbia"),
        ("NEW YORK", "New York"),
        ("district of columbia", "District of Columbia"),
        ("north  carolina", "North Carolina"),
        ("PR", "Puerto Rico"),
        ("GU", "Guam"),
        ("us virgin islands", "Virgin Islands"),
        ("AA", "Armed Forces Americas"),
        ("a.e.", "Armed Forces Europe"),
        ("AP", "Armed Forces Pacific"),
    ],
)
def test_us_states_have_their_full_name(given: str, name: str) -> None:
    assert full_name(given) == name


@pytest.mark.parametrize("given", ["", "Californa", "XX", "Île-de-France", "  "])
def test_what_is_unknown_stays_as_it_is(given: str) -> None:
    assert full_name(given) == given


@pytest.mark.parametrize("given", ["NY", "ny", "N.Y.", "New York", " new  york"])
def test_us_states_have_their_code(given: str) -> None:
    assert code(given) == "NY"


def test_what_is_no_state_has_no_code() -> None:
    assert code("Californa") == "Californa"
