"""A trading desk for tests of the engine: a real database, the simulated broker, and a clock that the test owns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from app.brokers.simulated import SimulatedBroker
from app.core.bus import MemoryBus
from app.core.ids import new_id
from app.db.audit import SqlAuditStore
from app.db.engine_store import SqlEngineStore
from app.db.exit_store import SqlExitStore
from app.db.fill_store import SqlFillStore
from app.db.operation_store import SqlOperationStore
from app.db.order_control import SqlOrderControl
from app.db.order_views import SqlOrderViews
from app.db.session import Database
from app.db.trading_store import SqlTradingStore
from app.domain.audit import AuditEntry
from app.domain.broker import AuthToken, SealedLogin
from app.domain.errors import SessionExpired
from app.domain.identity import Actor
from app.domain.instruments import Exchange, Instrument, Quote
from app.domain.orders import OrderStatus
from app.domain.planning import ClientFacts, Refusal
from app.domain.ports import Clock
from app.domain.ports.bus import Bus
from app.domain.ports.identity import AuditFilter
from app.domain.ports.trading import RecordedBatch
from app.domain.trading import Trade
from app.domain.views import BatchView, OrderView
from app.models.models import Batch, Client, DeskState, Order, OrderEvent, User
from app.services.execute_batch import ORDERS_QUEUED, BatchExecutor, Press
from app.services.limit_book import LimitBook
from app.services.plan_batch import Planner
from proof.memory import (
    MemoryEngineStore,
    MemoryExitStore,
    MemoryFillStore,
    MemoryOrderControl,
    MemoryOrderViews,
    MemoryTradingStore,
    Tables,
)
from tests.support.clocks import SettableClock
from tests.support.databases import TAG_EPOCH
from tests.support.orders import ITC, trade

TRADER = Actor("trader@desk.test", "u1", "203.0.113.7")
COLLEAGUE = Actor("colleague@desk.test", "u2", "203.0.113.8")
EPOCH = 1


class DeskSessions:
    """The port `SessionBook`: opens a login's session at the simulated broker on first use."""

    def __init__(self, broker: SimulatedBroker) -> None:
        self._broker = broker
        self._tokens: dict[str, AuthToken] = {}
        self.codes: dict[str, str] = {}  # login id -> user id at the broker
        self.without: set[str] = set()  # logins that have no session
        self.reported: list[str] = []

    async def auth_token(self, login_id: str) -> AuthToken:
        if login_id in self.without:
            raise SessionExpired("This login has no session at the broker.")
        if login_id not in self._tokens:
            is_dealer = login_id.startswith("d")
            login = SealedLogin(login_id, self.codes.get(login_id, login_id), is_dealer, "", "", "", "", "")
            self._tokens[login_id] = await self._broker.log_in(login)
        return self._tokens[login_id]

    async def report_expired(self, auth_token: AuthToken) -> None:
        self.reported.append(auth_token.owner_id)
        self._tokens.pop(auth_token.owner_id, None)


@dataclass(slots=True)
class Facts:
    """What planning asks of the market: always open, one price, every login ready unless a test says otherwise."""

    clock: SettableClock
    instruments: dict[tuple[Exchange, int], Instrument]
    price: Decimal = Decimal("412.30")
    market_refusal: Refusal | None = None
    login_refusals: dict[str, Refusal] | None = None

    def get(self, exchange: Exchange, symbol_token: int) -> Instrument | None:
        return self.instruments.get((exchange, symbol_token))

    async def quote(self, exchange: Exchange, symbol_token: int, *, max_age_s: float) -> Quote:
        return Quote(exchange, symbol_token, self.price, None, None, None, self.clock.now())

    async def refusals(self, login_ids: set[str]) -> dict[str, Refusal]:
        return {id_: why for id_, why in (self.login_refusals or {}).items() if id_ in login_ids}

    def refusal(self, instrument: Instrument, *, at: datetime, is_after_market: bool) -> Refusal | None:
        return self.market_refusal


Stores = tuple[
    SqlTradingStore | MemoryTradingStore,
    SqlEngineStore | MemoryEngineStore,
    SqlOrderControl | MemoryOrderControl,
    SqlOperationStore | MemoryOrderControl,
    SqlOrderViews | MemoryOrderViews,
    SqlExitStore | MemoryExitStore,
    SqlFillStore | MemoryFillStore,
]


def sql_stores(database: Any, clock: Clock) -> Stores:
    return (
        SqlTradingStore(database),
        SqlEngineStore(database),
        SqlOrderControl(database),
        SqlOperationStore(database),
        SqlOrderViews(database),
        SqlExitStore(database),
        SqlFillStore(database, clock),
    )


def memory_stores(tables: Any, clock: Clock) -> Stores:
    """Return the stores of the simulated schedules: they must do what those on a database do."""
    return (
        MemoryTradingStore(tables),
        MemoryEngineStore(tables),
        MemoryOrderControl(tables),
        MemoryOrderControl(tables),
        MemoryOrderViews(tables),
        MemoryExitStore(tables),
        MemoryFillStore(tables, clock),
    )


class TradingDesk:
    """Two users (u1, u2) and clients c1, c2, ... with codes TC0001, TC0002, ..., each with a login of its own."""

    def __init__(
        self, database: Database | Tables, *, clock: SettableClock | None = None, bus: Bus | None = None
    ) -> None:
        self.database: Any = database
        self.clock = clock or SettableClock()
        self.broker = SimulatedBroker(self.clock)
        self.broker.add_instrument(ITC, Decimal("500"))  # far above our limits: buys rest until the price moves
        self.sessions = DeskSessions(self.broker)
        self.bus = bus or MemoryBus()
        stores = (memory_stores if isinstance(database, Tables) else sql_stores)(database, self.clock)
        self.store, self.engine, self.control, self.wishes, self.views, self.exits, self.fills = stores
        self.facts = Facts(self.clock, {(ITC.exchange, ITC.symbol_token): ITC})
        self.limits = LimitBook(self.store.limits)
        self.planner = Planner(self.store, self.facts, self.facts, self.facts, self.facts, self.clock, self.limits, 5.0)
        self.executor = BatchExecutor(
            self.store, self.planner, self.bus, self.clock, new_id, queue_deadline_s=60.0, duplicate_window_s=30.0
        )
        self._presses = 0

    @classmethod
    async def opened(
        cls,
        database: Database | Tables,
        *,
        clients: int = 3,
        clock: SettableClock | None = None,
        bus: Bus | None = None,
    ) -> TradingDesk:
        """Return an armed desk with its people and clients on record."""
        desk = cls(database, clock=clock, bus=bus)
        now = desk.clock.now()
        if isinstance(database, Tables):
            desk._open_in_memory(database, clients)
            return desk
        users = [
            {
                "id": id_, "email": f"{id_}@desk.test", "role": "trader", "password_hash": "-",
                "encrypted_totp_secret": "-", "created_at": now, "updated_at": now,
            }
            for id_ in ("u1", "u2")
        ]  # fmt: skip
        rows = []
        for number in range(1, clients + 1):
            id_, code = f"c{number}", f"TC{number:04d}"
            desk.broker.add_account(code)
            desk.sessions.codes[id_] = code
            rows.append(
                {
                    "id": id_, "name": f"Client {number:04d}", "mofsl_client_code": code, "groups": [], "shard": 0,
                    "created_at": now, "updated_at": now,
                }
            )  # fmt: skip
        async with database.write() as connection:
            await connection.execute(insert(User), users)
            await connection.execute(insert(Client), rows)
            state = {
                "id": 1, "is_armed": True, "is_killed": False, "is_reduce_only": False, "tag_epoch": TAG_EPOCH,
                "engine_epoch": EPOCH, "changed_at": now,
            }  # fmt: skip
            await connection.execute(delete(DeskState))
            await connection.execute(insert(DeskState), state)
        return desk

    def press(self, *, key: str | None = None, actor: Actor = TRADER, **changes: Any) -> Press:
        """A press under a key of its own unless one is given."""
        self._presses += 1
        assert actor.user_id is not None
        plain = Press(actor, actor.user_id, key or f"key-{self._presses}", {"asked": "a trade"})
        return replace(plain, **changes)

    async def execute(self, wanted: Trade, press: Press | None = None) -> RecordedBatch:
        return await self.executor.execute(wanted, press or self.press(), approved_plan_hash=None)

    async def place(self, *quantities: int, **changes: Any) -> str:
        """Record a batch for c1, c2, ... and return its id."""
        return (await self.execute(trade(*quantities, **changes))).id

    async def batch(self, batch_id: str) -> BatchView:
        found = await self.views.batch(batch_id)
        assert found is not None
        return found

    async def orders(self, batch_id: str) -> Sequence[OrderView]:
        return (await self.batch(batch_id)).orders

    async def statuses(self, batch_id: str) -> list[OrderStatus]:
        return [order.status for order in await self.orders(batch_id)]

    async def order(self, order_id: str) -> OrderView:
        found = await self.views.order(order_id)
        assert found is not None
        return found

    async def wake(self) -> None:
        """Tell the dispatcher to look at the queue, after the clock has moved."""
        await self.bus.publish(ORDERS_QUEUED, {})

    def _open_in_memory(self, tables: Tables, clients: int) -> None:
        tables.users = {id_: f"{id_}@desk.test" for id_ in ("u1", "u2")}
        for number in range(1, clients + 1):
            id_, code = f"c{number}", f"TC{number:04d}"
            self.broker.add_account(code)
            self.sessions.codes[id_] = code
            tables.clients[id_] = ClientFacts(id_, f"Client {number:04d}", code, id_, 0, True, None)
        tables.engine_epoch = EPOCH

    async def counts(self) -> tuple[int, int, int]:
        """Return how many batches, orders and events are on record."""
        if isinstance(self.database, Tables):
            orders = self.database.orders.values()
            return len(self.database.batches), len(orders), sum(len(order.events) for order in orders)
        async with self.database.read() as connection:
            counted = [
                (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                for table in (Batch, Order, OrderEvent)
            ]
        return counted[0], counted[1], counted[2]

    async def audited(self, subject: str | None = None) -> list[AuditEntry]:
        """Return the audit trail, oldest first."""
        if isinstance(self.database, Tables):
            return [entry for entry, _ in self.database.audit if subject in (None, entry.subject)]
        page, _ = await SqlAuditStore(self.database).page(AuditFilter(subject=subject), offset=0, limit=100)
        return [
            AuditEntry(Actor(row.actor, row.actor_id, row.source_address), row.action, row.subject, row.detail)
            for row in reversed(page)
        ]

    async def deactivate(self, client_id: str) -> None:
        if isinstance(self.database, Tables):
            clients = self.database.clients
            clients[client_id] = replace(clients[client_id], is_active=False)
            return
        async with self.database.write() as connection:
            await connection.execute(update(Client).where(Client.id == client_id).values(is_active=False))

    async def gate_set(self, **values: Any) -> None:
        if isinstance(self.database, Tables):
            self.database.engine_epoch = values.pop("engine_epoch", self.database.engine_epoch)
            self.database.gate = replace(self.database.gate, **values)
            return
        async with self.database.write() as connection:
            await connection.execute(update(DeskState).values(values))

    async def epoch(self) -> int:
        async with self.database.read() as connection:
            value: int = (await connection.execute(select(DeskState.engine_epoch))).scalar_one()
            return value

    async def assert_history_folds(self, batch_id: str) -> None:
        """Every order's events lead, one step at a time, from nothing to the status it has (invariant 15)."""
        for order in await self.orders(batch_id):
            status: str | None = None
            for event in (await self.views.history(order.id))[0]:
                assert event.from_status == status, f"{event} does not follow {status}"
                status = event.to_status
            assert status == order.status


@asynccontextmanager
async def running(*coroutines: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Run these beside the test; one that fails fails the test."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        failures = [task.exception() for task in tasks if task.done() and not task.cancelled()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for failure in failures:
        if failure is not None:
            raise failure


async def eventually(look: Callable[[], Coroutine[Any, Any, bool]], *, deadline_s: float = 60.0) -> None:
    """Return once `look` says so. Raises TimeoutError where it does not within `deadline_s`."""
    async with asyncio.timeout(deadline_s):
        while not await look():  # noqa: ASYNC110 (the other side knows nothing of this test)
            await asyncio.sleep(0.005)
