"""Marketplaces: what follows from an id, and which ids go together."""

import pytest

from amazon_endpoint.amazon.marketplaces import (
    MARKETPLACES,
    Marketplace,
    Region,
    marketplace,
    region_of,
)
from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.money import parse_currency

UNITED_STATES, CANADA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
GERMANY, JAPAN = "A1PA6795UKMFR9", "A1VC38T7YXB528"


def test_amazon_has_23_marketplaces_in_three_regions() -> None:
    regions = [one.region for one in MARKETPLACES.values()]

    assert {region: regions.count(region) for region in Region} == {
        Region.NORTH_AMERICA: 4,
        Region.EUROPE: 16,
        Region.FAR_EAST: 3,
    }


@pytest.mark.parametrize(
    ("marketplace_id", "country", "currency", "channel"),
    [
        (UNITED_STATES, "US", "USD", "Amazon.com"),
        ("A1F83G8C2ARO7P", "GB", "GBP", "Amazon.co.uk"),
        ("A2NODRKZP88ZB9", "SE", "SEK", "Amazon.se"),
        (JAPAN, "JP", "JPY", "Amazon.co.jp"),
    ],
)
def test_a_marketplace_has_a_country_a_currency_and_a_name(
    marketplace_id: str, country: str, currency: str, channel: str
) -> None:
    found = marketplace(marketplace_id)

    assert found is not None
    assert (found.country, found.currency, found.channel) == (country, currency, channel)


@pytest.mark.parametrize("one", MARKETPLACES.values(), ids=lambda one: one.country)
def test_every_currency_exists(one: Marketplace) -> None:
    assert parse_currency(one.currency)


def test_an_unknown_marketplace_is_none() -> None:
    assert marketplace("A2ZV50J4W1RKNI") is None
    assert marketplace(None) is None


def test_marketplaces_of_one_region_go_together() -> None:
    assert region_of([UNITED_STATES, CANADA]) is Region.NORTH_AMERICA


@pytest.mark.parametrize(
    "marketplace_ids",
    [
        pytest.param([], id="none"),
        pytest.param(["atvpdkikx0der"], id="unknown"),
        pytest.param([UNITED_STATES, "X"], id="one of them unknown"),
        pytest.param([GERMANY, JAPAN], id="two regions"),
    ],
)
def test_other_marketplaces_are_refused_by_parameter(marketplace_ids: list[str]) -> None:
    with pytest.raises(InvalidInput) as told:
        region_of(marketplace_ids)

    assert told.value.field == "amazon.marketplace_id"


@pytest.mark.parametrize(
    ("unknown", "shown"),
    [
        ("A2ZV50J4W1RKNI", "A2ZV50J4W1RKNI is"),
        ("Atzr|a-refresh-token", "This is"),
        ("a" * 5_000, "This is"),
        ("A" * 20, "This is"),
    ],
    ids=["an id", "a secret", "a long text", "an access key"],
)
def test_an_unknown_id_is_shown_only_if_it_could_be_one(unknown: str, shown: str) -> None:
    with pytest.raises(InvalidInput) as told:
        region_of([UNITED_STATES, unknown])

    assert told.value.message.startswith(f"{shown} no marketplace id")
