"""The desk's own parts, wired as `app/wiring_trading.py` does, with the ports of a schedule behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.brokers.mofsl import MofslBroker
from app.core.mofsl.settings import HeaderIdentity, MofslEndpointSettings
from app.core.mofsl_api_wrapper import MOFSLApiWrapper
from app.domain.identity import SYSTEM
from app.domain.market_calendar import MarketCalendar
from app.domain.ports import Clock
from app.domain.ports.bus import Bus
from app.domain.ports.control import DeskChange, OrderControl
from app.domain.ports.exits import ExitStore
from app.domain.ports.trading import EngineStore, FillStore, OperationStore, TradingStore
from app.domain.ports.views import OrderViews
from app.engine.dispatcher import Dispatcher, DispatcherSettings
from app.engine.exit_verifier import ExitVerifier
from app.engine.operations import Operations
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.reconciler import Reconciler
from app.engine.recovery import recover
from app.engine.result_writer import ResultWriter
from app.engine.right_of_way import RightOfWay
from app.engine.runner import EngineParts
from app.services.cancel_order import OrderCanceller
from app.services.execute_batch import BatchExecutor
from app.services.limit_book import LimitBook
from app.services.modify_order import OrderModifier
from app.services.plan_batch import Planner
from app.services.read_gate import ReadGate
from app.services.square_off import SquareOff
from proof.exchange.readings import BrokerReadings
from proof.exchange.wire import HOST, Wire
from proof.world.logins import Logins
from proof.world.market import Market

ORDER_RATE, READ_RATE = 8, 2
QUEUE_DEADLINE_S, DUPLICATE_WINDOW_S, QUOTE_MAX_AGE_S = 60.0, 30.0, 2.0
GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores as one process reaches them."""

    trading: TradingStore
    engine: EngineStore
    fills: FillStore
    operations: OperationStore
    control: OrderControl
    exits: ExitStore
    views: OrderViews


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process of the desk is given."""

    stores: Stores
    clock: Clock
    bus: Bus
    logins: Logins
    market: Market
    wire: Wire
    readings: BrokerReadings
    new_id: Callable[[], str]


def make_broker(wire: Wire, readings: BrokerReadings, clock: Clock) -> MofslBroker:
    settings = MofslEndpointSettings.for_generation(
        HOST, readings.generation, HeaderIdentity(client_public_ip="203.0.113.10")
    )

    def never(*_: Any, **__: Any) -> str:
        raise RuntimeError("nobody logs in here")

    return MofslBroker(MOFSLApiWrapper(settings, wire, open_sealed=never, clock=clock), clock)


class Web:
    """What answers people."""

    def __init__(self, given: Surroundings) -> None:
        stores, clock = given.stores, given.clock
        planner = Planner(
            store=stores.trading,
            catalogue=given.market,
            quotes=given.market,
            logins=given.logins,
            market=given.market,
            clock=clock,
            limits=LimitBook(stores.trading.limits),
            quote_max_age_s=QUOTE_MAX_AGE_S,
        )
        self.executor = BatchExecutor(
            store=stores.trading,
            planner=planner,
            bus=given.bus,
            clock=clock,
            new_id=given.new_id,
            queue_deadline_s=QUEUE_DEADLINE_S,
            duplicate_window_s=DUPLICATE_WINDOW_S,
        )
        broker = make_broker(given.wire, given.readings, clock)
        gate = ReadGate(SlidingWindowLimiter(READ_RATE, clock.monotonic_s, waits_first=False))
        self.square_off = SquareOff(self.executor, stores.exits, broker, given.logins, gate, clock)
        self.canceller = OrderCanceller(stores.control, given.bus, clock)
        self.modifier = OrderModifier(stores.control, planner, given.bus, clock)
        self.control = stores.control
        self.views = stores.views
        self.clock = clock


def build_engine(epoch: int, given: Surroundings, *, interval_s: float, calendar: MarketCalendar) -> EngineParts:
    stores, clock = given.stores, given.clock
    broker = make_broker(given.wire, given.readings, clock)
    right_of_way = RightOfWay(clock.monotonic_s)
    writer = ResultWriter(stores.engine, given.bus)
    limiter = SlidingWindowLimiter(ORDER_RATE, clock.monotonic_s)
    dispatcher = Dispatcher(
        stores.engine,
        broker,
        given.logins,
        writer,
        given.bus,
        clock,
        limiter,
        DispatcherSettings(max_in_flight=2000, epoch=epoch),
        right_of_way,
    )
    reconciler = Reconciler(
        stores.engine,
        stores.fills,
        broker,
        given.logins,
        writer,
        clock,
        SlidingWindowLimiter(READ_RATE, clock.monotonic_s, waits_first=False),
        interval_s=interval_s,
        in_flight=dispatcher.in_flight,
        on_filled=lambda _client_id: None,
        step_aside=right_of_way.clear,
        calendar=calendar,
    )
    gate = ReadGate(SlidingWindowLimiter(READ_RATE, clock.monotonic_s, waits_first=False))
    operations = Operations(
        stores.operations, broker, given.logins, given.bus, clock, limiter, gate, on_sent=reconciler.hurry
    )
    exits = ExitVerifier(stores.exits, broker, given.logins, gate, given.bus, clock, step_aside=right_of_way.clear)

    async def recover_orders() -> int:
        return await recover(stores.engine, stores.operations, clock)

    async def trip(reason: str) -> None:
        change = DeskChange("killed", reason[:300], is_killed=True)
        await stores.control.change_gate(change, actor=SYSTEM, at=clock.now())

    tasks = {"reconciler": reconciler.run, "operations": operations.run, "exits": exits.run}
    return EngineParts(dispatcher, writer, recover_orders, trip, tasks)
