"""Settle every order that is not final from the broker's own books; never by sending again."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from app.domain.broker import AuthToken, BookTrade
from app.domain.errors import BrokerError, SessionExpired, StoreUnavailable
from app.domain.matching import BookIndex, index_book, is_shown, observe, unseen
from app.domain.orders import OrderStatus
from app.domain.ports.broker import Broker
from app.domain.ports.clock import Clock
from app.domain.ports.sessions import SessionBook
from app.domain.ports.trading import EngineStore, FillStore
from app.domain.working import Change, WorkingOrder
from app.engine.batched_writes import BatchedWrites
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.result_writer import ResultWriter
from app.engine.right_of_way import at_once
from app.engine.side_by_side import SideBySide

log = logging.getLogger(__name__)

_URGENT = frozenset({OrderStatus.UNKNOWN, OrderStatus.SENDING, OrderStatus.ACKNOWLEDGED})
_PARALLEL = 64
_CALM_INTERVAL_S, _MAX_INTERVAL_S, _GROWTH = 2.0, 10.0, 1.5


_Row = TypeVar("_Row")
_BookCall = Callable[[AuthToken, str], Awaitable[Sequence[_Row]]]


@dataclass(slots=True)
class _Schedule:
    read_at_s: float
    calm_interval_s: float


class Reconciler:
    """Reads the order book of each client that has orders at the broker, urgent ones first.

    `in_flight` names orders that this process is sending at this moment: their own answer comes first. `step_aside`
    returns when a read may use the way to the broker.
    """

    def __init__(
        self,
        store: EngineStore,
        fills: FillStore,
        broker: Broker,
        sessions: SessionBook,
        writer: ResultWriter,
        clock: Clock,
        limiter: SlidingWindowLimiter,
        *,
        interval_s: float,
        in_flight: Collection[str],
        on_filled: Callable[[str], None],
        step_aside: Callable[[], Awaitable[None]] = at_once,
    ) -> None:
        self._store = store
        self._fills = fills
        self._broker = broker
        self._sessions = sessions
        self._writer = writer
        self._clock = clock
        self._limiter = limiter
        self._interval_s = interval_s
        self._in_flight = in_flight
        self._on_filled = on_filled
        self._step_aside = step_aside
        self._fill_writes: BatchedWrites[tuple[WorkingOrder, BookTrade]] = BatchedWrites(self._add_fills)
        self._schedules: dict[str, _Schedule] = {}
        self._unseen: dict[str, tuple[int, datetime]] = {}  # good reads in a row without the order, and the first
        self._gate = asyncio.Semaphore(_PARALLEL)

    async def run(self) -> None:
        async with SideBySide("read book") as reads:
            while True:
                await self._step_aside()
                try:
                    await self._round(reads)
                    await self._record_fills(reads)
                except StoreUnavailable:
                    log.warning("orders_unreadable")
                await asyncio.sleep(self._interval_s / 2)

    async def _round(self, reads: SideBySide) -> None:
        by_client: dict[str, list[WorkingOrder]] = defaultdict(list)
        for order in await self._store.at_broker():
            if order.id not in self._in_flight:
                by_client[order.client_id].append(order)
        for client_id in self._schedules.keys() - by_client.keys():
            del self._schedules[client_id]
        ids = {order.id for orders in by_client.values() for order in orders}
        for order_id in self._unseen.keys() - ids:
            del self._unseen[order_id]
        due = [orders for client_id, orders in by_client.items() if self._is_due(client_id, orders)]
        due.sort(key=lambda orders: (not _is_urgent(orders), self._schedules[orders[0].client_id].read_at_s))
        for orders in due:
            reads.start(("orderbook", orders[0].client_id), partial(self._read_client, orders))

    def _is_due(self, client_id: str, orders: Sequence[WorkingOrder]) -> bool:
        now_s = self._clock.monotonic_s()
        schedule = self._schedules.setdefault(client_id, _Schedule(now_s, _CALM_INTERVAL_S))
        interval_s = self._interval_s if _is_urgent(orders) else schedule.calm_interval_s
        return now_s >= schedule.read_at_s + interval_s

    async def _read_client(self, orders: Sequence[WorkingOrder]) -> None:
        first = orders[0]
        schedule = self._schedules[first.client_id]
        async with self._gate:
            rows = await self._read(first.login_id, "orderbook", first.client_code, self._broker.order_book, schedule)
        if rows is None:
            return
        changed = self._settle(orders, index_book(rows), self._clock.now())
        slower_s = min(schedule.calm_interval_s * _GROWTH, _MAX_INTERVAL_S)
        schedule.calm_interval_s = _CALM_INTERVAL_S if changed else slower_s
        await self._writer.drained()  # the next read of this client starts from what this one changed

    async def _read(
        self,
        login_id: str,
        endpoint: str,
        client_code: str,
        call: _BookCall[_Row],
        schedule: _Schedule | None = None,
    ) -> Sequence[_Row] | None:
        """Return the whole book, or None where it could not be read, or not yet: nothing is concluded from that."""
        key = (login_id, endpoint)
        try:
            auth_token = await self._sessions.auth_token(login_id)
        except SessionExpired:
            return None  # the sessions task knows, and logs in again
        await self._step_aside()
        if self._limiter.delay_s(key) > 0:
            return None
        self._limiter.admit(key)
        if schedule is not None:
            schedule.read_at_s = self._clock.monotonic_s()  # also where it fails: the others of a login get their turn
        try:
            return await call(auth_token, client_code)
        except SessionExpired:
            await self._sessions.report_expired(auth_token)
        except BrokerError as error:
            log.info("book_unreadable", extra={"endpoint": endpoint, "code": error.code})
        return None

    def _settle(self, orders: Sequence[WorkingOrder], book: BookIndex, at: datetime) -> bool:
        changes = [change for order in orders if (change := self._observed(order, book, at)) is not None]
        for change in changes:
            self._writer.add(change)
            if change.after.filled_quantity != change.before.filled_quantity:
                self._on_filled(change.after.client_id)
        return bool(changes)

    def _observed(self, order: WorkingOrder, book: BookIndex, at: datetime) -> Change | None:
        if is_shown(order, book):
            self._unseen.pop(order.id, None)
            return observe(order, book, at=at)
        count, since = self._unseen.get(order.id, (0, at))
        self._unseen[order.id] = count + 1, since
        return unseen(order, good_reads=count + 1, since=since, at=at)

    async def _record_fills(self, reads: SideBySide) -> None:
        """Record the executions behind what is filled; the trade book carries no tag, so by broker order id."""
        missing: dict[str, list[WorkingOrder]] = defaultdict(list)
        for order in await self._fills.missing_fills():
            missing[order.client_id].append(order)
        for client_id, orders in missing.items():
            reads.start(("tradebook", client_id), partial(self._read_trades, orders))

    async def _read_trades(self, orders: Sequence[WorkingOrder]) -> None:
        first = orders[0]
        async with self._gate:
            trades = await self._read(first.login_id, "tradebook", first.client_code, self._broker.trade_book)
        by_id = {order.broker_order_id: order for order in orders}
        found = [(by_id[trade.broker_order_id], trade) for trade in trades or () if trade.broker_order_id in by_id]
        await asyncio.gather(*(self._fill_writes.write(fill) for fill in found))

    async def _add_fills(self, fills: Sequence[tuple[WorkingOrder, BookTrade]]) -> None:
        await self._fills.add_fills(fills, at=self._clock.now())


def _is_urgent(orders: Sequence[WorkingOrder]) -> bool:
    return any(order.status in _URGENT for order in orders)
