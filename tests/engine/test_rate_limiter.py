"""Never more than the rate in any sliding second, whatever is asked and when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.engine.rate_limiter import WINDOW_S, SlidingWindowLimiter


class Seconds:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


steps = st.lists(
    st.tuples(st.floats(0, 1.5, allow_nan=False), st.integers(0, 2), st.integers(1, 12)), min_size=1, max_size=60
)


@given(rate=st.integers(1, 10), steps=steps)
def test_no_sliding_second_holds_more_than_the_rate_and_keys_do_not_mix(
    rate: int, steps: list[tuple[float, int, int]]
) -> None:
    now = Seconds()
    limiter = SlidingWindowLimiter(rate, now, waits_first=False)
    sent: dict[int, list[float]] = {0: [], 1: [], 2: []}
    for wait_s, key, wanted in steps:
        now.now_s += wait_s
        for _ in range(wanted):
            if limiter.delay_s(key) > 0:
                break
            limiter.admit(key)
            sent[key].append(now.now_s)
    for times in sent.values():
        assert all(later - earlier > 1.0 for earlier, later in zip(times, times[rate:], strict=False))


@given(rate=st.integers(1, 10), steps=steps)
def test_sends_decided_together_and_started_late_keep_the_rate(rate: int, steps: list[tuple[float, int, int]]) -> None:
    now = Seconds()
    limiter = SlidingWindowLimiter(rate, now, waits_first=False)
    sent: list[float] = []
    for late_s, _, wanted in steps:
        decided = 0
        while decided < wanted and limiter.delay_s("c1", decided) == 0:
            decided += 1
        now.now_s += late_s  # a slow claim
        for _ in range(decided):
            limiter.admit("c1")
            sent.append(now.now_s)
    assert all(later - earlier > 1.0 for earlier, later in zip(sent, sent[rate:], strict=False))


@given(rate=st.integers(1, 10), steps=steps)
def test_after_the_delay_that_it_names_a_key_may_go(rate: int, steps: list[tuple[float, int, int]]) -> None:
    now = Seconds()
    limiter = SlidingWindowLimiter(rate, now)
    for wait_s, key, _ in steps:
        now.now_s += wait_s
        now.now_s += limiter.delay_s(key) + 1e-9
        assert limiter.delay_s(key) == 0
        limiter.admit(key)


def test_nothing_is_admitted_in_the_first_window_after_a_start() -> None:
    now = Seconds()
    limiter = SlidingWindowLimiter(10, now)
    assert limiter.delay_s("c1") == WINDOW_S
    now.now_s = WINDOW_S
    assert limiter.delay_s("c1") == 0


def test_a_full_key_holds_up_no_other() -> None:
    limiter = SlidingWindowLimiter(1, Seconds(), waits_first=False)
    limiter.admit("c1")
    assert limiter.delay_s("c1") == WINDOW_S
    assert limiter.delay_s("c2") == 0
