"""Puts the desk together from its settings: the only place that knows every adapter, with its two neighbours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Protocol

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector

from app.brokers.definitive_codes import load_definitive_codes
from app.brokers.egress_probe import BrokerEgressProbe
from app.brokers.mofsl import MofslBroker, MofslReadings
from app.brokers.mofsl_order_stream import MofslOrderStream
from app.config import Settings
from app.core.bus import MemoryBus
from app.core.cache import MemoryCache, RedisCache
from app.core.clock import SystemClock
from app.core.ids import new_id
from app.core.mofsl.aiohttp_transport import AiohttpTransport
from app.core.mofsl.endpoints import PATHS, Generation
from app.core.mofsl.settings import HeaderIdentity, MofslEndpointSettings
from app.core.mofsl.trade_socket import TradeSocketDialer
from app.core.mofsl_api_wrapper import MOFSLApiWrapper
from app.core.redis_bus import RedisBus
from app.core.security import Sealer
from app.core.totp import TotpVerifier
from app.db.accounts import SqlAccountStore
from app.db.broker_sessions import SqlBrokerSessionStore
from app.db.client_rows import SqlClientRows
from app.db.egress_directory import EgressDirectory
from app.db.engine_lock import engine_lock
from app.db.identity import SqlIdentityStore
from app.db.instruments import SqlInstrumentStore
from app.db.price_bands import SqlBandStore
from app.db.session import Database
from app.db.snapshots import SqlSnapshotStore
from app.demo.state import DemoState
from app.domain.broker_sessions import TOTP_STEP_S, LoginPolicy
from app.domain.instruments import Exchange
from app.domain.market_calendar import AlwaysOpen, ExchangeCalendar, MarketCalendar
from app.domain.ports.bus import Bus
from app.domain.ports.cache import Cache
from app.domain.ports.clock import Clock
from app.domain.ports.portfolio import FUNDS_CHANGED
from app.engine.account_wakes import heed_hints
from app.engine.band_sync import DAY_BEGINS_IST, BandSync
from app.engine.funds_refresher import FundsRefresher
from app.engine.master_sync import MasterSync
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.relay import EngineRelay
from app.engine.right_of_way import RightOfWay
from app.engine.runner import EngineParts, EngineRunner, Task
from app.engine.sessions import SessionKeeper
from app.services.account_services import AccountServices
from app.services.client_list import ClientList
from app.services.control_sessions import ControlSessions
from app.services.demo_sign_in import DemoAdministrator, DemoSignIn
from app.services.import_clients import ImportClients
from app.services.instruments import InstrumentCatalogue
from app.services.live_figures import LiveFigures
from app.services.live_quotes import LiveQuotes
from app.services.manage_clients import ManageClients
from app.services.manage_dealers import ManageDealers
from app.services.manage_egresses import ManageEgresses
from app.services.market_gate import HoursAndMaster
from app.services.quote_logins import QuoteLogins
from app.services.quotes import QuoteReader
from app.services.read_gate import ReadGate
from app.services.read_sessions import StoredSessions
from app.services.sessions import TRADING_IDLE_S, SessionPolicy
from app.services.sync_instruments import SyncReport, sync_instruments
from app.services.view_portfolio import ViewPortfolio
from app.wiring_identity import Identity, build_identity
from app.wiring_live import LiveUpdates, build_live
from app.wiring_market import Market, build_market
from app.wiring_trading import OrderStreamParts, Trading, TradingFacts, build_engine, build_trading


class SyncInstruments(Protocol):
    async def __call__(self, exchanges: Collection[Exchange], *, forced: bool = False) -> Sequence[SyncReport]: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that routes and commands use; `engine` is None in a process that only answers people."""

    settings: Settings
    clock: Clock
    database: Database
    bus: Bus
    cache: Cache
    broker: MofslBroker
    identity: Identity
    accounts: AccountServices
    catalogue: InstrumentCatalogue
    quotes: LiveQuotes
    live: LiveFigures
    trading: Trading
    egresses: EgressDirectory
    calendar: MarketCalendar
    demo: DemoSignIn | None  # in a demo
    updates: LiveUpdates
    engine: EngineRunner | None
    metrics: CollectorRegistry
    sync_instruments: SyncInstruments

    def background(self, *, answers: bool = True) -> dict[str, Task]:
        """Return what must run as long as the process does, by name; `answers`: it serves people."""
        tasks: dict[str, Task] = {
            "catalogue": lambda: self.catalogue.keep_fresh(self.bus),
            "egresses": self.egresses.run,
        }
        if answers:
            tasks["updates"] = self.updates.run
        if self.engine is not None:
            tasks["engine"] = self.engine.run
        return tasks

    async def close(self) -> None:
        await self.quotes.close()
        await self.broker.close()
        await self.bus.close()
        await self.cache.close()
        await self.database.close()


def build_desk(settings: Settings, *, with_engine: bool) -> Desk:
    """Raises ValueError or OSError, with one clear sentence, where a setting names something that cannot be used."""
    clock = SystemClock()
    database = Database(settings.database_url.get_secret_value(), pool_size=settings.database_pool_size)
    bus, cache = _bus_and_cache(settings)
    fernet_keys = [key.get_secret_value() for key in settings.fernet_keys]
    sealer = Sealer(fernet_keys)
    egresses = EgressDirectory(database)
    broker = _broker(settings, sealer, egresses, clock)
    session_store = SqlBrokerSessionStore(database, sealer)
    stored = StoredSessions(store=session_store, clock=clock, bus=bus)
    keeper: SessionKeeper | None = None
    if with_engine:
        keeper = SessionKeeper(
            store=session_store,
            broker=broker,
            clock=clock,
            policy=LoginPolicy(planned_at=None) if settings.demo else LoginPolicy(),
            parallel=settings.login_parallel,
            deadline_s=settings.login_deadline_s + TOTP_STEP_S,  # a login may wait for a fresh code
            elsewhere=stored,
        )
    sessions = keeper or stored
    snapshots = SqlSnapshotStore(database)
    client_rows = SqlClientRows(database)
    read_gate = ReadGate(SlidingWindowLimiter(settings.mofsl_read_rate, clock.monotonic_s, waits_first=False))
    bands = SqlBandStore(database)
    catalogue = InstrumentCatalogue(store=SqlInstrumentStore(database), cache=cache, clock=clock, band_store=bands)
    quote_logins = QuoteLogins(sessions=sessions, store=snapshots, clock=clock)
    reader = QuoteReader(
        broker=broker,
        sessions=quote_logins,
        clock=clock,
        instrument=catalogue.get,
        reads_per_second=settings.mofsl_read_rate,
        deadline_s=settings.read_deadline_s,
    )
    identity = build_identity(
        database=database,
        bus=bus,
        clock=clock,
        jwt_secret_key=settings.jwt_secret_key.get_secret_value(),
        fernet_keys=fernet_keys,
        policy=SessionPolicy(
            idle_s=settings.session_idle_s,
            trading_idle_s=settings.session_idle_s if settings.demo else min(settings.session_idle_s, TRADING_IDLE_S),
            longest_s=settings.session_max_s,
            step_up_s=settings.step_up_s,
        ),
    )
    calendar: MarketCalendar = AlwaysOpen() if settings.demo else ExchangeCalendar()
    market: Market | None = None
    if keeper is not None:
        market = build_market(
            settings=settings,
            database=database,
            broker=broker,
            logins=quote_logins,
            quotes=reader,
            catalogue=catalogue,
            calendar=calendar,
            cache=cache,
            bus=bus,
            clock=clock,
        )
    live = LiveFigures(cache=cache, clock=clock, engine=market.running if market is not None else None)
    quotes = LiveQuotes(reader=reader, live=live, catalogue=catalogue, bus=bus, clock=clock)
    trading = build_trading(
        settings=settings,
        database=database,
        broker=broker,
        sessions=sessions,
        read_gate=read_gate,
        facts=TradingFacts(catalogue, quotes, sessions, HoursAndMaster(calendar, catalogue)),
        second_step=identity.sign_in,
        is_stepped_up=identity.sessions.is_stepped_up,
        bus=bus,
        clock=clock,
    )

    async def sync(exchanges: Collection[Exchange], *, forced: bool = False) -> Sequence[SyncReport]:
        return await sync_instruments(
            broker=broker,
            store=SqlInstrumentStore(database),
            clock=clock,
            bus=bus,
            exchanges=exchanges,
            forced=forced,
        )

    engine: EngineRunner | None = None
    if keeper is not None and market is not None:
        right_of_way = RightOfWay(clock.monotonic_s)
        funds = FundsRefresher(
            store=snapshots,
            broker=broker,
            sessions=keeper,
            ready_logins=keeper.ready_logins,
            gate=read_gate,
            clock=clock,
            on_stored=lambda ids: _tell_of_readings(bus, market, ids),
            step_aside=right_of_way.clear,
        )
        relay = EngineRelay(bus=bus, clock=clock, feed_health=lambda: market.feed.health().as_event())
        keeper.listen(funds.on_session)
        keeper.listen(relay.on_session)
        master = MasterSync(sync=sync, store=SqlInstrumentStore(database), clock=clock)
        band_sync = BandSync(
            source=broker,
            store=bands,
            logins=quote_logins,
            clock=clock,
            bus=bus,
            day_begins_ist=time.min if settings.demo else DAY_BEGINS_IST,  # the simulated market has a day of its own
        )
        tasks: dict[str, Task] = {
            "sessions": keeper.run,
            "account_hints": lambda: heed_hints(bus, keeper, funds),
            "funds": funds.run,
            "instruments": master.run,
            "price_bands": band_sync.run,
            "relay": relay.run,
        }

        dialer = TradeSocketDialer(settings.mofsl_trade_url, egress_of=egresses)
        stream = OrderStreamParts(MofslOrderStream(dialer), keeper.ready_logins)

        def build(epoch: int) -> EngineParts:
            profit = market.profit_loss(funds.touch)
            profit.listeners.append(relay.take_profit)
            relay.whole_profit = profit.whole
            return build_engine(
                epoch,
                settings=settings,
                database=database,
                broker=broker,
                sessions=keeper,
                read_gate=read_gate,
                funds=funds,
                bus=bus,
                clock=clock,
                right_of_way=right_of_way,
                profit=profit,
                calendar=calendar,
                stream=stream,
                tasks={**tasks, **market.tasks(profit)},
            )

        engine = EngineRunner(engine_lock(database), build, grace_s=settings.shutdown_grace_s)
    return Desk(
        settings=settings,
        clock=clock,
        database=database,
        bus=bus,
        cache=cache,
        broker=broker,
        identity=identity,
        accounts=_accounts(
            settings, database, sealer, broker, sessions, read_gate, snapshots, client_rows, live, bus, clock
        ),
        catalogue=catalogue,
        quotes=quotes,
        live=live,
        trading=trading,
        egresses=egresses,
        calendar=calendar,
        demo=_demo_sign_in(settings, database, clock) if settings.demo else None,
        updates=build_live(
            database=database,
            client_rows=client_rows,
            figures=live,
            bus=bus,
            clock=clock,
            sessions=identity.sessions,
        ),
        engine=engine,
        metrics=_metrics(),
        sync_instruments=sync,
    )


async def _tell_of_readings(bus: Bus, market: Market, client_ids: Sequence[str]) -> None:
    market.take_readings(client_ids)
    await bus.publish(FUNDS_CHANGED, {"client_ids": list(client_ids)})


def _demo_sign_in(settings: Settings, database: Database, clock: Clock) -> DemoSignIn:
    state = DemoState(settings.state_dir)

    def administrator() -> DemoAdministrator | None:
        known = state.access()
        return DemoAdministrator(known.email, known.password, known.totp_secret) if known is not None else None

    return DemoSignIn(administrator, TotpVerifier().code, SqlIdentityStore(database), clock)


def _metrics() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def _bus_and_cache(settings: Settings) -> tuple[Bus, Cache]:
    if settings.redis_url is None:
        return MemoryBus(), MemoryCache()
    url = settings.redis_url.get_secret_value()
    return RedisBus(url), RedisCache(url)


def _broker(settings: Settings, sealer: Sealer, egresses: EgressDirectory, clock: Clock) -> MofslBroker:
    endpoints = MofslEndpointSettings(
        settings.mofsl_base_url,
        PATHS[Generation(settings.mofsl_generation)],
        Generation(settings.mofsl_header_set),
        HeaderIdentity(
            client_public_ip=settings.mofsl_client_public_ip,
            source_id=settings.mofsl_source_id,
            vendor_info=settings.mofsl_vendor_info,
        ),
        order_timeout_s=settings.order_deadline_s,
        read_timeout_s=settings.read_deadline_s,
        login_timeout_s=settings.login_deadline_s,
    )
    wrapper = MOFSLApiWrapper(endpoints, AiohttpTransport(), open_sealed=sealer.open, clock=clock, egress_of=egresses)
    readings = MofslReadings(definitive=load_definitive_codes(settings.mofsl_definitive_codes_file))
    return MofslBroker(wrapper, clock, readings)


def _accounts(
    settings: Settings,
    database: Database,
    sealer: Sealer,
    broker: MofslBroker,
    sessions: SessionKeeper | StoredSessions,
    read_gate: ReadGate,
    snapshots: SqlSnapshotStore,
    client_rows: SqlClientRows,
    live: LiveFigures,
    bus: Bus,
    clock: Clock,
) -> AccountServices:
    store = SqlAccountStore(database)
    clients = ManageClients(store=store, sealer=sealer, clock=clock, new_id=new_id, bus=bus)
    directory = SqlBrokerSessionStore(database, sealer)
    probe = BrokerEgressProbe(settings.mofsl_base_url)
    return AccountServices(
        clients=clients,
        dealers=ManageDealers(store=store, sealer=sealer, clock=clock, new_id=new_id, bus=bus),
        egresses=ManageEgresses(store=store, probe=probe, clock=clock, new_id=new_id),
        imports=ImportClients(store=store, sealer=sealer, clock=clock, new_id=new_id, bus=bus),
        sessions=ControlSessions(directory=directory, store=store, clock=clock, bus=bus),
        portfolio=ViewPortfolio(
            clients=clients,
            snapshots=snapshots,
            live=live,
            broker=broker,
            sessions=sessions,
            gate=read_gate,
            clock=clock,
        ),
        live=live,
        client_list=ClientList(store=client_rows, live=live, clock=clock, salt=new_id()),
    )
