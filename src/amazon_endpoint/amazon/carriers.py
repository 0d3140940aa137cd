"""Carriers: which of Amazon's carrier codes a store's carrier or shipping method means.

Amazon takes a closed list of codes, spelt exactly so, and `Other` with a name. The codes are
those of its feed schema (`CarrierCode` in `amzn-base.xsd`); the list in Seller Central changes,
so the operator's look-up comes first.
"""

import re
import unicodedata
from collections.abc import Mapping

from amazon_endpoint.shipments import Carrier

OTHER = "Other"

# Amazon's code → what else stores call that carrier. A name matches by its first words.
_CARRIERS: dict[str, tuple[str, ...]] = {
    # North America
    "USPS": ("US Postal Service", "United States Postal Service"),
    "UPS": ("United Parcel Service",),
    "UPS Mail Innovations": ("UPSMI", "UPS MI"),
    "UPS Freight": (),
    "FedEx": ("Federal Express",),
    "FedEx SmartPost": ("SmartPost",),
    "Fedex Freight": (),
    "OnTrac": (),
    "Lasership": (),
    "Newgistics": (),
    "OSM": ("OSM Worldwide",),
    "Streamlite": (),
    "First Mile": (),
    "Landmark Global": (),
    "Urban Express": (),
    "AAA Cooper": (),
    "ABF": ("ABF Freight", "ArcBest"),
    "Conway": ("Con-way Freight",),
    "XPO Freight": ("XPO", "XPO Logistics"),
    "Estes": ("Estes Express",),
    "Old Dominion": ("ODFL",),
    "Pilot Freight": (),
    "R+L": ("R+L Carriers", "R & L Carriers"),
    "Roadrunner": (),
    "Saia": (),
    "South Eastern Freight Lines": ("Southeastern Freight Lines", "SEFL"),
    "Watkins and Shepard": (),
    "Yellow Freight": ("YRC Freight",),
    "Canada Post": ("Postes Canada",),
    "PUROLATOR": (),
    "Estafeta": (),
    "Correios": (),
    "Total Express": (),
    # Carriers of several countries
    "DHL": (),
    "DHL eCommerce": (),
    "DHL Express": (),
    "DHL Freight": (),
    "DHL Global Mail": (),
    "DHL Home Delivery": (),
    "DHL-Paket": ("DHL Parcel Germany",),
    "TNT": (),
    "DPD": ("Dynamic Parcel Distribution",),
    "GLS": ("General Logistics Systems",),
    "Aramex": (),
    "Asendia": (),
    "Amazon Shipping": (),
    "InPost": (),
    "Spring GDS": (),
    "DB Schenker": ("Schenker",),
    "DACHSER": (),
    "DSV": (),
    "Kuehne+Nagel": ("Kühne Nagel", "Kuehne & Nagel"),
    "Rhenus": (),
    "Hellmann": (),
    "CEVA": ("CEVA Logistics",),
    "OneWorldExpress": (),
    # United Kingdom and Ireland
    "Royal Mail": (),
    "Parcelforce": (),
    "Hermes UK": ("Evri", "myHermes"),
    "DPD Local": ("Interlink Express",),
    "Yodel": (),
    "UK MAIL": (),
    "City Link": (),
    "DX Express": (),
    "DX Secure": (),
    "DX Freight": (),
    "DX": (),
    "APC Overnight": (),
    "Tuffnells": (),
    "Arrow XL": (),
    "Whistl": (),
    "Parcel2go": ("Parcel2go.com",),
    "Parcel Monkey": (),
    "Jersey Post": (),
    # Germany, Austria, Switzerland
    "Deutsche Post": (),
    "Hermes": ("Hermes Germany",),
    "Hermes Logistik Gruppe": (),
    "Hermes Einrichtungsservice": (),
    "GO!": ("GO! Express",),
    "Trans-o-Flex": (),
    "GEL Express": (),
    "IDS": ("IDS Logistik",),
    "Der Kurier": (),
    "AT POST": ("Österreichische Post", "Austrian Post"),
    "Swiss post": ("Schweizerische Post", "Schweizer Post"),
    # France, Belgium, Netherlands
    "La Poste": (),
    "Colissimo": ("La Poste Colissimo",),
    "Coliposte": (),
    "Chronopost": (),
    "Colis Prive": (),
    "Mondial Relay": (),
    "GEODIS": (),
    "Geodis Calberson": ("Calberson",),
    "France Express": (),
    "Heppner": (),
    "Exapaq": (),
    "BPOST": ("Belgian Post",),
    "PostNL": (),
    # Spain, Portugal, Italy
    "Correos": (),
    "Correos Express": (),
    "Seur": (),
    "MRW": (),
    "NACEX": (),
    "Envialia": (),
    "TIPSA": (),
    "Tourline": ("Tourline Express",),
    "CTT EXPRESS": (),
    "CELERITAS": (),
    "Zeleris": (),
    "Poste Italiane": ("Posteitaliane",),
    "SDA": ("SDA Express Courier",),
    "BRT": (),
    "Bartolini": (),
    "Nexive": (),
    "FERCAM": (),
    "Sailpost": (),
    # Northern and eastern Europe, Türkiye, the Gulf
    "PostNord": (),
    "Polish Post": ("Poczta Polska",),
    "Raben Group": ("Raben",),
    "Aras Kargo": (),
    "MNG Kargo": (),
    "PTT Kargo": (),
    "Emirates Post": (),
    "iMile": (),
    # Asia and the Pacific
    "Japan Post": ("JP Post", "Yu-Pack", "日本郵便", "ゆうパック"),
    "YAMATO": ("Yamato Transport", "Kuroneko Yamato", "ヤマト運輸", "クロネコヤマト"),
    "SAGAWA": ("Sagawa Express", "佐川急便"),
    "NITTSU": ("Nippon Express", "日本通運"),
    "Seino": ("Seino Transportation", "西濃運輸"),
    "China Post": (),
    "EUB": ("ePacket",),
    "SF Express": ("SF International",),
    "4PX": (),
    "Yun Express": (),
    "Yanwen": ("Yanwen Express",),
    "YTO Express": (),
    "STO Express": (),
    "ZTO Express": (),
    "Yunda Express": (),
    "WINIT": (),
    "Hongkong Post": ("Hong Kong Post",),
    "Singapore Post": ("SingPost",),
    "Ninjavan": (),
    "India Post": (),
    "BlueDart": (),
    "Delhivery": (),
    "DTDC": (),
    "Ecom Express": (),
    "Gati": (),
    "Xpressbees": (),
    "First Flight": (),
    "Australia Post": ("AusPost", "AusPost eParcel"),
    "StarTrack-Consignment": ("StarTrack",),
    "CouriersPlease": (),
    "Sendle": (),
    "Fastway": (),
    "Toll Global Express": (),
    "Hunter Logistics": ("Hunter Express",),
}


def carrier(name_or_method: str, lookup: Mapping[str, str]) -> Carrier:
    """The carrier that a store's carrier name or shipping method stands for.

    `lookup` is the operator's (`amazon.carrier_lookup`): a store's word → Amazon's code, which is
    passed on as it is. Else the longest known name that begins the text wins, word by word:
    "UPS Ground" is ``UPS``, "UPS Mail Innovations" a carrier of its own, "Upstate Courier" none
    of them: ``Other`` with its name.
    """
    name = name_or_method.strip()
    looked_up = {word.strip().casefold(): code for word, code in lookup.items()}
    code = looked_up.get(name.casefold()) or _known(name)
    return Carrier(code) if code and code != OTHER else Carrier(OTHER, name)


def _known(name: str) -> str | None:
    found, prefix = None, ""
    for word in _words(name):
        prefix += word
        if len(prefix) > _LONGEST_NAME:
            break
        found = _CODES.get(prefix, found)
    return found


def _words(name: str) -> list[str]:
    """The words without case and accents; `!` and `+` belong to names such as GO! and R+L."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return re.findall(r"[^\W_][\w!+]*", plain.replace("_", " "))


# Words are joined, so that "RoyalMail 24" and "Royal Mail 24" are the same carrier.
_CODES = {
    "".join(_words(name)): code for code, aliases in _CARRIERS.items() for name in (code, *aliases)
}
_LONGEST_NAME = max(map(len, _CODES))
