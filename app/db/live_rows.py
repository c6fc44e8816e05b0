"""What sockets are told of orders and batches, read from the tables that are the truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.order_rows import ORDERS, STATUSES
from app.db.order_views import ORDER_COLUMNS, held_positions, order_view
from app.db.session import Database
from app.db.trading_store import BATCHES, EVENTS, EXIT_CHECKS
from app.domain.batches import BatchKind, BatchStatus, batch_status, summarise
from app.domain.event_tail import Gap
from app.domain.events import BatchState
from app.domain.orders import OrderStatus
from app.domain.ports.live import OrderWithExit
from app.domain.result_rows import held_by_key, held_key

_WAITING = (OrderStatus.QUEUED.value, OrderStatus.SENDING.value)
_IN_LIST_MOST = 1000
_IS_UNSENT = or_(EXIT_CHECKS.c.held.is_(None), EXIT_CHECKS.c.held == 0, EXIT_CHECKS.c.code.is_not(None))
_IS_RUNNING = and_(EXIT_CHECKS.c.held != 0, EXIT_CHECKS.c.verified_at.is_(None))


class SqlLiveOrders:
    """Implements `LiveOrders`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_event_ids(self, count: int) -> Sequence[int]:
        query = select(EVENTS.c.id).order_by(EVENTS.c.id.desc()).limit(count)
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    async def events(self, after: int, gaps: Sequence[Gap], *, limit: int) -> Sequence[tuple[int, str]]:
        c = EVENTS.c
        wanted = or_(c.id > after, *(c.id.between(gap.first, gap.last) for gap in gaps))
        query = select(c.id, c.order_id).where(wanted).order_by(c.id).limit(limit)
        async with self._database.read() as connection:
            return [(event_id, order_id) for event_id, order_id in await connection.execute(query)]

    async def orders(self, order_ids: Sequence[str]) -> Sequence[OrderWithExit]:
        kind = BATCHES.c.kind
        query = select(*ORDER_COLUMNS, kind).join(BATCHES, BATCHES.c.id == ORDERS.c.batch_id)
        rows: list[Any] = []
        async with self._database.read() as connection:
            for part in _parts(order_ids):
                rows += (await connection.execute(query.where(ORDERS.c.id.in_(part)))).all()
            views = [(order_view(row[:-1]), row[-1] == BatchKind.EXIT) for row in rows]
            held = {
                batch_id: held_by_key(await held_positions(connection, batch_id))
                for batch_id in {order.batch_id for order, is_exit in views if is_exit}
            }
        found: dict[str, OrderWithExit] = {
            order.id: (order, held[order.batch_id].get(held_key(order)) if is_exit else None)
            for order, is_exit in views
        }
        return [found[order_id] for order_id in order_ids if order_id in found]

    async def order_ids_of(self, batch_ids: Collection[str]) -> Sequence[str]:
        c = ORDERS.c
        query = select(c.id).where(c.batch_id.in_(batch_ids)).order_by(c.batch_id, c.row_number)
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    async def batches(self, batch_ids: Collection[str]) -> Sequence[BatchState]:
        found: list[BatchState] = []
        async with self._database.read() as connection:
            for part in _parts(sorted(batch_ids)):
                found += await _batches(connection, part)
        return found

    async def open_batches(self) -> Sequence[str]:
        orders = select(ORDERS.c.batch_id).where(ORDERS.c.status.in_(_WAITING))
        exits = select(EXIT_CHECKS.c.batch_id).where(_IS_RUNNING)
        async with self._database.read() as connection:
            return [row[0] for row in await connection.execute(union(orders, exits))]


async def _batches(connection: AsyncConnection, batch_ids: Sequence[str]) -> list[BatchState]:
    b, o, e = BATCHES.c, ORDERS.c, EXIT_CHECKS.c
    heads = select(b.id, b.kind, b.stop_requested_at).where(b.id.in_(batch_ids)).order_by(b.created_at, b.id)
    counts = select(o.batch_id, o.status, func.count()).where(o.batch_id.in_(batch_ids)).group_by(o.batch_id, o.status)
    unsent = select(e.batch_id, func.count()).where(e.batch_id.in_(batch_ids), _IS_UNSENT).group_by(e.batch_id)
    running = select(e.batch_id).where(e.batch_id.in_(batch_ids), _IS_RUNNING).distinct()
    rows = (await connection.execute(heads)).all()
    exits = [row.id for row in rows if row.kind == BatchKind.EXIT]
    statuses: dict[str, list[OrderStatus]] = defaultdict(list)
    for batch_id, status, count in await connection.execute(counts):
        statuses[batch_id] += [STATUSES[status]] * count
    still_running: set[str] = set()
    if exits:
        for batch_id, count in await connection.execute(unsent):
            statuses[batch_id] += [OrderStatus.BLOCKED] * count
        still_running = set(await connection.scalars(running))
    return [_state(row, statuses[row.id], is_running=row.id in still_running) for row in rows]


def _state(row: Any, statuses: Sequence[OrderStatus], *, is_running: bool) -> BatchState:
    """As `BatchView` says it."""
    summary, is_stopped = summarise(statuses), row.stop_requested_at is not None
    status = batch_status(summary, is_stopped=is_stopped)
    if is_running:
        status = BatchStatus.STOPPING if is_stopped else BatchStatus.RUNNING
    return BatchState(row.id, row.kind == BatchKind.EXIT, status, summary)


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + _IN_LIST_MOST] for start in range(0, len(ids), _IN_LIST_MOST)]
