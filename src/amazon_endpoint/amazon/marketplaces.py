"""Marketplaces: what follows from a marketplace id."""

import re
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from amazon_endpoint.errors import InvalidInput


class Region(StrEnum):
    """A Selling Partner API region: one host, one authorisation."""

    NORTH_AMERICA = "NA"
    EUROPE = "EU"
    FAR_EAST = "FE"


class Marketplace(msgspec.Struct, frozen=True, kw_only=True):
    """A marketplace: `channel` is its published name."""

    id: str
    region: Region
    country: str
    currency: str
    channel: str


_ID = re.compile(r"[A-Z0-9]{10,14}", re.ASCII)

_NA, _EU, _FE = Region.NORTH_AMERICA, Region.EUROPE, Region.FAR_EAST

# "Marketplace IDs" and "Selling Partner API endpoints" in Amazon's documentation.
_ROWS = (
    ("A2EUQ1WTGCTBG2", _NA, "CA", "CAD", "Amazon.ca"),
    ("ATVPDKIKX0DER", _NA, "US", "USD", "Amazon.com"),
    ("A1AM78C64UM0Y8", _NA, "MX", "MXN", "Amazon.com.mx"),
    ("A2Q3Y263D00KWC", _NA, "BR", "BRL", "Amazon.com.br"),
    ("A28R8C7NBKEWEA", _EU, "IE", "EUR", "Amazon.ie"),
    ("A1RKKUPIHCS9HS", _EU, "ES", "EUR", "Amazon.es"),
    ("A1F83G8C2ARO7P", _EU, "GB", "GBP", "Amazon.co.uk"),
    ("A13V1IB3VIYZZH", _EU, "FR", "EUR", "Amazon.fr"),
    ("AMEN7PMS3EDWL", _EU, "BE", "EUR", "Amazon.com.be"),
    ("A1805IZSGTT6HS", _EU, "NL", "EUR", "Amazon.nl"),
    ("A1PA6795UKMFR9", _EU, "DE", "EUR", "Amazon.de"),
    ("APJ6JRA9NG5V4", _EU, "IT", "EUR", "Amazon.it"),
    ("A2NODRKZP88ZB9", _EU, "SE", "SEK", "Amazon.se"),
    ("AE08WJ6YKNBMC", _EU, "ZA", "ZAR", "Amazon.co.za"),
    ("A1C3SOZRARQ6R3", _EU, "PL", "PLN", "Amazon.pl"),
    ("ARBP9OOSHTCHU", _EU, "EG", "EGP", "Amazon.eg"),
    ("A33AVAJ2PDY3EV", _EU, "TR", "TRY", "Amazon.com.tr"),
    ("A17E79C6D8DWNP", _EU, "SA", "SAR", "Amazon.sa"),
    ("A2VIGQ35RCS4UG", _EU, "AE", "AED", "Amazon.ae"),
    ("A21TJRUUN4KGV", _EU, "IN", "INR", "Amazon.in"),
    ("A19VAU5U5O7RUS", _FE, "SG", "SGD", "Amazon.sg"),
    ("A39IBJ37TRP1C6", _FE, "AU", "AUD", "Amazon.com.au"),
    ("A1VC38T7YXB528", _FE, "JP", "JPY", "Amazon.co.jp"),
)

MARKETPLACES = {
    row[0]: Marketplace(id=row[0], region=row[1], country=row[2], currency=row[3], channel=row[4])
    for row in _ROWS
}


def marketplace(marketplace_id: str | None) -> Marketplace | None:
    """The marketplace of this id, if it is in Amazon's table."""
    return MARKETPLACES.get(marketplace_id) if marketplace_id else None


def region_of(marketplace_ids: Sequence[str]) -> Region:
    """The one region that all these marketplaces belong to.

    Raises:
        InvalidInput: none is given, one is unknown, or they are of several regions.
    """
    field = "amazon.marketplace_id"
    if not marketplace_ids:
        raise InvalidInput("Name at least one marketplace id.", field=field)
    found = [(one, marketplace(one)) for one in marketplace_ids]
    unknown = [one for one, known in found if known is None]
    if unknown:
        # What has not the form of an id may be a secret in the wrong place.
        named = next((one for one in unknown if _ID.fullmatch(one)), "This")
        raise InvalidInput(
            f"{named} is no marketplace id of Amazon's. Amazon.com is ATVPDKIKX0DER; Amazon's "
            "documentation lists all under 'Marketplace IDs'.",
            field=field,
        )
    regions = {known.region for _, known in found if known is not None}
    if len(regions) > 1:
        raise InvalidInput(
            "These marketplaces belong to several regions, each with an authorisation of its "
            "own. Connect each region as an account of its own.",
            field=field,
        )
    return regions.pop()
