from datetime import UTC, datetime

import pytest

from amazon_endpoint.amazon.mws.credentials import MwsCredentials
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.hub.parameters import Parameters, fold, read
from amazon_endpoint.hub.requests import Confirm, TakeIn
from amazon_endpoint.shipments import Shipment, ShipmentItem
from tests.unit.hub.examples import NOW, PARAMETERS

SHIPMENT = Shipment(
    number="H1",
    order_number="100-EXAMPLE-1000000",
    tracking="T1",
    items=(ShipmentItem(sku="100TSBXXL", quantity=1),),
)
OWN = SellingPartnerCredentials(
    client_id="client-of-the-tests",
    client_secret="secret-of-the-tests",
    refresh_token="refresh-of-the-tests",
)


def given(**changes: object) -> Parameters:
    """The parameters of the examples, changed; without the namespace, as keywords."""
    return read({**PARAMETERS, **{f"amazon.{name}": v for name, v in changes.items()}}.items())


def test_the_account_is_read() -> None:
    account = given(marketplace_id=" ATVPDKIKX0DER, A2EUQ1WTGCTBG2,ATVPDKIKX0DER ,").account()

    assert account.credentials == OWN
    assert account.seller_id == "SELLEROFTESTS"
    assert account.marketplace_ids == ("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2")
    assert account.services_host is None
    assert account.token_host is None


def test_marketplace_ids_may_be_a_list() -> None:
    account = given(marketplace_id=["ATVPDKIKX0DER", " A2EUQ1WTGCTBG2 "]).account()

    assert account.marketplace_ids == ("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2")


def test_hosts_are_passed_on() -> None:
    account = given(services_host="http://127.0.0.1:8001", token_host="127.0.0.1").account()

    assert (account.services_host, account.token_host) == ("http://127.0.0.1:8001", "127.0.0.1")


@pytest.mark.parametrize("value", [None, "", "  ", 7, True, ["x"], {}, "a\nb", "a\0b"])
@pytest.mark.parametrize("name", ["client_id", "client_secret", "refresh_token", "seller_id"])
def test_what_the_account_lacks_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidInput) as invalid:
        given(**{name: value}).account()

    assert invalid.value.field == f"amazon.{name}"


CREDENTIALS = dict.fromkeys(["client_id", "client_secret", "refresh_token"])


def test_a_configured_account_is_for_shipments_alone() -> None:
    with pytest.raises(InvalidInput, match="Only shipment:confirm") as invalid:
        given(account="shop", **CREDENTIALS).account()

    assert invalid.value.field == "amazon.account"


def test_beside_credentials_a_configured_account_matters_to_shipments_alone() -> None:
    assert given(account="shop").account() == given().account()


@pytest.mark.parametrize("seller_id", [None, "", "A1SELLER"])
def test_a_shipment_of_a_configured_account_needs_nothing_else(seller_id: str | None) -> None:
    named = read({"amazon.account": " shop ", "amazon.seller_id": seller_id}.items())

    assert named.confirm(SHIPMENT) == TakeIn(
        account_id="shop", seller_id=seller_id or None, shipment=SHIPMENT
    )


def test_without_a_configured_account_the_shipment_is_of_the_one_described() -> None:
    read = given(account="", carrier_lookup=[{"Our Courier": "DHL"}])

    assert read.confirm(SHIPMENT) == Confirm(
        account=given().account(), shipment=SHIPMENT, carriers={"Our Courier": "DHL"}
    )


@pytest.mark.parametrize("value", [None, "", " , ", [], [""], 7, [7], {}])
def test_a_marketplace_is_required(value: object) -> None:
    with pytest.raises(InvalidInput) as invalid:
        given(marketplace_id=value).account()

    assert invalid.value.field == "amazon.marketplace_id"


@pytest.mark.parametrize(("name", "most"), [("seller_id", 64), ("client_id", 255)])
def test_what_is_kept_is_no_longer_than_its_column(name: str, most: int) -> None:
    given(**{name: "A" * most}).account()
    with pytest.raises(InvalidInput) as invalid:
        given(**{name: "A" * (most + 1)}).account()

    assert invalid.value.field == f"amazon.{name}"


def test_there_are_not_more_marketplaces_than_fifty() -> None:
    ids = [f"A{n:013}" for n in range(51)]

    assert given(marketplace_id=ids[:50]).account().marketplace_ids == tuple(ids[:50])
    with pytest.raises(InvalidInput) as invalid:
        given(marketplace_id=ids).account()
    assert invalid.value.field == "amazon.marketplace_id"


MWS = {"amazon.aws_access_key": "AKIDEXAMPLE", "amazon.secret_key": "hidden"}
NO_SELLING_PARTNER: dict[str, object] = {
    "amazon.client_id": "",
    "amazon.client_secret": " ",
    "amazon.refresh_token": None,
}


def test_keys_of_mws_choose_it_where_no_others_are_given() -> None:
    parameters = read({**PARAMETERS, **NO_SELLING_PARTNER, **MWS}.items())

    assert parameters.account().credentials == MwsCredentials(
        access_key_id="AKIDEXAMPLE", secret_key="hidden", seller_id="SELLEROFTESTS"
    )
    assert "hidden" not in repr(parameters.account())


def test_a_sellers_authorisation_for_mws_is_passed_on() -> None:
    token = {"amazon.mws_auth_token": "amzn.mws.example"}
    parameters = read({**PARAMETERS, **NO_SELLING_PARTNER, **MWS, **token}.items())
    credentials = parameters.account().credentials

    assert isinstance(credentials, MwsCredentials)
    assert credentials.auth_token == "amzn.mws.example"


@pytest.mark.parametrize("name", sorted(MWS))
def test_half_a_pair_of_keys_is_told(name: str) -> None:
    with pytest.raises(InvalidInput) as invalid:
        read({**PARAMETERS, **NO_SELLING_PARTNER, **MWS, name: ""}.items()).account()

    assert invalid.value.field == name
    assert "hidden" not in str(invalid.value)


def test_selling_partner_credentials_win_over_those_of_mws() -> None:
    account = given(aws_access_key="AKIA-EXAMPLE", secret_key="old").account()

    assert account.credentials == OWN


def test_a_secret_is_never_shown() -> None:
    parameters = given()

    for secret in ("secret-of-the-tests", "refresh-of-the-tests"):
        assert secret not in repr(parameters)
        assert secret not in repr(parameters.account())
    with pytest.raises(InvalidInput) as invalid:
        given(client_secret="sec\tret").account()
    assert "sec" not in invalid.value.message


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-01T00:00:00Z", datetime(2026, 11, 1, tzinfo=UTC)),
        (" 2026-11-01T02:00:00+02:00 ", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-10-31T19:30:00-0430", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T00:00:00.123Z", datetime(2026, 11, 1, 0, 0, 0, 123_000, tzinfo=UTC)),
        ("2026-11-01T00:00Z", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-23T12:00:00Z", NOW),
    ],
)
def test_the_cursor_is_read(text: str, moment: datetime) -> None:
    assert given(last_updated_after=text).updated_after(NOW) == moment


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "2026-11-01T00:00:00",
        "2026-11-01",
        "2026-11-01 00:00:00Z",
        "20261101T000000Z",
        "2026-W44-7T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-01T25:00:00Z",
        "2026-11-01T00:00:60Z",
        "0001-01-01T00:00:00+14:00",
        "٢٠٢٦-١١-٠١T00:00:00Z",
        "yesterday",
        1_793_491_200,
        True,
        {},
        "2026-11-23T12:00:01Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_a_cursor_that_is_none_shows_the_form_wanted(value: object) -> None:
    with pytest.raises(InvalidInput) as invalid:
        given(last_updated_after=value).updated_after(NOW)

    assert invalid.value.field == "amazon.last_updated_after"
    assert "2026-11-01T00:00:00Z" in str(invalid.value)


def test_what_we_gave_the_hub_comes_back_as_it_is() -> None:
    parameters = given(resume="opaque==", seen="digests")

    assert (parameters.resume(), parameters.seen()) == ("opaque==", "digests")


@pytest.mark.parametrize("value", [None, ""])
def test_what_the_hub_was_told_to_forget_is_absent(value: object) -> None:
    parameters = given(resume=value, seen=value)

    assert (parameters.resume(), parameters.seen()) == (None, None)


def test_an_open_order_of_the_merchant_is_asked_for_by_default() -> None:
    assert given().statuses() == ("Unshipped", "PartiallyShipped")
    assert given(statuses=" ", fulfilled_by="").statuses() == ("Unshipped", "PartiallyShipped")
    assert given().fulfilled_by() == ("MERCHANT",)


def test_filters_are_read_in_any_case_and_order() -> None:
    parameters = given(
        statuses="SHIPPED, partially_shipped,shipped", fulfilled_by="amazon,Merchant"
    )

    assert parameters.statuses() == ("PartiallyShipped", "Shipped")
    assert parameters.fulfilled_by() == ("MERCHANT", "AMAZON")


@pytest.mark.parametrize(
    ("name", "value"), [("statuses", "Unshipped,Lost"), ("statuses", 7), ("fulfilled_by", "me")]
)
def test_an_unknown_filter_is_refused(name: str, value: object) -> None:
    parameters = given(**{name: value})

    with pytest.raises(InvalidInput) as invalid:
        getattr(parameters, name)()

    assert invalid.value.field == f"amazon.{name}"


@pytest.mark.parametrize(
    ("value", "lookup"),
    [
        (None, {}),
        ("", {}),
        ([], {}),
        ({"Standard": "UPS Ground"}, {"Standard": "UPS Ground"}),
        ([{"standard": "US STANDARD", "nextday": "OVERNIGHT"}, {"second_day": "US 2 DAY"}],
         {"standard": "US STANDARD", "nextday": "OVERNIGHT", "second_day": "US 2 DAY"}),
        ([{"SecondDay": "first"}, {"second day": "later"}], {"SecondDay": "first"}),
        ([{"standard": " ", "expedited": None}], {}),
        ([{"standard": "UPS Next Day", "amazon": "NextDay"}], {"NextDay": "UPS Next Day"}),
        ([{"Amazon": "Standard", "Standard": "UPS Ground"}, {"Expedited": "UPS Air"}],
         {"Standard": "UPS Ground", "Expedited": "UPS Air"}),
    ],
)  # fmt: skip
def test_the_shipping_methods_are_looked_up(value: object, lookup: dict[str, str]) -> None:
    assert given(shipping_method_lookup=value).shipping_methods() == lookup


def test_a_carrier_row_goes_from_the_store_to_amazon() -> None:
    rows = [{"standard": "Our Courier", "amazon": "DHL"}, {"Van": "Other"}]

    assert given(carrier_lookup=rows).carriers() == {"Our Courier": "DHL", "Van": "Other"}


@pytest.mark.parametrize("value", ["text", 7, ["text"], [{"standard": 7}], [{"a": {}}], [[]]])
def test_a_look_up_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput) as invalid:
        given(shipping_method_lookup=value).shipping_methods()

    assert str(invalid.value.field).startswith("amazon.shipping_method_lookup[")


@pytest.mark.parametrize(
    "tables",
    [
        {f"level {n}": "Post" for n in range(1001)},
        [{"standard": f"level {n}", "amazon": "Post"} for n in range(1001)],
        [{f"level {n}": "Post"} for n in range(1001)],
    ],
    ids=["one table", "rows", "tables"],
)
def test_a_look_up_without_end_is_refused(tables: object) -> None:
    with pytest.raises(InvalidInput) as invalid:
        given(carrier_lookup=tables).carriers()

    assert invalid.value.field == "amazon.carrier_lookup"


def test_a_thousand_entries_are_taken() -> None:
    table = {f"level {n}": "Post" for n in range(1000)}

    assert given(shipping_method_lookup=table).shipping_methods() == table


def test_a_look_ups_words_are_no_longer_than_names() -> None:
    with pytest.raises(InvalidInput) as invalid:
        given(carrier_lookup=[{"Van": "x" * 201}]).carriers()

    assert invalid.value.field == "amazon.carrier_lookup[0]"


def test_a_parameter_may_come_twice_with_one_value_only() -> None:
    once = [("amazon.seller_id", "X")]

    assert read([*once, *once]).values == {"amazon.seller_id": "X"}
    with pytest.raises(InvalidInput) as invalid:
        read([*once, ("amazon.seller_id", "hidden")])
    assert invalid.value.field == "amazon.seller_id"
    assert "hidden" not in str(invalid.value)


def test_what_other_integrations_are_sent_is_theirs() -> None:
    theirs = [("shopify.seller_id", "X"), ("shopify.seller_id", "Y"), ("seller_id", "Z")]

    assert read([*theirs, ("amazon.seller_id", "A")]).values == {"amazon.seller_id": "A"}


def test_one_is_not_true() -> None:
    with pytest.raises(InvalidInput):
        read([("amazon.x", 1), ("amazon.x", True)])


def test_spellings_of_a_service_level_fold_to_one() -> None:
    assert {fold(word) for word in ("SecondDay", "SECOND_DAY", "second-day", " Second Day")} == {
        "secondday"
    }
