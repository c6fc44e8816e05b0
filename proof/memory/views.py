"""Orders and batches as people are shown them: `OrderViews` in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.domain.batches import summarise
from app.domain.exits import ExitVerdict, HeldPosition
from app.domain.orders import OrderStatus
from app.domain.views import (
    BatchHead,
    BatchListing,
    BatchTerms,
    BatchView,
    OrderEventView,
    OrderFilter,
    OrderView,
    TradeView,
    batch_terms,
)
from proof.memory.tables import BatchRow, OrderRow, Tables


class MemoryOrderViews:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def batch(self, batch_id: str) -> BatchView | None:
        batch = self._tables.batches.get(batch_id)
        if batch is None:
            return None
        return BatchView(
            self._head(batch), [order_view(row) for row in self._tables.of_batch(batch_id)], self._held(batch)
        )

    async def batches(self, *, offset: int, limit: int) -> tuple[Sequence[BatchListing], int]:
        newest = sorted(self._tables.batches.values(), key=lambda batch: (batch.created_at, batch.id), reverse=True)
        found = []
        for batch in newest[offset : offset + limit]:
            statuses = [row.status for row in self._tables.of_batch(batch.id)]
            held = self._held(batch)
            statuses += [OrderStatus.BLOCKED for position in held if position.is_unsent]
            is_exiting = any(position.verdict is ExitVerdict.RUNNING for position in held)
            found.append(BatchListing(self._head(batch), summarise(statuses), is_exiting))
        return found, len(newest)

    async def order(self, order_id: str) -> OrderView | None:
        row = self._tables.orders.get(order_id)
        return None if row is None else order_view(row)

    async def orders(self, wanted: OrderFilter, *, offset: int, limit: int) -> tuple[Sequence[OrderView], int]:
        rows = [row for row in self._tables.orders.values() if _is_wanted(row, wanted)]
        rows.sort(key=lambda row: row.row_number)
        rows.sort(key=lambda row: (row.created_at, row.batch_id), reverse=True)
        return [order_view(row) for row in rows[offset : offset + limit]], len(rows)

    async def history(self, order_id: str) -> tuple[Sequence[OrderEventView], Sequence[TradeView]]:
        row = self._tables.orders.get(order_id)
        if row is None:
            return [], []
        events = [
            OrderEventView(e.at, e.from_status, e.to_status, e.source, e.code, e.detail, e.actor_id)
            for e in row.events
        ]  # fmt: skip
        return events, [TradeView(t.trade_no, t.quantity, t.price, t.traded_at) for t in row.trades]

    def _head(self, batch: BatchRow) -> BatchHead:
        return BatchHead(
            batch.id, batch.kind, self._tables.users.get(batch.user_id, batch.user_id), batch.plan_hash,
            batch.parent_batch_id, batch.exchange, batch.symbol_token, len(batch.order_ids), batch.stop_requested_at,
            batch.created_at, self._terms(batch),
        )  # fmt: skip

    def _terms(self, batch: BatchRow) -> BatchTerms | None:
        if not batch.order_ids:
            return None
        row = self._tables.orders[batch.order_ids[0]]
        planned, order = row.planned, row.working
        return batch_terms(
            batch.kind,
            side=planned.side,
            product=planned.product,
            order_type=order.order_type if order else planned.order_type,
            price=order.price if order else planned.price,
            trigger_price=order.trigger_price if order else planned.trigger_price,
            price_rule=planned.price_rule,
        )

    def _held(self, batch: BatchRow) -> Sequence[HeldPosition]:
        clients = self._tables.clients
        found = [
            replace(held, client_code=clients[held.client_id].code if held.client_id in clients else None)
            for (batch_id, _, _), held in self._tables.exits.items()
            if batch_id == batch.id
        ]
        return sorted(found, key=lambda held: (held.client_name, held.client_id, held.product))


def _is_wanted(row: OrderRow, wanted: OrderFilter) -> bool:
    return (
        (not wanted.statuses or row.status in wanted.statuses)
        and wanted.client_id in (None, row.planned.requested_client_id)
        and wanted.batch_id in (None, row.batch_id)
        and wanted.exchange in (None, row.exchange)
        and wanted.symbol_token in (None, row.symbol_token)
        and (wanted.since is None or row.created_at >= wanted.since)
        and (wanted.until is None or row.created_at < wanted.until)
        and (not wanted.needs_look or (row.working is not None and row.working.attention is not None))
    )


def order_view(row: OrderRow) -> OrderView:
    order, planned, client = row.working, row.planned, row.client
    return OrderView(
        id=row.id,
        batch_id=row.batch_id,
        requested_client_id=planned.requested_client_id,
        client_name=client.name if client else "",
        client_code=client.code if client else None,
        exchange=row.exchange,
        symbol_token=row.symbol_token,
        side=planned.side,
        product=planned.product,
        order_type=planned.order_type,
        validity=row.validity,
        is_after_market=row.is_after_market,
        quantity=order.quantity if order else planned.quantity,
        lots=order.lots if order else planned.lots,
        price=order.price if order else planned.price,
        trigger_price=order.trigger_price if order else planned.trigger_price,
        price_rule=planned.price_rule,
        tag=order.tag if order else None,
        status=row.status,
        code=order.code if order else planned.code,
        message=order.message if order else planned.message,
        attention=order.attention if order else None,
        broker_order_id=order.broker_order_id if order else None,
        exchange_order_id=order.exchange_order_id if order else None,
        filled_quantity=order.filled_quantity if order else 0,
        average_price=order.average_price if order else None,
        pending_op=row.pending_op,
        pending_op_state=row.pending_op_state,
        pending_op_message=row.pending_op_message,
        wanted_terms=order.wanted.as_json() if order and order.wanted else None,
        resolution=order.resolution if order else None,
        sent_at=order.sent_at if order else None,
        answered_at=order.answered_at if order else None,
        seen_at=order.seen_at if order else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
