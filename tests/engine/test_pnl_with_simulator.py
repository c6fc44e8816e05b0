"""Profit against the broker's own figures: a real process, real positions, prices that stand still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.core.mofsl.endpoints import Generation
from app.domain.broker import AuthToken, BrokerPosition, Side
from app.domain.instruments import Exchange, InstrumentKind
from app.domain.position_fills import OrderProgress
from app.domain.profit_loss import PositionKey, paise_from_points, points
from tests.brokers.harness import MofslHarness
from tests.support.processes import SimulatorProcess, wait_until
from tests.support.profit import ITC, ProfitDesk

INTRADAY: PositionKey = ("NSE", 1660, "VALUEPLUS")
FUNDED: PositionKey = ("NSE", 1660, "MTF")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    with SimulatorProcess(tmp_path_factory.mktemp("simulator"), clients=20, seed=5) as process:
        process.post("/_sim/prices", {"freeze_all": True})
        yield process


@pytest.fixture(scope="module")
def codes(simulator: SimulatorProcess) -> Iterator[dict[str, Any]]:
    return iter(simulator.get("/_sim/accounts")["accounts"])


@dataclass
class Floor:
    """One account at the simulator, traded by hand, and what the desk makes of it."""

    simulator: SimulatorProcess
    harness: MofslHarness
    code: str
    desk: ProfitDesk = field(default_factory=ProfitDesk)
    token: AuthToken | None = None

    async def positions(self) -> tuple[BrokerPosition, ...]:
        if self.token is None:
            self.token = await self.harness.broker.log_in(self.harness.login(self.code))
        return await self.harness.broker.positions(self.token, self.code)

    def price(self, key: PositionKey, ltp: str) -> None:
        body = {"exchange": key[0], "symboltoken": key[1], "ltp": ltp, "freeze": True}
        self.simulator.post("/_sim/prices", body)
        self.desk.prices.tick(key, ltp)

    def trade(self, key: PositionKey, side: Side, quantity: int) -> dict[str, Any]:
        """Trade at the market by the client's phone; return the order in the ledger once it is filled."""
        body = {
            "clientcode": self.code, "exchange": key[0], "symboltoken": key[1], "producttype": key[2],
            "buyorsell": side.value, "quantity": quantity,
        }  # fmt: skip
        order_id = self.simulator.post("/_sim/orders", body)["uniqueorderid"]

        def order() -> dict[str, Any]:
            orders = self.simulator.get("/_sim/ledger")["orders"]
            found: dict[str, Any] = next(each for each in orders if each["uniqueorderid"] == order_id)
            return found

        wait_until(lambda: order()["filled"] == quantity, deadline_s=20, what=f"the fill of {order_id}: {order()}")
        return order()

    def report(self, order: dict[str, Any]) -> None:
        """Tell the desk of the fill as its order book would."""
        filled, now = order["filled"], self.desk.clock.now()
        key = (order["exchange"], order["symboltoken"], order["producttype"])
        amount = filled * points(Decimal(order["average_price"]))
        side = Side(order["buyorsell"])
        self.desk.profit.on_fill("c1", OrderProgress(order["uniqueorderid"], key, side, filled, amount, now, now))

    async def read(self) -> tuple[BrokerPosition, ...]:
        rows = await self.positions()
        self.desk.add("c1")
        self.desk.clock.advance(1)
        await self.desk.snapshot("c1", *rows)
        return rows

    async def assert_equal(self) -> None:
        """What the desk makes of its last snapshot, its fills and the feed's prices is what the broker says now."""
        found = self.desk.profit.of_client("c1")
        assert found is not None
        assert found.unpriced == ()
        ours = {each.key: each for each in found.positions}
        rows = await self.positions()
        assert {(row.exchange, row.symbol_token, row.product) for row in rows} == set(ours)
        for row in rows:
            mine = ours[row.exchange, row.symbol_token, row.product]
            assert mine.day is not None
            assert mine.actual is not None
            assert mine.net_quantity == row.net_quantity
            assert paise_from_points(mine.day.unrealised) == paise_from_points(points(row.mark_to_market))
            assert paise_from_points(mine.day.realised) == paise_from_points(points(row.booked_profit_loss))
            assert paise_from_points(mine.actual.unrealised) == paise_from_points(points(row.actual_mark_to_market))
            assert paise_from_points(mine.actual.realised) == paise_from_points(points(row.actual_booked_profit_loss))
            assert mine.day.total == points(row.mark_to_market + row.booked_profit_loss)
        whole = sum((row.mark_to_market + row.booked_profit_loss for row in rows), Decimal(0))
        assert self.desk.pl("c1") == whole
        self.desk.step()
        assert self.desk.profit.of_desk().day.total == points(whole)


@pytest.fixture
async def floor(simulator: SimulatorProcess, codes: Iterator[dict[str, Any]]) -> AsyncIterator[Floor]:
    account = next(codes)
    code = account["clientcode"]
    harness = MofslHarness(simulator.url, Generation.CURRENT, simulator.url, (code,), {code: account})
    yield Floor(simulator, harness, code)
    await harness.broker.close()


async def future(harness: MofslHarness) -> tuple[PositionKey, int]:
    """Return the first future of the scrip master, and its lot."""
    found = await harness.broker.instruments(Exchange.NSEFO)
    contract = next(each for each in found if each.kind is InstrumentKind.FUTURE)
    return ("NSEFO", contract.symbol_token, "NORMAL"), contract.lot_size


async def test_longs_shorts_partial_exits_and_products_equal_the_broker_s_figures(floor: Floor) -> None:
    contract, lot = await future(floor.harness)
    floor.price(ITC, "282.35")
    floor.trade(ITC, Side.BUY, 10)
    floor.trade(INTRADAY, Side.SELL, 7)
    floor.trade(contract, Side.SELL, 2 * lot)
    floor.price(ITC, "283.10")
    floor.trade(ITC, Side.BUY, 3)
    floor.trade(INTRADAY, Side.BUY, 3)
    floor.trade(contract, Side.BUY, lot)
    floor.price(ITC, "284.05")
    floor.trade(ITC, Side.SELL, 6)
    rows = await floor.read()
    assert {row.net_quantity for row in rows} == {7, -4, -lot}
    price = next(row.ltp for row in rows if row.symbol_token == contract[1])
    assert price is not None
    floor.price(contract, str(price + 5))
    await floor.assert_equal()
    floor.price(ITC, "281.95")
    floor.price(contract, str(price - 15))
    await floor.assert_equal()


async def test_fills_after_the_reading_equal_the_broker_s_figures_too(floor: Floor) -> None:
    floor.price(ITC, "282.35")
    floor.trade(ITC, Side.BUY, 10)
    await floor.read()
    floor.price(ITC, "283.10")
    for key, side, quantity in (
        (ITC, Side.SELL, 4), (INTRADAY, Side.SELL, 5), (ITC, Side.BUY, 2), (INTRADAY, Side.BUY, 5), (ITC, Side.SELL, 8),
    ):  # fmt: skip
        floor.desk.clock.advance(1)
        order = floor.trade(key, side, quantity)
        floor.report(order)
        floor.report(order)
        await floor.assert_equal()
    floor.price(ITC, "280.05")
    await floor.assert_equal()
    await floor.read()
    await floor.assert_equal()


async def test_without_a_feed_the_snapshot_s_price_gives_the_snapshot_s_figures(floor: Floor) -> None:
    floor.simulator.post("/_sim/prices", {"exchange": "NSE", "symboltoken": ITC[1], "ltp": "282.35", "freeze": True})
    floor.trade(ITC, Side.BUY, 10)
    await floor.read()
    await floor.assert_equal()
    assert floor.desk.profit.of_desk().stale == 1


async def test_positions_carried_forward_equal_the_broker_s_figures_on_both_bases(tmp_path: Path) -> None:
    """The trading day turns between purchase and reading: yesterday's close and the price paid differ."""
    with SimulatorProcess(tmp_path, clients=1, seed=5) as simulator:
        simulator.post("/_sim/prices", {"freeze_all": True})
        account = simulator.get("/_sim/accounts")["accounts"][0]
        code = account["clientcode"]
        harness = MofslHarness(simulator.url, Generation.CURRENT, simulator.url, (code,), {code: account})
        floor = Floor(simulator, harness, code)
        contract, lot = await future(harness)
        floor.price(FUNDED, "282.35")
        floor.trade(FUNDED, Side.BUY, 30)
        floor.trade(contract, Side.SELL, 3 * lot)
        floor.price(FUNDED, "284.15")
        day = date.fromisoformat(simulator.get("/_sim/clock")["trading_day"]) + timedelta(days=1)
        while day.weekday() > 4:
            day += timedelta(days=1)
        simulator.post("/_sim/clock", {"now": f"{day.isoformat()}T10:00:00"})
        floor.price(FUNDED, "285.00")
        floor.trade(FUNDED, Side.SELL, 11)
        rows = await floor.read()
        assert {row.carried_buy_quantity or row.carried_sell_quantity for row in rows} == {30, 3 * lot}
        price = next(row.ltp for row in rows if row.symbol_token == contract[1])
        assert price is not None
        floor.price(contract, str(price + 20))
        floor.price(FUNDED, "285.45")
        await floor.assert_equal()
        found = floor.desk.profit.of_client("c1")
        assert found is not None
        assert found.day != found.actual
        floor.report(floor.trade(contract, Side.BUY, lot))
        await floor.assert_equal()
        await harness.broker.close()
