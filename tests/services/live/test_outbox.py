"""What waits for one socket is bounded, in order, and the newest where only the newest matters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from app.domain.events import FrameType
from app.services.live.frames import Frame, frame
from app.services.live.outbox import Outbox
from app.services.live.profit_feed import Step

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def numbered(*numbers: int) -> Sequence[Frame]:
    return [frame(FrameType.ORDER_UPDATE, {"n": n}, at=NOW) for n in numbers]


def step(**profits: float) -> Step:
    return Step(json.dumps([[client_id, new_pl] for client_id, new_pl in profits.items()]), NOW)


def outbox(whole: Step | None = None, *, is_batched: bool = True, most_waiting: int = 10) -> Outbox:
    return Outbox("s", is_batched=is_batched, whole_profit=lambda: whole, most_waiting=most_waiting)


async def body(box: Outbox) -> dict[str, object]:
    found: dict[str, object] = json.loads((await box.next()).text(7))
    assert (found.pop("seq"), found.pop("ts")) == (7, NOW.isoformat())
    return found


async def test_orders_come_in_their_order_before_everything_else() -> None:
    box = outbox(step(c1=1.0))
    box.put_profit(step(c1=1.0), is_whole=True)
    box.put_feed(frame(FrameType.FEED_STATUS, {"status": "down"}, at=NOW))
    box.put(numbered(1, 2, 3))
    assert [(await body(box))["n"] for _ in range(3)] == [1, 2, 3]
    assert (await body(box))["type"] == "feed_status"
    assert await body(box) == {"type": "pl_updates", "updates": [["c1", 1.0]]}


async def test_only_the_newest_state_of_the_feed_waits() -> None:
    box = outbox()
    for status in ("live", "delayed", "down"):
        box.put_feed(frame(FrameType.FEED_STATUS, {"status": status}, at=NOW))
    assert (await body(box))["status"] == "down"
    assert box.waiting == 0


async def test_every_second_sign_of_life_is_saved_where_others_went_out_and_none_where_nothing_did() -> None:
    box, beat = outbox(), frame(FrameType.FEED_STATUS, {"status": "live"}, at=NOW)
    heard = []
    for second in range(6):
        if second < 4:
            box.put(numbered(second))
            await body(box)
        box.put_beat(beat)
        heard.append(box.waiting)
        if box.waiting:
            await body(box)
    assert heard == [0, 1, 0, 1, 1, 1]


async def test_a_reader_that_keeps_up_gets_each_step_as_it_is() -> None:
    box = outbox(step(c1=0.5, c2=0.25))
    assert (await body(box))["updates"] == [["c1", 0.5], ["c2", 0.25]]  # it begins with the whole
    for new_pl in (1.0, 2.0):
        box.put_profit(step(c1=new_pl), is_whole=False)
        assert (await body(box))["updates"] == [["c1", new_pl]]


async def test_a_reader_that_missed_a_step_gets_the_whole_and_no_queue() -> None:
    known = step(c1=9.0, c2=9.5, c3=None)  # type: ignore[arg-type]
    box = outbox(known)
    await box.next()
    for n in range(1000):
        box.put_profit(step(c1=float(n)), is_whole=False)
    assert box.waiting <= 1
    assert (await body(box))["updates"] == [["c1", 9.0], ["c2", 9.5], ["c3", None]]
    assert box.waiting == 0


async def test_single_frames_wait_once_per_client_with_the_newest_value() -> None:
    box = outbox(is_batched=False)
    for n in range(1000):
        box.put_profit(step(c1=float(n), c2=-float(n)), is_whole=False)
    assert box.waiting == 2
    assert [await body(box) for _ in range(2)] == [
        {"type": "pl_update", "client_id": "c1", "new_pl": 999.0},
        {"type": "pl_update", "client_id": "c2", "new_pl": -999.0},
    ]


async def test_a_late_reader_of_single_frames_begins_with_everybody() -> None:
    box = outbox(step(c1=1.0, c2=2.0), is_batched=False)
    box.put_profit(step(c2=2.0), is_whole=False)
    assert [(await body(box))["client_id"] for _ in range(2)] == ["c1", "c2"]
    assert box.waiting == 0


@pytest.mark.parametrize("most", [0, 3])
async def test_orders_are_never_dropped_but_the_socket_is_closed(most: int) -> None:
    box = outbox(most_waiting=most)
    box.put(numbered(*range(most)))
    assert box.closes_with is None
    box.put(numbered(99))
    assert box.closes_with == (1013, "too_slow")
    assert box.closed.is_set()
    box.put(numbered(1))
    box.put_feed(numbered(1)[0])
    box.put_profit(step(c1=1.0), is_whole=True)
    assert box.waiting == 0


def test_the_first_reason_to_close_counts() -> None:
    box = outbox()
    box.close(1008, "session_ended")
    box.close(1013, "too_slow")
    assert box.closes_with == (1008, "session_ended")
