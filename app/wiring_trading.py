"""Puts the parts of trading together: what `Desk.trading` holds, and the engine's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.config import Settings
from app.core.ids import new_id
from app.db.engine_store import SqlEngineStore
from app.db.exit_store import SqlExitStore
from app.db.fill_store import SqlFillStore
from app.db.order_control import SqlOrderControl
from app.db.order_views import SqlOrderViews
from app.db.session import Database
from app.db.trading_store import SqlTradingStore
from app.domain.identity import SYSTEM
from app.domain.ports.broker import Broker
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.control import DeskChange
from app.domain.ports.planning import Catalogue, LoginStates, MarketGate, Quotes
from app.domain.ports.sessions import SessionBook
from app.engine.dispatcher import Dispatcher, DispatcherSettings
from app.engine.exit_verifier import ExitVerifier
from app.engine.funds_refresher import FundsRefresher
from app.engine.operations import Operations
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.reconciler import Reconciler
from app.engine.recovery import recover
from app.engine.result_writer import ResultWriter
from app.engine.right_of_way import RightOfWay
from app.engine.runner import EngineParts, Task
from app.services.cancel_order import OrderCanceller
from app.services.control_desk import DeskControl, SecondStep
from app.services.execute_batch import BatchExecutor
from app.services.plan_batch import Planner
from app.services.read_gate import ReadGate
from app.services.square_off import SquareOff


@dataclass(frozen=True, slots=True)
class Trading:
    """The use cases around orders, as the API finds them at `desk.trading`."""

    store: SqlTradingStore
    views: SqlOrderViews
    control: SqlOrderControl
    planner: Planner
    executor: BatchExecutor
    square_off: SquareOff
    canceller: OrderCanceller
    desk_control: DeskControl


@dataclass(frozen=True, slots=True)
class TradingFacts:
    """Where planning gets its facts."""

    catalogue: Catalogue
    quotes: Quotes
    logins: LoginStates
    market: MarketGate


def build_trading(
    *,
    settings: Settings,
    database: Database,
    broker: Broker,
    sessions: SessionBook,
    read_gate: ReadGate,
    facts: TradingFacts,
    second_step: SecondStep,
    bus: Bus,
    clock: Clock,
) -> Trading:
    store = SqlTradingStore(database)
    control = SqlOrderControl(database)
    planner = Planner(
        store=store,
        catalogue=facts.catalogue,
        quotes=facts.quotes,
        logins=facts.logins,
        market=facts.market,
        clock=clock,
        quote_max_age_s=settings.quote_max_age_s,
    )
    executor = BatchExecutor(
        store=store,
        planner=planner,
        bus=bus,
        clock=clock,
        new_id=new_id,
        queue_deadline_s=settings.queue_deadline_s,
        duplicate_window_s=settings.duplicate_window_s,
    )
    return Trading(
        store=store,
        views=SqlOrderViews(database),
        control=control,
        planner=planner,
        executor=executor,
        square_off=SquareOff(executor, SqlExitStore(database), broker, sessions, read_gate, clock),
        canceller=OrderCanceller(control, bus, clock),
        desk_control=DeskControl(control, second_step, bus, clock),
    )


def build_engine(
    epoch: int,
    *,
    settings: Settings,
    database: Database,
    broker: Broker,
    sessions: SessionBook,
    read_gate: ReadGate,
    funds: FundsRefresher,
    bus: Bus,
    clock: Clock,
    right_of_way: RightOfWay,
    tasks: Mapping[str, Task],
) -> EngineParts:
    """Make the engine of `epoch`; `tasks` are those that need no epoch, and start first."""
    store = SqlEngineStore(database)
    control = SqlOrderControl(database)
    writer = ResultWriter(store, bus)
    dispatcher = Dispatcher(
        store,
        broker,
        sessions,
        writer,
        bus,
        clock,
        SlidingWindowLimiter(settings.mofsl_order_rate, clock.monotonic_s),
        DispatcherSettings(max_in_flight=settings.max_in_flight, epoch=epoch),
        right_of_way,
    )
    reconciler = Reconciler(
        store,
        SqlFillStore(database, clock),
        broker,
        sessions,
        writer,
        clock,
        SlidingWindowLimiter(settings.mofsl_read_rate, clock.monotonic_s, waits_first=False),
        interval_s=settings.reconcile_interval_s,
        in_flight=dispatcher.in_flight,
        on_filled=funds.touch,
        step_aside=right_of_way.clear,
    )
    operations = Operations(control, broker, sessions, bus, clock)
    exits = ExitVerifier(SqlExitStore(database), broker, sessions, read_gate, bus, clock, step_aside=right_of_way.clear)

    async def recover_orders() -> int:
        return await recover(store, control, clock)

    async def trip(reason: str) -> None:
        await control.change_gate(DeskChange("killed", reason[:300], is_killed=True), actor=SYSTEM, at=clock.now())

    own: dict[str, Task] = {"reconciler": reconciler.run, "operations": operations.run, "exits": exits.run}
    return EngineParts(dispatcher, writer, recover_orders, trip, {**tasks, **own})
