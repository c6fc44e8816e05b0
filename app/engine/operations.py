"""Carry out what persons ask of orders at the broker: cancels and modifications.

One attempt each; a lost answer is left to the books. A modification starts from a fresh read of the order book: the
broker takes it only with the order's latest stamp and filled quantity (mofsl/API.md 8.8).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from app.domain.broker import AuthToken, BookOrder, BookStatus, ModifyInstruction
from app.domain.errors import (
    BrokerError,
    BrokerRejected,
    BrokerUnreachable,
    DeskError,
    SessionExpired,
    StoreUnavailable,
)
from app.domain.matching import BookIndex, difference, index_book, is_id_proven, own_row, rows_of
from app.domain.orders import FINAL, OperationState, PendingOp
from app.domain.ports.broker import Broker
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.sessions import SessionBook
from app.domain.ports.trading import OperationStore, RequestedOperation
from app.domain.tags import normal_tag
from app.domain.working import WorkingOrder
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.side_by_side import SideBySide
from app.services.cancel_order import OPERATIONS_REQUESTED
from app.services.execute_batch import ORDERS_CHANGED
from app.services.read_gate import ReadGate

log = logging.getLogger(__name__)

_IDLE_S = 1.0
_RETRY_S = 0.5
_PARALLEL = 64
_MODIFIABLE = frozenset({BookStatus.CONFIRM, BookStatus.PARTIAL, BookStatus.SENT})
_NO_STAMP = frozenset({"", "0"})
Outcome = tuple[OperationState, str | None]


class Operations:
    """`limiter` is the dispatcher's: the exchange counts every order call of a client together."""

    def __init__(
        self,
        store: OperationStore,
        broker: Broker,
        sessions: SessionBook,
        bus: Bus,
        clock: Clock,
        limiter: SlidingWindowLimiter,
        reads: ReadGate,
        *,
        on_sent: Callable[[str], None] = lambda _client_id: None,
    ) -> None:
        self._store = store
        self._broker = broker
        self._sessions = sessions
        self._bus = bus
        self._clock = clock
        self._limiter = limiter
        self._reads = reads
        self._on_sent = on_sent
        self._gate = asyncio.Semaphore(_PARALLEL)

    async def run(self) -> None:
        async with self._bus.subscribe(OPERATIONS_REQUESTED) as hints, SideBySide("operation") as pieces:
            while True:
                try:
                    for wish in await self._store.requested_operations():
                        pieces.start(wish.order.id, partial(self._carry_out, wish))
                except StoreUnavailable:
                    log.warning("operations_unreadable")
                await hints.receive(_IDLE_S)

    async def _carry_out(self, wish: RequestedOperation) -> None:
        async with self._gate:
            outcome = await (self._cancel(wish) if wish.op is PendingOp.CANCEL else self._modify(wish))
            if isinstance(outcome, str):
                await self._stored(partial(self._store.refuse_operation, wish, message=outcome, at=self._clock.now()))
            elif outcome is not None:
                self._on_sent(wish.order.client_id)
                state, message = outcome
                end = partial(self._store.end_operation, wish, state=state, message=message, at=self._clock.now())
                await self._stored(end)
        await self._bus.publish(ORDERS_CHANGED, {"batches": [wish.order.batch_id]})

    async def _stored(self, write: Callable[[], Awaitable[None]]) -> None:
        """Store how it went; what was learned waits for the database rather than be forgotten."""
        while True:
            try:
                await write()
                return
            except StoreUnavailable:
                log.warning("operation_result_waits_for_database")
                await asyncio.sleep(_RETRY_S)

    async def _cancel(self, wish: RequestedOperation) -> Outcome | None:
        order = wish.order
        broker_order_id = await self._id_to_cancel(order)
        if broker_order_id is None:
            return None  # it still waits: the books are about to say which order is meant
        await self._limiter.turn((order.client_id, order.exchange))
        if not await self._store.begin_operation(wish, at=self._clock.now()):
            return None
        try:
            auth_token = await self._sessions.auth_token(order.login_id)
        except SessionExpired as error:
            return OperationState.REFUSED, error.message
        return await self._attempt(
            self._broker.cancel_order(auth_token, order.client_code, broker_order_id), auth_token
        )

    async def _id_to_cancel(self, order: WorkingOrder) -> str | None:
        """Return the id to cancel under, or None where it is not known yet.

        An id that only an answer named is looked up in the order book first: it may be another order's. Where the book
        shows nothing of it yet, the answer counts: a cancel must not wait for a slow book.
        """
        if is_id_proven(order) or order.status in FINAL:
            return order.broker_order_id or ""
        try:
            book = await self._book_of(order)
        except BrokerError as error:
            log.info("cancel_waits_for_book", extra={"order_id": order.id, "code": error.code})
            return None
        own = own_row(order, book)
        if own is not None:
            return own.broker_order_id
        named = book.by_id.get(order.broker_order_id or "", ())
        is_anothers = any(normal_tag(row.tag) not in ("", order.tag) for row in named)
        return None if is_anothers else order.broker_order_id

    async def _book_of(self, order: WorkingOrder) -> BookIndex:
        """Read the client's order book now. Raises BrokerError."""
        auth_token = await self._sessions.auth_token(order.login_id)
        await self._reads.turn(order.client_code, "orderbook")
        try:
            return index_book(await self._broker.order_book(auth_token, order.client_code))
        except SessionExpired:
            await self._sessions.report_expired(auth_token)
            raise

    async def _modify(self, wish: RequestedOperation) -> Outcome | str | None:
        """Return how the attempt ended, why there was none, or None where the wish is over or has left already."""
        order, terms = wish.order, wish.order.wanted
        if terms is None:
            return None  # a cancel took its place
        try:
            book = await self._book_of(order)
        except BrokerError as error:
            return f"Not sent: the order could not be read first. {error.message}"
        rows = rows_of(order, book)
        row = rows[0] if len(rows) == 1 else None
        if row is None or (refusal := _refusal(row, wish)) is not None:
            why = f"the broker's book shows {len(rows) or 'no'} rows for this order." if row is None else refusal
            return f"Not sent: {why}"
        await self._limiter.turn((order.client_id, order.exchange))
        if not await self._store.begin_operation(wish, at=self._clock.now(), stamp=row.last_modified_text):
            return None
        try:
            auth_token = await self._sessions.auth_token(order.login_id)
        except SessionExpired as error:
            return OperationState.REFUSED, error.message
        instruction = ModifyInstruction(
            client_code=order.client_code,
            broker_order_id=row.broker_order_id,
            order_type=terms.order_type,
            validity=terms.validity,
            quantity=terms.quantity,
            lots=terms.lots,
            price=terms.price,
            trigger_price=terms.trigger_price,
            last_modified_text=_stamp(row),
            filled_today=row.filled,
        )
        return await self._attempt(self._broker.modify_order(auth_token, instruction), auth_token)

    async def _attempt(self, call: Awaitable[None], auth_token: AuthToken) -> Outcome:
        """Make the one attempt, and return what its end proves."""
        try:
            await call
        except SessionExpired as error:
            await self._sessions.report_expired(auth_token)
            return OperationState.REFUSED, error.message
        except (BrokerRejected, BrokerUnreachable) as error:
            return OperationState.REFUSED, error.message
        except DeskError as error:
            return OperationState.UNKNOWN, error.message
        except Exception:
            log.exception("operation_failed")
            return OperationState.UNKNOWN, "The broker's answer could not be read; its books decide."
        return OperationState.SENT, None


def _refusal(row: BookOrder, wish: RequestedOperation) -> str | None:
    """Why the order, as the broker's book shows it now, must not be modified as asked."""
    order, terms = wish.order, wish.order.wanted
    assert terms is not None
    if row.status not in _MODIFIABLE:
        return f"the broker's book shows the order as {row.status_text}."
    if (disagreement := difference(order, row)) is not None:
        return f"{disagreement}."
    if terms.quantity <= row.filled:
        return f"{row.filled} units are filled already, so the new total must be above that."
    return None


def _stamp(row: BookOrder) -> str:
    """An order that nobody modified may show no stamp; when it was recorded stands for it (mofsl/API.md 8.8)."""
    return row.recorded_text if row.last_modified_text.strip() in _NO_STAMP else row.last_modified_text
