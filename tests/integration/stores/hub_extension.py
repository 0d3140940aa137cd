"""A store with the hub's old extension, as far as it takes orders.

Written from what the extension does: every failure is a 500 with a summary, a second `add_order`
too; `update_order` needs an order, a state that the store knows and an e-mail address.
"""

import json
from collections import deque
from typing import Any

from tests.integration.spapi.scripted_amazon import Asked, Reply, ScriptedAmazon

STATES = {"complete", "canceled"}


class HubExtension(ScriptedAmazon):
    """Keeps orders by their number. What a test wrote down happens first."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token
        self.orders: dict[str, dict[str, Any]] = {}
        self.states: dict[str, str] = {}
        self.forget_to_answer = 0
        self._instead: deque[Reply] = deque()

    def will(self, *replies: Reply) -> None:
        self._instead.extend(replies)

    @property
    def hooks(self) -> list[str]:
        """The hooks called, in sequence."""
        return [one.path.rpartition("/")[2] for one in self.asked]

    def _reply(self, asked: Asked) -> Reply:
        if self._instead:
            return self._instead.popleft()
        call = json.loads(asked.body, parse_float=str)
        if asked.headers.get("x-hub-token") != self.token:
            return _answer(401, call, "Unauthorized!")
        order = call["order"]
        done = getattr(self, asked.path.removeprefix("/wombat/"))(order)
        if self.forget_to_answer:
            self.forget_to_answer -= 1
            return Reply(lost=True)
        return _answer(200 if done else 500, call, "Done." if done else f"Not for {order}")

    def add_order(self, order: dict[str, Any]) -> bool:
        if order["id"] in self.orders:
            return False
        self.orders[order["id"]] = order
        self.states[order["id"]] = "complete"
        return True

    def update_order(self, order: dict[str, Any]) -> bool:
        if order["id"] not in self.orders or order["status"] not in STATES or not order["email"]:
            return False
        self.states[order["id"]] = order["status"]
        return True


def _answer(status: int, call: dict[str, Any], summary: str) -> Reply:
    body = {"request_id": call["request_id"], "summary": summary}
    return Reply(status, json.dumps(body).encode(), {"content-type": "application/json"})
