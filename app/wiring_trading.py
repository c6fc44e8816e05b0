"""Puts the parts of trading together: what `Desk.trading` holds, and the engine's tasks."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from app.config import Settings
from app.core.ids import new_id
from app.db.delivery_stock import SqlStock
from app.db.engine_store import SqlEngineStore
from app.db.exit_store import SqlExitStore
from app.db.fill_store import SqlFillStore
from app.db.known_funds import SqlFundsStore
from app.db.limit_store import SqlLimitStore
from app.db.operation_store import SqlOperationStore
from app.db.order_control import SqlOrderControl
from app.db.order_views import SqlOrderViews
from app.db.session import Database
from app.db.trading_store import SqlTradingStore
from app.domain.identity import SYSTEM, SignedIn
from app.domain.market_calendar import MarketCalendar
from app.domain.ports.broker import Broker
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.control import DeskChange
from app.domain.ports.order_stream import OrderStreamDialer
from app.domain.ports.planning import Catalogue, LoginStates, MarketGate, Quotes
from app.domain.ports.sessions import SessionBook
from app.engine.dispatcher import Dispatcher, DispatcherSettings
from app.engine.exit_verifier import ExitVerifier
from app.engine.funds_refresher import FundsRefresher
from app.engine.operations import Operations
from app.engine.order_stream import OrderStreams
from app.engine.pnl import ProfitLoss
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.reconciler import Reconciler
from app.engine.recovery import recover
from app.engine.result_writer import ResultWriter
from app.engine.right_of_way import RightOfWay
from app.engine.runner import EngineParts, Task
from app.engine.stream_settler import StreamSettler
from app.services.cancel_order import OrderCanceller
from app.services.control_desk import DESK_CHANGED, DeskControl, SecondStep
from app.services.estimate_plan import PlanEstimator
from app.services.execute_batch import BatchExecutor
from app.services.limit_book import LimitBook
from app.services.manage_limits import ManageLimits
from app.services.modify_order import OrderModifier
from app.services.plan_batch import Planner
from app.services.read_gate import ReadGate
from app.services.resolve_order import OrderResolver
from app.services.square_off import SquareOff
from app.services.stop_batch import BatchStopper


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
    modifier: OrderModifier
    resolver: OrderResolver
    stopper: BatchStopper
    desk_control: DeskControl
    limits: ManageLimits
    estimator: PlanEstimator


@dataclass(frozen=True, slots=True)
class TradingFacts:
    """Where planning gets its facts."""

    catalogue: Catalogue
    quotes: Quotes
    logins: LoginStates
    market: MarketGate


@dataclass(frozen=True, slots=True)
class OrderStreamParts:
    """Where the engine hears of orders, and for which logins."""

    dialer: OrderStreamDialer
    ready_logins: Callable[[], Collection[str]]


def build_trading(
    *,
    settings: Settings,
    database: Database,
    broker: Broker,
    sessions: SessionBook,
    read_gate: ReadGate,
    facts: TradingFacts,
    second_step: SecondStep,
    is_stepped_up: Callable[[SignedIn], bool],
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
        limits=LimitBook(store.limits),
        quote_max_age_s=settings.quote_max_age_s,
        stock=SqlStock(database),
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
        modifier=OrderModifier(control, planner, bus, clock),
        resolver=OrderResolver(control, bus, clock),
        stopper=BatchStopper(control, bus, clock),
        desk_control=DeskControl(control, second_step, bus, clock),
        limits=ManageLimits(SqlLimitStore(database), facts.catalogue, second_step, is_stepped_up, clock),
        estimator=PlanEstimator(SqlFundsStore(database), facts.catalogue, clock, settings.mofsl_order_rate),
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
    profit: ProfitLoss,
    calendar: MarketCalendar,
    stream: OrderStreamParts,
    tasks: Mapping[str, Task],
) -> EngineParts:
    """Make the engine of `epoch`; `tasks` are those that need no epoch, and start first."""
    store = SqlEngineStore(database)
    control = SqlOrderControl(database)
    writer = ResultWriter(store, bus)
    writer.listeners.append(profit.on_changes)
    limiter = SlidingWindowLimiter(settings.mofsl_order_rate, clock.monotonic_s)
    wishes = SqlOperationStore(database)
    dispatcher = Dispatcher(
        store,
        broker,
        sessions,
        writer,
        bus,
        clock,
        limiter,
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
        calendar=calendar,
    )
    operations = Operations(wishes, broker, sessions, bus, clock, limiter, read_gate, on_sent=reconciler.hurry)
    exits = ExitVerifier(SqlExitStore(database), broker, sessions, read_gate, bus, clock, step_aside=right_of_way.clear)

    async def recover_orders() -> int:
        return await recover(store, wishes, clock)

    async def trip(reason: str) -> None:
        await control.change_gate(DeskChange("killed", reason[:300], is_killed=True), actor=SYSTEM, at=clock.now())
        await bus.publish(DESK_CHANGED, {"action": "killed"})

    settler = StreamSettler(
        store,
        SqlFillStore(database, clock),
        writer,
        clock,
        in_flight=dispatcher.in_flight,
        on_filled=funds.touch,
        hurry=reconciler.hurry,
        step_aside=right_of_way.clear,
    )
    streams = OrderStreams(
        stream.dialer,
        sessions,
        ready_logins=stream.ready_logins,
        on_open=reconciler.read_both,
        on_news=settler.take,
        jitter=random.random,
        step_aside=right_of_way.clear,
    )
    own: dict[str, Task] = {
        "reconciler": reconciler.run,
        "operations": operations.run,
        "exits": exits.run,
    }
    if settings.mofsl_order_stream:
        own |= {"order_streams": streams.run, "stream_settler": settler.run}
    return EngineParts(dispatcher, writer, recover_orders, trip, {**tasks, **own})
