"""The control plane under `/_sandbox/`: what a test may look at and turn. Amazon has none."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from amazon_endpoint.sandbox.answers import Answer, json_response
from amazon_endpoint.sandbox.clock import read_time, write_time
from amazon_endpoint.sandbox.faults import BESIDE_THE_API, Fault
from amazon_endpoint.sandbox.gate import Endpoint
from amazon_endpoint.sandbox.mws.quotas import ACTIONS
from amazon_endpoint.sandbox.orders import Json
from amazon_endpoint.sandbox.quotas import PLANS
from amazon_endpoint.sandbox.state import Sandbox

_OPERATIONS = frozenset(PLANS) | ACTIONS | BESIDE_THE_API | {"*"}


def control_routes(sandbox: Sandbox) -> list[Route]:
    """Return the control plane's routes."""
    plane = _ControlPlane(sandbox)
    table: list[tuple[str, str, Any]] = [
        ("GET", "state", plane.state),
        ("POST", "clock", plane.turn_clock),
        ("GET", "faults", plane.list_faults),
        ("POST", "faults", plane.add_fault),
        ("DELETE", "faults", plane.clear_faults),
        ("GET", "orders", plane.list_orders),
        ("POST", "orders", plane.put_orders),
        ("DELETE", "orders", plane.clear_orders),
    ]
    return [
        Route(f"/_sandbox/{path}", _told(sandbox, work), methods=[method])
        for method, path, work in table
    ]


class _ControlPlane:
    """One method per control."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def state(self, wish: Json) -> Json:
        del wish
        return {
            "now": write_time(self._sandbox.clock.now()),
            "calls": dict(self._sandbox.calls),
            "orders": len(self._sandbox.book),
            "confirmations": self._sandbox.ledger.told(),
            "feeds": [feed.told() for feed in self._sandbox.feeds.every()],
            "faults": msgspec.to_builtins(self._sandbox.faults.waiting),
        }

    def turn_clock(self, wish: Json) -> Json:
        match wish:
            case {"now": str(text), **rest} if not rest:
                self._sandbox.clock.set(read_time(text))
            case {"advance": int() | float() as seconds, **rest} if not rest:
                self._sandbox.clock.advance(seconds)
            case _:
                raise ValueError('the clock takes {"now": time} or {"advance": seconds}')
        self._sandbox.settle()
        return {"now": write_time(self._sandbox.clock.now())}

    def list_faults(self, wish: Json) -> Json:
        del wish
        return {"faults": msgspec.to_builtins(self._sandbox.faults.waiting)}

    def add_fault(self, wish: Json) -> Json:
        fault = msgspec.convert(wish, Fault)
        if fault.operation not in _OPERATIONS:
            known = ", ".join(sorted(_OPERATIONS))
            raise ValueError(f"unknown operation {fault.operation!r}; known: {known}")
        self._sandbox.faults.add(fault)
        return self.list_faults({})

    def clear_faults(self, wish: Json) -> Json:
        self._sandbox.faults.clear()
        return self.list_faults(wish)

    def list_orders(self, wish: Json) -> Json:
        del wish
        return {"orders": [entry.order() for entry in self._sandbox.book]}

    def put_orders(self, wish: Json) -> Json:
        orders = wish.get("orders")
        if not isinstance(orders, list):
            raise ValueError('orders are sent as {"orders": [...]}')
        self._sandbox.book.fill(orders)
        return {"orders": len(self._sandbox.book)}

    def clear_orders(self, wish: Json) -> Json:
        del wish
        self._sandbox.book.clear()
        return {"orders": 0}


def _told(sandbox: Sandbox, work: Any) -> Endpoint:
    async def call(request: Request) -> Response:
        sandbox.settle()
        content = await request.body()
        try:
            wish = msgspec.json.decode(content, type=dict[str, Any]) if content else {}
            return json_response(Answer(200, work(wish)))
        except (ValueError, OverflowError) as problem:
            return json_response(Answer(400, {"error": str(problem)}))

    return call
