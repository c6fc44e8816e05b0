"""What people do in a schedule: one trade for many clients, or exits racing with fills, each other and the phone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from app.domain.broker import Product, Side, Validity
from app.domain.instruments import Instrument
from app.domain.orders import MODIFIABLE
from app.domain.ports.control import DeskChange
from app.domain.trading import Allocation, OrderType, Trade
from app.services.modify_order import NewTerms
from app.services.square_off import ExitRequest
from proof.fault_points import FaultPoint as P
from proof.memory.tables import OrderRow
from proof.world.market import FUTURE, OTHER_SHARE, SHARE
from proof.world.people import COLLEAGUE, TRADER, People
from proof.world.world import World

_PRODUCTS = {
    SHARE.symbol_token: (Product.DELIVERY, Product.VALUEPLUS),
    OTHER_SHARE.symbol_token: (Product.DELIVERY, Product.MTF),
    FUTURE.symbol_token: (Product.NORMAL, Product.VALUEPLUS),
}


class Programs:
    def __init__(self, world: World, people: People, chance: random.Random) -> None:
        self._world = world
        self._people = people
        self._chance = chance
        self._many_slices = chance.choice((0.02, 0.02, 0.2))

    async def execute_program(self) -> None:
        """One trade for every client; perhaps a second one; and people who change their mind."""
        chance, world = self._chance, self._world
        instrument = chance.choice((SHARE, SHARE, OTHER_SHARE, FUTURE))
        trade = self._trade(instrument, list(world.tables.clients))
        works: list[Coroutine[Any, Any, object]] = [self._people.execute(trade), self._disturb(), self._look()]
        if world.faults.strikes(P.SAME_TRADE):
            works.append(self._after(chance.uniform(0.0, 1.0), self._people.execute(trade, COLLEAGUE)))
        if chance.random() < 0.3:
            some = chance.sample(list(world.tables.clients), 10)
            again = self._trade(chance.choice((SHARE, FUTURE)), some)
            works.append(self._after(chance.uniform(0.5, 8.0), self._people.execute(again, COLLEAGUE)))
        await asyncio.gather(*works)
        if world.faults.strikes(P.RETRIED):
            await self._retry(trade)

    async def _retry(self, trade: Trade) -> None:
        """What was surely not placed is tried again, twice at once."""
        await asyncio.sleep(self._chance.uniform(0.0, 40.0))
        for batch_id in self._people.batches[:1]:
            await asyncio.gather(*(self._people.retry(batch_id, trade, actor) for actor in (TRADER, COLLEAGUE)))

    async def exit_program(self) -> None:
        """Everybody holds something; two operators exit it while it is traded elsewhere too."""
        chance, world = self._chance, self._world
        instrument = chance.choice((SHARE, FUTURE))
        lot = instrument.lot_size
        holders = list(world.tables.clients.values())
        for client in holders:
            units = chance.choice((1, -1)) * chance.randint(1, 30) * lot
            product = chance.choice(_PRODUCTS[instrument.symbol_token])
            if product is Product.DELIVERY:
                units = abs(units)
            world.server.trade_by_phone(client.code, instrument, units, product.value)
        await asyncio.sleep(0.5)
        works: list[Coroutine[Any, Any, object]] = [self._disturb(), self._look()]
        if chance.random() < 0.5:
            some = self._trade(instrument, chance.sample(list(world.tables.clients), 8))
            works.append(self._people.execute(some))
        for actor in (TRADER, COLLEAGUE) if world.faults.strikes(P.EXIT_RACE) else (TRADER,):
            request = self._exit_request(instrument)
            works.append(self._after(chance.uniform(0.0, 2.0), self._people.exit(request, actor)))
        if chance.random() < 0.4:
            late = self._exit_request(instrument)
            works.append(self._after(chance.uniform(5.0, 20.0), self._people.exit(late)))
        callers = [one for one in holders if chance.random() < 0.1 and world.faults.strikes(P.PHONE_TRADE)]
        works += [self._phone(client.code, instrument) for client in callers]
        await asyncio.gather(*works)

    def _exit_request(self, instrument: Instrument) -> ExitRequest:
        everybody = list(self._world.tables.clients)
        named = None if self._chance.random() < 0.5 else tuple(self._chance.sample(everybody, 30))
        return ExitRequest(instrument.exchange, instrument.symbol_token, named, None, OrderType.MARKET, None)

    def _trade(self, instrument: Instrument, client_ids: list[str]) -> Trade:
        chance = self._chance
        side = chance.choice(list(Side))
        product = chance.choice(_PRODUCTS[instrument.symbol_token])
        allocations = tuple(Allocation(client_id, self._units(instrument), side, product) for client_id in client_ids)
        is_limit = chance.random() < 0.3
        paise = self._world.market.moves[instrument.symbol_token][-1][1]
        price = Decimal(paise).scaleb(-2) if is_limit else None
        order_type = OrderType.LIMIT if is_limit else OrderType.MARKET
        return Trade(
            instrument.exchange, instrument.symbol_token, order_type, price, None, Validity.DAY, False, allocations
        )

    def _units(self, instrument: Instrument) -> int:
        chance, lot = self._chance, instrument.lot_size
        if instrument.freeze_quantity is None:
            return chance.randint(1, 400)
        if chance.random() < 0.05:
            return chance.randint(1, 40) * lot + chance.randint(1, lot - 1)  # no multiple: must be blocked
        if chance.random() < self._many_slices:
            return chance.randint(200, 420) * lot  # more slices than may leave in a second
        return chance.randint(1, 10) * lot if chance.random() < 0.9 else chance.randint(24, 60) * lot

    async def _after(self, delay_s: float, work: Coroutine[Any, Any, object]) -> None:
        await asyncio.sleep(delay_s)
        await work

    async def _phone(self, code: str, instrument: Instrument) -> None:
        """The client closes, reduces or adds by telephone, at any moment."""
        await asyncio.sleep(self._chance.uniform(0.0, 12.0))
        net = sum(
            position.net
            for key, position in self._world.server.ledger.positions.items()
            if key[:3] == (code, instrument.exchange.value, instrument.symbol_token)
        )
        units = -net if self._chance.random() < 0.6 else instrument.lot_size * self._chance.randint(-5, 5)
        if units:
            product = self._chance.choice(_PRODUCTS[instrument.symbol_token]).value
            self._world.server.trade_by_phone(code, instrument, units, product)

    async def _look(self) -> None:
        for _ in range(6):
            await asyncio.sleep(self._chance.uniform(0.3, 6.0))
            for batch_id in self._people.batches[-2:]:
                await self._people.look(batch_id)

    async def _disturb(self) -> None:
        """Everything that happens to the desk besides its work."""
        works = []
        for point, act in (
            (P.KILLED_ANYWHERE, self._kill_engine),
            (P.STOPPED, self._world.stop_engine),
            (P.WEB_KILLED, self._kill_web),
            (P.KILL_SWITCH, self._kill_switch),
            (P.BATCH_STOPPED, self._stop_batch),
            (P.ORDER_CANCELLED, self._cancel_some),
            (P.ORDER_MODIFIED, self._modify_some),
            (P.LOOK_ALIKE, self._look_alike),
            (P.MARKET_CLOSED, self._close_market),
        ):
            if point in self._world.faults:
                works.append(self._disturbance(point, act()))
        await asyncio.gather(*works)

    async def _disturbance(self, point: P, act: Coroutine[Any, Any, None]) -> None:
        await asyncio.sleep(self._chance.choice((0.0, 1.1, 1.2)) + self._chance.uniform(0.0, 2.5))
        if self._world.faults.strikes(point):
            await act

    async def _kill_engine(self) -> None:
        self._world.kill_engine(self._world.current)

    async def _kill_web(self) -> None:
        self._world.kill_web()

    async def _kill_switch(self) -> None:
        await self._people.change_desk(DeskChange("killed", "a schedule", is_killed=True))
        await asyncio.sleep(self._chance.uniform(0.5, 5.0))
        await self._people.change_desk(DeskChange("rearmed", None, is_killed=False))

    async def _stop_batch(self) -> None:
        if self._people.batches:
            await self._people.stop(self._chance.choice(self._people.batches))

    async def _cancel_some(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.5, 3.0))
        rows = [row for row in self._world.tables.live.values() if row.working is not None]
        wanted = self._chance.sample(rows, min(len(rows), 8))
        await asyncio.gather(*(self._people.cancel(row.id) for row in wanted))

    async def _modify_some(self) -> None:
        """New totals and prices, some of them at the same moment as other ones for the same order."""
        for _ in range(self._chance.randint(1, 3)):
            await asyncio.sleep(self._chance.uniform(0.5, 3.0))
            rows = [row for row in self._world.tables.live.values() if row.status in MODIFIABLE]
            wanted = self._chance.sample(rows, min(len(rows), 8))
            wanted += self._chance.sample(wanted, min(len(wanted), 2))
            await asyncio.gather(*(self._people.modify(row.id, self._new_terms(row)) for row in wanted))

    def _new_terms(self, row: OrderRow) -> NewTerms:
        order = row.working
        assert order is not None
        lot = order.quantity // order.lots
        quantity = max(lot, order.quantity + lot * self._chance.randint(-4, 4))
        price = max(order.price + Decimal("0.05") * self._chance.randint(-40, 40), Decimal("0.05"))
        return NewTerms(quantity, OrderType.LIMIT, price, None, Validity.DAY)

    async def _close_market(self) -> None:
        self._world.market.closed_from_s = self._world.loop.time()

    async def _look_alike(self) -> None:
        """A person's own order carries one of the desk's tags (F21)."""
        rows = [row for row in self._world.tables.live.values() if row.working is not None]
        for row in self._chance.sample(rows, min(len(rows), 6)):
            order = row.working
            assert order is not None
            self._world.server.look_alikes.add(order.tag)
            instrument = self._world.market.get(order.exchange, order.symbol_token)
            assert instrument is not None
            units, lot = order.quantity, instrument.lot_size
            units += lot * self._chance.randint(1, 50)
            if order.quantity > lot and self._chance.random() < 0.7:
                units = order.quantity - lot
            self._world.server.trade_by_phone(order.client_code, instrument, units, order.product.value, tag=order.tag)
