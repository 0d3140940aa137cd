from collections.abc import Mapping
from datetime import timedelta

import msgspec
import pytest

from amazon_endpoint.cli.orders import read_on
from amazon_endpoint.cli.poll_state import CURSOR, RESUME, PollState
from amazon_endpoint.cli.reply import Parameter, Refused, Reply
from amazon_endpoint.errors import EndpointError, InvalidInput, Later, Throttled
from amazon_endpoint.hub.notifications import Notification
from amazon_endpoint.hub.v5.message import Service
from tests.turned_clock import NOON, TurnedClock

SINCE = "2026-10-01T00:00:00Z"


def reply(text: str, *notifications: Notification, **parameters: str) -> Reply:
    return Reply(
        message_id="1",
        messages=(msgspec.Raw(f'"{text}"'.encode()),),
        parameters=tuple(Parameter(f"amazon.{name}", value) for name, value in parameters.items()),
        notifications=notifications,
    )


class Scripted:
    """An endpoint that gives these answers, and remembers what it was asked."""

    def __init__(self, *answers: Reply | EndpointError) -> None:
        self._answers = list(answers)
        self.asked: list[Mapping[str, str]] = []

    async def ask(
        self, service: Service, payload: Mapping[str, object], parameters: Mapping[str, str]
    ) -> Reply:
        assert (service, payload) == (Service.ORDER_POLL, {})
        self.asked.append(dict(parameters))
        answer = self._answers.pop(0)
        if isinstance(answer, EndpointError):
            raise answer
        return answer


class Poll:
    """A poll under test."""

    def __init__(self, *answers: Reply | EndpointError) -> None:
        self.endpoint = Scripted(*answers)
        self.state = PollState(None)
        self.state.begin(SINCE)
        self.clock = TurnedClock()
        self.written: list[str] = []

    async def run(self, *, waits: bool = False) -> None:
        await read_on(self.endpoint, self.state, {}, self.write, self.clock, waits=waits)

    def write(self, reply: Reply) -> None:
        self.written += [msgspec.json.decode(one) for one in reply.messages]


async def test_goes_on_until_the_window_is_finished() -> None:
    poll = Poll(
        reply("A", resume="w1.x"),
        reply("B", resume="", last_updated_after="2026-11-01T00:00:00Z"),
    )
    await poll.run()
    assert poll.written == ["A", "B"]
    assert poll.endpoint.asked == [{CURSOR: SINCE}, {CURSOR: SINCE, RESUME: "w1.x"}]
    assert poll.state.parameters == {CURSOR: "2026-11-01T00:00:00Z"}


async def test_keeps_its_place_and_says_when_to_go_on() -> None:
    until = NOON + timedelta(minutes=3)
    poll = Poll(reply("A", resume="w1.x"), Throttled("Used up.", not_before=until))
    with pytest.raises(Later, match=r"Used up\. Run it again at 2026-11-01T12:03:00Z") as stopped:
        await poll.run()
    assert stopped.value.not_before == until
    assert poll.state.parameters == {CURSOR: SINCE, RESUME: "w1.x"}


async def test_waits_for_the_quota_if_asked_to() -> None:
    until = NOON + timedelta(minutes=3)
    poll = Poll(
        reply("A", resume="w1.x"), Throttled(not_before=until), reply("B", resume=""), Throttled()
    )
    await poll.run(waits=True)
    assert poll.written == ["A", "B"]
    assert poll.clock.now() >= until


async def test_the_place_stays_while_orders_are_not_written() -> None:
    poll = Poll(reply("A", last_updated_after="2026-11-01T00:00:00Z"))

    def broken_pipe(_reply: Reply) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await read_on(poll.endpoint, poll.state, {}, broken_pipe, poll.clock, waits=False)
    assert poll.state.cursor == SINCE


async def test_orders_that_came_before_a_problem_are_kept() -> None:
    problem = Notification("error", "Page repeated", "Amazon's paging runs in a circle.")
    poll = Poll(reply("A", problem, resume=""))
    with pytest.raises(Refused, match="Page repeated: Amazon's paging"):
        await poll.run()
    assert poll.written == ["A"]


@pytest.mark.parametrize("field", ["amazon.resume", "amazon.seen"])
async def test_what_can_no_longer_be_used_is_dropped(field: str) -> None:
    poll = Poll(InvalidInput("Not ours.", field=field))
    poll.state.keep([Parameter(field, "old")])
    with pytest.raises(InvalidInput):
        await poll.run()
    assert poll.state.parameters == {CURSOR: SINCE}


async def test_a_wrong_cursor_is_not_dropped() -> None:
    poll = Poll(InvalidInput("In the future.", field=CURSOR))
    with pytest.raises(InvalidInput):
        await poll.run()
    assert poll.state.cursor == SINCE
