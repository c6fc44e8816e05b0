"""The stream settles orders by the books' own decisions, never against an answer that is still to come."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.brokers.simulated import Does
from app.db.session import Database
from app.domain.broker import BookOrder, BookStatus, BookTrade
from app.domain.orders import OrderStatus
from app.domain.ports.order_stream import StreamNews
from app.engine.stream_settler import StreamSettler
from tests.support.engine import Door, Engine
from tests.support.trading import TradingDesk, eventually, running
from tests.support.wrong_ids import two_orders_under_one_id

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


class Stream:
    """A settler on the engine's own parts; `hurried` are the clients whose book it asked for."""

    def __init__(self, engine: Engine) -> None:
        self.hurried: list[str] = []
        self.settler = StreamSettler(
            engine.store,
            engine.desk.fills,
            engine.writer,
            engine.desk.clock,
            in_flight=engine.dispatcher.in_flight,
            on_filled=engine.filled.append,
            hurry=self.hurried.append,
        )

    def say(self, *orders: BookOrder, trades: tuple[BookTrade, ...] = ()) -> None:
        self.settler.take(StreamNews(orders, trades))


def rows(desk: TradingDesk) -> list[BookOrder]:
    return [order.as_book_row() for order in desk.broker.ledger.orders.values()]


async def test_a_lost_reply_is_settled_by_the_tag_without_any_read(desk: TradingDesk) -> None:
    engine = Engine(desk)
    stream = Stream(engine)
    desk.broker.script("place_order", "TC0001", Does.LOSE_REPLY)
    batch_id = await desk.place(10, 20)
    async with engine.running(stream.settler.run()):
        await engine.become(batch_id, S.UNKNOWN, S.ACKNOWLEDGED)
        stream.say(*rows(desk))
        await engine.become(batch_id, S.OPEN, S.OPEN)
    assert len(engine.broker.placed) == 2
    await desk.assert_history_folds(batch_id)


async def test_a_frame_before_the_answer_waits_for_it(desk: TradingDesk) -> None:
    engine, door = Engine(desk), Door()
    stream = Stream(engine)
    real = desk.broker.place_order

    async def answers_late(*arguments):  # type: ignore[no-untyped-def]
        broker_order_id = await real(*arguments)
        await door.pass_through()
        return broker_order_id

    desk.broker.place_order = answers_late  # type: ignore[method-assign]
    batch_id = await desk.place(10)
    async with engine.running(stream.settler.run()):
        await engine.become(batch_id, S.SENDING)

        async def has_left() -> bool:
            return bool(desk.broker.ledger.orders)

        await eventually(has_left)
        stream.say(*rows(desk))
        door.open()
        await engine.become(batch_id, S.OPEN)
    history, _ = await desk.views.history((await desk.orders(batch_id))[0].id)
    assert [event.to_status for event in history] == ["queued", "sending", "acknowledged", "open"]


async def test_each_execution_counts_once_from_stream_and_book(desk: TradingDesk) -> None:
    engine = Engine(desk)
    stream = Stream(engine)
    batch_id = await desk.place(10)
    async with engine.running(stream.settler.run()):
        await engine.become(batch_id, S.ACKNOWLEDGED)
        (order,) = await desk.orders(batch_id)
        first = desk.broker.ledger.fill(order.broker_order_id or "", 4, Decimal("416"), desk.clock.now())
        partial = rows(desk)
        second = desk.broker.ledger.fill(order.broker_order_id or "", 6, Decimal("416"), desk.clock.now())
        stream.say(*rows(desk), trades=(second, first))
        stream.say(*partial, trades=(first, second))
        await engine.become(batch_id, S.FILLED)

        async def both() -> bool:
            return len((await desk.views.history(order.id))[1]) == 2

        await eventually(both)
        async with running(engine.reconciler.run()):
            await eventually(both)
    assert (await desk.orders(batch_id))[0].filled_quantity == 10
    assert set(engine.filled) == {"c1"}


async def test_an_execution_is_never_kept_for_the_order_whose_answer_named_the_wrong_id(desk: TradingDesk) -> None:
    engine = Engine(desk)
    stream = Stream(engine)
    two = await two_orders_under_one_id(desk, engine)
    ledger, now = desk.broker.ledger, desk.clock.now()
    trades = (
        ledger.fill(two.first_at_broker, 10, Decimal("412"), now),
        ledger.fill(two.second_at_broker, 25, Decimal("413"), now),
    )

    async def all_are_kept() -> bool:
        kept = [(await desk.views.history(order_id))[1] for order_id in (two.first, two.second)]
        return [[trade.quantity for trade in found] for found in kept] == [[10], [25]]

    async with engine.running(stream.settler.run()):
        stream.say(*rows(desk), trades=trades)
        await engine.become(two.batches[1], S.FILLED)
        await eventually(all_are_kept)


async def test_a_frame_that_disagrees_sends_for_the_book_and_calls_nobody(desk: TradingDesk) -> None:
    engine = Engine(desk)
    stream = Stream(engine)
    batch_id = await desk.place(10)
    async with engine.running(stream.settler.run()):
        await engine.become(batch_id, S.ACKNOWLEDGED)
        stream.say(*(replace(row, quantity=99) for row in rows(desk)))

        async def asked() -> bool:
            return "c1" in stream.hurried

        await eventually(asked)
    (order,) = await desk.orders(batch_id)
    assert (order.status, order.attention) == (S.ACKNOWLEDGED, None)


async def test_orders_of_others_change_nothing_and_are_forgotten(desk: TradingDesk) -> None:
    engine = Engine(desk)
    stream = Stream(engine)
    batch_id = await desk.place(10)
    async with engine.running(stream.settler.run()):
        await engine.become(batch_id, S.ACKNOWLEDGED)
        (row,) = rows(desk)
        stream.say(replace(row, broker_order_id="9TC0001", tag="", status=BookStatus.TRADED, filled=10))

        async def forgotten() -> bool:
            desk.clock.advance(1)
            return not stream.settler._came_at_s

        await eventually(forgotten)
    assert await desk.statuses(batch_id) == [S.ACKNOWLEDGED]
