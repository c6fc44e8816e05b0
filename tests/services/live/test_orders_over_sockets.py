"""Whoever has a socket and a snapshot knows every order: once, in order, as the HTTP answers show it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, update

from app.domain.answers import lapsed
from app.engine.exit_verifier import ExitVerifier
from app.engine.rate_limiter import SlidingWindowLimiter
from app.models.models import Order, OrderEvent
from app.services.execute_batch import ORDERS_CHANGED
from app.services.read_gate import ReadGate
from tests.support.engine import Engine
from tests.support.exits import exit_all, hold
from tests.support.live import LiveFloor, Reader
from tests.support.orders import ITC

Json = dict[str, Any]


def is_completed(batch_id: str) -> Any:
    return lambda frame: (
        frame["type"] == "batch_update" and frame["batch_id"] == batch_id and frame["status"] == "completed"
    )


async def batch_of(floor: LiveFloor, token: str, batch_id: str) -> Json:
    async with floor.browser(token) as browser:
        answer = await browser.get(f"/api/v1/batches/{batch_id}")
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def assert_as_in_http(reader: Reader, floor: LiveFloor, token: str, batch_id: str) -> None:
    batch = await batch_of(floor, token, batch_id)
    assert reader.rows(batch_id) == {row["order_id"]: row for row in batch["results"]}
    last = [frame for frame in reader.of_type("batch_update") if frame["batch_id"] == batch_id][-1]
    assert (last["status"], last["summary"]) == (batch["status"], batch["summary"])


async def test_the_rows_of_the_socket_are_those_of_the_answer(floor: LiveFloor) -> None:
    token, engine = await floor.token(), Engine(floor.trading)
    async with floor.reader(token, web=floor.other) as reader, engine.running():
        batch_id = await floor.trading.place(10, 20, 30)
        await reader.until(is_completed(batch_id))
        await assert_as_in_http(reader, floor, token, batch_id)


async def test_every_web_process_tells_the_same_rows_in_the_same_order(floor: LiveFloor) -> None:
    engine = Engine(floor.trading)
    async with floor.reader(web=floor.web) as one, floor.reader(web=floor.other, query="") as two, engine.running():
        batch_id = await floor.trading.place(10, 20, 30, 40, 50)
        for reader in (one, two):
            await reader.until(is_completed(batch_id))
    assert one.rows(batch_id) == two.rows(batch_id)
    assert len(one.rows(batch_id)) == 5


async def test_a_batch_is_never_said_to_be_further_than_its_orders(floor: LiveFloor) -> None:
    engine = Engine(floor.trading)
    async with floor.reader() as reader, engine.running():
        batch_id = await floor.trading.place(10, 20, 30, 40, 50)
        await reader.until(is_completed(batch_id))
    told: dict[str, str] = {}
    for frame in reader.frames:
        if frame["type"] == "order_update":
            told[frame["order_id"]] = frame["status"]
        elif frame["type"] == "batch_update":
            settled = sum(status not in {"queued", "sending"} for status in told.values())
            by_status = frame["summary"]["by_status"]
            assert settled >= sum(n for status, n in by_status.items() if status not in {"queued", "sending"})
            assert frame["summary"]["requested"] == 5


async def test_rows_that_were_blocked_from_the_start_are_told_too(floor: LiveFloor) -> None:
    floor.trading.facts.login_refusals = {"c2": ("no_session", "Not logged in.")}
    token = await floor.token()
    async with floor.reader(token, web=floor.other) as reader:
        batch_id = await floor.trading.place(10, 20)
        await reader.until(lambda frame: frame["type"] == "batch_update" and frame["batch_id"] == batch_id)
        await assert_as_in_http(reader, floor, token, batch_id)
    assert sorted(row["status"] for row in reader.rows(batch_id).values()) == ["blocked", "queued"]


async def test_nothing_is_told_twice(floor: LiveFloor) -> None:
    engine = Engine(floor.trading)
    async with floor.reader() as reader, engine.running():
        batch_id = await floor.trading.place(10, 20)
        await reader.until(is_completed(batch_id))
        for _ in range(3):  # hints about nothing new
            await floor.trading.bus.publish(ORDERS_CHANGED, {"batches": [batch_id]})
            await reader.until(lambda frame: frame["type"] == "feed_status")
    bare = [str({**frame, "seq": 0, "ts": 0}) for frame in reader.frames if frame["type"] != "feed_status"]
    assert len(bare) == len(set(bare))


async def test_what_a_person_does_in_one_web_process_is_told_in_the_other(floor: LiveFloor) -> None:
    token = await floor.token()
    async with floor.reader(token, web=floor.other) as reader, floor.browser(token, floor.web) as browser:
        batch_id = await floor.trading.place(10, 20, 30)  # no engine: everything stays queued
        order_id = (await floor.trading.orders(batch_id))[0].id
        cancelled = await browser.post(f"/api/v1/orders/{order_id}/cancel", json={})
        assert cancelled.status_code == 200, cancelled.text
        told = await reader.until(lambda frame: frame.get("order_id") == order_id and frame["status"] == "lapsed")
        assert told["code"] == "cancelled_before_sending"
        stopped = await browser.post(f"/api/v1/batches/{batch_id}/stop", json={})
        assert stopped.status_code == 200, stopped.text
        await reader.until(is_completed(batch_id))
        await assert_as_in_http(reader, floor, token, batch_id)
    assert [row["code"] for row in reader.rows(batch_id).values()].count("batch_stopped") == 2


async def test_a_kill_tells_of_the_desk_and_of_every_order_that_it_lapsed(floor: LiveFloor) -> None:
    token = await floor.token()
    async with floor.reader(token, web=floor.other) as reader, floor.browser(token, floor.web) as browser:
        batch_id = await floor.trading.place(10, 20, 30)
        await reader.until(lambda frame: frame["type"] == "batch_update")
        killed = await browser.post("/api/v1/desk/kill", json={"reason": "a test"})
        assert killed.status_code == 200, killed.text
        await reader.until(is_completed(batch_id))
        desk = reader.of_type("desk_update") or [await reader.until(lambda frame: frame["type"] == "desk_update")]
        told = {name: value for name, value in desk[0].items() if name not in {"type", "seq", "ts"}}
        assert told == {name: killed.json()[name] for name in told}
        assert told["is_killed"] is True
    assert {row["code"] for row in reader.rows(batch_id).values()} == {"desk_killed"}


async def test_an_exit_is_told_with_its_verdict(floor: LiveFloor) -> None:
    await hold(floor.trading, "c1", 10)
    await hold(floor.trading, "c2", 20)
    token, engine = await floor.token(), Engine(floor.trading)
    gate = ReadGate(SlidingWindowLimiter(1000, floor.trading.clock.monotonic_s, waits_first=False))
    desk = floor.trading
    verifier = ExitVerifier(desk.exits, desk.broker, desk.sessions, gate, desk.bus, desk.clock)
    running = engine.running(engine.reconciler.run(), verifier.run())
    async with floor.reader(token, web=floor.other) as reader, running:
        batch_id = (await exit_all(desk)).id
        await engine.settled(batch_id)
        desk.broker.set_price(ITC.exchange, ITC.symbol_token, Decimal("700"))
        await reader.until(is_completed(batch_id))
        await assert_as_in_http(reader, floor, token, batch_id)
    assert [row["exit"]["verdict"] for row in reader.rows(batch_id).values()] == ["flat", "flat"]


async def test_changes_that_nobody_announced_are_found_all_the_same(floor: LiveFloor) -> None:
    desk = floor.trading
    async with floor.reader(web=floor.other) as reader:
        batch_id = await desk.place(10)
        await reader.until(lambda frame: frame.get("status") == "queued")
        (order,) = await desk.engine.queued(10)
        await desk.engine.apply([lapsed(order, "deadline_passed", "Too late.", at=desk.clock.now())])
        told = await reader.until(lambda frame: frame["type"] == "order_update")
        assert (told["order_id"], told["code"]) == (order.id, "deadline_passed")
        await reader.until(is_completed(batch_id))


async def test_an_order_whose_transaction_commits_after_younger_ones_is_told(postgres_floor: LiveFloor) -> None:
    desk = postgres_floor.trading
    async with postgres_floor.reader() as reader:
        late_id = await desk.place(10)
        (late,) = await desk.engine.queued(10)
        async with AsyncExitStack() as stack:
            slow = await stack.enter_async_context(desk.database.write())
            row = {
                "order_id": late.id, "at": desk.clock.now(), "from_status": "queued", "to_status": "queued",
                "source": "desk",
            }  # fmt: skip
            await slow.execute(insert(OrderEvent).values(row))  # has its number, and is not committed
            await slow.execute(update(Order).where(Order.id == late.id).values(attention="Look at this."))
            young_id = await desk.place(20)
            await reader.until(lambda frame: frame["type"] == "batch_update" and frame["batch_id"] == young_id)
            assert [frame["attention"] for frame in reader.of_type("order_update")] == [None, None]
        told = await reader.until(lambda frame: frame.get("batch_id") == late_id and frame["type"] == "order_update")
        assert told["attention"] == "Look at this."


async def test_a_flood_of_orders_reaches_every_reader_whole(floor: LiveFloor) -> None:
    engine = Engine(floor.trading, rate=100_000)
    token = await floor.token()
    async with AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(floor.reader(token, web=web)) for web in floor.webs for _ in range(3)
        ]
        await stack.enter_async_context(engine.running())
        ids = [await floor.trading.place(*[10] * 5) for _ in range(20)]
        for reader in readers:
            await reader.until_completed(*ids)
        for id_ in ids:
            batch = await batch_of(floor, token, id_)
            expected = {row["order_id"]: row for row in batch["results"]}
            assert len(expected) == 5
            assert all(reader.rows(id_) == expected for reader in readers)
