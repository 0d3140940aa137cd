"""A store's carrier or shipping method becomes Amazon's code, or `Other` with its name."""

import pytest

from amazon_endpoint.amazon.carriers import carrier
from amazon_endpoint.shipments import Carrier


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UPS Ground", "UPS"),
        ("ups", "UPS"),
        ("United Parcel Service 2nd Day Air", "UPS"),
        ("UPS Mail Innovations", "UPS Mail Innovations"),
        ("UPS Freight LTL", "UPS Freight"),
        ("USPS Priority Mail", "USPS"),
        ("U.S. Postal Service First-Class", "USPS"),
        ("FedEx Home Delivery", "FedEx"),
        ("Fed Ex", "FedEx"),
        ("FedEx® Ground", "FedEx"),
        ("FedEx SmartPost", "FedEx SmartPost"),
        ("fedex_smart_post", "FedEx SmartPost"),
        ("DHL", "DHL"),
        ("DHL eCommerce Parcel Plus", "DHL eCommerce"),
        ("DHL Paket", "DHL-Paket"),
        ("Royal Mail 24", "Royal Mail"),
        ("RoyalMail Tracked", "Royal Mail"),
        ("Evri Next Day", "Hermes UK"),
        ("Hermes", "Hermes"),
        ("Hermes Einrichtungsservice 2-Mann", "Hermes Einrichtungsservice"),
        ("DPD Local", "DPD Local"),
        ("DPD Classic", "DPD"),
        ("GLS Business Parcel", "GLS"),
        ("Österreichische Post", "AT POST"),
        ("La Poste Colissimo", "Colissimo"),
        ("La Poste", "La Poste"),
        ("Chronopost 13", "Chronopost"),
        ("Correos Express Paq 24", "Correos Express"),
        ("Poste Italiane", "Poste Italiane"),
        ("PostNord MyPack", "PostNord"),
        ("Canada Post Xpresspost", "Canada Post"),
        ("Australia Post Parcel Post", "Australia Post"),
        ("Japan Post", "Japan Post"),
        ("ヤマト運輸", "YAMATO"),
        ("Sagawa Express", "SAGAWA"),
        ("OnTrac", "OnTrac"),
        ("LaserShip", "Lasership"),
        ("Purolator Ground", "PUROLATOR"),
        ("GO! Express & Logistics", "GO!"),
        ("R+L Carriers", "R+L"),
    ],
)
def test_a_known_carrier_has_amazons_code(name: str, code: str) -> None:
    assert carrier(name, {}) == Carrier(code)


@pytest.mark.parametrize(
    "name",
    ["Upstate Courier", "Upsilon", "Go Express", "The UPS alternative", "DHLX", "Ground", ""],
)
def test_a_name_that_only_looks_like_one_is_other_with_its_name(name: str) -> None:
    assert carrier(name, {}) == Carrier("Other", name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("UPS " * 50_000, Carrier("UPS")),
        ("x " * 100_000, Carrier("Other", ("x " * 100_000).strip())),
    ],
    ids=["of a known carrier", "of none"],
)
def test_a_name_without_end_is_read_as_far_as_the_longest_known_one(
    name: str, told: Carrier
) -> None:
    assert carrier(name, {}) == told


def test_the_operators_lookup_comes_first_whatever_its_case() -> None:
    assert carrier(" ground ", {"Ground": "UPS"}) == Carrier("UPS")
    assert carrier("UPS Ground", {"ups ground": "OnTrac"}) == Carrier("OnTrac")


def test_a_code_outside_our_table_is_passed_on_as_given() -> None:
    assert carrier("Pigeon", {"Pigeon": "PIGEON_EU"}) == Carrier("PIGEON_EU")


def test_the_lookup_is_of_whole_names() -> None:
    assert carrier("Ground Saver", {"Ground": "UPS"}) == Carrier("Other", "Ground Saver")


def test_other_is_told_with_the_name() -> None:
    assert carrier("UPS", {"UPS": "Other"}) == Carrier("Other", "UPS")
