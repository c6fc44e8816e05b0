"""Exits: exactly what is held, never oversold, and a failed read is never flat (F34 to F36)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from app.brokers.simulated import Does
from app.db.session import Database
from app.domain.batches import BatchKind
from app.domain.broker import AuthToken, BrokerPosition, Product, Side
from app.domain.errors import NotFound
from app.domain.exits import ExitVerdict
from app.domain.orders import OrderStatus, Resolution
from app.domain.trading import OrderType, TradeType
from app.services.resolve_order import OrderResolver
from tests.support.engine import Engine
from tests.support.exits import by_phone, exit_all, exit_request, hold, in_demat, square_off
from tests.support.operations import operations
from tests.support.orders import ITC, trade
from tests.support.trading import COLLEAGUE, TRADER, TradingDesk, eventually

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


def net(desk: TradingDesk, code: str) -> int:
    rows = desk.broker.ledger.positions(code, desk.broker._instruments)
    return sum(row.net_quantity for row in rows)


async def verdicts(desk: TradingDesk, batch_id: str) -> dict[str, tuple[ExitVerdict, str | None]]:
    return {p.client_id: (p.verdict, p.code) for p in (await desk.batch(batch_id)).held}


async def test_each_position_is_opposed_by_exactly_what_is_held(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    await hold(desk, "c2", -7, Product.VALUEPLUS)
    batch_id = (await exit_all(desk)).id
    orders = await desk.orders(batch_id)
    assert [(o.requested_client_id, o.side, o.quantity, o.product) for o in orders] == [
        ("c1", Side.SELL, 10, Product.DELIVERY), ("c2", Side.BUY, 7, Product.VALUEPLUS),
    ]  # fmt: skip
    assert set(await verdicts(desk, batch_id)) == {"c1", "c2"}


async def test_one_product_of_many_is_exited_where_one_is_named(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    await hold(desk, "c1", 5, Product.VALUEPLUS)
    plan = await square_off(desk).plan(exit_request(trade_type=TradeType.INTRADAY), operator_id="u1")
    assert [(o.quantity, o.product) for o in plan.plan.orders] == [(5, Product.VALUEPLUS)]
    both = await square_off(desk).plan(exit_request(), operator_id="u1")
    assert sorted((o.quantity, o.is_blocked) for o in both.plan.orders) == [(5, False), (10, False)]


async def test_a_failed_read_is_cannot_tell_and_never_flat(desk: TradingDesk) -> None:
    await hold(desk, "c2", 10)
    desk.broker.script("positions", "TC0001", Does.FAIL_READ)
    desk.broker.script("positions", "TC0002", Does.SESSION_DEAD)
    desk.sessions.without = {"c3"}
    batch_id = (await exit_all(desk)).id
    assert await desk.orders(batch_id) == []
    assert await verdicts(desk, batch_id) == dict.fromkeys(("c1", "c2", "c3"), (ExitVerdict.CANNOT_TELL, "read_failed"))
    assert desk.sessions.reported == ["c2"]


async def test_a_named_client_is_answered_whatever_it_holds(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    batch_id = (await exit_all(desk, "c1", "c2", "nobody")).id
    assert await verdicts(desk, batch_id) == {
        "c1": (ExitVerdict.RUNNING, None),
        "c2": (ExitVerdict.FLAT, None),
        "nobody": (ExitVerdict.CANNOT_TELL, "client_not_found"),
    }


async def test_a_mistyped_instrument_is_not_flat(desk: TradingDesk) -> None:
    with pytest.raises(NotFound):
        await square_off(desk).execute(exit_request(symbol_token=99), desk.press(kind=BatchKind.EXIT))


async def test_two_operators_at_once_never_sell_more_than_is_held(desk: TradingDesk) -> None:
    for client_id, quantity in (("c1", 10), ("c2", 20), ("c3", 30)):
        await hold(desk, client_id, quantity)
    presses = [desk.press(kind=BatchKind.EXIT, actor=who, user_id=who.user_id) for who in (COLLEAGUE,) * 4]
    batches = await asyncio.gather(*(exit_all(desk, press=press) for press in presses))
    queued = [o for b in batches for o in await desk.orders(b.id) if o.status is S.QUEUED]
    assert sorted((o.requested_client_id, o.quantity) for o in queued) == [("c1", 10), ("c2", 20), ("c3", 30)]
    blocked = {o.code for b in batches for o in await desk.orders(b.id) if o.status is S.BLOCKED}
    assert blocked == {"exit_order_live"}


async def test_exits_at_once_with_fills_in_between_never_oversell(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    desk.broker.set_price(trade().exchange, 1660, Decimal("700"))  # an exit fills as soon as it arrives
    engine = Engine(desk)

    async def press_again_and_again() -> None:
        for _ in range(4):
            await exit_all(desk)
            desk.clock.advance(0.3)

    async with engine.running(engine.reconciler.run()):
        await asyncio.gather(*(press_again_and_again() for _ in range(3)))
        for listing in (await desk.views.batches(offset=0, limit=100))[0]:
            await engine.settled(listing.head.id)
    assert net(desk, "TC0001") == 0
    sold = [o.filled for o in desk.broker.ledger.orders.values() if o.instruction.side is Side.SELL]
    assert sum(sold) == 10


async def test_an_order_that_changed_while_positions_were_read_blocks_the_exit(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    engine, real = Engine(desk), desk.broker.positions

    async def fill_after_reading(auth_token: AuthToken, client_code: str) -> tuple[BrokerPosition, ...]:
        rows = await real(auth_token, client_code)
        if client_code == "TC0001":
            batch_id = await desk.place(5)  # by a colleague, after what worked was cancelled
            async with engine.running(engine.reconciler.run()):
                await engine.become(batch_id, S.OPEN)
                bought = (await desk.orders(batch_id))[0].broker_order_id or ""
                desk.broker.ledger.fill(bought, 5, Decimal("412"), desk.clock.now())
                await engine.become(batch_id, S.FILLED)
        return rows

    desk.broker.positions = fill_after_reading  # type: ignore[method-assign]
    (order,) = await desk.orders((await exit_all(desk)).id)
    assert (order.status, order.code) == (S.BLOCKED, "position_changed")


async def test_an_order_of_unknown_fate_stops_the_exit_until_a_person_decides(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    desk.broker.script("place_order", "TC0001", Does.LOSE_REQUEST)
    batch_id = await desk.place(4, side=Side.SELL)
    engine = Engine(desk)
    async with engine.running():
        await engine.become(batch_id, S.UNKNOWN)
    stopped = (await exit_all(desk)).id
    assert await desk.orders(stopped) == []
    assert await verdicts(desk, stopped) == {"c1": (ExitVerdict.CANNOT_TELL, "order_unknown")}
    assert "4 units" in ((await desk.batch(stopped)).held[0].message or "")

    (lost,) = await desk.orders(batch_id)
    resolver = OrderResolver(desk.control, desk.bus, desk.clock)
    await resolver.resolve(lost.id, Resolution.NOT_PLACED, "asked the broker", TRADER)
    (order,) = await desk.orders((await exit_all(desk)).id)
    assert (order.status, order.quantity) == (S.QUEUED, 6)  # the lost sale keeps counting as filled


async def test_a_queued_order_lapses_before_the_exit(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    entry = await desk.place(5)
    (order,) = await desk.orders((await exit_all(desk)).id)
    assert (order.status, order.quantity) == (S.QUEUED, 10)
    assert await desk.statuses(entry) == [S.LAPSED]


async def test_what_works_at_the_broker_is_cancelled_first_and_a_fill_on_the_way_counts(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    entry = await desk.place(8)
    engine = Engine(desk)
    async with engine.running():
        await engine.become(entry, S.ACKNOWLEDGED)
    (working,) = await desk.orders(entry)
    desk.broker.ledger.fill(working.broker_order_id or "", 3, Decimal("400"), desk.clock.now())
    async with engine.running(operations(desk).run(), engine.reconciler.run()):
        exiting = asyncio.create_task(exit_all(desk))

        async def look() -> bool:
            desk.clock.advance(0.01)
            return exiting.done()

        await eventually(look)
        batch_id = (await exiting).id
    (order,) = await desk.orders(batch_id)
    assert order.quantity == 13
    assert await desk.statuses(entry) == [S.CANCELLED]
    assert (await desk.orders(entry))[0].filled_quantity == 3


async def test_a_cancel_that_the_broker_does_not_confirm_stops_the_exit(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    entry = await desk.place(8)
    engine = Engine(desk)
    async with engine.running():
        await engine.become(entry, S.ACKNOWLEDGED)
    exiting = asyncio.create_task(exit_all(desk))

    async def look() -> bool:
        desk.clock.advance(0.5)
        return exiting.done()

    await eventually(look)
    batch_id = (await exiting).id
    assert await desk.orders(batch_id) == []
    assert await verdicts(desk, batch_id) == {"c1": (ExitVerdict.CANNOT_TELL, "cancel_not_confirmed")}


async def test_somebody_elses_working_order_makes_the_exit_smaller_and_is_left_alone(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    await hold(desk, "c2", 10)
    by_phone(desk, "TC0001", 4)
    by_phone(desk, "TC0002", 15)
    batch_id = (await exit_all(desk)).id
    (order,) = await desk.orders(batch_id)
    assert (order.requested_client_id, order.quantity) == ("c1", 6)
    assert (await verdicts(desk, batch_id))["c2"] == (ExitVerdict.CANNOT_TELL, "exit_at_broker")
    assert {o.status.value for o in desk.broker.ledger.orders.values() if not o.trades} == {"confirm"}


async def test_stock_in_the_demat_account_is_sold_only_where_it_was_named(desk: TradingDesk) -> None:
    desk.broker.set_holdings("TC0001", [in_demat(100)])
    assert await desk.orders((await exit_all(desk)).id) == []
    (order,) = await desk.orders((await exit_all(desk, "c1")).id)
    assert (order.side, order.product, order.quantity) == ("SELL", "DELIVERY", 100)


async def test_pledged_and_unauthorised_stock_is_named_and_not_sold(desk: TradingDesk) -> None:
    desk.broker.set_holdings("TC0001", [in_demat(100, collateral_quantity=30, needs_authorisation_quantity=20)])
    desk.broker.set_holdings("TC0002", [in_demat(40, needs_authorisation_quantity=40)])
    batch_id = (await exit_all(desk, "c1", "c2")).id
    assert [(o.requested_client_id, o.quantity) for o in await desk.orders(batch_id)] == [("c1", 50)]
    found = await verdicts(desk, batch_id)
    assert found["c2"] == (ExitVerdict.CANNOT_TELL, "depository_authorisation_missing")


async def test_stock_sold_today_is_neither_bought_back_nor_sold_again(desk: TradingDesk) -> None:
    desk.broker.set_holdings("TC0001", [in_demat(100)])
    await hold(desk, "c1", -60)  # a sale of demat stock shows as a negative delivery position
    everybody = (await exit_all(desk)).id
    assert await desk.orders(everybody) == []
    (order,) = await desk.orders((await exit_all(desk, "c1")).id)
    assert (order.side, order.quantity) == ("SELL", 40)


async def test_a_delivery_short_that_no_stock_covers_is_bought_back(desk: TradingDesk) -> None:
    desk.broker.set_holdings("TC0001", [in_demat(40)])
    await hold(desk, "c1", -60)
    (order,) = await desk.orders((await exit_all(desk)).id)
    assert (order.side, order.quantity) == ("BUY", 20)


async def test_unreadable_holdings_are_cannot_tell(desk: TradingDesk) -> None:
    await hold(desk, "c1", -60)
    desk.broker.script("holdings", "TC0001", Does.FAIL_READ)
    batch_id = (await exit_all(desk)).id
    assert await verdicts(desk, batch_id) == {"c1": (ExitVerdict.CANNOT_TELL, "read_failed")}


async def test_a_second_press_joins_the_running_exit_and_ends_with_it(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    first, second = (await exit_all(desk)).id, (await exit_all(desk)).id
    assert await verdicts(desk, second) == {"c1": (ExitVerdict.RUNNING, None)}
    assert [order.code for order in await desk.orders(second)] == ["exit_order_live"]
    assert await desk.exits.open_exits() == []
    engine = Engine(desk)
    async with engine.running(engine.reconciler.run()):
        await engine.become(first, S.OPEN)
        desk.broker.set_price(ITC.exchange, ITC.symbol_token, Decimal("700"))
        await engine.become(first, S.FILLED, step_s=0.1)
    assert sorted(exit_.batch_id for exit_ in await desk.exits.open_exits()) == sorted([first, second])


async def test_a_repeated_press_is_the_same_exit_and_reads_nothing(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    press = desk.press(kind=BatchKind.EXIT)
    first = await exit_all(desk, press=press)
    desk.broker.script("positions", "TC0001", Does.FAIL_READ)
    again = await exit_all(desk, press=press)
    assert (again.id, again.is_new) == (first.id, False)
    assert len((await desk.views.batches(offset=0, limit=10))[0]) == 1


async def test_a_product_that_the_desk_does_not_know_is_shown_and_not_traded(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    await hold(desk, "c2", 20)
    real = desk.broker.positions

    async def odd(auth_token: AuthToken, client_code: str) -> tuple[BrokerPosition, ...]:
        rows = await real(auth_token, client_code)
        return tuple(
            replace(row, product="A NEW PRODUCT WITH A LONG NAME") if client_code == "TC0001" else row for row in rows
        )

    desk.broker.positions = odd  # type: ignore[method-assign]
    batch_id = (await exit_all(desk)).id
    assert [o.requested_client_id for o in await desk.orders(batch_id)] == ["c2"]
    assert (await verdicts(desk, batch_id))["c1"] == (ExitVerdict.CANNOT_TELL, "product_not_known")


async def test_two_rows_of_one_product_are_one_position(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    real = desk.broker.positions

    async def twice(auth_token: AuthToken, client_code: str) -> tuple[BrokerPosition, ...]:
        return (await real(auth_token, client_code)) * 2

    desk.broker.positions = twice  # type: ignore[method-assign]
    (order,) = await desk.orders((await exit_all(desk)).id)
    assert order.quantity == 20


async def test_an_exit_at_market_joins_the_desks_own_resting_exit_and_says_so(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    await hold(desk, "c2", 10)
    by_phone(desk, "TC0002", 4)
    first = (await exit_all(desk)).id
    engine = Engine(desk)
    async with engine.running(engine.reconciler.run()):
        await engine.become(first, S.OPEN, S.OPEN)
        at_market = exit_request(order_type=OrderType.MARKET, price=None)
        second = (await square_off(desk).execute(at_market, desk.press(kind=BatchKind.EXIT))).id
        assert await desk.orders(second) == []
        joined = {position.client_id: position for position in (await desk.batch(second)).held}
        assert {(p.code, p.verdict) for p in joined.values()} == {("exit_order_live", ExitVerdict.RUNNING)}
        assert "own exit of 10 units" in (joined["c1"].message or "")
        assert "left alone" not in (joined["c1"].message or "")
        assert "own exit of 6 units" in (joined["c2"].message or "")
        assert "Orders for 4 units" in (joined["c2"].message or "")
        assert await desk.exits.open_exits() == []
        desk.broker.set_price(ITC.exchange, ITC.symbol_token, Decimal("700"))
        await engine.become(first, S.FILLED, S.FILLED, step_s=0.1)
    assert sorted({exit_.batch_id for exit_ in await desk.exits.open_exits()}) == sorted([first, second])
