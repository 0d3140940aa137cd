"""The bucket, over any sequence of calls: never more than Amazon grants, never a needless wait."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.amazon.quota import Bucket, Rate, drain, due, full, learn_rate, take

START = datetime(2026, 3, 1, 12, tzinfo=UTC)

# Amazon's published plans lie well within these.
plans = st.builds(
    Rate, per_second=st.floats(min_value=0.001, max_value=100), burst=st.integers(1, 100)
)
waits = st.lists(st.floats(min_value=0, max_value=2000), max_size=80)
# Where a clock may jump to and fro, as a share of the time that a whole refill takes.
shares = st.lists(st.floats(min_value=0, max_value=0.5), min_size=1, max_size=5)


def goes(bucket: Bucket, moments: list[datetime]) -> int:
    count = 0
    for moment in moments:
        bucket, not_before = take(bucket, moment)
        count += not_before is None
    return count


def moments_after(steps: list[float]) -> list[datetime]:
    moments = [START]
    for step in steps:
        moments.append(moments[-1] + timedelta(seconds=step))
    return moments


@given(plans, waits)
def test_never_more_calls_than_burst_and_rate_allow(plan: Rate, waits: list[float]) -> None:
    moments = moments_after(waits)
    elapsed = (moments[-1] - START).total_seconds()

    assert goes(full(plan, START), moments) <= plan.burst + plan.per_second * elapsed + 0.001


@given(plans, shares, st.integers(1, 100))
def test_a_clock_that_goes_backwards_adds_nothing(
    plan: Rate, shares: list[float], times: int
) -> None:
    refill = plan.burst / plan.per_second
    moments = [START + timedelta(seconds=refill * share) for share in shares * times]

    assert goes(full(plan, START), moments) <= 1.5 * plan.burst + 0.01


@given(plans, waits)
def test_the_moment_named_always_suffices(plan: Rate, waits: list[float]) -> None:
    bucket = drain(full(plan, START), START)
    for moment in moments_after(waits):
        bucket, not_before = take(bucket, moment)
        if not_before is not None:
            assert not_before > moment
            _, again = take(bucket, not_before)
            assert again is None


@given(plans, st.floats(min_value=0.01, max_value=0.9))
def test_the_moment_named_is_no_later_than_needed(plan: Rate, share: float) -> None:
    empty = drain(full(plan, START), START)
    _, not_before = take(empty, START)
    assert not_before is not None
    _, still = take(empty, START + (not_before - START) * share)

    assert still is not None


@given(plans, st.floats(min_value=0, max_value=0.9))
def test_a_host_whose_clock_is_behind_waits_for_the_same_moment(plan: Rate, share: float) -> None:
    empty = drain(full(plan, START), START)
    behind = START - timedelta(seconds=plan.burst / plan.per_second * share)

    assert take(empty, behind)[1] == take(empty, START)[1]


def test_a_clock_that_was_far_ahead_stops_nothing_once_it_is_set_right() -> None:
    plan = Rate(per_second=1, burst=5)
    empty = drain(full(plan, START), START + timedelta(days=365))
    bucket, not_before = take(empty, START)

    assert not_before == START + timedelta(seconds=1, microseconds=1)
    assert take(bucket, not_before)[1] is None


@given(plans, st.floats(allow_nan=False, allow_infinity=False))
def test_only_a_believable_rate_is_learnt(plan: Rate, rate: float) -> None:
    learnt = learn_rate(full(plan, START), plan, rate, START)

    assert plan.per_second * 0.01 <= learnt.rate <= max(1000, plan.per_second)
    assert learnt.tokens == plan.burst


@given(plans, waits, st.integers(1, 100))
def test_tokens_that_are_due_are_there_then(plan: Rate, waits: list[float], tokens: int) -> None:
    bucket = drain(full(plan, START), START)
    moment = moments_after(waits)[-1]
    when = due(bucket, tokens, moment) or moment

    assert goes(bucket, [when] * tokens) == min(tokens, plan.burst)
