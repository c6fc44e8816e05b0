"""Exit one instrument across clients: read, oppose exactly what is held, follow, read again (ORDERS.md section 8)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.domain.broker import Validity
from app.domain.conflicts import block_unsafe_exits
from app.domain.errors import BrokerError, NotFound, SessionExpired
from app.domain.exits import HeldPosition, exit_allocations, held_in, in_demat
from app.domain.instruments import CASH, Exchange
from app.domain.planning import ClientFacts, Plan, PlannedOrder
from app.domain.ports.broker import Broker
from app.domain.ports.clock import Clock
from app.domain.ports.exits import ExitStore
from app.domain.ports.sessions import SessionBook
from app.domain.ports.trading import OtherOrder, RecordedBatch
from app.domain.trading import PRODUCT, OrderType, Trade, TradeType
from app.services.execute_batch import BatchExecutor, Press
from app.services.read_gate import ReadGate

_PARALLEL_READS = 64


@dataclass(frozen=True, slots=True)
class ExitRequest:
    """What to exit. `client_ids` None means every active client; `trade_type` None means every product."""

    exchange: Exchange
    symbol_token: int
    client_ids: tuple[str, ...] | None
    trade_type: TradeType | None
    order_type: OrderType
    price: Decimal | None

    @property
    def must_look_in_demat(self) -> bool:
        """Whether a client without a position must not be called flat before its demat account was looked at.

        Only a client that is named gets a verdict without a position.
        """
        is_delivery = self.trade_type in (None, TradeType.DELIVERY)
        return self.client_ids is not None and self.exchange in CASH and is_delivery


@dataclass(frozen=True, slots=True)
class ExitPlan:
    plan: Plan
    trade: Trade
    held: Sequence[HeldPosition]
    read_from: datetime


@dataclass(frozen=True, slots=True)
class SquareOff:
    executor: BatchExecutor
    exits: ExitStore
    broker: Broker
    sessions: SessionBook
    gate: ReadGate
    clock: Clock

    async def plan(self, request: ExitRequest) -> ExitPlan:
        """Read every client's position now, and plan the opposing orders. A failed read is a row of its own.

        Raises NotFound (`instrument_not_found`) where every read is good, nobody holds it, and no such thing is known:
        a mistyped token must not read as "all flat".
        """
        read_from = self.clock.now()
        gate = asyncio.Semaphore(_PARALLEL_READS)
        clients = _in_the_order_asked(await self.exits.clients_to_exit(request.client_ids), request.client_ids)
        wanted = frozenset({PRODUCT[request.trade_type].value}) if request.trade_type else None

        async def read(client: ClientFacts) -> tuple[HeldPosition, ...]:
            async with gate:
                return await self._held(client, request, wanted)

        found = [position for rows in await asyncio.gather(*map(read, clients)) for position in rows]
        known = self.executor.planner.catalogue.get(request.exchange, request.symbol_token) is not None
        if not known and not found:
            raise NotFound(
                f"No instrument {request.symbol_token} on {request.exchange}, and no client holds it.",
                code="instrument_not_found",
            )
        named = set(request.client_ids or ())
        held = found + [
            HeldPosition(client.id, "", 0, read_from, client_name=client.name)
            for client in clients
            if client.id in named and not any(position.client_id == client.id for position in found)
        ]
        unknown = named - {client.id for client in clients}
        held += [
            HeldPosition(client_id, "", None, read_from, "client_not_found", "No such client.")
            for client_id in sorted(unknown)
        ]
        trade = Trade(
            exchange=request.exchange,
            symbol_token=request.symbol_token,
            order_type=request.order_type,
            price=request.price,
            trigger_price=None,
            validity=Validity.DAY,
            is_after_market=False,
            allocations=exit_allocations(held),
            is_exit=True,
        )
        plan = await self.executor.planner.plan(trade)
        return ExitPlan(plan, trade, held, read_from)

    async def execute(self, request: ExitRequest, press: Press) -> RecordedBatch:
        """Record the exit and set it going; a repeated key returns the exit already running or done."""
        existing = await self.executor.repeated(press)
        if existing is not None:
            return existing
        planned = await self.plan(request)

        def review(others: Sequence[OtherOrder]) -> tuple[PlannedOrder, ...]:
            return block_unsafe_exits(planned.plan.orders, others, positions_read_at=planned.read_from)

        since_s = (self.clock.now() - planned.read_from) / timedelta(seconds=1) + 1
        return await self.executor.record(
            planned.trade, press, planned.plan, review, conflicts_since_s=since_s, held=planned.held
        )

    async def _held(
        self, client: ClientFacts, request: ExitRequest, wanted: frozenset[str] | None
    ) -> tuple[HeldPosition, ...]:
        at = self.clock.now()
        try:
            auth_token = await self.sessions.auth_token(client.login_id)
        except SessionExpired as error:
            return (_unread(client, error, at),)
        try:
            await self.gate.turn(client.code, "positions")
            positions = await self.broker.positions(auth_token, client.code)
            held = held_in(client.id, positions, request.exchange, request.symbol_token, wanted, read_at=at)
            if held or not request.must_look_in_demat:
                return held
            await self.gate.turn(client.code, "holdings")
            holdings = await self.broker.holdings(auth_token, client.code)
        except SessionExpired as error:
            await self.sessions.report_expired(auth_token)
            return (_unread(client, error, at),)
        except BrokerError as error:
            return (_unread(client, error, at),)
        demat = in_demat(client.id, holdings, request.exchange, request.symbol_token, read_at=at)
        return (demat,) if demat is not None else ()


def _unread(client: ClientFacts, error: BrokerError, at: datetime) -> HeldPosition:
    return HeldPosition(client.id, "", None, at, "read_failed", error.message[:300], client_name=client.name)


def _in_the_order_asked(clients: Sequence[ClientFacts], client_ids: Sequence[str] | None) -> Sequence[ClientFacts]:
    if client_ids is None:
        return clients
    place = {client_id: number for number, client_id in enumerate(client_ids)}
    return sorted(clients, key=lambda client: place[client.id])
