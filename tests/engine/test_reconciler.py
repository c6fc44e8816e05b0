"""Every order that is not final is settled from the broker's books, and only from good reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.brokers.simulated import Does
from app.db.session import Database
from app.domain.broker import AuthToken, BookOrder, BookTrade
from app.domain.instruments import Exchange
from app.domain.market_calendar import ExchangeCalendar
from app.domain.orders import OrderStatus
from tests.support.engine import Door, Engine
from tests.support.trading import EPOCH, TradingDesk, eventually, running
from tests.support.waiting import until
from tests.support.wrong_ids import two_orders_under_one_id

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


async def sent(desk: TradingDesk, engine: Engine, *quantities: int, lost: tuple[str, ...] = ()) -> str:
    """Send a batch; the answers for the client codes in `lost` never arrive."""
    for code in lost:
        desk.broker.script("place_order", code, Does.LOSE_REPLY)
    batch_id = await desk.place(*quantities)
    async with engine.running():
        await engine.settled(batch_id)
        await engine.writer.drained()
    return batch_id


async def settle(desk: TradingDesk, engine: Engine, batch_id: str, *statuses: OrderStatus) -> None:
    async with running(engine.writer.run(), engine.reconciler.run()):
        await engine.become(batch_id, *statuses)
        await engine.writer.drained()
    await desk.assert_history_folds(batch_id)


async def test_a_lost_reply_is_settled_by_the_tag(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await sent(desk, engine, 10, 20, lost=("TC0001",))
    assert await desk.statuses(batch_id) == [S.UNKNOWN, S.ACKNOWLEDGED]
    await settle(desk, engine, batch_id, S.OPEN, S.OPEN)
    order = (await desk.orders(batch_id))[0]
    assert order.broker_order_id in desk.broker.ledger.orders
    assert order.success is True
    assert len(engine.broker.placed) == 2


async def test_an_order_that_the_broker_never_got_stays_unknown(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.broker.script("place_order", "TC0001", Does.LOSE_REQUEST)
    batch_id = await sent(desk, engine, 10, 20)
    await settle(desk, engine, batch_id, S.UNKNOWN, S.OPEN)
    assert len(engine.broker.placed) == 2


async def test_an_order_shown_late_is_unknown_until_it_is_shown(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.broker.show_orders_after("TC0001", timedelta(seconds=100))
    batch_id = await sent(desk, engine, 10, 20, lost=("TC0001",))
    async with running(engine.writer.run(), engine.reconciler.run()):
        await engine.become(batch_id, S.UNKNOWN, S.OPEN)
        desk.clock.advance(100)
        await engine.become(batch_id, S.OPEN, S.OPEN)


async def test_fills_refusals_and_cancels_of_the_book_become_the_orders_end(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await sent(desk, engine, 10, 20, 30)
    one, two, three = [order.broker_order_id or "" for order in await desk.orders(batch_id)]
    now = desk.clock.now()
    desk.broker.ledger.fill(one, 4, Decimal("412"), now)
    desk.broker.ledger.fill(one, 6, Decimal("413"), now)
    desk.broker.ledger.reject(two, "RMS: margin short by 5", now)
    desk.broker.ledger.fill(three, 7, Decimal("412.05"), now)
    desk.broker.ledger.cancel("TC0003", three, now)
    await settle(desk, engine, batch_id, S.FILLED, S.REJECTED, S.CANCELLED)
    first, second, third = await desk.orders(batch_id)
    assert (first.filled_quantity, first.average_price) == (10, Decimal("412.6"))
    assert second.message == "RMS: margin short by 5"
    assert third.filled_quantity == 7
    assert set(engine.filled) == {"c1", "c3"}


async def test_each_execution_is_recorded_once_however_often_the_book_repeats_it(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await sent(desk, engine, 10)
    (order,) = await desk.orders(batch_id)
    desk.broker.ledger.fill(order.broker_order_id or "", 4, Decimal("412"), desk.clock.now())

    async def recorded() -> int:
        return sum(trade.quantity for trade in (await desk.views.history(order.id))[1])

    async def four() -> bool:
        desk.clock.advance(0.1)
        return await recorded() == 4

    async def ten() -> bool:
        desk.clock.advance(0.1)
        return await recorded() == 10

    async with running(engine.writer.run(), engine.reconciler.run()):
        await eventually(four)
        desk.broker.ledger.fill(order.broker_order_id or "", 6, Decimal("413"), desk.clock.now())
        await eventually(ten)
        await engine.become(batch_id, S.FILLED)
    trades = (await desk.views.history(order.id))[1]
    assert sorted((trade.quantity, trade.price) for trade in trades) == [(4, Decimal("412")), (6, Decimal("413"))]


async def test_an_execution_is_never_kept_for_the_order_whose_answer_named_the_wrong_id(desk: TradingDesk) -> None:
    """Each order's own executions are kept, though the trade book was read before the order book named them."""
    engine = Engine(desk)
    two = await two_orders_under_one_id(desk, engine)
    ledger, real, is_slow = desk.broker.ledger, desk.broker.order_book, True
    ledger.fill(two.first_at_broker, 10, Decimal("412"), desk.clock.now())
    ledger.fill(two.second_at_broker, 25, Decimal("413"), desk.clock.now())
    trade_reads = 0

    async def order_book(auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]:
        rows = await real(auth_token, client_code)
        return tuple(row for row in rows if not (is_slow and row.broker_order_id == two.second_at_broker))

    real_trades = desk.broker.trade_book

    async def trade_book(auth_token: AuthToken, client_code: str) -> tuple[BookTrade, ...]:
        nonlocal trade_reads
        trade_reads += 1
        return await real_trades(auth_token, client_code)

    async def read_trades_twice() -> bool:
        desk.clock.advance(1)
        return trade_reads >= 2

    async def all_are_kept() -> bool:
        desk.clock.advance(1)
        kept = [(await desk.views.history(order_id))[1] for order_id in (two.first, two.second)]
        return [[trade.quantity for trade in trades] for trades in kept] == [[10], [25]]

    desk.broker.order_book = order_book  # type: ignore[method-assign]
    desk.broker.trade_book = trade_book  # type: ignore[method-assign]
    async with running(engine.writer.run(), engine.reconciler.run()):
        await eventually(read_trades_twice)
        assert (await desk.order(two.second)).status is S.ACKNOWLEDGED
        is_slow = False
        await eventually(all_are_kept)
    for batch_id in two.batches:
        assert await desk.statuses(batch_id) == [S.FILLED]


@pytest.mark.parametrize("failure", [Does.FAIL_READ, Does.UNREACHABLE, Does.SESSION_DEAD])
async def test_a_read_that_fails_changes_nothing_and_is_repeated(desk: TradingDesk, failure: Does) -> None:
    engine = Engine(desk)
    batch_id = await sent(desk, engine, 10, lost=("TC0001",))
    desk.broker.script("order_book", "TC0001", *[failure] * 3)
    await settle(desk, engine, batch_id, S.OPEN)
    assert desk.sessions.reported == (["c1"] * 3 if failure is Does.SESSION_DEAD else [])
    (order,) = await desk.orders(batch_id)
    steps = [event.to_status for event in (await desk.views.history(order.id))[0]]
    assert steps == ["queued", "sending", "unknown", "open"]


async def test_a_book_that_flaps_moves_no_order_backwards(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await sent(desk, engine, 10)
    real, shown = desk.broker.order_book, Counter[str]()

    async def flapping(auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]:
        shown["reads"] += 1
        rows = await real(auth_token, client_code)
        return rows if shown["reads"] % 2 else ()

    desk.broker.order_book = flapping  # type: ignore[method-assign]
    async with running(engine.writer.run(), engine.reconciler.run()):
        await engine.become(batch_id, S.OPEN)

        async def read_often() -> bool:
            desk.clock.advance(5)
            return shown["reads"] >= 6

        await eventually(read_often)
    assert await desk.statuses(batch_id) == [S.OPEN]
    await desk.assert_history_folds(batch_id)


async def test_a_row_that_disagrees_is_no_match_but_wants_a_person(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await sent(desk, engine, 10, lost=("TC0001",))
    real = desk.broker.order_book

    async def another_quantity(auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]:
        return tuple(replace(row, quantity=11) for row in await real(auth_token, client_code))

    desk.broker.order_book = another_quantity  # type: ignore[method-assign]

    async def wants_a_person() -> bool:
        desk.clock.advance(0.1)
        return (await desk.orders(batch_id))[0].attention is not None

    async with running(engine.writer.run(), engine.reconciler.run()):
        await eventually(wants_a_person)
    (order,) = await desk.orders(batch_id)
    assert order.status is S.UNKNOWN
    assert "11 where 10" in (order.attention or "")
    await desk.assert_history_folds(batch_id)


async def test_an_order_that_is_being_sent_waits_for_its_own_answer(desk: TradingDesk) -> None:
    engine, door = Engine(desk), Door()
    real = desk.broker.place_order

    async def answer_late(*args: object) -> str:
        broker_order_id = await real(*args)  # type: ignore[arg-type]
        await door.pass_through()
        return broker_order_id

    desk.broker.place_order = answer_late  # type: ignore[method-assign, assignment]
    reads: list[str] = []
    real_book = desk.broker.order_book

    async def book(auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]:
        reads.append(client_code)
        return await real_book(auth_token, client_code)

    desk.broker.order_book = book  # type: ignore[method-assign]
    batch_id = await desk.place(10)
    async with engine.running(engine.reconciler.run()):
        await until(lambda: door.waiting == 1)
        looks = engine.store.calls.count("at_broker")

        async def looked_often() -> bool:
            desk.clock.advance(0.1)
            return engine.store.calls.count("at_broker") >= looks + 5

        await eventually(looked_often)
        assert reads == []
        assert await desk.statuses(batch_id) == [S.SENDING]
        door.open()
        await engine.become(batch_id, S.OPEN)
    await desk.assert_history_folds(batch_id)


async def test_one_hanging_book_delays_nobody_elses(desk: TradingDesk) -> None:
    engine, door = Engine(desk), Door()
    batch_id = await sent(desk, engine, 10, 20, 30, lost=("TC0001", "TC0002", "TC0003"))
    real = desk.broker.order_book

    async def book(auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]:
        if client_code == "TC0002":
            await door.pass_through()
        return await real(auth_token, client_code)

    desk.broker.order_book = book  # type: ignore[method-assign]
    async with running(engine.writer.run(), engine.reconciler.run()):
        await until_waiting(desk, door)
        await engine.become(batch_id, S.OPEN, S.UNKNOWN, S.OPEN)
        for order in await desk.orders(batch_id):
            if order.client_code == "TC0001" and order.broker_order_id:
                desk.broker.ledger.cancel("TC0001", order.broker_order_id, desk.clock.now())
        desk.clock.advance(20)
        await engine.become(batch_id, S.CANCELLED, S.UNKNOWN, S.OPEN)
        assert door.waiting == 1  # and the hanging one is not asked again meanwhile
        door.open()
        await engine.become(batch_id, S.CANCELLED, S.OPEN, S.OPEN)


async def until_waiting(desk: TradingDesk, door: Door) -> None:
    async def look() -> bool:
        desk.clock.advance(0.1)
        return door.waiting > 0

    await eventually(look)


async def test_reads_of_one_login_keep_its_rate_and_everybody_gets_a_turn(database: Database) -> None:
    desk = await TradingDesk.opened(database, clients=9)
    engine = Engine(desk, read_rate=2)
    desk.broker.add_account("DEALER")
    batch_id = await desk.place(*range(1, 10))
    orders = await desk.engine.claim(await desk.engine.queued(100), epoch=EPOCH, at=desk.clock.now())
    assert len(orders) == 9
    async with database.write() as connection:
        await connection.exec_driver_sql("UPDATE orders SET login_id = 'd1', status = 'unknown'")
    read: list[tuple[float, str]] = []
    real = desk.broker.order_book

    async def book(auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]:
        read.append((desk.clock.monotonic_s(), client_code))
        return await real(auth_token, client_code)

    desk.broker.order_book = book  # type: ignore[method-assign]
    desk.broker.script("order_book", "TC0001", *[Does.FAIL_READ] * 50)

    async def everybody() -> bool:
        desk.clock.advance(0.2)
        return len({code for _, code in read}) == 9

    async with running(engine.writer.run(), engine.reconciler.run()):
        await eventually(everybody)
    times = [at for at, _ in read]
    assert all(later - earlier > 1.0 for earlier, later in zip(times, times[2:], strict=False))
    assert max(Counter(code for _, code in read).values()) <= 2  # none twice before all had one turn, or nearly so
    assert set(await desk.statuses(batch_id)) == {S.UNKNOWN}


async def test_the_books_are_asked_less_often_the_calmer_an_order_is(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await sent(desk, engine, 10)
    reads = Counter[str]()
    real = desk.broker.order_book

    async def book(auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]:
        reads["all"] += 1
        return await real(auth_token, client_code)

    desk.broker.order_book = book  # type: ignore[method-assign]
    async with running(engine.writer.run(), engine.reconciler.run()):
        await engine.become(batch_id, S.OPEN)
        before = reads["all"]
        looks = engine.store.calls.count("at_broker")
        desk.clock.advance(1.5)  # an urgent order would be read again by now
        await until(lambda: engine.store.calls.count("at_broker") >= looks + 3)
        assert reads["all"] == before
        desk.broker.set_price(Exchange.NSE, 1660, Decimal("400"))
        desk.clock.advance(20)
        await engine.become(batch_id, S.FILLED)


async def test_the_days_final_books_say_absent_and_nothing_is_sent_again(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.broker.script("place_order", "TC0001", Does.LOSE_REQUEST)
    batch_id = await sent(desk, engine, 10)
    assert await desk.statuses(batch_id) == [S.UNKNOWN]
    final_at = ExchangeCalendar().final_books_at(Exchange.NSE, desk.clock.now())
    assert final_at is not None
    reconciler = engine.make_reconciler(engine.dispatcher.in_flight, calendar=ExchangeCalendar())
    desk.clock.advance((final_at - desk.clock.now()).total_seconds() + 1)

    async def look() -> bool:
        desk.clock.advance(30)
        return await desk.statuses(batch_id) == [S.ABSENT]

    async with running(engine.writer.run(), reconciler.run()):
        await eventually(look)
    (order,) = await desk.orders(batch_id)
    assert (order.success, order.code, order.attention) == (False, "not_in_final_books", None)
    assert len(engine.broker.placed) == 1
    await desk.assert_history_folds(batch_id)


async def test_without_the_trade_book_no_order_is_called_missing(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.broker.script("place_order", "TC0001", Does.LOSE_REQUEST)
    batch_id = await sent(desk, engine, 10)
    desk.broker.script("trade_book", "TC0001", *[Does.FAIL_READ] * 1000)
    reads: list[str] = []
    real = desk.broker.order_book

    async def order_book(auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]:
        reads.append(client_code)
        return await real(auth_token, client_code)

    async def enough() -> bool:
        desk.clock.advance(60)
        return len(reads) > 10

    desk.broker.order_book = order_book  # type: ignore[method-assign]
    async with running(engine.writer.run(), engine.reconciler.run()):
        await eventually(enough)
    assert (await desk.orders(batch_id))[0].attention is None
