"""No event is passed over, in whatever order transactions commit, and none is told twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.domain.event_tail import GIVE_UP_AFTER_READS, GIVE_UP_AFTER_S, EventTail


def visible(tail: EventTail, committed: set[int]) -> list[int]:
    """What the query behind a read finds: what is after the last, and what lies in a gap."""
    return sorted(
        id_ for id_ in committed if id_ > tail.last_id or any(gap.first <= id_ <= gap.last for gap in tail.gaps)
    )


@given(st.permutations(range(1, 60)), st.data())
def test_each_event_is_told_once_however_late_it_commits(order: list[int], data: st.DataObject) -> None:
    tail, committed, told = EventTail(0), set[int](), list[int]()
    waiting = list(order)
    while waiting:
        count = data.draw(st.integers(1, 20))
        committed.update(waiting[:count])
        del waiting[:count]
        told += tail.take(visible(tail, committed), now_s=0.0)
        tail.end_read(now_s=0.0)
    assert sorted(told) == sorted(committed)
    assert tail.gaps == []


def test_more_gaps_than_a_query_can_name_are_joined_without_telling_twice() -> None:
    tail, even = EventTail(0), set(range(2, 1002, 2))
    told = tail.take(sorted(even), now_s=0.0)
    assert len(tail.gaps) <= 64
    odd = set(range(1, 1001, 2))
    told += tail.take(visible(tail, even | odd), now_s=1.0)
    assert sorted(told) == sorted(even | odd)


def test_a_number_that_never_comes_is_given_up_after_a_while_of_good_reads() -> None:
    tail = EventTail(0)
    tail.take([5], now_s=0.0)
    tail.end_read(now_s=GIVE_UP_AFTER_S * 10)  # the database was away all the time: one read proves nothing
    assert [(gap.first, gap.last) for gap in tail.gaps] == [(1, 4)]
    for _ in range(GIVE_UP_AFTER_READS):
        tail.end_read(now_s=GIVE_UP_AFTER_S / 2)
    assert tail.gaps
    tail.end_read(now_s=GIVE_UP_AFTER_S)
    assert tail.gaps == []
    assert tail.take([3], now_s=GIVE_UP_AFTER_S) == []


def test_what_was_read_before_is_not_new() -> None:
    tail = EventTail(0)
    assert tail.take([1, 2, 5], now_s=0.0) == [1, 2, 5]
    assert tail.take([1, 2, 5], now_s=0.0) == []
    assert tail.take([3, 6], now_s=0.0) == [3, 6]
    assert [(gap.first, gap.last) for gap in tail.gaps] == [(4, 4)]
