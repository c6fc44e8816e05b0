"""Settle every order that is not final from the broker's own books; never by sending again."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from app.domain.absence import (
    AbsenceCount,
    concluded,
    counted,
    day_missed,
    filled_by,
    is_unaccounted,
    own_executions,
)
from app.domain.broker import AuthToken, BookOrder, BookTrade
from app.domain.errors import BrokerError, IllegalTransition, SessionExpired, StoreUnavailable
from app.domain.market_calendar import AlwaysOpen, MarketCalendar
from app.domain.matching import BookIndex, index_book, is_shown, not_modified, observe
from app.domain.orders import OrderStatus
from app.domain.ports.broker import Broker
from app.domain.ports.clock import Clock
from app.domain.ports.sessions import SessionBook
from app.domain.ports.trading import EngineStore, FillStore
from app.domain.time import trading_day
from app.domain.working import Change, WorkingOrder
from app.engine.batched_writes import BatchedWrites
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.result_writer import ResultWriter
from app.engine.right_of_way import at_once
from app.engine.side_by_side import SideBySide

log = logging.getLogger(__name__)

_URGENT = frozenset({OrderStatus.UNKNOWN, OrderStatus.SENDING, OrderStatus.ACKNOWLEDGED})
_PARALLEL = 64
_HURRY_S = 15.0
_CALM_INTERVAL_S, _MAX_INTERVAL_S, _GROWTH = 2.0, 10.0, 1.5


_Row = TypeVar("_Row")
_BookCall = Callable[[AuthToken, str], Awaitable[Sequence[_Row]]]


@dataclass(frozen=True, slots=True)
class _Books:
    """One good read of a client's books; `trades` None where the trade book was not needed, or not read."""

    rows: Sequence[BookOrder]
    index: BookIndex
    trades: Sequence[BookTrade] | None


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
        calendar: MarketCalendar | None = None,
    ) -> None:
        self._calendar = calendar or AlwaysOpen()
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
        self._absences: dict[str, AbsenceCount] = {}
        self._gaps: set[str] = set()  # logins whose stream has just opened
        self._both_due: set[str] = set()  # clients whose books must both be read
        self._hurried: dict[str, float] = {}
        self._unmodified: dict[str, tuple[datetime, int, datetime]] = {}  # when it left, good reads since, the first
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

    def hurry(self, client_id: str) -> None:
        """Read this client's book often for a while: something was asked of one of its orders."""
        self._hurried[client_id] = self._clock.monotonic_s() + _HURRY_S

    def read_both(self, login_id: str) -> None:
        """Read both books of every client of this login: its stream may have missed something."""
        self._gaps.add(login_id)

    async def _round(self, reads: SideBySide) -> None:
        by_client: dict[str, list[WorkingOrder]] = defaultdict(list)
        for order in await self._store.at_broker():
            if order.id not in self._in_flight:
                by_client[order.client_id].append(order)
        for client_id in self._schedules.keys() - by_client.keys():
            del self._schedules[client_id]
        gaps, self._gaps = self._gaps, set()
        self._both_due |= {id_ for id_, orders in by_client.items() if orders[0].login_id in gaps}
        self._both_due &= by_client.keys()
        ids = {order.id for orders in by_client.values() for order in orders}
        for order_id in self._absences.keys() - ids:
            del self._absences[order_id]
        for order_id in self._unmodified.keys() - ids:
            del self._unmodified[order_id]
        due = [orders for client_id, orders in by_client.items() if self._is_due(client_id, orders)]
        due.sort(key=lambda orders: (not _is_urgent(orders), self._schedules[orders[0].client_id].read_at_s))
        for orders in due:
            reads.start(("orderbook", orders[0].client_id), partial(self._read_client, orders))

    def _is_due(self, client_id: str, orders: Sequence[WorkingOrder]) -> bool:
        now_s = self._clock.monotonic_s()
        schedule = self._schedules.setdefault(client_id, _Schedule(now_s, _CALM_INTERVAL_S))
        if client_id in self._both_due:
            return True
        is_urgent = _is_urgent(orders) or now_s < self._hurried.get(client_id, 0.0)
        interval_s = self._interval_s if is_urgent else schedule.calm_interval_s
        return now_s >= schedule.read_at_s + interval_s

    async def _read_client(self, orders: Sequence[WorkingOrder]) -> None:
        first = orders[0]
        schedule = self._schedules[first.client_id]
        async with self._gate:
            rows = await self._read(first.login_id, "orderbook", first.client_code, self._broker.order_book, schedule)
            book = index_book(rows or ())
            trades: Sequence[BookTrade] | None = None
            needs_both = first.client_id in self._both_due or not all(is_shown(order, book) for order in orders)
            if rows is not None and needs_both:
                trades = await self._read(first.login_id, "tradebook", first.client_code, self._broker.trade_book)
        if rows is None:
            return
        if trades is not None:
            self._both_due.discard(first.client_id)
            await self._keep_fills(orders, trades)
        changed = self._settle(orders, _Books(rows, book, trades), self._clock.now())
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

    def _settle(self, orders: Sequence[WorkingOrder], books: _Books, at: datetime) -> bool:
        changes = [change for order in orders if (change := self._guarded(order, orders, books, at)) is not None]
        for change in changes:
            self._writer.add(change)
            if change.after.filled_quantity != change.before.filled_quantity:
                self._on_filled(change.after.client_id)
        return bool(changes)

    def _guarded(
        self, order: WorkingOrder, orders: Sequence[WorkingOrder], books: _Books, at: datetime
    ) -> Change | None:
        """A step that the table does not list is refused, logged, and a person's to look at."""
        try:
            return self._observed(order, orders, books, at)
        except IllegalTransition as error:
            log.critical("transition_refused", extra={"order_id": order.id, "reason": str(error)})
            sentence = f"The broker's books ask for a step that no order takes: {error}"[:300]
            if order.attention == sentence:
                return None
            return Change(order, replace(order, attention=sentence), at, "book", error.code, sentence)

    def _observed(
        self, order: WorkingOrder, orders: Sequence[WorkingOrder], books: _Books, at: datetime
    ) -> Change | None:
        if is_shown(order, books.index):
            self._absences.pop(order.id, None)
            return observe(order, books.index, at=at) or self._unchanged_by(order, at)
        trades = books.trades
        if trades is None:
            return None  # only both books together can say that an order is missing
        if (filled := filled_by(order, books.rows, trades, at=at)) is not None:
            return filled
        if is_unaccounted(order, books.rows, trades):
            return None
        final_at = self._final_at(order)
        if final_at is not None and trading_day(at) > trading_day(final_at):
            return day_missed(order, at=at)
        is_day_over = final_at is not None and at >= final_at
        count = counted(
            self._absences.get(order.id), order, books.rows, books.index, orders, is_day_over=is_day_over, at=at
        )
        self._absences[order.id] = count
        return concluded(order, count, at=at)

    def _final_at(self, order: WorkingOrder) -> datetime | None:
        if order.sent_at is None:
            return None
        return self._calendar.final_books_at(order.exchange, order.sent_at, is_after_market=order.is_after_market)

    def _unchanged_by(self, order: WorkingOrder, at: datetime) -> Change | None:
        """Count the good reads that show `order` on its old terms since its modification left."""
        if order.wanted_sent_at is None:
            self._unmodified.pop(order.id, None)
            return None
        key = order.wanted_sent_at
        sent_at, count, since = self._unmodified.get(order.id, (key, 0, at))
        if sent_at != key:
            count, since = 0, at
        self._unmodified[order.id] = key, count + 1, since
        return not_modified(order, good_reads=count + 1, since=since, at=at)

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
        await self._keep_fills(orders, trades or ())

    async def _keep_fills(self, orders: Sequence[WorkingOrder], trades: Sequence[BookTrade]) -> None:
        await asyncio.gather(*(self._fill_writes.write(fill) for fill in own_executions(orders, trades)))

    async def _add_fills(self, fills: Sequence[tuple[WorkingOrder, BookTrade]]) -> None:
        await self._fills.add_fills(fills, at=self._clock.now())


def _is_urgent(orders: Sequence[WorkingOrder]) -> bool:
    return any(order.status in _URGENT or order.wanted_sent_at is not None for order in orders)
