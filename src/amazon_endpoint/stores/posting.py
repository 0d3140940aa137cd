"""Posting: one call to a store, and what its answer means.

Of an answer only status, media type and `Retry-After` are told on: its text may quote a buyer.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from amazon_endpoint import __version__
from amazon_endpoint.outbound import Answer, NoAnswer, NotSent, Outbound
from amazon_endpoint.retry_after import read_retry_after
from amazon_endpoint.stores.port import Delivered, Gone, Outcome, Refused

_ENOUGH = 1024 * 1024

_LONGEST_RETRY_AFTER = timedelta(days=1)

# What is said by a store that is busy or being mended, or in its place by who stands before it.
_DOWN = (429, 502, 503, 504)

_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,40}", re.IGNORECASE)

_ADVICE = {
    3: "Redirects are not followed: set the destination to the final address.",
    401: "Is the destination's secret the one that the store knows?",
    403: "Is the destination's secret the one that the store knows?",
    404: "Is the destination's address right?",
}


async def post(
    outbound: Outbound, url: str, *, headers: Mapping[str, str], body: bytes
) -> Answer | Refused:
    """Post JSON to a store; Refused where no whole answer came back."""
    sent = {
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": f"amazon-endpoint/{__version__}",
        **headers,
    }
    try:
        return await outbound.send("POST", url, headers=sent, content=body, enough=_ENOUGH)
    except NotSent as error:
        return Refused(f"The store can't be reached ({error}).", store_is_down=True)
    except NoAnswer as error:
        return Refused(
            f"The message was sent, but no whole answer came back ({error}).", store_is_down=True
        )


def judge(answer: Answer, now: datetime) -> Outcome:
    """What a store's answer means, by its status alone."""
    status = answer.status
    if 200 <= status < 300:
        return Delivered()
    media_type = _MEDIA_TYPE.match(answer.headers.get("content-type", ""))
    told = f"The store answered {status}{f' ({media_type[0]})' if media_type else ''}."
    if status == 410:
        return Gone(f"{told} It wants no more messages.")
    advice = _ADVICE.get(status) or _ADVICE.get(status // 100)
    return Refused(
        f"{told} {advice}" if advice else told,
        read_retry_after(answer.headers.get("retry-after"), now, longest=_LONGEST_RETRY_AFTER),
        store_is_down=status in _DOWN,
    )
