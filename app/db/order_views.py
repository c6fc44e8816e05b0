"""Reading orders and batches for people: plain columns, no ORM objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_, select

from app.db.bulk import fetch_rows
from app.db.fill_store import TRADES
from app.db.order_rows import ORDERS, STATUSES
from app.db.session import Database
from app.db.trading_store import BATCHES, EVENTS
from app.domain.batches import BatchSummary, summarise
from app.domain.exits import HeldPosition
from app.domain.orders import OrderStatus
from app.domain.views import (
    BatchHead,
    BatchListing,
    BatchView,
    OrderEventView,
    OrderFilter,
    OrderView,
    TradeView,
    batch_terms,
)
from app.models.models import Client, ExitCheck, User

_USERS: Table = User.__table__  # type: ignore[assignment]
_CLIENTS: Table = Client.__table__  # type: ignore[assignment]
_EXITS: Table = ExitCheck.__table__  # type: ignore[assignment]

_FIELDS = [field.name for field in fields(OrderView)]
ORDER_COLUMNS = tuple(ORDERS.c[name] for name in _FIELDS)
_HEAD = (
    BATCHES.c.id, BATCHES.c.kind, _USERS.c.email, BATCHES.c.plan_hash, BATCHES.c.parent_batch_id,
    BATCHES.c.exchange, BATCHES.c.symbol_token, BATCHES.c.order_count, BATCHES.c.stop_requested_at,
    BATCHES.c.created_at,
    ORDERS.c.side, ORDERS.c.product, ORDERS.c.order_type, ORDERS.c.price, ORDERS.c.trigger_price, ORDERS.c.price_rule,
)  # fmt: skip
_HEAD_WIDTH = 10
_FIRST_ORDER = and_(ORDERS.c.batch_id == BATCHES.c.id, ORDERS.c.row_number == 0)
_HEADS = select(*_HEAD).join(_USERS, _USERS.c.id == BATCHES.c.user_id).outerjoin(ORDERS, _FIRST_ORDER)


class SqlOrderViews:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def batch(self, batch_id: str) -> BatchView | None:
        c = ORDERS.c
        heads = _HEADS.where(BATCHES.c.id == batch_id)
        orders = select(*ORDER_COLUMNS).where(c.batch_id == batch_id).order_by(c.row_number)
        async with self._database.read() as connection:
            head = (await connection.execute(heads)).one_or_none()
            if head is None:
                return None
            rows = await connection.run_sync(fetch_rows, orders)
            held: Sequence[HeldPosition] = ()
            if head.kind == "exit":
                held = await held_positions(connection, batch_id)
                asked = (
                    await connection.execute(select(BATCHES.c.request).where(BATCHES.c.id == batch_id))
                ).scalar_one()
                held = _in_the_order_asked(held, asked.get("client_ids") or ())
        return BatchView(_head(head), [order_view(row) for row in rows], held)

    async def batches(self, *, offset: int, limit: int) -> tuple[Sequence[BatchListing], int]:
        newest_first = _HEADS.order_by(BATCHES.c.created_at.desc(), BATCHES.c.id.desc())
        page = newest_first.offset(offset).limit(limit)
        async with self._database.read() as connection:
            total = (await connection.execute(select(func.count()).select_from(BATCHES))).scalar_one()
            heads = [_head(row) for row in await connection.execute(page)]
            ids = [head.id for head in heads]
            c = ORDERS.c
            counts = (
                select(c.batch_id, c.status, func.count()).where(c.batch_id.in_(ids)).group_by(c.batch_id, c.status)
            )
            statuses: dict[str, list[OrderStatus]] = defaultdict(list)
            for batch_id, status, count in await connection.execute(counts):
                statuses[batch_id] += [OrderStatus(status)] * count
            e = _EXITS.c
            is_unsent = or_(e.held.is_(None), e.held == 0, e.code.is_not(None))
            unsent = select(e.batch_id, func.count()).where(e.batch_id.in_(ids), is_unsent).group_by(e.batch_id)
            for batch_id, count in await connection.execute(unsent):
                statuses[batch_id] += [OrderStatus.BLOCKED] * count
            is_open = e.held.is_not(None), e.held != 0, e.verified_at.is_(None)  # ExitVerdict.RUNNING
            exiting = set(await connection.scalars(select(e.batch_id).where(e.batch_id.in_(ids), *is_open).distinct()))
        summaries: dict[str, BatchSummary] = {batch_id: summarise(statuses[batch_id]) for batch_id in ids}
        return [BatchListing(head, summaries[head.id], head.id in exiting) for head in heads], total

    async def order(self, order_id: str) -> OrderView | None:
        query = select(*ORDER_COLUMNS).where(ORDERS.c.id == order_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return order_view(row) if row is not None else None

    async def orders(self, wanted: OrderFilter, *, offset: int, limit: int) -> tuple[Sequence[OrderView], int]:
        conditions = _conditions(wanted)
        c = ORDERS.c
        page = select(*ORDER_COLUMNS).where(*conditions).order_by(c.created_at.desc(), c.batch_id.desc(), c.row_number)
        async with self._database.read() as connection:
            total = (await connection.execute(select(func.count()).select_from(ORDERS).where(*conditions))).scalar_one()
            rows = await connection.run_sync(fetch_rows, page.offset(offset).limit(limit))
        return [order_view(row) for row in rows], total

    async def history(self, order_id: str) -> tuple[Sequence[OrderEventView], Sequence[TradeView]]:
        e, t = EVENTS.c, TRADES.c
        events = select(e.at, e.from_status, e.to_status, e.source, e.code, e.detail, e.actor_id)
        trades = select(t.trade_no, t.quantity, t.price, t.traded_at)
        async with self._database.read() as connection:
            seen = await connection.execute(events.where(e.order_id == order_id).order_by(e.id))
            filled = await connection.execute(trades.where(t.order_id == order_id).order_by(t.traded_at, t.trade_no))
            return [OrderEventView(*row) for row in seen], [TradeView(*row) for row in filled]


def _head(row: Any) -> BatchHead:
    side, product, order_type, price, trigger_price, price_rule = row[_HEAD_WIDTH:]
    terms = None
    if side is not None:
        terms = batch_terms(
            row.kind, side=side, product=product, order_type=order_type, price=price, trigger_price=trigger_price,
            price_rule=price_rule,
        )  # fmt: skip
    values = [*row[:_HEAD_WIDTH], terms]
    return BatchHead(*values)


def order_view(row: Any) -> OrderView:
    order = OrderView(*row)
    order.status = STATUSES[order.status]
    return order


async def held_positions(connection: Any, batch_id: str) -> Sequence[HeldPosition]:
    c = _EXITS.c
    columns = (c.client_id, c.product, c.held, c.read_at, c.code, c.message, c.remaining, c.verified_at)
    query = (
        select(c.with_demat, *columns, func.coalesce(_CLIENTS.c.name, ""), _CLIENTS.c.mofsl_client_code)
        .outerjoin(_CLIENTS, _CLIENTS.c.id == c.client_id)
        .where(c.batch_id == batch_id)
        .order_by(_CLIENTS.c.name, c.client_id, c.product)
    )
    found = await connection.execute(query)
    return [replace(HeldPosition(*row), with_demat=with_demat) for with_demat, *row in found]


def _in_the_order_asked(held: Sequence[HeldPosition], client_ids: Sequence[str]) -> Sequence[HeldPosition]:
    place = {client_id: number for number, client_id in enumerate(client_ids)}
    return sorted(held, key=lambda position: place.get(position.client_id, 0))


def _conditions(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    c = ORDERS.c
    found: list[ColumnElement[bool]] = []
    if wanted.statuses:
        found.append(c.status.in_([status.value for status in wanted.statuses]))
    exact = (
        (c.requested_client_id, wanted.client_id),
        (c.batch_id, wanted.batch_id),
        (c.exchange, wanted.exchange),
        (c.symbol_token, wanted.symbol_token),
    )
    found += [column == value for column, value in exact if value is not None]
    if wanted.since is not None:
        found.append(c.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(c.created_at < wanted.until)
    if wanted.needs_look:
        found.append(c.attention.is_not(None))
    return found
