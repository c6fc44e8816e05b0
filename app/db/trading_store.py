"""Recording batches: one transaction for a batch, its orders and their events."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.ids import new_id
from app.db.audit import append_now
from app.db.bulk import fetch_rows, insert_rows, is_among
from app.db.limit_rows import breach_entry, read_limits
from app.db.order_rows import ORDERS, PRODUCTS, SIDES, STATUSES
from app.db.session import Database
from app.domain.audit import AuditEntry
from app.domain.batches import BatchKind
from app.domain.conflicts import block_retried
from app.domain.desk import DeskGate
from app.domain.identity import Actor
from app.domain.limits import Breach, Limits, LimitsChanged
from app.domain.orders import FINAL, SURELY_NOT_PLACED, OrderStatus, Resolution
from app.domain.planning import ClientFacts, PlannedOrder
from app.domain.ports.trading import BatchDraft, OtherOrder, RecordedBatch, Review
from app.domain.tags import make_tag
from app.models.models import Batch, Client, DeskState, ExitCheck, OrderEvent, User

BATCHES: Table = Batch.__table__  # type: ignore[assignment]
EVENTS: Table = OrderEvent.__table__  # type: ignore[assignment]
_CLIENTS: Table = Client.__table__  # type: ignore[assignment]
DESK: Table = DeskState.__table__  # type: ignore[assignment]
_USERS: Table = User.__table__  # type: ignore[assignment]

EXIT_CHECKS: Table = ExitCheck.__table__  # type: ignore[assignment]
EXIT_COLUMNS = (
    "batch_id", "client_id", "product", "held", "code", "message", "read_at", "remaining", "verified_at",
    "with_demat",
)  # fmt: skip
EVENT_COLUMNS = ("order_id", "at", "from_status", "to_status", "source", "code", "detail", "actor_id")
_ORDER_COLUMNS = (
    "id", "batch_id", "row_number", "client_id", "requested_client_id", "client_name", "client_code", "login_id",
    "shard", "lane", "exchange", "symbol_token", "side", "product", "order_type", "validity", "is_after_market",
    "quantity", "lots", "price", "trigger_price", "price_rule", "tag", "status", "code", "message", "version",
    "attempt", "requeues", "filled_quantity", "deadline_at", "trading_day", "created_at", "updated_at",
)  # fmt: skip
_RECORDING_LOCK = 0x7472  # the first half of the advisory lock's key: "recording on an instrument"
_TURN = text("SELECT pg_advisory_xact_lock(:a, :b)")
_DRAW_TAGS = text(
    "INSERT INTO tag_counters (epoch, next_value) "
    "SELECT tag_epoch, CAST(:count AS BIGINT) FROM desk_state WHERE id = 1 "
    "ON CONFLICT (epoch) DO UPDATE SET next_value = tag_counters.next_value + excluded.next_value "
    "RETURNING epoch, next_value, (SELECT limits_version FROM desk_state WHERE id = 1)"
)
_EXIT_LANE, _ENTRY_LANE = 0, 1


class SqlTradingStore:
    """`new_id` names the orders that are recorded."""

    def __init__(self, database: Database, new_id: Callable[[], str] = new_id) -> None:
        self._database = database
        self._new_id = new_id

    async def find_batch(self, user_id: str, idempotency_key: str) -> RecordedBatch | None:
        return await self._database.look(lambda connection: _find(connection, user_id, idempotency_key))

    async def record(self, draft: BatchDraft, review: Review) -> RecordedBatch:
        return await self._database.transact(lambda connection: _record(connection, draft, review, self._new_id))

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
        columns = (c.id, c.name, c.mofsl_client_code, func.coalesce(c.dealer_id, c.id), c.shard, c.is_active)
        query = select(*columns).where(is_among(c.id, client_ids, is_sqlite=self._database.is_sqlite))
        found = await self._database.look(lambda connection: fetch_rows(connection, query))
        return {
            id_: ClientFacts(id_, name, code, login_id, shard, is_active, None)
            for id_, name, code, login_id, shard, is_active in found
        }

    async def gate(self) -> DeskGate:
        return await self._database.look(read_gate_row)

    async def limits(self) -> Limits:
        return await self._database.look(read_limits)

    async def note_breaches(
        self, breaches: Sequence[tuple[Breach, int]], *, actor: Actor, subject: str, at: datetime
    ) -> None:
        entry = breach_entry(breaches, actor=actor, subject=subject)
        await self._database.transact(lambda connection: append_now(connection, entry, at=at))

    async def waiting_count(self, batch_id: str) -> int:
        c, e = ORDERS.c, EXIT_CHECKS.c
        waiting = c.status.in_((OrderStatus.QUEUED.value, OrderStatus.SENDING.value))
        orders = select(func.count()).select_from(ORDERS).where(c.batch_id == batch_id, waiting)
        exits = select(func.count()).select_from(EXIT_CHECKS).where(e.batch_id == batch_id, e.verified_at.is_(None))
        query = select(orders.scalar_subquery() + exits.scalar_subquery())
        return int(await self._database.look(lambda connection: connection.execute(query).scalar_one()))


def _record(connection: Connection, draft: BatchDraft, review: Review, new_id: Callable[[], str]) -> RecordedBatch:
    _take_turn(connection, draft)
    existing = _find(connection, draft.user_id, draft.idempotency_key)
    if existing is not None:
        return existing
    orders = review(_other_orders(connection, draft))
    if draft.parent_batch_id is not None:
        orders = block_retried(orders, _retried_clients(connection, draft.parent_batch_id))
    connection.execute(BATCHES.insert(), _batch_row(draft, len(orders)))
    sendable = sum(not order.is_blocked for order in orders)
    epoch, sequence, limits_version = _draw_tags(connection, sendable)
    if draft.limits_version not in (None, limits_version):
        raise LimitsChanged("The limits were changed at this moment, so nothing was recorded; press again.")
    rows, events = _order_rows(draft, orders, epoch, sequence, new_id)
    insert_rows(connection, ORDERS, _ORDER_COLUMNS, rows)
    insert_rows(connection, EVENTS, EVENT_COLUMNS, events)
    insert_rows(connection, EXIT_CHECKS, EXIT_COLUMNS, _exit_rows(draft))
    append_now(connection, _audit_entry(draft, len(orders), sendable), at=draft.created_at)
    if draft.breaches:
        entry = breach_entry(draft.breaches, actor=draft.actor, subject=draft.id)
        append_now(connection, entry, at=draft.created_at)
    return RecordedBatch(draft.id, draft.request_hash, draft.request, is_new=True)


def _take_turn(connection: Connection, draft: BatchDraft) -> None:
    """Recordings under one key, and on one instrument, wait for each other; SQLite has one writer anyway."""
    if connection.dialect.name == "sqlite":
        return
    for name in sorted((f"{draft.exchange}:{draft.symbol_token}", f"{draft.user_id}:{draft.idempotency_key}")):
        key = zlib.crc32(name.encode()) - 2**31
        connection.execute(_TURN, {"a": _RECORDING_LOCK, "b": key})


async def read_gate(connection: AsyncConnection) -> DeskGate:
    return await connection.run_sync(read_gate_row)


def read_gate_row(connection: Connection) -> DeskGate:
    """Return the desk's one row; made by the first migration."""
    c = DESK.c
    columns = (
        c.is_armed, c.is_killed, c.is_reduce_only, c.reason, c.tag_epoch, c.changed_by, c.changed_at, c.limits_version,
        _USERS.c.email,
    )  # fmt: skip
    with_user = DESK.outerjoin(_USERS, _USERS.c.id == c.changed_by)
    row = connection.execute(select(*columns).select_from(with_user).where(c.id == 1)).one()
    return DeskGate(*row)


def _find(connection: Connection, user_id: str, idempotency_key: str) -> RecordedBatch | None:
    c = BATCHES.c
    query = select(c.id, c.request_hash, c.request).where(c.user_id == user_id, c.idempotency_key == idempotency_key)
    row = connection.execute(query).one_or_none()
    return RecordedBatch(*row, is_new=False) if row else None


def _other_orders(connection: Connection, draft: BatchDraft) -> Sequence[OtherOrder]:
    c = ORDERS.c
    columns = (
        c.client_id, c.batch_id, c.side, c.product, c.quantity, c.lane, c.status, c.created_at, c.updated_at,
        c.resolution,
    )  # fmt: skip
    live = c.status.not_in([status.value for status in FINAL])  # what is live counts, however old it is
    recent = or_(c.created_at >= draft.conflicts_since, live)
    if draft.kind is BatchKind.EXIT:  # an exit must also know what has moved
        recent = or_(recent, c.updated_at >= draft.conflicts_since)
    query = (
        select(*columns)
        .where(
            c.exchange == draft.exchange.value,
            c.symbol_token == draft.symbol_token,
            c.trading_day == draft.trading_day,
            c.client_id.is_not(None),
            c.status != OrderStatus.BLOCKED.value,
            recent,
        )
        .order_by(c.id)
    )  # oldest first, so that the same one is named every time
    found = fetch_rows(connection, query)
    return [
        OtherOrder(
            client, batch, SIDES[side], PRODUCTS[product], quantity, lane, STATUSES[status], created, updated,
            is_given_up=status == OrderStatus.UNKNOWN and resolution == Resolution.NOT_PLACED,
        )
        for client, batch, side, product, quantity, lane, status, created, updated, resolution in found
    ]  # fmt: skip


def _retried_clients(connection: Connection, parent_batch_id: str) -> frozenset[str]:
    """Return the clients that another retry of the batch, or a retry of that, may have placed already."""
    b, o = BATCHES.c, ORDERS.c
    batches = [parent_batch_id]
    found: set[str] = set()
    while batches:
        batches = [row[0] for row in connection.execute(select(b.id).where(b.parent_batch_id.in_(batches)))]
        placed = o.status.not_in([status.value for status in SURELY_NOT_PLACED])
        query = select(o.requested_client_id).where(o.batch_id.in_(batches), placed)
        found.update(row[0] for row in connection.execute(query))
    return frozenset(found)


def _draw_tags(connection: Connection, count: int) -> tuple[str, int, int]:
    """Return the epoch, the first of `count` sequence numbers, now taken, and the version of the limits in force."""
    epoch, after, limits_version = connection.execute(_DRAW_TAGS, {"count": count}).one()
    return epoch, after - count, limits_version


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
    draft: BatchDraft, orders: Sequence[PlannedOrder], epoch: str, sequence: int, new_id: Callable[[], str]
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
        settled_at = position.read_at if position.is_settled else None
        remaining = 0 if position.held == 0 else None
        head = (draft.id, position.client_id, position.product, position.held)
        rows.append(
            (*head, position.code, position.message, position.read_at, remaining, settled_at, position.with_demat)
        )
    return rows


def _audit_entry(draft: BatchDraft, order_count: int, sendable: int) -> AuditEntry:
    detail: dict[str, str | int] = {
        "instrument": f"{draft.exchange}:{draft.symbol_token}",
        "orders": order_count,
        "queued": sendable,
        "request_hash": draft.request_hash,
    }
    return AuditEntry(draft.actor, f"batch.{draft.kind}", draft.id, detail)
