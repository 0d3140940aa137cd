"""Next step: what a confirmation needs, by how far it has come and when it was sent.

Pure decisions, and the names under which Amazon and we know a shipment.
"""

import re
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import sha256
from typing import TypeAlias

import msgspec

from amazon_endpoint.services.confirmations import Confirmation, ConfirmationState
from amazon_endpoint.shipments import Shipment

#: A call that sends is given up after this, and its answer counts as lost.
SENDING_AT_MOST = timedelta(seconds=100)

# Later than that by as much as the clocks of two hosts may differ.
_ANSWER_OVERDUE = SENDING_AT_MOST + timedelta(seconds=80)

#: Amazon's list of feeds and its orders lag behind what was just accepted.
SHOWN_AFTER = timedelta(minutes=2)

#: Why a shipment waits whose answer was lost.
LOST = "Amazon's answer was lost; what Amazon shows is read before anything is sent again."

_DIGITS = 18


class Submitted(msgspec.Struct, frozen=True):
    """Amazon has it in a feed; whether it succeeded the feed's report will tell."""

    feed_id: str


class Confirmed(msgspec.Struct, frozen=True):
    """Amazon has it, and there is no feed to ask for."""


class Wait(msgspec.Struct, frozen=True):
    """Nothing can be said before this moment; come back with the same shipment then."""

    not_before: datetime
    reason: str


ConfirmOutcome: TypeAlias = Submitted | Confirmed | Wait


class Step(Enum):
    """What is to be done about a shipment that isn't with Amazon for certain."""

    BEGIN = auto()
    SEND = auto()
    CHECK = auto()
    RETRY = auto()


def next_step(confirmation: Confirmation | None, now: datetime) -> ConfirmOutcome | Step:
    """What a confirmation needs: nothing but its answer, patience, or a step."""
    if confirmation is None:
        return Step.BEGIN
    state, sent_at = confirmation.state, confirmation.sent_at or confirmation.created_at
    if state is ConfirmationState.SENDING and now < sent_at + _ANSWER_OVERDUE:
        return Wait(sent_at + _ANSWER_OVERDUE, "The shipment is being sent to Amazon.")
    if state is ConfirmationState.UNCERTAIN and now < sent_at + SHOWN_AFTER:
        return Wait(sent_at + SHOWN_AFTER, LOST)
    if state in {ConfirmationState.SUBMITTED, ConfirmationState.CONFIRMED}:
        return known_outcome(confirmation)
    return {
        ConfirmationState.PREPARED: Step.SEND,
        ConfirmationState.REFUSED: Step.RETRY,
    }.get(state, Step.CHECK)


def known_outcome(confirmation: Confirmation) -> Submitted | Confirmed:
    """The answer for a confirmation that Amazon has."""
    return Submitted(confirmation.feed_id) if confirmation.feed_id else Confirmed()


def content_digest(shipment: Shipment) -> str:
    """A digest of what Amazon would be told.

    Not of its dates: `updated_at` changes with every save in the store, `shipped_at` is filled in
    between two messages of a hub, and what Amazon was told first stands. Nor of how the tracking
    number is written.
    """
    items = sorted((item.sku, item.external_ref or "", item.quantity) for item in shipment.items)
    told = (
        shipment.order_number,
        shipment.number,
        bare_tracking(shipment.tracking),
        shipment.carrier,
        shipment.shipping_method,
        items,
    )
    return sha256(msgspec.json.encode(told)).hexdigest()


def bare_tracking(tracking: str | None) -> str:
    """Letters and digits alone: carriers print blanks and dashes, Amazon may show none."""
    return re.sub(r"[\W_]+", "", tracking or "").casefold()


def package_number(order_number: str, shipment_number: str) -> str:
    """The positive number of 18 digits that a shipment always has at Amazon.

    It is both the package's reference within its order and the message id within a feed.
    """
    digest = sha256(msgspec.json.encode((order_number, shipment_number))).digest()
    lowest = 10 ** (_DIGITS - 1)
    return str(lowest + int.from_bytes(digest) % (9 * lowest))


def is_package_number(reference: str) -> bool:
    """Whether a package's reference at Amazon is one that we gave; others count from 1."""
    return len(reference) == _DIGITS and reference.isdecimal()
