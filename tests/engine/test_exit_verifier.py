"""Only a good read says flat; what cannot be read is said to be so, after honest tries."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.brokers.simulated import Does
from app.db.session import Database
from app.domain.broker import AuthToken, BrokerPosition
from app.domain.exits import ExitVerdict, HeldPosition
from app.domain.orders import OrderStatus
from app.domain.result_rows import result_row
from app.engine.exit_verifier import ExitVerifier
from app.engine.rate_limiter import SlidingWindowLimiter
from app.services.execute_batch import ORDERS_CHANGED
from app.services.read_gate import ReadGate
from tests.support.engine import Door, Engine
from tests.support.exits import exit_all, hold
from tests.support.trading import TRADER, TradingDesk, eventually, running

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


def verifier(desk: TradingDesk) -> ExitVerifier:
    gate = ReadGate(SlidingWindowLimiter(1000, desk.clock.monotonic_s, waits_first=False))
    return ExitVerifier(desk.exits, desk.broker, desk.sessions, gate, desk.bus, desk.clock)


async def held(desk: TradingDesk, batch_id: str) -> dict[str, HeldPosition]:
    return {position.client_id: position for position in (await desk.batch(batch_id)).held}


async def verdict(desk: TradingDesk, batch_id: str, client_id: str, expected: ExitVerdict) -> None:
    async def look() -> bool:
        desk.clock.advance(0.1)
        await desk.bus.publish(ORDERS_CHANGED, {"batches": []})
        return (await held(desk, batch_id))[client_id].verdict is expected

    await eventually(look)


async def exited(desk: TradingDesk, **clients: int) -> str:
    """Let the clients hold these units, exit them all and send the orders; nothing is filled yet."""
    for client_id, quantity in clients.items():
        await hold(desk, client_id, quantity)
    batch_id = (await exit_all(desk)).id
    engine = Engine(desk)
    async with engine.running():
        await engine.settled(batch_id)
    return batch_id


async def fill(desk: TradingDesk, batch_id: str, quantity: int | None = None) -> None:
    """Fill the exit's orders, all or `quantity` units of each and the rest cancelled; until the book was read."""
    for order in await desk.orders(batch_id):
        units = quantity or order.quantity
        ledger, broker_order_id = desk.broker.ledger, order.broker_order_id or ""
        ledger.fill(broker_order_id, units, Decimal("408.20"), desk.clock.now())
        if units < order.quantity:
            ledger.cancel(order.client_code or "", broker_order_id, desk.clock.now())
    engine = Engine(desk)
    async with running(engine.writer.run(), engine.reconciler.run()):
        ends = [S.CANCELLED if quantity else S.FILLED] * len(await desk.orders(batch_id))
        await engine.become(batch_id, *ends)


async def test_an_exit_that_was_filled_is_flat_by_a_later_read(desk: TradingDesk) -> None:
    batch_id = await exited(desk, c1=10, c2=20)
    async with running(verifier(desk).run()):
        assert {p.verdict for p in (await held(desk, batch_id)).values()} == {ExitVerdict.RUNNING}
        await fill(desk, batch_id)
        for client_id in ("c1", "c2"):
            await verdict(desk, batch_id, client_id, ExitVerdict.FLAT)
    position = (await held(desk, batch_id))["c1"]
    assert (position.held, position.remaining) == (10, 0)
    assert position.verified_at is not None


async def test_what_is_left_is_named(desk: TradingDesk) -> None:
    batch_id = await exited(desk, c1=10)
    await fill(desk, batch_id, 6)
    async with running(verifier(desk).run()):
        await verdict(desk, batch_id, "c1", ExitVerdict.REDUCED)
    assert (await held(desk, batch_id))["c1"].remaining == 4


async def test_a_read_that_fails_for_a_while_is_tried_again(desk: TradingDesk) -> None:
    batch_id = await exited(desk, c1=10)
    await fill(desk, batch_id)
    desk.broker.script("positions", "TC0001", Does.FAIL_READ, Does.UNREACHABLE, Does.SESSION_DEAD)
    async with running(verifier(desk).run()):
        await verdict(desk, batch_id, "c1", ExitVerdict.FLAT)
    assert desk.sessions.reported == ["c1"]


async def test_a_read_that_never_works_ends_as_cannot_tell_after_some_seconds_and_never_as_flat(
    desk: TradingDesk,
) -> None:
    batch_id = await exited(desk, c1=10)
    await fill(desk, batch_id)
    desk.broker.script("positions", "TC0001", *[Does.FAIL_READ] * 100)
    began_s = desk.clock.monotonic_s()
    async with running(verifier(desk).run()):
        await verdict(desk, batch_id, "c1", ExitVerdict.CANNOT_TELL)
    assert desk.clock.monotonic_s() - began_s >= 8  # hints do not use up the tries
    position = (await held(desk, batch_id))["c1"]
    assert (position.remaining, position.message) == (None, "the read failed")


async def test_one_hanging_read_delays_nobody_elses_verdict(desk: TradingDesk) -> None:
    batch_id = await exited(desk, c1=10, c2=20)
    await fill(desk, batch_id)
    door, real = Door(), desk.broker.positions

    async def positions(auth_token: AuthToken, client_code: str) -> tuple[BrokerPosition, ...]:
        if client_code == "TC0001":
            await door.pass_through()
        return await real(auth_token, client_code)

    desk.broker.positions = positions  # type: ignore[method-assign]
    async with running(verifier(desk).run()):
        await verdict(desk, batch_id, "c2", ExitVerdict.FLAT)
        assert (await held(desk, batch_id))["c1"].verdict is ExitVerdict.RUNNING
        door.open()
        await verdict(desk, batch_id, "c1", ExitVerdict.FLAT)


async def test_an_exit_with_a_live_order_is_not_read_yet(desk: TradingDesk) -> None:
    batch_id = await exited(desk, c1=10)
    assert await desk.exits.open_exits() == []
    assert await desk.control.stop_batch(batch_id, actor=TRADER, at=desk.clock.now())  # it has left: still live
    assert await desk.exits.open_exits() == []
    assert (await desk.batch(batch_id)).status == "stopping"


async def test_an_exit_that_was_stopped_before_it_left_shows_what_is_still_held(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    batch_id = (await exit_all(desk)).id
    await desk.control.stop_batch(batch_id, actor=TRADER, at=desk.clock.now())
    async with running(verifier(desk).run()):
        await verdict(desk, batch_id, "c1", ExitVerdict.CANNOT_TELL)
    assert (await held(desk, batch_id))["c1"].remaining == 10


async def test_an_exit_that_the_broker_refused_says_what_the_later_read_proves(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    desk.broker.script("place_order", "TC0001", Does.REFUSE)
    batch_id = (await exit_all(desk)).id
    engine = Engine(desk)
    async with engine.running():
        await engine.become(batch_id, S.REJECTED)
    async with running(verifier(desk).run()):
        await verdict(desk, batch_id, "c1", ExitVerdict.CANNOT_TELL)
    position = (await held(desk, batch_id))["c1"]
    found = result_row((await desk.orders(batch_id))[0], position)
    assert (found["exit"]["remaining"], found["exit"]["read_at"]) == (10, position.verified_at)
    assert found["message"].endswith(". A later read shows 10 units still open, as many as before.")
