"""Faults on demand: what can go wrong between a client and Amazon, one call at a time."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

#: Sent instead of doing the operation.
INSTEAD = frozenset(
    {
        "throttle",
        "html503",
        "empty200",
        "expired_token",
        "deny",
        "deny_personal_data",
        "dead_token",
        "drop",
        "internal500",
        "missing_orders_key",
        # Of Marketplace Web Service alone:
        "quota_exceeded",
        "stale_quota",
        "unknown_error",
    }
)
#: The operation is done, then its answer is changed or lost.
AFTERWARDS = frozenset(
    {
        "cut_body",
        "bad_json",
        "lost_answer",
        "repeated_page",
        "bad_order",
        "unknown_enum",
        "feed_fatal",
        "feed_cancelled",
        # Of Marketplace Web Service alone:
        "bad_xml",
        "xml_bomb",
        "external_entity",
        "wrong_md5",
        "empty_feed_id",
        "other_report_root",
        "odd_timestamps",
        "missing_amounts",
        "mixed_currencies",
        "no_address",
        "split_payments",
    }
)
#: The operation is done a while later, or its answer comes a while after it was done.
LATER = frozenset({"slow", "late_answer"})
FAULTS = INSTEAD | AFTERWARDS | LATER

#: Operations that a fault must name; `*` means every operation of the API itself.
BESIDE_THE_API = frozenset({"token", "uploadDocument", "downloadDocument"})


class Fault(Struct, kw_only=True, forbid_unknown_fields=True):
    """A fault that waits for its call."""

    operation: str
    fault: str
    #: How many calls it meets; None is every call until it is taken away.
    times: Annotated[int, Meta(ge=1)] | None = 1
    #: How many calls it lets pass first.
    after: Annotated[int, Meta(ge=0)] = 0
    #: How long `slow` and `late_answer` wait.
    seconds: Annotated[float, Meta(ge=0)] = 1.0

    def concerns(self, operation: str, parameters: Mapping[str, str]) -> bool:
        """Tell whether this call is one that the fault waits for."""
        everywhere = self.operation == "*" and operation not in BESIDE_THE_API
        if not everywhere and self.operation != operation:
            return False
        if self.fault in {"repeated_page", "dead_token"}:
            return "paginationToken" in parameters or "NextToken" in parameters
        if self.fault == "deny_personal_data":
            asked = parameters.get("includedData", "").split(",")
            return "BUYER" in asked or "RECIPIENT" in asked
        return True


class Faults:
    """The faults that wait, in the order in which they were ordered."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Order a fault; ValueError when there is no such fault."""
        if fault.fault not in FAULTS:
            raise ValueError(f"unknown fault {fault.fault!r}; known: {', '.join(sorted(FAULTS))}")
        self.waiting.append(fault)

    def clear(self) -> None:
        """Take every fault away."""
        self.waiting.clear()

    def take(self, operation: str, parameters: Mapping[str, str]) -> Fault | None:
        """Return the fault that this call meets, and count the call for the others."""
        for fault in self.waiting:
            if not fault.concerns(operation, parameters):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
            return fault
        return None
