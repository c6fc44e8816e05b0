"""People at the desk: they press, press again, change their mind, and look."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from app.domain.batches import BatchKind
from app.domain.errors import BrokerRejected, Conflict, InvalidInput, NotFound, RuleBroken, StoreUnavailable
from app.domain.identity import Actor
from app.domain.ports.control import DeskChange
from app.domain.ports.trading import RecordedBatch
from app.domain.trading import Trade
from app.services.execute_batch import Press
from app.services.modify_order import NewTerms
from app.services.retry_refused import refused_rows
from app.services.square_off import ExitRequest
from proof.fault_points import FaultPoint as P
from proof.invariants.approvals import Approval
from proof.world.desk import Web
from proof.world.world import World

_T = TypeVar("_T")
TRADER = Actor("trader@desk.test", "u1", "203.0.113.7")
COLLEAGUE = Actor("colleague@desk.test", "u2", "203.0.113.8")
_ANSWER_S = 30.0
_DELIVERIES = 12


class Unanswered(Exception):
    """The desk gave no answer: the person does not know what became of it."""


class People:
    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self._presses = 0
        self.batches: list[str] = []

    async def _ask(self, work: Callable[[Web], Coroutine[Any, Any, _T]]) -> _T:
        """Let the web process of the moment do it. Raises Unanswered where it dies or takes too long."""
        world = self._world
        task = world.loop.spawn(world.web_process, work(world.web))
        done, _ = await asyncio.wait({task}, timeout=_ANSWER_S)
        if not done:
            raise Unanswered
        return task.result()

    def press(self, actor: Actor, kind: BatchKind, asked: dict[str, Any]) -> Press:
        self._presses += 1
        assert actor.user_id is not None
        return Press(actor, actor.user_id, f"key-{self._presses}", asked, kind)

    async def execute(self, trade: Trade, actor: Actor = TRADER) -> str | None:
        """Approve and press; the same key is delivered until there is an answer. Return the batch, if any."""
        press = self.press(actor, BatchKind.EXECUTE, {"rows": [(a.client_id, a.quantity) for a in trade.allocations]})
        approval = Approval(BatchKind.EXECUTE, trade.exchange.value, trade.symbol_token, trade)
        self._world.monitor.approvals.approve(press.user_id, press.idempotency_key, approval)
        batch_id = await self._delivered(press, lambda web: web.executor.execute(trade, press, approved_plan_hash=None))
        if batch_id is not None and self._world.faults.strikes(P.KEY_REUSED):
            await self._reuse(press, trade, batch_id)
        return batch_id

    async def retry(self, batch_id: str, trade: Trade, actor: Actor) -> None:
        """Press "retry the refused" of a batch of `trade`."""
        try:
            view = await self._ask(lambda web: web.views.batch(batch_id))
            rows = refused_rows(view) if view is not None else []
        except (Unanswered, StoreUnavailable, Conflict):
            return
        again = tuple(
            replace(allocation, quantity=row["quantity"])
            for row in rows
            for allocation in trade.allocations
            if allocation.client_id == row["client_id"]
        )
        if len(again) != len(rows):
            return  # the batch was another trade's
        retried = replace(trade, allocations=again, overrides_duplicate_of=batch_id)
        press = replace(self.press(actor, BatchKind.RETRY, {"retry": batch_id}), parent_batch_id=batch_id)
        approval = Approval(BatchKind.RETRY, trade.exchange.value, trade.symbol_token, retried)
        self._world.monitor.approvals.approve(press.user_id, press.idempotency_key, approval)
        await self._delivered(press, lambda web: web.executor.execute(retried, press, approved_plan_hash=None))

    async def exit(self, request: ExitRequest, actor: Actor = TRADER) -> str | None:
        press = self.press(actor, BatchKind.EXIT, {"exit": request.symbol_token, "clients": request.client_ids})
        approval = Approval(BatchKind.EXIT, request.exchange.value, request.symbol_token, None)
        self._world.monitor.approvals.approve(press.user_id, press.idempotency_key, approval)
        return await self._delivered(press, lambda web: web.square_off.execute(request, press))

    async def _delivered(self, press: Press, work: Callable[[Web], Coroutine[Any, Any, RecordedBatch]]) -> str | None:
        faults = self._world.faults
        copies = self._chance.randint(2, 5) if faults.strikes(P.PRESSED_TWICE) else 1
        found: str | None = None
        for _ in range(_DELIVERIES):
            answers = await asyncio.gather(*(self._deliver(press, work) for _ in range(copies)))
            found = next((answer for answer in answers if answer is not None), found)
            if found is not None:
                break
            await asyncio.sleep(self._chance.uniform(0.2, 3.0))
        if found is not None:
            self.batches.append(found)
            if faults.strikes(P.PRESSED_LATER):
                await asyncio.sleep(self._chance.uniform(0.5, 40.0))
                await self._deliver(press, work)
        return found

    async def _deliver(self, press: Press, work: Callable[[Web], Coroutine[Any, Any, RecordedBatch]]) -> str | None:
        try:
            recorded = await self._ask(work)
        except (Unanswered, StoreUnavailable):
            return None
        self._world.monitor.approvals.answered(press.user_id, press.idempotency_key, recorded.id)
        return recorded.id

    async def _reuse(self, press: Press, trade: Trade, batch_id: str) -> None:
        """The same key with another body: refused, and nothing changes (17)."""
        other = Press(press.actor, press.user_id, press.idempotency_key, {"another": "body"}, press.kind)
        before = len(self._world.tables.batches)
        try:
            await self._ask(lambda web: web.executor.execute(trade, other, approved_plan_hash=None))
        except InvalidInput:
            return
        except (Unanswered, StoreUnavailable):
            return
        self._world.monitor.found(17, f"the key of batch {batch_id} was taken with another body ({before} batches)")

    async def look(self, batch_id: str) -> None:
        try:
            view = await self._ask(lambda web: web.views.batch(batch_id))
        except (Unanswered, StoreUnavailable):
            return
        if view is None:
            self._world.monitor.found(18, f"batch {batch_id} was answered, and there is no such batch")
        else:
            self._world.monitor.shown(view)

    async def cancel(self, order_id: str, actor: Actor = TRADER) -> None:
        try:
            await self._ask(lambda web: web.canceller.cancel(order_id, actor))
        except (Unanswered, StoreUnavailable, Conflict, BrokerRejected, NotFound):
            return

    async def modify(self, order_id: str, asked: NewTerms, actor: Actor = TRADER) -> None:
        assert asked.price is not None
        self._world.monitor.approvals.approve_terms(order_id, asked.quantity, int(asked.price * 100))
        try:
            await self._ask(lambda web: web.modifier.modify(order_id, asked, actor))
        except (Unanswered, StoreUnavailable, Conflict, BrokerRejected, NotFound, RuleBroken):
            return

    async def stop(self, batch_id: str) -> None:
        await self._insist(
            lambda web: web.control.stop_batch(batch_id, actor=TRADER, at=web.clock.now())
        )  # fmt: skip

    async def change_desk(self, change: DeskChange) -> None:
        await self._insist(lambda web: web.control.change_gate(change, actor=TRADER, at=web.clock.now()))

    async def _insist(self, work: Callable[[Web], Coroutine[Any, Any, object]]) -> None:
        for _ in range(_DELIVERIES):
            try:
                await self._ask(work)
            except (Unanswered, StoreUnavailable):
                await asyncio.sleep(0.5)
            else:
                return
