"""Exit codes: how a command ended, for whoever called it.

0   done
1   it did not work, and why was told; of `status`: something needs attention
2   it can't work like this: the command line or a setting has to change
75  not now: run the same command again later (EX_TEMPFAIL of sysexits.h)
"""

from amazon_endpoint.errors import EndpointError, Later

OK = 0
FAILED = 1
USAGE = 2
LATER = 75


_OPTIONS = {
    "amazon.last_updated_after": "--since",
    "amazon.statuses": "--statuses",
    "amazon.fulfilled_by": "--fulfilled-by",
    "amazon.shipping_method_lookup": "--shipping-method",
    "amazon.carrier_lookup": "--carrier",
    "since": "--since",
    "account.id": "ID",
    "account.poll_every": "--every",
    "account.lag": "--lag",
    "account.start": "--since",
    "destination.url": "--to",
    "destination.secrets": "AMAZON_ENDPOINT_DESTINATION_SECRET",
}


def exit_code(error: EndpointError) -> int:
    """How a command ends that `error` stopped."""
    if isinstance(error, Later):
        return LATER
    return USAGE if _given_as(error.field) else FAILED


def told(error: EndpointError) -> str:
    """The error in words, a hub's parameter named as the option or setting that it is here."""
    given_as = _given_as(error.field)
    return f"{given_as}: {error.message}" if given_as else str(error)


def _given_as(field: str | None) -> str | None:
    from amazon_endpoint.settings import PREFIX, names  # noqa: PLC0415 - only when it failed

    if field is None or field.startswith(PREFIX):
        return field
    name = field.removeprefix("amazon.")
    if name in names():
        return PREFIX + name.upper()
    return _OPTIONS.get(field.partition("[")[0])
