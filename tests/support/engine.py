"""The engine's parts on a test's desk, with a store that fails when told to and a broker that a test can look into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any

from app.domain.broker import AuthToken, OrderInstruction
from app.domain.errors import StoreUnavailable
from app.domain.market_calendar import MarketCalendar
from app.domain.orders import OrderStatus
from app.domain.ports.broker import Broker
from app.domain.ports.trading import EngineStore
from app.domain.working import Change, WorkingOrder
from app.engine.dispatcher import Dispatcher, DispatcherSettings
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.reconciler import Reconciler
from app.engine.result_writer import ResultWriter
from tests.support.trading import EPOCH, TradingDesk, eventually, running

NOT_SETTLED = {OrderStatus.QUEUED, OrderStatus.SENDING}


class FailingStore:
    """An `EngineStore` in front of a real one. While a call is in `down`, it raises StoreUnavailable.

    In `loses_reply`, the next call takes effect and raises all the same, as a commit does whose answer is lost.
    """

    def __init__(self, store: EngineStore) -> None:
        self._store = store
        self.down: set[str] = set()
        self.loses_reply: set[str] = set()
        self.calls: list[str] = []

    async def _through(self, name: str, call: Coroutine[Any, Any, Any]) -> Any:
        self.calls.append(name)
        if name in self.down:
            call.close()
            raise StoreUnavailable("the database does not answer")
        answer = await call
        if name in self.loses_reply:
            self.loses_reply.discard(name)
            raise StoreUnavailable("the answer was lost")
        return answer

    async def queued(self, limit: int) -> Sequence[WorkingOrder]:
        found: Sequence[WorkingOrder] = await self._through("queued", self._store.queued(limit))
        return found

    async def claim(self, orders: Sequence[WorkingOrder], *, epoch: int, at: datetime) -> Sequence[WorkingOrder]:
        call = self._store.claim(orders, epoch=epoch, at=at)
        found: Sequence[WorkingOrder] = await self._through("claim", call)
        return found

    async def apply(self, changes: Sequence[Change]) -> Sequence[Change]:
        found: Sequence[Change] = await self._through("apply", self._store.apply(changes))
        return found

    async def reload(self, order_ids: Sequence[str]) -> Sequence[WorkingOrder]:
        found: Sequence[WorkingOrder] = await self._through("reload", self._store.reload(order_ids))
        return found

    async def broker_ids(self, day: date) -> Mapping[tuple[str, date, str], str]:
        found: Mapping[tuple[str, date, str], str]
        found = await self._through("broker_ids", self._store.broker_ids(day))
        return found

    async def at_broker_of(self, client_codes: Sequence[str]) -> Sequence[WorkingOrder]:
        found: Sequence[WorkingOrder] = await self._through("at_broker_of", self._store.at_broker_of(client_codes))
        return found

    async def at_broker(self) -> Sequence[WorkingOrder]:
        found: Sequence[WorkingOrder] = await self._through("at_broker", self._store.at_broker())
        return found


class WatchedBroker:
    """A broker in front of another: `before_place` runs before each order would leave; every order is counted."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.before_place: Callable[[OrderInstruction], Coroutine[Any, Any, None]] | None = None
        self.answer_instead: Callable[[OrderInstruction, str], str] | None = None
        self.placed: list[str] = []  # tags, in the order of leaving

    async def place_order(self, auth_token: AuthToken, instruction: OrderInstruction) -> str:
        if self.before_place is not None:
            await self.before_place(instruction)
        self.placed.append(instruction.tag)
        broker_order_id = await self._broker.place_order(auth_token, instruction)
        return self.answer_instead(instruction, broker_order_id) if self.answer_instead else broker_order_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)


class Engine:
    """A dispatcher, a writer and a reconciler; run them with `async with engine.running():`."""

    def __init__(
        self,
        desk: TradingDesk,
        *,
        max_in_flight: int = 100,
        rate: int = 10,
        read_rate: int = 100,
        epoch: int = EPOCH,
    ) -> None:
        self.desk = desk
        self.store = FailingStore(desk.engine)
        self.broker = WatchedBroker(desk.broker)
        self.writer = ResultWriter(self.store, desk.bus)
        self.limiter = SlidingWindowLimiter(rate, desk.clock.monotonic_s, waits_first=False)
        self.dispatcher = Dispatcher(
            self.store,
            self.broker,
            desk.sessions,
            self.writer,
            desk.bus,
            desk.clock,
            self.limiter,
            DispatcherSettings(max_in_flight=max_in_flight, epoch=epoch),
        )
        self.filled: list[str] = []
        self.reconciler = self.make_reconciler(self.dispatcher.in_flight, read_rate=read_rate)

    def make_reconciler(
        self, in_flight: Collection[str], *, read_rate: int = 100, calendar: MarketCalendar | None = None
    ) -> Reconciler:
        return Reconciler(
            self.store,
            self.desk.fills,
            self.broker,
            self.desk.sessions,
            self.writer,
            self.desk.clock,
            SlidingWindowLimiter(read_rate, self.desk.clock.monotonic_s, waits_first=False),
            interval_s=0.02,
            in_flight=in_flight,
            on_filled=self.filled.append,
            calendar=calendar,
        )

    @asynccontextmanager
    async def running(self, *more: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Send and store; `more` runs beside them, such as `engine.reconciler.run()`."""
        async with running(self.writer.run(), self.dispatcher.run(), *more):
            yield

    async def become(self, batch_id: str, *statuses: OrderStatus, step_s: float = 0.01) -> None:
        """Wait until the orders of the batch have these statuses, in the order asked; meanwhile time passes."""

        async def look() -> bool:
            self.desk.clock.advance(step_s)
            await self.desk.wake()
            return await self.desk.statuses(batch_id) == list(statuses)

        try:
            await eventually(look, deadline_s=60)
        except TimeoutError:
            raise AssertionError(f"the orders are {await self.desk.statuses(batch_id)}") from None

    async def settled(self, batch_id: str) -> None:
        """Wait until no order of the batch is queued or sending."""

        async def look() -> bool:
            self.desk.clock.advance(0.01)
            await self.desk.wake()
            return not NOT_SETTLED & set(await self.desk.statuses(batch_id))

        await eventually(look)


class Door:
    """A place in the code where a test holds others up until it opens."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self.waiting = 0

    async def pass_through(self, *_: object) -> None:
        self.waiting += 1
        await self._open.wait()

    def open(self) -> None:
        self._open.set()
