"""One press: plan, record, wake the engine, wait for outcomes. Recording comes before anything can leave."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from app.domain.batches import BatchKind
from app.domain.conflicts import block_opposite, block_oversold, block_repeats
from app.domain.errors import Conflict, InvalidInput
from app.domain.exits import HeldPosition
from app.domain.identity import Actor
from app.domain.limits import LimitsChanged
from app.domain.planning import Plan, PlannedOrder
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.trading import BatchDraft, OtherOrder, RecordedBatch, Review, TradingStore
from app.domain.time import trading_day
from app.domain.trading import Trade
from app.services.plan_batch import Planner

ORDERS_QUEUED = "orders.queued"  # to the engine: look at the queue
# From the engine: {"batches": [ids]}, and where it knows, {"settled": {id: orders that now have an outcome}}.
ORDERS_CHANGED = "orders.changed"
_POLL_S = 0.5  # a hint may be lost; the rows are asked at least this often


@dataclass(frozen=True, slots=True)
class Press:
    """Who pressed what, under which key. `request` is the canonical body, kept with the batch."""

    actor: Actor
    user_id: str
    idempotency_key: str
    request: Mapping[str, Any]
    kind: BatchKind = BatchKind.EXECUTE
    parent_batch_id: str | None = None

    @property
    def request_hash(self) -> str:
        text = orjson.dumps({"kind": self.kind, "request": self.request}, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(text).hexdigest()


@dataclass(frozen=True, slots=True)
class BatchExecutor:
    store: TradingStore
    planner: Planner
    bus: Bus
    clock: Clock
    new_id: Callable[[], str]
    queue_deadline_s: float
    duplicate_window_s: float

    async def repeated(self, press: Press) -> RecordedBatch | None:
        """Return the batch already recorded under this key. Raises InvalidInput if it was for another body."""
        existing = await self.store.find_batch(press.user_id, press.idempotency_key)
        if existing is not None:
            _require_same(existing, press)
        return existing

    async def execute(self, trade: Trade, press: Press, *, approved_plan_hash: str | None) -> RecordedBatch:
        """Record the batch of `trade` and set it going; return at once.

        Raises Conflict (`plan_changed`) where the plan is not the approved one any more, InvalidInput
        (`idempotency_key_reused`) where the key belongs to another body, LimitsChanged where the limits change again
        and again; then nothing is recorded.
        """
        existing = await self.repeated(press)
        if existing is not None:
            return existing
        try:
            return await self._plan_and_record(trade, press, approved_plan_hash)
        except LimitsChanged:  # while this was planned: the new ones count
            return await self._plan_and_record(trade, press, approved_plan_hash)

    async def _plan_and_record(self, trade: Trade, press: Press, approved_plan_hash: str | None) -> RecordedBatch:
        plan = await self.planner.plan(trade, operator_id=press.user_id)
        if approved_plan_hash is not None and approved_plan_hash != plan.hash:
            raise Conflict("The plan is not the one that was previewed; look at it again.", code="plan_changed")
        since = self.clock.now() - timedelta(seconds=self.duplicate_window_s)

        def review(others: Sequence[OtherOrder]) -> tuple[PlannedOrder, ...]:
            orders = block_repeats(plan.orders, others, since=since, overridden_batch=trade.overrides_duplicate_of)
            return block_oversold(block_opposite(orders, others), others, plan.stock)

        return await self.record(trade, press, plan, review, conflicts_since_s=self.duplicate_window_s)

    async def record(
        self,
        trade: Trade,
        press: Press,
        plan: Plan,
        review: Review,
        *,
        conflicts_since_s: float,
        held: Sequence[HeldPosition] = (),
    ) -> RecordedBatch:
        now = self.clock.now()
        draft = BatchDraft(
            id=self.new_id(),
            kind=press.kind,
            user_id=press.user_id,
            actor=press.actor,
            idempotency_key=press.idempotency_key,
            request_hash=press.request_hash,
            request=press.request,
            plan_hash=plan.hash,
            parent_batch_id=press.parent_batch_id,
            exchange=trade.exchange,
            symbol_token=trade.symbol_token,
            validity=trade.validity,
            is_after_market=trade.is_after_market,
            created_at=now,
            deadline_at=now + timedelta(seconds=self.queue_deadline_s),
            trading_day=trading_day(now),
            orders=plan.orders,
            conflicts_since=now - timedelta(seconds=conflicts_since_s),
            held=tuple(held),
            breaches=plan.breaches,
            limits_version=None if trade.is_exit else plan.limits_version,
        )
        recorded = await self.store.record(draft, review)
        _require_same(recorded, press)
        if recorded.is_new:
            await self.bus.publish(ORDERS_QUEUED, {"batch": recorded.id})
        return recorded

    async def wait(self, batch_id: str, *, wait_s: float) -> bool:
        """Wait until every order of the batch has an outcome; return whether that came within `wait_s`.

        Hints say when it is worth asking the rows; they decide nothing.
        """
        ends_at = self.clock.monotonic_s() + wait_s
        async with self.bus.subscribe(ORDERS_CHANGED) as hints:
            while waiting := await self.store.waiting_count(batch_id):
                left_s = ends_at - self.clock.monotonic_s()
                if left_s <= 0:
                    return False
                poll_at = self.clock.monotonic_s() + min(_POLL_S, left_s)
                while waiting > 0 and (pause_s := poll_at - self.clock.monotonic_s()) > 0:
                    hint = await hints.receive(pause_s)
                    if hint is None:
                        break
                    if batch_id in hint.body.get("batches", ()):
                        waiting -= hint.body.get("settled", {}).get(batch_id, waiting)
        return True


def _require_same(recorded: RecordedBatch, press: Press) -> None:
    if recorded.request_hash == press.request_hash:
        return
    original = json.dumps(recorded.request, sort_keys=True)
    shown = original if len(original) <= 400 else original[:400] + " …"
    raise InvalidInput(
        f"This Idempotency-Key belongs to batch {recorded.id}, which asked for: {shown}",
        code="idempotency_key_reused",
        field="Idempotency-Key",
    )
