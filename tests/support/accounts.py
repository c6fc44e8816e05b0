"""The account services on a real database, with the simulated broker behind them and a clock that the test owns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet

from app.brokers.egress_probe import BrokerEgressProbe
from app.brokers.simulated import SimulatedBroker
from app.core.bus import MemoryBus
from app.core.cache import MemoryCache
from app.core.ids import new_id
from app.core.security import Sealer
from app.db.accounts import SqlAccountStore
from app.db.broker_sessions import SqlBrokerSessionStore
from app.db.client_rows import SqlClientRows
from app.db.session import Database
from app.db.snapshots import SqlSnapshotStore
from app.domain.broker_sessions import LoginPolicy
from app.domain.clients import Client, Dealer
from app.domain.identity import Actor
from app.domain.ports.broker import Broker
from app.domain.ports.clock import Clock
from app.engine.funds_refresher import FundsRefresher
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.sessions import SessionKeeper
from app.services.account_services import AccountServices
from app.services.client_list import ClientList
from app.services.control_sessions import ControlSessions
from app.services.import_clients import ImportClients
from app.services.live_figures import EngineFigures, LiveFigures
from app.services.manage_clients import ManageClients, NewClient
from app.services.manage_dealers import ManageDealers, NewDealer
from app.services.manage_egresses import ManageEgresses
from app.services.read_gate import ReadGate
from app.services.view_portfolio import ViewPortfolio
from tests.support.clocks import SettableClock

ADMIN = Actor("admin@desk.test", "u1", "203.0.113.7")
CANARIES = {
    "api_key": "CanaryApiKey0001",
    "api_secret": "canary-api-secret-0002",
    "password": "Canary-pass-0003",
    "two_fa": "CNRYP1234A",
    "totp_secret": "JBSWY3DPEHPK3PXPCANARYCANARY2345",
}


async def _no_wait(_seconds: float) -> None:
    """Reads are not limited here, so nobody has to wait."""


@dataclass
class Accounts:
    """Everything of this part, wired as the desk wires it."""

    database: Database
    clock: Clock
    broker: Broker
    sealer: Sealer
    store: SqlAccountStore
    session_store: SqlBrokerSessionStore
    snapshots: SqlSnapshotStore
    client_rows: SqlClientRows
    keeper: SessionKeeper
    funds: FundsRefresher
    services: AccountServices

    async def add_client(self, code: str, **changes: Any) -> Client:
        secrets = changes.pop("secrets", CANARIES)
        return await self.services.clients.create(
            ADMIN, NewClient(changes.pop("name", f"Client {code}"), code, secrets, **changes)
        )

    async def add_dealer(self, code: str) -> Dealer:
        return await self.services.dealers.create(ADMIN, NewDealer(f"Dealer {code}", code, CANARIES))

    async def turn(self) -> None:
        """Let the session keeper take one turn, and finish what it started."""
        await self.keeper.step()
        await self.keeper.settled()

    async def read_funds(self) -> None:
        await self.funds.step()
        await self.funds.settled()


def make_accounts(
    database: Database,
    *,
    broker: Broker | None = None,
    clock: Clock | None = None,
    sealer: Sealer | None = None,
    policy: LoginPolicy | None = None,
    sleep: Callable[[float], Awaitable[None]] = _no_wait,
    engine: EngineFigures | None = None,
    **keeper_options: Any,
) -> Accounts:
    clock = clock or SettableClock()
    broker = broker or SimulatedBroker(clock)
    sealer = sealer or Sealer([Fernet.generate_key().decode()])
    bus = MemoryBus()
    store = SqlAccountStore(database)
    session_store = SqlBrokerSessionStore(database, sealer)
    snapshots = SqlSnapshotStore(database)
    client_rows = SqlClientRows(database)
    gate = ReadGate(SlidingWindowLimiter(1000, clock.monotonic_s, waits_first=False), sleep=sleep)
    keeper = SessionKeeper(
        store=session_store, broker=broker, clock=clock, sleep=sleep, policy=policy, **keeper_options
    )
    funds = FundsRefresher(
        store=snapshots,
        broker=broker,
        sessions=keeper,
        ready_logins=keeper.ready_logins,
        gate=gate,
        clock=clock,
        sleep=sleep,
    )
    keeper.listen(funds.on_session)
    clients = ManageClients(store=store, sealer=sealer, clock=clock, new_id=new_id, bus=bus)
    live = LiveFigures(cache=MemoryCache(), clock=clock, engine=engine)
    services = AccountServices(
        clients=clients,
        dealers=ManageDealers(store=store, sealer=sealer, clock=clock, new_id=new_id, bus=bus),
        egresses=ManageEgresses(
            store=store, probe=BrokerEgressProbe("http://127.0.0.1:9", timeout_s=2.0), clock=clock, new_id=new_id
        ),
        imports=ImportClients(store=store, sealer=sealer, clock=clock, new_id=new_id, bus=bus),
        sessions=ControlSessions(directory=session_store, store=store, clock=clock, bus=bus),
        portfolio=ViewPortfolio(
            clients=clients, snapshots=snapshots, live=live, broker=broker, sessions=keeper, gate=gate, clock=clock
        ),
        live=live,
        client_list=ClientList(store=client_rows, live=live, clock=clock, salt=new_id()),
    )
    return Accounts(
        database, clock, broker, sealer, store, session_store, snapshots, client_rows, keeper, funds, services
    )
