"""Recording batches: one transaction for a batch, its orders and their events."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.ids import new_id
from app.db.audit import append
from app.db.bulk import insert_many
from app.db.order_rows import ORDERS, PRODUCTS, SIDES, STATUSES
from app.db.session import Database
from app.domain.audit import AuditEntry
from app.domain.batches import BatchKind
from app.domain.conflicts import block_retried
from app.domain.desk import DeskGate
from app.domain.orders import FINAL, SURELY_NOT_PLACED, OrderStatus
from app.domain.planning import ClientFacts, PlannedOrder
from app.domain.ports.trading import BatchDraft, OtherOrder, RecordedBatch, Review
from app.domain.tags import make_tag
from app.models.models import Batch, Client, DeskState, ExitCheck, OrderEvent, TagCounter

BATCHES: Table = Batch.__table__  # type: ignore[assignment]
EVENTS: Table = OrderEvent.__table__  # type: ignore[assignment]
_CLIENTS: Table = Client.__table__  # type: ignore[assignment]
DESK: Table = DeskState.__table__  # type: ignore[assignment]
_TAGS: Table = TagCounter.__table__  # type: ignore[assignment]

EXIT_CHECKS: Table = ExitCheck.__table__  # type: ignore[assignment]
EXIT_COLUMNS = (
    "batch_id", "client_id", "product", "held", "code", "message", "read_at", "remaining", "verified_at",
)  # fmt: skip
EVENT_COLUMNS = ("order_id", "at", "from_status", "to_status", "source", "code", "detail", "actor_id")
_ORDER_COLUMNS = (
    "id", "batch_id", "row_number", "client_id", "requested_client_id", "client_name", "client_code", "login_id",
    "shard", "lane", "exchange", "symbol_token", "side", "product", "order_type", "validity", "is_after_market",
    "quantity", "lots", "price", "trigger_price", "price_rule", "tag", "status", "code", "message", "version",
    "attempt", "requeues", "filled_quantity", "deadline_at", "trading_day", "created_at", "updated_at",
)  # fmt: skip
_RECORDING_LOCK = 0x7472  # the first half of the advisory lock's key: "recording on an instrument"
_EXIT_LANE, _ENTRY_LANE = 0, 1


class SqlTradingStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_batch(self, user_id: str, idempotency_key: str) -> RecordedBatch | None:
        async with self._database.read() as connection:
            return await _find(connection, user_id, idempotency_key)

    async def record(self, draft: BatchDraft, review: Review) -> RecordedBatch:
        async with self._database.write() as connection:
            await self._take_turn(connection, draft)
            existing = await _find(connection, draft.user_id, draft.idempotency_key)
            if existing is not None:
                return existing
            orders = review(await _other_orders(connection, draft))
            if draft.parent_batch_id is not None:
                orders = block_retried(orders, await _retried_clients(connection, draft.parent_batch_id))
            await connection.execute(BATCHES.insert(), _batch_row(draft, len(orders)))
            sendable = sum(not order.is_blocked for order in orders)
            epoch, sequence = await _draw_tags(connection, sendable)
            rows, events = _order_rows(draft, orders, epoch, sequence)
            await insert_many(connection, ORDERS, _ORDER_COLUMNS, rows)
            await insert_many(connection, EVENTS, EVENT_COLUMNS, events)
            await insert_many(connection, EXIT_CHECKS, EXIT_COLUMNS, _exit_rows(draft))
            await append(connection, _audit_entry(draft, len(orders), sendable), at=draft.created_at)
        return RecordedBatch(draft.id, draft.request_hash, draft.request, is_new=True)

    async def original_request(self, batch_id: str) -> Mapping[str, Any]:
        """Return the body behind a batch; for a retry, that of the batch at the root of its retries."""
        c = BATCHES.c
        async with self._database.read() as connection:
            while True:
                query = select(c.request, c.kind, c.parent_batch_id).where(c.id == batch_id)
                request, kind, parent = (await connection.execute(query)).one()
                if kind != BatchKind.RETRY or parent is None:
                    return dict(request)
                batch_id = parent

    async def clients(self, client_ids: Sequence[str]) -> Mapping[str, ClientFacts]:
        c = _CLIENTS.c
        wanted = set(client_ids)
        query = select(c.id, c.name, c.mofsl_client_code, func.coalesce(c.dealer_id, c.id), c.shard, c.is_active)
        async with self._database.read() as connection:
            found: list[Any] = []
            ids = sorted(wanted)
            for start in range(0, len(ids), 1000):
                found.extend(await connection.execute(query.where(c.id.in_(ids[start : start + 1000]))))
        return {
            id_: ClientFacts(id_, name, code, login_id, shard, is_active, None)
            for id_, name, code, login_id, shard, is_active in found
        }

    async def gate(self) -> DeskGate:
        async with self._database.read() as connection:
            return await read_gate(connection)

    async def waiting_count(self, batch_id: str) -> int:
        c, e = ORDERS.c, EXIT_CHECKS.c
        waiting = c.status.in_((OrderStatus.QUEUED.value, OrderStatus.SENDING.value))
        orders = select(func.count()).select_from(ORDERS).where(c.batch_id == batch_id, waiting)
        exits = select(func.count()).select_from(EXIT_CHECKS).where(e.batch_id == batch_id, e.verified_at.is_(None))
        query = select(orders.scalar_subquery() + exits.scalar_subquery())
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _take_turn(self, connection: AsyncConnection, draft: BatchDraft) -> None:
        """Recordings under one key, and on one instrument, wait for each other; SQLite has one writer anyway."""
        if self._database.is_sqlite:
            return
        for name in sorted((f"{draft.exchange}:{draft.symbol_token}", f"{draft.user_id}:{draft.idempotency_key}")):
            key = zlib.crc32(name.encode()) - 2**31
            await connection.execute(text("SELECT pg_advisory_xact_lock(:a, :b)"), {"a": _RECORDING_LOCK, "b": key})


async def read_gate(connection: AsyncConnection) -> DeskGate:
    """Return the desk's one row; made by the first migration."""
    c = DESK.c
    columns = (c.is_armed, c.is_killed, c.is_reduce_only, c.reason, c.tag_epoch, c.changed_by, c.changed_at)
    row = (await connection.execute(select(*columns).where(c.id == 1))).one()
    return DeskGate(*row)


async def _find(connection: AsyncConnection, user_id: str, idempotency_key: str) -> RecordedBatch | None:
    c = BATCHES.c
    query = select(c.id, c.request_hash, c.request).where(c.user_id == user_id, c.idempotency_key == idempotency_key)
    row = (await connection.execute(query)).one_or_none()
    return RecordedBatch(*row, is_new=False) if row else None


async def _other_orders(connection: AsyncConnection, draft: BatchDraft) -> Sequence[OtherOrder]:
    c = ORDERS.c
    columns = (
        c.client_id, c.batch_id, c.side, c.product, c.quantity, c.lane, c.status, c.created_at, c.updated_at,
    )  # fmt: skip
    recent = c.created_at >= draft.conflicts_since
    if draft.kind is BatchKind.EXIT:  # an exit must also know what is live, or has moved, however old it is
        live = c.status.not_in([status.value for status in FINAL])
        recent = or_(recent, c.updated_at >= draft.conflicts_since, live)
    query = select(*columns).where(
        c.exchange == draft.exchange.value,
        c.symbol_token == draft.symbol_token,
        c.trading_day == draft.trading_day,
        c.client_id.is_not(None),
        c.status != OrderStatus.BLOCKED.value,
        recent,
    )
    return [
        OtherOrder(client, batch, SIDES[side], PRODUCTS[product], quantity, lane, STATUSES[status], created, updated)
        for client, batch, side, product, quantity, lane, status, created, updated in await connection.execute(query)
    ]


async def _retried_clients(connection: AsyncConnection, parent_batch_id: str) -> frozenset[str]:
    """Return the clients that another retry of the batch, or a retry of that, may have placed already."""
    b, o = BATCHES.c, ORDERS.c
    batches = [parent_batch_id]
    found: set[str] = set()
    while batches:
        batches = [row[0] for row in await connection.execute(select(b.id).where(b.parent_batch_id.in_(batches)))]
        placed = o.status.not_in([status.value for status in SURELY_NOT_PLACED])
        query = select(o.requested_client_id).where(o.batch_id.in_(batches), placed)
        found.update(row[0] for row in await connection.execute(query))
    return frozenset(found)


async def _draw_tags(connection: AsyncConnection, count: int) -> tuple[str, int]:
    """Return the epoch and the first of `count` sequence numbers, now taken."""
    epoch = (await connection.execute(select(DESK.c.tag_epoch).where(DESK.c.id == 1))).scalar_one()
    if count == 0:
        return epoch, 0
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert
    start = insert(_TAGS).values(epoch=epoch, next_value=0).on_conflict_do_nothing(index_elements=["epoch"])
    await connection.execute(start)
    await connection.execute(update(_TAGS).where(_TAGS.c.epoch == epoch).values(next_value=_TAGS.c.next_value + count))
    after = (await connection.execute(select(_TAGS.c.next_value).where(_TAGS.c.epoch == epoch))).scalar_one()
    return epoch, after - count


def _batch_row(draft: BatchDraft, order_count: int) -> dict[str, Any]:
    return {
        "id": draft.id,
        "kind": draft.kind.value,
        "user_id": draft.user_id,
        "idempotency_key": draft.idempotency_key,
        "request_hash": draft.request_hash,
        "request": dict(draft.request),
        "plan_hash": draft.plan_hash,
        "parent_batch_id": draft.parent_batch_id,
        "exchange": draft.exchange.value,
        "symbol_token": draft.symbol_token,
        "order_count": order_count,
        "created_at": draft.created_at,
    }


def _order_rows(
    draft: BatchDraft, orders: Sequence[PlannedOrder], epoch: str, sequence: int
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    rows: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    lane = _EXIT_LANE if draft.kind.value == "exit" else _ENTRY_LANE
    at: datetime = draft.created_at
    for number, order in enumerate(orders):
        client = order.client
        order_id = new_id()
        status = OrderStatus.BLOCKED if order.is_blocked else OrderStatus.QUEUED
        tag = None
        if not order.is_blocked:
            tag = make_tag(epoch, sequence)
            sequence += 1
        rows.append((
            order_id, draft.id, number, client.id if client else None, order.requested_client_id,
            client.name if client else "", client.code if client else None, client.login_id if client else None,
            client.shard if client else 0, lane, draft.exchange.value, draft.symbol_token, order.side.value,
            order.product.value, order.order_type.value, draft.validity.value, draft.is_after_market,
            order.quantity, order.lots, order.price, order.trigger_price, order.price_rule, tag, status.value,
            order.code, order.message, 0, 0, 0, 0, draft.deadline_at, draft.trading_day, at, at,
        ))  # fmt: skip
        events.append((order_id, at, None, status.value, "desk", order.code, order.message, draft.user_id))
    return rows, events


def _exit_rows(draft: BatchDraft) -> list[tuple[Any, ...]]:
    """What was flat or unreadable is settled at once; the rest is read again when its orders are over."""
    rows: list[tuple[Any, ...]] = []
    for position in draft.held:
        settled_at = position.read_at if position.is_unsent else None
        remaining = 0 if position.held == 0 else None
        head = (draft.id, position.client_id, position.product, position.held)
        rows.append((*head, position.code, position.message, position.read_at, remaining, settled_at))
    return rows


def _audit_entry(draft: BatchDraft, order_count: int, sendable: int) -> AuditEntry:
    detail: dict[str, str | int] = {
        "instrument": f"{draft.exchange}:{draft.symbol_token}",
        "orders": order_count,
        "queued": sendable,
        "request_hash": draft.request_hash,
    }
    return AuditEntry(draft.actor, f"batch.{draft.kind}", draft.id, detail)
