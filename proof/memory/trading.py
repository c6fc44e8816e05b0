"""Recording batches: `TradingStore` in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.domain.audit import AuditEntry
from app.domain.batches import BatchKind
from app.domain.conflicts import block_retried
from app.domain.desk import DeskGate
from app.domain.exits import HeldPosition
from app.domain.identity import Actor
from app.domain.limits import LIMIT_BREACHED, Breach, Limits, LimitsChanged
from app.domain.orders import FINAL, SURELY_NOT_PLACED, OrderStatus, Resolution
from app.domain.planning import ClientFacts, PlannedOrder
from app.domain.ports.trading import BatchDraft, OtherOrder, RecordedBatch, Review
from app.domain.tags import make_tag
from app.domain.working import WorkingOrder
from proof.memory.tables import BatchRow, ConstraintBroken, EventRow, OrderRow, Tables

_EXIT_LANE, _ENTRY_LANE = 0, 1
_WAITING = frozenset({OrderStatus.QUEUED, OrderStatus.SENDING})


class MemoryTradingStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def find_batch(self, user_id: str, idempotency_key: str) -> RecordedBatch | None:
        return self._find(user_id, idempotency_key)

    async def record(self, draft: BatchDraft, review: Review) -> RecordedBatch:
        existing = self._find(draft.user_id, draft.idempotency_key)
        if existing is not None:
            return existing
        if draft.limits_version not in (None, self._tables.limits.version):
            raise LimitsChanged("The limits were changed at this moment, so nothing was recorded; press again.")
        orders = review(self._other_orders(draft))
        if draft.parent_batch_id is not None:
            orders = block_retried(orders, self._retried_clients(draft.parent_batch_id))
        rows = self._rows(draft, orders)
        self._store(draft, rows)
        self._tables.committed("record", rows)
        return RecordedBatch(draft.id, draft.request_hash, draft.request, is_new=True)

    async def original_request(self, batch_id: str) -> Mapping[str, Any]:
        batch = self._tables.batches[batch_id]
        while batch.kind is BatchKind.RETRY and batch.parent_batch_id is not None:
            batch = self._tables.batches[batch.parent_batch_id]
        return batch.request

    async def clients(self, client_ids: Sequence[str]) -> Mapping[str, ClientFacts]:
        known = self._tables.clients
        return {client_id: known[client_id] for client_id in client_ids if client_id in known}

    async def gate(self) -> DeskGate:
        return self._tables.gate

    async def limits(self) -> Limits:
        return self._tables.limits

    async def note_breaches(
        self, breaches: Sequence[tuple[Breach, int]], *, actor: Actor, subject: str, at: datetime
    ) -> None:
        detail = {breach.code: rows for breach, rows in breaches}
        self._tables.audit.append((AuditEntry(actor, LIMIT_BREACHED, subject, detail), at))

    async def waiting_count(self, batch_id: str) -> int:
        orders = sum(row.status in _WAITING for row in self._tables.of_batch(batch_id))
        exits = self._tables.exits.items()
        return orders + sum(key[0] == batch_id and held.verified_at is None for key, held in exits)

    def _find(self, user_id: str, idempotency_key: str) -> RecordedBatch | None:
        found = self._tables.by_key.get((user_id, idempotency_key))
        if found is None:
            return None
        batch = self._tables.batches[found]
        return RecordedBatch(batch.id, batch.request_hash, batch.request, is_new=False)

    def _other_orders(self, draft: BatchDraft) -> Sequence[OtherOrder]:
        found = []
        for batch in self._tables.batches.values():
            if (batch.exchange, batch.symbol_token) != (draft.exchange, draft.symbol_token):
                continue
            for row in self._tables.of_batch(batch.id):
                if row.client is None or row.working is None or row.trading_day != draft.trading_day:
                    continue
                is_recent = row.created_at >= draft.conflicts_since or row.status not in FINAL
                if draft.kind is BatchKind.EXIT:
                    is_recent = is_recent or row.updated_at >= draft.conflicts_since
                if is_recent:
                    found.append(
                        OtherOrder(
                            row.client.id, row.batch_id, row.planned.side, row.planned.product, row.planned.quantity,
                            row.lane, row.status, row.created_at, row.updated_at,
                            row.status is OrderStatus.UNKNOWN and row.working.resolution is Resolution.NOT_PLACED,
                        )
                    )  # fmt: skip
        return found

    def _retried_clients(self, parent_batch_id: str) -> frozenset[str]:
        parents, found = {parent_batch_id}, set()
        while parents:
            children = [batch for batch in self._tables.batches.values() if batch.parent_batch_id in parents]
            parents = {batch.id for batch in children}
            for batch in children:
                for row in self._tables.of_batch(batch.id):
                    if row.status not in SURELY_NOT_PLACED:
                        found.add(row.planned.requested_client_id)
        return frozenset(found)

    def _rows(self, draft: BatchDraft, orders: Sequence[PlannedOrder]) -> list[OrderRow]:
        tables = self._tables
        epoch = tables.gate.tag_epoch
        sequence = tables.tag_counters.get(epoch, 0)
        lane = _EXIT_LANE if draft.kind is BatchKind.EXIT else _ENTRY_LANE
        rows = []
        for number, planned in enumerate(orders):
            order_id = tables.new_id()
            working = None
            if not planned.is_blocked:
                tag = make_tag(epoch, sequence)
                sequence += 1
                if tag in tables.by_tag:
                    raise ConstraintBroken("tag")
                working = _working(order_id, draft, planned, lane, tag)
            event = EventRow(
                order_id, draft.created_at, None, "blocked" if working is None else "queued", "desk",
                planned.code, planned.message, draft.user_id,
            )  # fmt: skip
            rows.append(
                OrderRow(
                    id=order_id,
                    batch_id=draft.id,
                    row_number=number,
                    planned=planned,
                    client=planned.client,
                    lane=lane,
                    exchange=draft.exchange,
                    symbol_token=draft.symbol_token,
                    validity=draft.validity.value,
                    is_after_market=draft.is_after_market,
                    trading_day=draft.trading_day,
                    created_at=draft.created_at,
                    updated_at=draft.created_at,
                    working=working,
                    events=[event],
                )
            )
        tables.tag_counters[epoch] = sequence
        return rows

    def _store(self, draft: BatchDraft, rows: Sequence[OrderRow]) -> None:
        tables = self._tables
        tables.batches[draft.id] = BatchRow(
            id=draft.id,
            kind=draft.kind,
            user_id=draft.user_id,
            idempotency_key=draft.idempotency_key,
            request_hash=draft.request_hash,
            request=dict(draft.request),
            plan_hash=draft.plan_hash,
            parent_batch_id=draft.parent_batch_id,
            exchange=draft.exchange,
            symbol_token=draft.symbol_token,
            created_at=draft.created_at,
            trading_day=draft.trading_day,
            order_ids=[row.id for row in rows],
        )
        tables.by_key[draft.user_id, draft.idempotency_key] = draft.id
        for row in rows:
            tables.orders[row.id] = row
            if row.working is not None:
                tables.live[row.id] = row
                tables.by_tag[row.working.tag] = row
        for position in draft.held:
            tables.exits[draft.id, position.client_id, position.product] = _recorded(position)
        queued = sum(row.working is not None for row in rows)
        entry = AuditEntry(draft.actor, f"batch.{draft.kind}", draft.id, {"orders": len(rows), "queued": queued})
        tables.audit.append((entry, draft.created_at))
        if draft.breaches:
            detail = {breach.code: count for breach, count in draft.breaches}
            tables.audit.append((AuditEntry(draft.actor, LIMIT_BREACHED, draft.id, detail), draft.created_at))


def _recorded(position: HeldPosition) -> HeldPosition:
    """What was flat or unreadable is settled at once; the rest is read again when its orders are over."""
    settled_at = position.read_at if position.is_settled else None
    return HeldPosition(
        position.client_id, position.product, position.held, position.read_at, position.code, position.message,
        0 if position.held == 0 else None, settled_at, position.client_name, with_demat=position.with_demat,
    )  # fmt: skip


def _working(order_id: str, draft: BatchDraft, planned: PlannedOrder, lane: int, tag: str) -> WorkingOrder:
    client = planned.client
    if client is None or planned.lots is None or planned.price is None:
        raise ConstraintBroken("queued_complete")
    return WorkingOrder(
        id=order_id,
        batch_id=draft.id,
        client_id=client.id,
        client_code=client.code,
        login_id=client.login_id,
        lane=lane,
        exchange=draft.exchange,
        symbol_token=draft.symbol_token,
        side=planned.side,
        product=planned.product,
        order_type=planned.order_type,
        validity=draft.validity,
        is_after_market=draft.is_after_market,
        quantity=planned.quantity,
        lots=planned.lots,
        price=planned.price,
        trigger_price=planned.trigger_price,
        tag=tag,
        deadline_at=draft.deadline_at,
        trading_day=draft.trading_day,
        version=0,
        status=OrderStatus.QUEUED,
    )
