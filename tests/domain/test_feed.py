from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.feed import (
    Capacity,
    FeedState,
    InstrumentKey,
    LineView,
    Need,
    feed_state,
    is_index,
    is_streaming,
    most_needed,
    plan_subscriptions,
    price_in_paise,
    reason_to_hang_up,
    reconnect_delay_s,
    tick_in_paise,
)
from app.domain.instruments import Exchange

NSE, NSEFO = Exchange.NSE, Exchange.NSEFO
LIVE, DELAYED, DOWN = FeedState.LIVE, FeedState.DELAYED, FeedState.DOWN


def line(
    silent_s: float | None, *, registered: int = 1, expected: bool = True, is_open: bool = True, open_s: float = 100.0
) -> LineView:
    return LineView(is_open, registered, expected, open_s, silent_s)


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ([], DOWN),
        ([line(None, is_open=False)], DOWN),
        ([line(0.1)], LIVE),
        ([line(2.0)], LIVE),
        ([line(2.1)], DELAYED),
        ([line(None, open_s=0.1)], DELAYED),  # nothing has proved yet that it delivers
        ([line(0.1), line(None, is_open=False)], DELAYED),
        ([line(0.1), line(3.0)], DELAYED),
        ([line(30.0, expected=False)], LIVE),
        ([line(181.0, expected=False)], DELAYED),
        ([line(None, registered=0, open_s=30.0)], LIVE),  # only heartbeats are due
        ([line(61.0, registered=0)], DELAYED),
    ],
)
def test_the_feed_is_live_only_while_what_is_expected_arrives(lines: list[LineView], state: FeedState) -> None:
    found, reason = feed_state(lines)
    assert (found, reason is None) == (state, state is LIVE)


def test_a_line_that_is_late_or_closed_streams_nothing() -> None:
    assert is_streaming(line(0.1))
    assert not is_streaming(line(2.1))
    assert not is_streaming(line(0.1, is_open=False))


@pytest.mark.parametrize(
    ("view", "hangs_up"),
    [
        (line(59.0), False),
        (line(61.0), True),
        (line(61.0, expected=False), False),
        (line(181.0, expected=False), True),
        (line(None, open_s=9.0), False),
        (line(None, open_s=11.0), True),
        (line(None, open_s=11.0, registered=0), False),
        (line(None, open_s=11.0, expected=False), False),
    ],
)
def test_a_silent_line_is_opened_anew_in_the_end(view: LineView, hangs_up: bool) -> None:
    assert (reason_to_hang_up(view) is not None) is hangs_up


def test_delays_double_up_to_a_cap_that_lets_the_desk_recover_in_time() -> None:
    delays = [reconnect_delay_s(n, 0.9999, are_ticks_expected=True) for n in range(1, 8)]
    assert delays == pytest.approx([0.25, 0.5, 1, 2, 2, 2, 2], rel=0.001)
    assert reconnect_delay_s(500, 0.0, are_ticks_expected=True) == 1.0
    assert reconnect_delay_s(500, 0.0, are_ticks_expected=False) == 30.0


def test_the_most_needed_instruments_get_the_places_and_the_rest_is_named() -> None:
    wanted = {(NSE, 3): Need.WATCHED, (NSE, 2): Need.TICKET, (NSE, 1): Need.HELD, (NSE, 4): Need.HELD}
    plan = plan_subscriptions(wanted, [Capacity("a", 1), Capacity("b", 1)], {(NSE, 3): "a"})
    assert plan.by_login == {"a": {(NSE, 1)}, "b": {(NSE, 4)}}
    assert plan.without_place == ((NSE, 2), (NSE, 3))


def test_among_equals_who_has_a_place_keeps_it() -> None:
    wanted = {(NSE, n): Need.WATCHED for n in range(1, 5)}
    plan = plan_subscriptions(wanted, [Capacity("a", 2)], {(NSE, 3): "a", (NSE, 4): "a"})
    assert plan.by_login == {"a": {(NSE, 3), (NSE, 4)}}


def test_indices_need_no_place() -> None:
    plan = plan_subscriptions({(NSE, 26_000): Need.WATCHED, (NSE, 1): Need.WATCHED}, [Capacity("a", 1)], {})
    assert plan.by_login == {"a": {(NSE, 1)}}
    assert plan.indices == {(NSE, 26_000)}
    assert plan.without_place == ()
    assert is_index((Exchange.BSE, 999_901))
    assert not is_index((NSEFO, 26_000))


def test_one_login_never_carries_what_the_wire_cannot_tell_apart() -> None:
    wanted = {(NSE, 7): Need.HELD, (NSEFO, 7): Need.HELD}
    assert plan_subscriptions(wanted, [Capacity("a", 9)], {}).without_place == ((NSEFO, 7),)
    assert plan_subscriptions(wanted, [Capacity("a", 9), Capacity("b", 9)], {}).without_place == ()


KEYS = st.tuples(st.sampled_from([NSE, NSEFO, Exchange.BSE]), st.integers(1, 30))
LOGINS = st.lists(
    st.builds(Capacity, st.sampled_from("abcd"), st.integers(0, 12)), max_size=4, unique_by=lambda one: one.login_id
)


@given(st.dictionaries(KEYS, st.sampled_from(list(Need))), LOGINS, st.dictionaries(KEYS, st.sampled_from("abcdx")))
def test_every_plan_keeps_the_limits_and_forgets_nobody(
    wanted: dict[InstrumentKey, Need], logins: list[Capacity], current: dict[InstrumentKey, str]
) -> None:
    plan = plan_subscriptions(wanted, logins, current)
    placed = [key for keys in plan.by_login.values() for key in keys]
    assert sorted([*placed, *plan.without_place, *plan.indices]) == sorted(wanted)
    for login in logins:
        keys = plan.by_login[login.login_id]
        assert len(keys) <= login.limit
        assert len({("N" if k[0] in (NSE, NSEFO) else "B", k[1]) for k in keys}) == len(keys)
    again = plan_subscriptions(wanted, logins, {k: one for one, keys in plan.by_login.items() for k in keys})
    assert again.by_login == plan.by_login


def test_the_strongest_reason_counts() -> None:
    needs = [((NSE, 1), Need.WATCHED), ((NSE, 1), Need.HELD), ((NSE, 2), Need.TICKET)]
    assert most_needed(needs) == {(NSE, 1): Need.HELD, (NSE, 2): Need.TICKET}


@pytest.mark.parametrize(("text", "paise"), [("0.05", 5), ("0.01", 1), ("1", 100), ("0.0025", None), ("0", None)])
def test_a_tick_finer_than_a_paisa_has_no_place_in_the_book(text: str, paise: int | None) -> None:
    assert tick_in_paise(Decimal(text)) == paise


@pytest.mark.parametrize(
    ("text", "paise"),
    [("101.05", 10_105), ("0", None), ("-1", None), ("NaN", None), ("Infinity", None), ("1.001", None)],
)
def test_only_exact_prices_become_paise(text: str, paise: int | None) -> None:
    assert price_in_paise(Decimal(text)) == paise
