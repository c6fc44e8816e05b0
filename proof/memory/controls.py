"""What persons do to orders and to the desk: `OrderControl` and `OperationStore` in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.answers import LAPSE_SENTENCES
from app.domain.audit import AuditEntry
from app.domain.desk import DeskGate
from app.domain.identity import Actor
from app.domain.orders import (
    CANCELLABLE,
    FINAL,
    MAY_WORK_AT_BROKER,
    MODIFIABLE,
    OperationState,
    OrderStatus,
    PendingOp,
    Resolution,
)
from app.domain.ports.control import DeskChange, OperationProgress
from app.domain.ports.trading import RequestedOperation
from app.domain.terms import OrderTerms
from app.domain.working import WorkingOrder
from proof.memory.tables import EventRow, OrderRow, Tables

_CANCELLABLE = CANCELLABLE - {OrderStatus.QUEUED}
_ASKED = frozenset({OperationState.REQUESTED, OperationState.SENDING})


class MemoryOrderControl:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def gate(self) -> DeskGate:
        return self._tables.gate

    async def change_gate(self, change: DeskChange, *, actor: Actor, at: datetime) -> DeskGate:
        tables = self._tables
        flags = {
            "is_armed": change.is_armed,
            "is_killed": change.is_killed,
            "is_reduce_only": change.is_reduce_only,
        }
        wanted = {name: value for name, value in flags.items() if value is not None}
        tables.gate = replace(
            tables.gate, reason=change.reason, changed_by=actor.user_id, changed_at=at,
            changed_by_email=tables.users.get(actor.user_id or ""), **wanted,  # type: ignore[arg-type]
        )  # fmt: skip
        lapsed = self._lapse(lambda _row: True, "desk_killed", actor, at) if change.is_killed else []
        detail: dict[str, str | int] = {"reason": change.reason or "", "lapsed_orders": len(lapsed)}
        tables.audit.append((AuditEntry(actor, f"desk.{change.action}", None, detail), at))
        tables.committed(f"desk.{change.action}", lapsed)
        return tables.gate

    async def stop_batch(self, batch_id: str, *, actor: Actor, at: datetime) -> bool:
        lapsed = self._stop(batch_id, actor, at)
        if lapsed is None:
            return False
        self._tables.audit.append((AuditEntry(actor, "batch.stopped", batch_id, {"lapsed_orders": len(lapsed)}), at))
        self._tables.committed("stop_batch", lapsed)
        return True

    def _stop(self, batch_id: str, actor: Actor, at: datetime) -> list[OrderRow] | None:
        batch = self._tables.batches.get(batch_id)
        if batch is None:
            return None
        batch.stop_requested_at = batch.stop_requested_at or at
        return self._lapse(lambda row: row.batch_id == batch_id, "batch_stopped", actor, at)

    async def request_cancel(self, order_id: str, *, actor: Actor, at: datetime) -> OperationProgress | None:
        row = self._tables.orders.get(order_id)
        if row is None:
            return None
        lapsed = self._lapse(lambda one: one.id == order_id, "cancelled_before_sending", actor, at)
        if not lapsed and row.status in _CANCELLABLE and _has_broker_id(row):
            self._ask_to_cancel(row, actor, at)
        self._tables.audit.append((AuditEntry(actor, "order.cancel_requested", order_id), at))
        self._tables.committed("request_cancel", lapsed)
        return _progress(row)

    async def request_cancels(self, order_ids: Sequence[str], *, actor: Actor, at: datetime) -> None:
        """Part of the port `ExitStore`."""
        for order_id in order_ids:
            await self.request_cancel(order_id, actor=actor, at=at)

    async def request_batch_cancel(self, batch_id: str, *, actor: Actor, at: datetime) -> Sequence[str] | None:
        lapsed = self._stop(batch_id, actor, at)
        if lapsed is None:
            return None
        rows = [row for row in self._tables.of_batch(batch_id) if row.status in MAY_WORK_AT_BROKER]
        asked = [row.id for row in rows if self._ask_to_cancel(row, actor, at)]
        detail = {"lapsed_orders": len(lapsed), "orders_asked_to_end": len(asked)}
        self._tables.audit.append((AuditEntry(actor, "batch.cancel_requested", batch_id, detail), at))
        self._tables.committed("stop_batch", lapsed)
        return asked

    async def request_modify(
        self, order_id: str, terms: OrderTerms, *, actor: Actor, at: datetime
    ) -> OperationProgress | None:
        row = self._tables.orders.get(order_id)
        if row is None:
            return None
        order = row.working
        is_free = row.pending_op_state not in _ASKED and order is not None and order.wanted is None
        if order is not None and is_free and row.status in MODIFIABLE and _has_broker_id(row):
            self._ask(row, PendingOp.MODIFY, actor, at)
            row.working = replace(order, wanted=terms, wanted_sent_at=None)
            self._tables.audit.append((AuditEntry(actor, "order.modify_requested", order_id, terms.as_json()), at))
        return _progress(row)

    async def resolve(
        self, order_id: str, decision: Resolution, reason: str, *, actor: Actor, at: datetime
    ) -> OrderStatus | None:
        row = self._tables.orders.get(order_id)
        if row is None:
            return None
        if row.working is not None and row.status is OrderStatus.UNKNOWN:
            version = row.working.version + 1
            row.working = replace(row.working, resolution=decision, attention=None, version=version)
            self._note(row, at, "person", f"decided_{decision}", actor)
            detail: dict[str, str | int] = {"decision": decision.value, "reason": reason}
            self._tables.audit.append((AuditEntry(actor, "order.resolved", order_id, detail), at))
        return row.status

    async def operation_progress(self, order_id: str) -> OperationProgress | None:
        row = self._tables.orders.get(order_id)
        return None if row is None else _progress(row)

    async def working(self, order_id: str) -> WorkingOrder | None:
        row = self._tables.orders.get(order_id)
        return row.working if row is not None else None

    async def requested_operations(self) -> Sequence[RequestedOperation]:
        found = []
        for row in self._tables.orders.values():
            if row.pending_op is None or row.pending_op_state is not OperationState.REQUESTED or row.working is None:
                continue
            if row.status in FINAL or (row.status in _CANCELLABLE and _has_broker_id(row)):
                found.append(RequestedOperation(PendingOp(row.pending_op), row.pending_op_id or "", row.working))
        return sorted(found, key=lambda wish: (wish.op, wish.order.id))

    async def begin_operation(self, wish: RequestedOperation, *, at: datetime, stamp: str | None = None) -> bool:
        row = self._tables.orders[wish.order.id]
        if row.pending_op_id != wish.op_id or row.pending_op_state is not OperationState.REQUESTED:
            return False
        is_modify = wish.op is PendingOp.MODIFY
        refusal = self._tables.gate.refusal(is_exit=wish.order.lane == 0) if is_modify else None
        allowed = MODIFIABLE if is_modify else _CANCELLABLE
        if refusal is not None or row.status not in allowed:
            row.pending_op_state, row.pending_op_at = OperationState.REFUSED, at
            row.pending_op_message = refusal[1] if refusal else "The order was over before this left."
            self._forget_terms(row, is_modify)
            return False
        row.pending_op_state, row.pending_op_at = OperationState.SENDING, at
        if is_modify and row.working is not None:
            version = row.working.version + 1
            row.working = replace(row.working, wanted_sent_at=at, last_modified_text=stamp, version=version)
        self._note(row, at, "desk", f"{wish.op}_sent", None)
        return True

    async def refuse_operation(self, wish: RequestedOperation, *, message: str, at: datetime) -> None:
        row = self._tables.orders[wish.order.id]
        if row.pending_op_id != wish.op_id or row.pending_op_state is not OperationState.REQUESTED:
            return
        row.pending_op_state, row.pending_op_message = OperationState.REFUSED, message[:300]
        row.pending_op_at = at
        self._forget_terms(row, wish.op is PendingOp.MODIFY)
        self._note(row, at, "desk", f"{wish.op}_{OperationState.REFUSED}", None)

    async def end_operation(
        self, wish: RequestedOperation, *, state: OperationState, message: str | None, at: datetime
    ) -> None:
        row = self._tables.orders[wish.order.id]
        is_mine = row.pending_op_id == wish.op_id
        lives_on = state in (OperationState.SENT, OperationState.UNKNOWN)
        if wish.op is PendingOp.MODIFY and not lives_on and (is_mine or row.pending_op != wish.op):
            self._forget_terms(row, is_over=True)
            if row.working is not None:
                row.working = replace(row.working, version=row.working.version + 1)
        if is_mine and row.pending_op_state in _ASKED:
            row.pending_op_state, row.pending_op_message = state, (message or "")[:300] or None
            row.pending_op_at = at
        self._note(row, at, "answer", f"{wish.op}_{state}", None)

    async def forget_interrupted_operations(self, *, at: datetime) -> None:
        for row in self._tables.orders.values():
            if row.pending_op_state is OperationState.SENDING:
                row.pending_op_state, row.pending_op_at = OperationState.UNKNOWN, at

    def _ask_to_cancel(self, row: OrderRow, actor: Actor, at: datetime) -> bool:
        if row.pending_op == PendingOp.CANCEL and row.pending_op_state in _ASKED:
            return False
        self._forget_terms(row, row.working is not None and row.working.wanted_sent_at is None)
        self._ask(row, PendingOp.CANCEL, actor, at)
        return True

    def _ask(self, row: OrderRow, op: PendingOp, actor: Actor, at: datetime) -> None:
        row.pending_op, row.pending_op_id = op, self._tables.new_id()
        row.pending_op_state, row.pending_op_message = OperationState.REQUESTED, None
        row.pending_op_at = at
        self._note(row, at, "person", f"{op}_requested", actor)

    def _forget_terms(self, row: OrderRow, is_over: bool) -> None:
        if is_over and row.working is not None and row.working.wanted is not None:
            row.working = replace(row.working, wanted=None, wanted_sent_at=None)

    def _note(self, row: OrderRow, at: datetime, source: str, code: str, actor: Actor | None) -> None:
        status = row.status.value
        user_id = actor.user_id if actor else None
        row.events.append(EventRow(row.id, at, status, status, source, code, None, user_id))

    def _lapse(self, which: Callable[[OrderRow], bool], code: str, actor: Actor, at: datetime) -> list[OrderRow]:
        rows = [row for row in self._tables.live.values() if row.status is OrderStatus.QUEUED and which(row)]
        for row in rows:
            self._tables.lapse(row, code, LAPSE_SENTENCES[code], actor.user_id, at=at)
        return rows


def _has_broker_id(row: OrderRow) -> bool:
    return row.working is not None and row.working.broker_order_id is not None


def _progress(row: OrderRow) -> OperationProgress:
    return OperationProgress(
        order_id=row.id,
        batch_id=row.batch_id,
        status=row.status,
        op=PendingOp(row.pending_op) if row.pending_op else None,
        op_id=row.pending_op_id,
        state=row.pending_op_state,
        message=row.pending_op_message,
        wanted=row.working.wanted if row.working else None,
    )
