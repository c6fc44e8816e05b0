from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.throttling import ThrottleRule, ThrottleState

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
RULE = ThrottleRule(free_tries=5, first_wait_s=2, longest_wait_s=300, window_s=900)


def test_the_free_tries_cost_nothing_and_then_the_wait_doubles() -> None:
    state: ThrottleState | None = None
    waits = []
    for _ in range(10):
        state = RULE.after_try(state, NOW)
        waits.append(RULE.wait_s(state, NOW))
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16, 32, 64]


@given(st.lists(st.floats(0, 2000), min_size=1, max_size=200))
def test_no_wait_is_ever_longer_than_the_longest(gaps: list[float]) -> None:
    now, state = NOW, None
    for gap in gaps:
        now += timedelta(seconds=gap)
        if RULE.wait_s(state, now) == 0:
            state = RULE.after_try(state, now)
        assert RULE.wait_s(state, now) <= 300
    assert RULE.wait_s(state, now + timedelta(seconds=300)) == 0


def test_a_quiet_window_forgets_the_tries() -> None:
    state = None
    for _ in range(8):
        state = RULE.after_try(state, NOW)
    assert RULE.after_try(state, NOW + timedelta(seconds=901)).failures == 1


def test_a_success_takes_back_its_own_try_only() -> None:
    state = ThrottleState(4, NOW, None)
    assert RULE.after_success(state).failures == 3
