"""Carry out what persons ask of orders at the broker: cancels. One attempt each; a lost answer is left to the books."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from app.domain.broker import AuthToken
from app.domain.errors import BrokerRejected, BrokerUnreachable, DeskError, SessionExpired, StoreUnavailable
from app.domain.orders import CancelState
from app.domain.ports.broker import Broker
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.sessions import SessionBook
from app.domain.ports.trading import OperationStore
from app.domain.working import WorkingOrder
from app.engine.side_by_side import SideBySide
from app.services.cancel_order import CANCELS_REQUESTED
from app.services.execute_batch import ORDERS_CHANGED

log = logging.getLogger(__name__)

_IDLE_S = 1.0
_RETRY_S = 0.5
_PARALLEL = 64


class Operations:
    def __init__(self, store: OperationStore, broker: Broker, sessions: SessionBook, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._broker = broker
        self._sessions = sessions
        self._bus = bus
        self._clock = clock
        self._gate = asyncio.Semaphore(_PARALLEL)

    async def run(self) -> None:
        async with self._bus.subscribe(CANCELS_REQUESTED) as hints, SideBySide("cancel") as cancels:
            while True:
                try:
                    for order in await self._store.requested_cancels():
                        cancels.start(order.id, partial(self._cancel, order))
                except StoreUnavailable:
                    log.warning("cancels_unreadable")
                await hints.receive(_IDLE_S)

    async def _cancel(self, order: WorkingOrder) -> None:
        async with self._gate:
            if not await self._store.begin_cancel(order.id, at=self._clock.now()):
                return
            state, message = await self._attempt(order)
            await self._record(order, state, message)
        await self._bus.publish(ORDERS_CHANGED, {"batches": [order.batch_id]})

    async def _record(self, order: WorkingOrder, state: CancelState, message: str | None) -> None:
        """Store how the cancel went; what was learned waits for the database rather than be forgotten."""
        while True:
            try:
                await self._store.end_cancel(order.id, state=state, message=message, at=self._clock.now())
                return
            except StoreUnavailable:
                log.warning("cancel_result_waits_for_database", extra={"order_id": order.id})
                await asyncio.sleep(_RETRY_S)

    async def _attempt(self, order: WorkingOrder) -> tuple[CancelState, str | None]:
        assert order.broker_order_id is not None  # only orders that the broker named can be cancelled there
        auth_token: AuthToken | None = None
        try:
            auth_token = await self._sessions.auth_token(order.login_id)
            await self._broker.cancel_order(auth_token, order.client_code, order.broker_order_id)
        except SessionExpired as error:
            if auth_token is not None:
                await self._sessions.report_expired(auth_token)
            return CancelState.REFUSED, error.message
        except (BrokerRejected, BrokerUnreachable) as error:
            return CancelState.REFUSED, error.message
        except DeskError as error:
            return CancelState.UNKNOWN, error.message
        except Exception:
            log.exception("cancel_failed", extra={"order_id": order.id})
            return CancelState.UNKNOWN, "The broker's answer could not be read; its books decide."
        return CancelState.SENT, None
