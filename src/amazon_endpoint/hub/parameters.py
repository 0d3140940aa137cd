"""Parameters: what the hub keeps for a store and sends with every message.

Names carry the ``amazon.`` namespace. A hub sends every parameter that was declared to it, so a
blank one counts as absent. Errors name the parameter and never show a value.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from amazon_endpoint.amazon import connect
from amazon_endpoint.amazon.credentials import Account, Credentials
from amazon_endpoint.amazon.generation import Parameter
from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.hub import fields
from amazon_endpoint.hub.requests import Confirm, TakeIn
from amazon_endpoint.orders import AMAZON, MERCHANT
from amazon_endpoint.shipments import Shipment

_NAMESPACE = "amazon."
_ACCOUNT = "amazon.account"

STATUSES = (
    "Pending",
    "PendingAvailability",
    "Unshipped",
    "PartiallyShipped",
    "Shipped",
    "Canceled",
    "Unfulfillable",
)
DEFAULT_STATUSES = ("Unshipped", "PartiallyShipped")
DEFAULT_FULFILLED_BY = (MERCHANT,)

# Far more than Amazon has service levels, or a store has shipping methods.
_MOST_ENTRIES = 1000

# What the storage keeps as it is, in a column of this length.
_LONGEST_SELLER_ID = 64
_LONGEST_ACCOUNT_ID = 40

# Twice as many as Amazon has.
_MOST_MARKETPLACES = 50


class Parameters(msgspec.Struct, frozen=True):
    """The parameters of one message, by full name, unread. Each service reads what it needs.

    Every method raises `InvalidInput` for a value that can't be used.
    """

    values: Mapping[str, object]

    def __repr__(self) -> str:
        return f"Parameters({', '.join(sorted(self.values))})"

    def account(self) -> Account:
        """The account; all but the hosts is required."""
        return Account(
            credentials=self._credentials(),
            seller_id=self._needed_seller_id(),
            marketplace_ids=self._marketplace_ids(),
            services_host=self._text("amazon.services_host"),
            token_host=self._text("amazon.token_host"),
        )

    def account_id(self) -> str | None:
        """The id of an account that is configured here, where one is named."""
        return self._text(_ACCOUNT, limit=_LONGEST_ACCOUNT_ID)

    def seller_id(self) -> str | None:
        """The seller's id, where it is given."""
        return self._text("amazon.seller_id", limit=_LONGEST_SELLER_ID)

    def confirm(self, shipment: Shipment) -> Confirm | TakeIn:
        """The shipment, to be confirmed for the account that is configured here, where one is
        named: it has credentials and look-ups of its own. Else for the one that these describe."""
        account_id = self.account_id()
        if account_id is not None:
            return TakeIn(account_id=account_id, seller_id=self.seller_id(), shipment=shipment)
        return Confirm(account=self.account(), shipment=shipment, carriers=self.carriers())

    def updated_after(self, now: datetime) -> datetime:
        """The cursor (`amazon.last_updated_after`), required, not in the future."""
        name = "amazon.last_updated_after"
        moment = fields.moment(self.values.get(name), name)
        if moment is None:
            raise InvalidInput(
                "Missing. Set the moment from which orders are wanted, "
                f"for example {fields.MOMENT_EXAMPLE}.",
                field=name,
            )
        if moment > now:
            raise InvalidInput(
                f"This is in the future. Set a past moment, like {fields.MOMENT_EXAMPLE}.",
                field=name,
            )
        return moment

    def resume(self) -> str | None:
        """The unfinished window that we gave the hub, opaque here."""
        return self._text("amazon.resume")

    def seen(self) -> str | None:
        """What the cursor's own second already delivered, as we gave it to the hub, opaque here."""
        return self._text("amazon.seen")

    def statuses(self) -> tuple[str, ...]:
        """The statuses asked for, in the published words."""
        return self._chosen("amazon.statuses", STATUSES, DEFAULT_STATUSES)

    def fulfilled_by(self) -> tuple[str, ...]:
        """Who fulfils the orders asked for."""
        return self._chosen("amazon.fulfilled_by", (MERCHANT, AMAZON), DEFAULT_FULFILLED_BY)

    def shipping_methods(self) -> dict[str, str]:
        """Amazon's service level → the store's shipping method, as the merchant wrote them."""
        return self._lookup("amazon.shipping_method_lookup", key="amazon", word="standard")

    def carriers(self) -> dict[str, str]:
        """The store's shipping method → Amazon's carrier code, as the merchant wrote them."""
        return self._lookup("amazon.carrier_lookup", key="standard", word="amazon")

    def _text(self, name: str, *, limit: int | None = None) -> str | None:
        return fields.text(self.values.get(name), name, limit=limit)

    def _credentials(self) -> Credentials:
        """Those of the generation that they choose, complete."""
        if self.account_id() and not any(map(self._part, connect.parameters())):
            raise InvalidInput(
                "Only shipment:confirm takes an account that is configured here, whose orders go "
                "to its own store. For all others give the seller's credentials.",
                field=_ACCOUNT,
            )
        generation = connect.chosen(lambda one: self._part(one) is not None)
        given = {}
        for one in generation.parameters:
            value = self._part(one)
            if value is not None:
                given[one.name] = value
            elif not one.optional:
                raise InvalidInput(f"Missing. {generation.hint}", field=_NAMESPACE + one.name)
        credentials: Credentials = generation.read(given, self._needed_seller_id())
        return credentials

    def _part(self, parameter: Parameter) -> str | None:
        return self._text(_NAMESPACE + parameter.name, limit=parameter.limit)

    def _needed_seller_id(self) -> str:
        value = self.seller_id()
        if value is None:
            raise InvalidInput(
                "Missing. Set it to the seller's merchant token.", field="amazon.seller_id"
            )
        return value

    def _marketplace_ids(self) -> tuple[str, ...]:
        name = "amazon.marketplace_id"
        ids = self._words(name)
        if not ids:
            raise InvalidInput(
                "Missing. Set a marketplace id such as ATVPDKIKX0DER (Amazon.com), "
                "or several separated by commas.",
                field=name,
            )
        if len(ids) > _MOST_MARKETPLACES:
            raise InvalidInput(f"Give at most {_MOST_MARKETPLACES} marketplaces.", field=name)
        return ids

    def _words(self, name: str) -> tuple[str, ...]:
        """Words from a text separated by commas, or from a list of such texts; each once."""
        value = self.values.get(name)
        texts = value if isinstance(value, list) else [value]
        words = (
            word.strip() for one in texts for word in (fields.text(one, name) or "").split(",")
        )
        return tuple(dict.fromkeys(word for word in words if word))

    def _chosen(
        self, name: str, known: tuple[str, ...], default: tuple[str, ...]
    ) -> tuple[str, ...]:
        words = {fold(word) for word in self._words(name)}
        if words - {fold(word) for word in known}:
            raise InvalidInput(
                f"Give one or several of {', '.join(known)}, separated by commas.", field=name
            )
        return tuple(word for word in known if fold(word) in words) or default

    def _lookup(self, name: str, *, key: str, word: str) -> dict[str, str]:
        """A look-up from a list of tables, or from rows that pair `key` with `word`.

        Names that fold to the same are one name. Where two tables disagree the first one counts.
        """
        value = self.values.get(name)
        tables = value if isinstance(value, list) else [] if value in (None, "") else [value]
        lookup: dict[str, tuple[str, str]] = {}
        for index, table in enumerate(tables):
            field = f"{name}[{index}]"
            if not isinstance(table, dict):
                raise InvalidInput('Give a table, like {"Standard": "UPS Ground"}.', field=field)
            pairs = list(table.items())
            if {fold(column) for column in table} == {key, word}:
                row = {fold(column): cell for column, cell in table.items()}
                pairs = [(row[key], row[word])]
            for left, right in pairs:
                name_given, found = (
                    fields.text(one, field, limit=fields.LONGEST_NAME) for one in (left, right)
                )
                if name_given and found:
                    lookup.setdefault(fold(name_given), (name_given, found))
            if len(lookup) > _MOST_ENTRIES:
                raise InvalidInput(f"Give at most {_MOST_ENTRIES} entries.", field=name)
        return dict(lookup.values())


def read(pairs: Iterable[tuple[str, object]]) -> Parameters:
    """Collect our values; a name that comes twice has to have one value.

    A hub may send other integrations' parameters along: they say nothing to us.

    Raises:
        InvalidInput: a parameter comes twice with different values.
    """
    values: dict[str, object] = {}
    for name, value in pairs:
        if not name.startswith(_NAMESPACE):
            continue
        if name in values and (type(values[name]), values[name]) != (type(value), value):
            raise InvalidInput("This comes twice with different values. Send it once.", field=name)
        values[name] = value
    return Parameters(values)


def fold(word: str) -> str:
    """`word` as look-ups compare it: without case, blanks, underscores and hyphens.

    ``SecondDay``, ``SECOND_DAY`` and ``Second day`` are one service level.
    """
    return "".join(word.replace("_", " ").replace("-", " ").split()).casefold()
