"""The marketplaces in which made-up orders are placed."""

from msgspec import Struct


class Marketplace(Struct, frozen=True):
    """What an order shows of the marketplace it was placed in."""

    id: str
    name: str
    country: str
    currency: str
    #: How many digits the currency has behind the point.
    digits: int
    #: Sales tax or value added tax, in percent.
    tax_percent: int
    #: Whether prices usually hold the tax already.
    tax_included: bool


_TABLE = (
    Marketplace("ATVPDKIKX0DER", "Amazon.com", "US", "USD", 2, 8, False),
    Marketplace("A2EUQ1WTGCTBG2", "Amazon.ca", "CA", "CAD", 2, 13, False),
    Marketplace("A1AM78C64UM0Y8", "Amazon.com.mx", "MX", "MXN", 2, 16, True),
    Marketplace("A2Q3Y263D00KWC", "Amazon.com.br", "BR", "BRL", 2, 17, True),
    Marketplace("A28R8C7NBKEWEA", "Amazon.ie", "IE", "EUR", 2, 23, True),
    Marketplace("A1RKKUPIHCS9HS", "Amazon.es", "ES", "EUR", 2, 21, True),
    Marketplace("A1F83G8C2ARO7P", "Amazon.co.uk", "GB", "GBP", 2, 20, True),
    Marketplace("A13V1IB3VIYZZH", "Amazon.fr", "FR", "EUR", 2, 20, True),
    Marketplace("AMEN7PMS3EDWL", "Amazon.com.be", "BE", "EUR", 2, 21, True),
    Marketplace("A1805IZSGTT6HS", "Amazon.nl", "NL", "EUR", 2, 21, True),
    Marketplace("A1PA6795UKMFR9", "Amazon.de", "DE", "EUR", 2, 19, True),
    Marketplace("APJ6JRA9NG5V4", "Amazon.it", "IT", "EUR", 2, 22, True),
    Marketplace("A2NODRKZP88ZB9", "Amazon.se", "SE", "SEK", 2, 25, True),
    Marketplace("AE08WJ6YKNBMC", "Amazon.co.za", "ZA", "ZAR", 2, 15, True),
    Marketplace("A1C3SOZRARQ6R3", "Amazon.pl", "PL", "PLN", 2, 23, True),
    Marketplace("ARBP9OOSHTCHU", "Amazon.eg", "EG", "EGP", 2, 14, True),
    Marketplace("A33AVAJ2PDY3EV", "Amazon.com.tr", "TR", "TRY", 2, 20, True),
    Marketplace("A17E79C6D8DWNP", "Amazon.sa", "SA", "SAR", 2, 15, True),
    Marketplace("A2VIGQ35RCS4UG", "Amazon.ae", "AE", "AED", 2, 5, True),
    Marketplace("A21TJRUUN4KGV", "Amazon.in", "IN", "INR", 2, 18, True),
    Marketplace("A19VAU5U5O7RUS", "Amazon.sg", "SG", "SGD", 2, 9, True),
    Marketplace("A39IBJ37TRP1C6", "Amazon.com.au", "AU", "AUD", 2, 10, True),
    Marketplace("A1VC38T7YXB528", "Amazon.co.jp", "JP", "JPY", 0, 10, True),
)
_BY_ID = {marketplace.id: marketplace for marketplace in _TABLE}


def marketplace(marketplace_id: str) -> Marketplace:
    """Return a marketplace; ValueError names one that does not exist."""
    if marketplace_id not in _BY_ID:
        raise ValueError(f"unknown marketplace {marketplace_id!r}; known: {', '.join(_BY_ID)}")
    return _BY_ID[marketplace_id]
