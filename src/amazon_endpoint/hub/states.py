"""States: the full names and the codes of US states, territories and military addresses.

Codes and names as in USPS Publication 28, Appendix B.
"""

_NAMES = {
    "AL": "Alabama",
    "AK": "Alaska",
    "AZ": "Arizona",
    "AR": "Arkansas",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware",
    "DC": "District of Columbia",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MS": "Mississippi",
    "MO": "Missouri",
    "MT": "Montana",
    "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NY": "New York",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia",
    "WI": "Wisconsin",
    "WY": "Wyoming",
    "AS": "American Samoa",
    "FM": "Federated States of Micronesia",
    "GU": "Guam",
    "MH": "Marshall Islands",
    "MP": "Northern Mariana Islands",
    "PR": "Puerto Rico",
    "PW": "Palau",
    "UM": "U.S. Minor Outlying Islands",
    "VI": "Virgin Islands",
    "AA": "Armed Forces Americas",
    "AE": "Armed Forces Europe",
    "AP": "Armed Forces Pacific",
}


def _key(state: str) -> str:
    return "".join(state.replace(".", "").split()).casefold()


_BY_KEY = {
    **{_key(code): name for code, name in _NAMES.items()},
    **{_key(name): name for name in _NAMES.values()},
    _key("U.S. Virgin Islands"): "Virgin Islands",
    _key("Washington D.C."): "District of Columbia",
}

_CODES = {name: code for code, name in _NAMES.items()}


def full_name(state: str) -> str:
    """The full name of a US state, given as code or name, with or without dots, in any case.

    What is not in the table is returned as it is: a guess would send a parcel astray.
    """
    return _NAMES.get(state) or _BY_KEY.get(_key(state), state)


def code(state: str) -> str:
    """The two-letter code of a US state, given in any of the forms that `full_name` knows.

    What is not in the table is returned as it is.
    """
    return _CODES.get(full_name(state), state)
