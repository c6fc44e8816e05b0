"""Exit one instrument across clients: end what works, read, oppose exactly what is held, read again (ORDERS.md 8)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from app.domain.broker import AuthToken, BookOrder, BrokerPosition, Validity
from app.domain.conflicts import EXIT_LANE, block_unsafe_exits
from app.domain.demat import demat_stock, shows_a_delivery_sale
from app.domain.errors import BrokerError, BrokerReadFailed, NotFound, SessionExpired
from app.domain.exits import HeldPosition, exit_allocations, held_in, leave_to_others, less_given_up
from app.domain.identity import Actor
from app.domain.instruments import CASH, Exchange
from app.domain.matching import index_book, own_row
from app.domain.orders import OrderStatus, Resolution
from app.domain.planning import ClientFacts, Plan, PlannedOrder
from app.domain.ports.broker import Broker
from app.domain.ports.clock import Clock
from app.domain.ports.exits import ExitStore
from app.domain.ports.sessions import SessionBook
from app.domain.ports.trading import OtherOrder, RecordedBatch
from app.domain.position_evidence import BEHIND_SENTENCE, POSITIONS_BEHIND, are_behind
from app.domain.trading import PRODUCT, OrderType, Trade, TradeType
from app.domain.working import WorkingOrder
from app.services.cancel_order import OPERATIONS_REQUESTED
from app.services.execute_batch import ORDERS_CHANGED, BatchExecutor, Press
from app.services.read_gate import ReadGate

_PARALLEL_READS = 64
_READS_OF_POSITIONS = 3  # a cache may be a moment old
_CANCEL_WAIT_S, _POLL_S = 10.0, 0.3
Live = Mapping[str, Sequence[WorkingOrder]]


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
    def with_demat(self) -> bool:
        """Whether stock in the demat account is sold too: only where DELIVERY is named, or the client is.

        "Everybody's position" alone never empties a demat account.
        """
        is_named = self.client_ids is not None and self.trade_type is None
        return self.exchange in CASH and (is_named or self.trade_type is TradeType.DELIVERY)


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

    async def plan(self, request: ExitRequest, live: Live | None = None, *, operator_id: str) -> ExitPlan:
        """Read every client's position now, and plan the opposing orders. A failed read is a row of its own.

        `live` are the orders still not over, by client. Raises NotFound (`instrument_not_found`) where every read is
        good, nobody holds it, and no such thing is known: a mistyped token must not read as "all flat".
        """
        read_from = self.clock.now()
        if live is None:  # only looking: what an exit would cancel first counts as gone
            all_live = await self._live(request)
            live = {id_: [o for o in orders if not _may_be_cancelled(o, orders)] for id_, orders in all_live.items()}
        gate = asyncio.Semaphore(_PARALLEL_READS)
        clients = _in_the_order_asked(await self.exits.clients_to_exit(request.client_ids), request.client_ids)

        async def read(client: ClientFacts) -> tuple[HeldPosition, ...]:
            async with gate:
                return await self._held(client, request, live.get(client.id, ()))

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
        plan = await self.executor.planner.plan(trade, operator_id=operator_id)
        return ExitPlan(plan, trade, held, read_from)

    async def execute(self, request: ExitRequest, press: Press) -> RecordedBatch:
        """Cancel what works, record the exit and set it going; a repeated key returns the exit already running or done.

        What is recorded is decided within the recording transaction, where recordings on one instrument take turns:
        a client whose orders are not all over, or have changed since its position was read, gets no order.
        """
        existing = await self.executor.repeated(press)
        if existing is not None:
            return existing
        live = await self._cancel_first(request, press.actor)
        planned = await self.plan(request, live, operator_id=press.user_id)

        def review(others: Sequence[OtherOrder]) -> tuple[PlannedOrder, ...]:
            return block_unsafe_exits(planned.plan.orders, others, positions_read_at=planned.read_from)

        since_s = (self.clock.now() - planned.read_from) / timedelta(seconds=1) + 1
        return await self.executor.record(
            planned.trade, press, planned.plan, review, conflicts_since_s=since_s, held=planned.held
        )

    async def _live(self, request: ExitRequest) -> Live:
        named = set(request.client_ids) if request.client_ids is not None else None
        found: dict[str, list[WorkingOrder]] = defaultdict(list)
        for order in await self.exits.live_orders(request.exchange, request.symbol_token):
            if named is None or order.client_id in named:
                found[order.client_id].append(order)
        return found

    async def _cancel_first(self, request: ExitRequest, actor: Actor) -> Live:
        """Ask for the end of our own orders on the instrument and wait for the evidence; return what is still live.

        An exit that runs is joined, not cancelled. What a person must look at is left alone.
        """
        asked: set[str] = set()
        ends_at = self.clock.monotonic_s() + _CANCEL_WAIT_S
        bus = self.executor.bus
        async with bus.subscribe(ORDERS_CHANGED) as hints:
            while True:
                live = await self._live(request)
                own = [order for orders in live.values() for order in orders if _may_be_cancelled(order, orders)]
                new = [order.id for order in own if order.id not in asked and order.status is not OrderStatus.SENDING]
                if new:
                    await self.exits.request_cancels(new, actor=actor, at=self.clock.now())
                    await bus.publish(OPERATIONS_REQUESTED, {"orders": new})
                    asked.update(new)
                left_s = ends_at - self.clock.monotonic_s()
                if not own or left_s <= 0:
                    return live
                await hints.receive(min(_POLL_S, left_s))

    async def _held(
        self, client: ClientFacts, request: ExitRequest, live: Sequence[WorkingOrder]
    ) -> tuple[HeldPosition, ...]:
        at = self.clock.now()
        stop = _stopped_by(client, live, at)
        if stop is not None:
            return (stop,)
        auth_token: AuthToken | None = None
        try:
            auth_token = await self.sessions.auth_token(client.login_id)
            held = await self._read(auth_token, client, request, live, at)
        except BrokerError as error:
            if isinstance(error, SessionExpired) and auth_token is not None:
                await self.sessions.report_expired(auth_token)
            message = error.message[:300]
            return (HeldPosition(client.id, "", None, at, "read_failed", message, client_name=client.name),)
        return less_given_up(held, live)

    async def _read(
        self,
        auth_token: AuthToken,
        client: ClientFacts,
        request: ExitRequest,
        live: Sequence[WorkingOrder],
        at: datetime,
    ) -> tuple[HeldPosition, ...]:
        """The order book comes first: what fills between the reads then makes the exit smaller, never larger."""
        where = request.exchange, request.symbol_token
        await self.gate.turn(client.code, "orderbook")
        rows = await self.broker.order_book(auth_token, client.code)
        positions = await self._positions_after(rows, auth_token, client, request)
        stock = None
        if request.with_demat or shows_a_delivery_sale(positions, *where):
            await self.gate.turn(client.code, "holdings")
            holdings = await self.broker.holdings(auth_token, client.code)
            stock = demat_stock(holdings, positions, *where)
        products = frozenset({PRODUCT[request.trade_type].value}) if request.trade_type else None
        held = held_in(client.id, positions, *where, products, read_at=at, stock=stock, with_demat=request.with_demat)
        on_it = [row for row in rows if (row.exchange, row.symbol_token) == where]
        rest = leave_to_others(held, on_it, own_exits=_own_exits(live, rows))
        return tuple(replace(position, client_name=client.name) for position in rest)

    async def _positions_after(
        self, rows: Sequence[BookOrder], auth_token: AuthToken, client: ClientFacts, request: ExitRequest
    ) -> Sequence[BrokerPosition]:
        """Read positions until they show what the order book does. Raises BrokerReadFailed (`positions_behind`)."""
        for _ in range(_READS_OF_POSITIONS):
            await self.gate.turn(client.code, "positions")
            positions = await self.broker.positions(auth_token, client.code)
            if not are_behind(positions, rows, request.exchange, request.symbol_token):
                return positions
        raise BrokerReadFailed(BEHIND_SENTENCE, code=POSITIONS_BEHIND)


def _may_be_cancelled(order: WorkingOrder, orders: Sequence[WorkingOrder]) -> bool:
    is_clear = not any(_needs_a_person(other) for other in orders)
    return is_clear and order.lane != EXIT_LANE and not _is_given_up(order)


def _own_exits(live: Sequence[WorkingOrder], rows: Sequence[BookOrder]) -> frozenset[str]:
    """Return the broker's ids of the exits among `live`, where a row of the book is surely theirs."""
    book = index_book(rows)
    own = (own_row(order, book) for order in live if order.lane == EXIT_LANE)
    return frozenset(row.broker_order_id for row in own if row is not None)


def _is_given_up(order: WorkingOrder) -> bool:
    return order.status is OrderStatus.UNKNOWN and order.resolution is Resolution.NOT_PLACED


def _needs_a_person(order: WorkingOrder) -> bool:
    is_unclear = order.status is OrderStatus.UNKNOWN or order.attention is not None
    return is_unclear and not _is_given_up(order)


def _stopped_by(client: ClientFacts, live: Sequence[WorkingOrder], at: datetime) -> HeldPosition | None:
    """Why this client must not be exited now. A running exit does not stop it here: it is joined when recorded."""
    unclear = [order for order in live if _needs_a_person(order)]
    if unclear:
        worst = sum(order.quantity - order.filled_quantity for order in unclear)
        sentence = (
            f"Orders for up to {worst} units are of unknown fate or need a person; until they are settled an exit "
            "could sell too much. Decide on them, or use reduce-only."
        )
        return HeldPosition(client.id, "", None, at, "order_unknown", sentence, client_name=client.name)
    if any(order.lane != EXIT_LANE and not _is_given_up(order) for order in live):
        sentence = "An order of this client was asked to end, and the broker has not confirmed that yet; exit again."
        return HeldPosition(client.id, "", None, at, "cancel_not_confirmed", sentence, client_name=client.name)
    return None


def _in_the_order_asked(clients: Sequence[ClientFacts], client_ids: Sequence[str] | None) -> Sequence[ClientFacts]:
    if client_ids is None:
        return clients
    place = {client_id: number for number, client_id in enumerate(client_ids)}
    return sorted(clients, key=lambda client: place[client.id])
