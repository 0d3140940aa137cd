"""Invented buyers, the places they live in, and the goods they buy."""

from random import Random

from amazon_endpoint.sandbox.orders import Json

NAMES = (
    "Ada Lindqvist", "Marcus Okafor", "Priya Raman", "Tom Hollis", "Grace Whitfield",
    "Noah van Dijk", "Rosa Delgado Ruiz", "Ellen O’Hara", "Samuel Adeyemi", "Mia Thorne",
    "Victor Mbeki Jr.", "June Castellano", "Prince", "Walter Sze", "Harriet Pell",
)  # fmt: skip
UNICODE_NAMES = (
    "Jörg Süßmilch-Größe", "Łukasz Żądło", "Zoë D’Amélie", "小林 みどり", "Ñandú Peña",
    "Σοφία Παπαδοπούλου", "Nguyễn Thị Hoa", "Björk Ægisdóttir", "Ольга Ёлкина", "Amélie 🌻 Roux",
)  # fmt: skip

#: Country → city, state or region, postal code; more than one where the state matters.
_PLACES: dict[str, tuple[tuple[str, str | None, str], ...]] = {
    "US": (
        ("Portland", "OR", "97205"), ("Austin", "TX", "78701"), ("Duluth", "Minnesota", "55802"),
        ("New York", "NY", "10011-4302"), ("Honolulu", "HI", "96813"), ("San Juan", "PR", "00901"),
        ("Washington", "D.C.", "20001"), ("Raleigh", "N.C.", "27601"), ("BOISE", "id", "83702"),
    ),
    "CA": (("Toronto", "ON", "M5V 2T6"), ("Montréal", "Quebec", "H2Y 1C6")),
    "MX": (("Guadalajara", "Jalisco", "44100"),),
    "BR": (("Curitiba", "PR", "80010-000"),),
    "IE": (("Galway", "Co. Galway", "H91 TK33"),),
    "ES": (("Málaga", "Málaga", "29015"),),
    "GB": (("Sheffield", None, "S1 2HE"), ("Cardiff", "South Glamorgan", "CF10 1EP")),
    "FR": (("Besançon", None, "25000"),),
    "BE": (("Gent", None, "9000"),),
    "NL": (("Utrecht", None, "3511 CE"),),
    "DE": (("Köln", None, "50667"), ("Görlitz", "Sachsen", "02826")),
    "IT": (("Forlì", "FC", "47121"),),
    "SE": (("Malmö", None, "211 34"),),
    "ZA": (("Durban", "KwaZulu-Natal", "4001"),),
    "PL": (("Łódź", None, "90-001"),),
    "EG": (("Giza", "Giza", "12511"),),
    "TR": (("İzmir", "İzmir", "35210"),),
    "SA": (("Jeddah", None, "23511"),),
    "AE": (("Dubai", "Dubai", "00000"),),
    "IN": (("Pune", "MAHARASHTRA", "411001"),),
    "SG": (("Singapore", None, "049213"),),
    "AU": (("Hobart", "TAS", "7000"),),
    "JP": (("横浜市中区", "神奈川県", "231-0023"), ("札幌市", "北海道", "060-0001")),
}  # fmt: skip

_STREETS = ("Alder Lane", "Quarry Road", "Mill Street", "Harbour View", "Seventh Avenue")

_GOODS = (
    ("Enamel camping mug, 350 ml", "MUG"),
    ("Linen tea towel (set of 3)", "TOWEL"),
    ("Walnut phone stand", "STAND"),
    ("Wool hiking socks – size 42/44", "SOCKS"),
    ("Cast-iron trivet “Fern”", "TRIVET"),
    ("Beeswax candle & holder", "CANDLE"),
    ("Notebook A5, dotted, 160 pages", "NOTE"),
    ("Ceramic plant pot Ø 14 cm", "POT"),
    ("LED reading lamp <USB-C>", "LAMP"),
    ("Bicycle bell, brass", "BELL"),
)


def address(rng: Random, country: str) -> Json:
    """Make up a home address in a country."""
    city, state, postal_code = rng.choice(_PLACES[country])
    place = {
        "name": rng.choice(NAMES),
        "addressLine1": f"{rng.randrange(1, 400)} {rng.choice(_STREETS)}",
        "city": city,
        "postalCode": postal_code,
        "countryCode": country,
        "phone": f"+1 555 01{rng.randrange(100):02d}" if country == "US" else "00 555 0147",
        "addressType": "RESIDENTIAL",
    }
    if state is not None:
        place["stateOrRegion"] = state
    return place


def military_address(rng: Random, number: int) -> Json:
    """Make up an address of the armed forces: Americas, Europe, Pacific in turn."""
    city, state, postal_code = (
        ("APO", "AE", "09128"),
        ("FPO", "AP", "96349"),
        ("DPO", "AA", "34039"),
    )[number % 3]
    return {
        "name": f"SGT {rng.choice(NAMES)}",
        "addressLine1": f"PSC {rng.randrange(100, 999)} Box {rng.randrange(10, 99)}",
        "city": city,
        "stateOrRegion": state,
        "postalCode": postal_code,
        "countryCode": "US",
    }


def goods(rng: Random) -> tuple[str, str, int]:
    """Choose an article: its title, its SKU, and its price in hundredths."""
    title, stem = rng.choice(_GOODS)
    variant = rng.randrange(1, 60)
    return title, f"{stem}-{variant:03d}", 399 + variant * 137
