"""F12: after an answer that says "too much", fewer orders leave; one client waits first, then everybody."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.send_brake import CLIENTS_THAT_STOP_ALL, FIRST_PAUSE_S, LONGEST_PAUSE_S, SendBrake


def stopped(*, at_s: float = 100.0) -> SendBrake:
    """Return a brake at which so many clients were throttled that nobody sends."""
    brake = SendBrake()
    for number in range(CLIENTS_THAT_STOP_ALL):
        brake.throttled(f"c{number}", at_s)
    return brake


def sent_after(brake: SendBrake, client_id: str, now_s: float, count: int) -> list[float]:
    """Return when `count` sends leave if each leaves as soon as it may."""
    found = []
    for _ in range(count):
        now_s += brake.delay_s(client_id, now_s)
        brake.sent()
        found.append(now_s)
    return found


def test_nobody_waits_as_long_as_the_broker_takes_orders() -> None:
    brake = SendBrake()
    assert sent_after(brake, "a", 5.0, 1_000) == [5.0] * 1_000
    assert not brake.holds_all(5.0)


def test_one_client_that_is_throttled_waits_alone() -> None:
    brake = SendBrake()
    brake.throttled("a", 10.0)
    assert brake.delay_s("a", 10.0) == FIRST_PAUSE_S
    assert brake.delay_s("b", 10.0) == 0
    assert not brake.holds_all(10.0)
    assert brake.delay_s("a", 10.0 + FIRST_PAUSE_S) == 0


@pytest.mark.parametrize(("times", "pause_s"), [(1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (40, 30.0)])
def test_the_pause_of_one_client_doubles_up_to_a_bound(times: int, pause_s: float) -> None:
    brake = SendBrake()
    for _ in range(times):
        brake.throttled("a", 10.0)
    assert brake.delay_s("a", 10.0) == pause_s <= LONGEST_PAUSE_S


def test_an_answer_ends_the_pause_of_its_client() -> None:
    brake = SendBrake()
    brake.throttled("a", 10.0)
    brake.throttled("a", 10.0)
    brake.answered("a")
    assert brake.delay_s("a", 10.0) == 0
    brake.throttled("a", 10.0)
    assert brake.delay_s("a", 10.0) == FIRST_PAUSE_S


def test_one_client_however_often_never_holds_the_others() -> None:
    brake = SendBrake()
    for tenth in range(100):
        brake.throttled("a", 10.0 + tenth / 10)
    assert brake.delay_s("b", 20.0) == 0


def test_several_clients_within_moments_hold_everybody() -> None:
    brake = stopped(at_s=100.0)
    assert brake.holds_all(100.0)
    assert brake.delay_s("another", 100.0) == pytest.approx(FIRST_PAUSE_S)
    assert not brake.holds_all(100.0 + FIRST_PAUSE_S)


def test_several_clients_over_a_long_time_hold_nobody_else() -> None:
    brake = SendBrake()
    for number in range(10):
        brake.throttled(f"c{number}", 100.0 + 10 * number)
    assert not brake.holds_all(190.0)


def test_answers_still_under_way_when_the_pause_began_do_not_lengthen_it() -> None:
    brake = stopped(at_s=100.0)
    for number in range(50):
        brake.throttled(f"late{number}", 100.2)
    assert brake.delay_s("another", 100.5) == pytest.approx(FIRST_PAUSE_S - 0.5)


def test_throttled_again_after_the_pause_it_is_longer() -> None:
    brake = stopped(at_s=100.0)
    for number in range(CLIENTS_THAT_STOP_ALL):
        brake.throttled(f"c{number}", 101.1)
    assert brake.delay_s("another", 101.1) == pytest.approx(2 * FIRST_PAUSE_S)


def test_no_burst_follows_a_pause() -> None:
    times = sent_after(stopped(at_s=100.0), "another", 100.0, 1_000)
    assert times[0] == pytest.approx(100.0 + FIRST_PAUSE_S)
    in_the_first_second = sum(time < times[0] + 1 for time in times)
    in_the_second = sum(times[0] + 1 <= time < times[0] + 2 for time in times)
    assert 20 <= in_the_first_second <= 31
    assert in_the_second == pytest.approx(2 * in_the_first_second, abs=3)
    assert times[-1] < times[0] + 6


def test_long_after_a_pause_all_is_as_before() -> None:
    brake = stopped(at_s=100.0)
    assert sent_after(brake, "another", 120.0, 500) == [120.0] * 500


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 3), st.booleans()), max_size=60))
def test_whoever_waits_as_long_as_told_may_go(events: list[tuple[str, float, bool]]) -> None:
    brake, now_s = SendBrake(), 1_000.0
    for client_id, later_s, is_throttled in events:
        now_s += later_s
        delay_s = brake.delay_s(client_id, now_s)
        assert 0 <= delay_s <= LONGEST_PAUSE_S + 8
        now_s += delay_s
        assert brake.delay_s(client_id, now_s) == pytest.approx(0, abs=1e-6)
        brake.sent()
        if is_throttled:
            brake.throttled(client_id, now_s)
        else:
            brake.answered(client_id)


def test_sends_decided_on_count_like_sends() -> None:
    brake = stopped(at_s=100.0)
    delays = [brake.delay_s("another", 101.0, also) for also in range(100)]
    assert all(earlier < later for earlier, later in pairwise(delays))
