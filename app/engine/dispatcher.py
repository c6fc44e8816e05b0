"""From the queue to the broker: claim in groups, commit, then send; one wire attempt per order, ever."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.answers import failed, lapsed, taken
from app.domain.broker import AuthToken
from app.domain.errors import BrokerUnreachable, DeskError, SessionExpired, StoreUnavailable
from app.domain.instruments import Exchange
from app.domain.orders import OrderStatus
from app.domain.ports.broker import Broker
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.sessions import SessionBook
from app.domain.ports.trading import EngineStore
from app.domain.time import trading_day
from app.domain.working import Change, WorkingOrder
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.result_writer import ResultWriter
from app.engine.right_of_way import RightOfWay
from app.services.execute_batch import ORDERS_QUEUED

log = logging.getLogger(__name__)

_LOOK_AHEAD = 20_000  # queued orders looked at in one turn
_FIRST_GROUP, _GROUP = 100, 1000  # a small first group leaves soonest (PERFORMANCE.md section 4)
_AT_ONCE = 25  # sends started in one turn of the event loop
_IDLE_S = 1.0  # a hint may be lost; the queue is looked at least this often
_BACKOFF_S, _MAX_BACKOFF_S = 0.25, 5.0


SendKey = tuple[str, Exchange]


class SendsExceedApproval(DeskError):
    """An order would have left twice (ORDERS.md, invariant 37): the engine stops rather than send it."""

    default_code = "sends_exceed_approval"


@dataclass(slots=True)
class DispatcherSettings:
    max_in_flight: int
    epoch: int  # of this owner of the queue: rises with every start


class Dispatcher:
    def __init__(
        self,
        store: EngineStore,
        broker: Broker,
        sessions: SessionBook,
        writer: ResultWriter,
        bus: Bus,
        clock: Clock,
        limiter: SlidingWindowLimiter,
        settings: DispatcherSettings,
        right_of_way: RightOfWay | None = None,
    ) -> None:
        self._store = store
        self._broker = broker
        self._sessions = sessions
        self._writer = writer
        self._bus = bus
        self._clock = clock
        self._limiter = limiter
        self._settings = settings
        self._right_of_way = right_of_way or RightOfWay(clock.monotonic_s)
        self._sends: dict[str, asyncio.Task[None]] = {}
        self._sent: set[str] = set()  # orders whose attempt may have reached the wire
        self._refused_by_session: set[str] = set()  # orders back in the queue because their session had ended
        self._not_before_s: dict[str, float] = {}  # orders proven unsent, resting before their next turn
        self._broker_ids: dict[tuple[str, date, str], str] = {}  # (client, day, broker order id) -> our order
        self._uncertain: set[str] = set()  # claims whose commit was not confirmed
        self._day: date | None = None
        self.in_flight: set[str] = set()  # claimed here, and not yet written back
        writer.listeners.append(self._written)

    async def run(self) -> None:
        async with self._bus.subscribe(ORDERS_QUEUED) as hints:
            while True:
                try:
                    await self._take_up()
                    pause_s = await self._turn()
                except StoreUnavailable:
                    log.warning("queue_unreadable")
                    pause_s = _IDLE_S
                await hints.receive(pause_s)

    async def _take_up(self) -> None:
        """Learn which broker ids are taken; send what was claimed here though its commit was not confirmed.

        Such a row is ours and surely unsent: nothing is started before its claim returns (FAULTS.md F49).
        """
        day = trading_day(self._clock.now())
        if day != self._day:
            self._broker_ids = dict(await self._store.broker_ids(day)) | self._broker_ids
            self._day = day
        if self._uncertain:
            for order in await self._store.reload(sorted(self._uncertain)):
                is_ours = order.attempt_epoch == self._settings.epoch and order.id not in self._sent
                if order.status is OrderStatus.SENDING and is_ours:
                    self.in_flight.add(order.id)
                    self._start(order)
            self._uncertain.clear()

    async def finish(self, grace_s: float) -> None:
        """Wait for what has left; call it once `run` was cancelled, so that nothing more is claimed."""
        if self._sends:
            await asyncio.wait(self._sends.values(), timeout=grace_s)
        late = list(self._sends.values())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)  # each hands its result to the writer

    async def _turn(self) -> float:
        """Claim and start everything that may leave now; return how long to rest before the next look."""
        queued = await self._store.queued(_LOOK_AHEAD)
        admitted, pause_s = self._admit(queued)
        start, size = 0, _FIRST_GROUP
        while start < len(admitted):
            group = admitted[start : start + size]
            now = self._clock.now()
            self.in_flight.update(order.id for order in group)
            try:
                claimed = await self._store.claim(group, epoch=self._settings.epoch, at=now)
            except BaseException:
                self.in_flight.difference_update(order.id for order in group)
                self._uncertain.update(order.id for order in group)
                raise
            claimed_ids = {order.id for order in claimed}
            self.in_flight.difference_update(order.id for order in group if order.id not in claimed_ids)
            await self._start_all(claimed)
            start, size = start + size, _GROUP
        return pause_s

    def _admit(self, queued: Sequence[WorkingOrder]) -> tuple[list[WorkingOrder], float]:
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        free = self._settings.max_in_flight - len(self.in_flight)
        pause_s = _IDLE_S
        admitted: list[WorkingOrder] = []
        places: Counter[SendKey] = Counter()  # taken in this turn; the limiter counts a send when it starts
        for order in queued:
            if order.id in self.in_flight:
                continue
            if now >= order.deadline_at:
                self._lapse(order)
                continue
            key = _send_key(order)
            resting_s = self._not_before_s.get(order.id, now_s) - now_s
            wait_s = max(self._limiter.delay_s(key, places[key]), resting_s)
            if wait_s > 0:
                pause_s = min(pause_s, wait_s)
            elif len(admitted) >= free:
                pause_s = min(pause_s, 0.02)
            else:
                places[key] += 1
                admitted.append(order)
        return admitted, pause_s

    def _lapse(self, order: WorkingOrder) -> None:
        self.in_flight.add(order.id)
        message = f"Its deadline passed before it could be sent. {order.message or ''}".rstrip()
        self._writer.add(lapsed(order, "deadline_passed", message, at=self._clock.now()))

    async def _start_all(self, claimed: Sequence[WorkingOrder]) -> None:
        """Send what was just claimed, unless one of it was sent before: then none of it leaves."""
        repeated = {order.id for order in claimed if order.id in self._sent}
        if not repeated:
            await self._start_in_turns(claimed)
            return
        error = SendsExceedApproval(
            f"An order would have left twice ({', '.join(sorted(repeated))}); the desk stopped."
        )
        not_sent = BrokerUnreachable(error.message, code=error.code)
        for order in claimed:
            why = error if order.id in repeated else not_sent
            self._writer.add(failed(order, why, at=self._clock.now()))
        raise error

    async def _start_in_turns(self, claimed: Sequence[WorkingOrder]) -> None:
        """Start a few at a time: bytes leave at the end of a turn of the loop, so the first need not wait for the last.

        A cancellation in between leaves orders that surely did not leave; they go back to the queue.
        """
        waiting = deque(claimed)
        try:
            while waiting:
                for _ in range(min(_AT_ONCE, len(waiting))):
                    self._start(waiting.popleft())
                await asyncio.sleep(0)
        finally:
            stopped = BrokerUnreachable("The desk stopped before it left.", code="desk_stopped")
            for order in waiting:
                self._writer.add(failed(order, stopped, at=self._clock.now()))

    def _start(self, order: WorkingOrder) -> None:
        self._sent.add(order.id)
        self._limiter.admit(_send_key(order))
        self._right_of_way.take()
        task = asyncio.create_task(self._send(order), name=f"send {order.id}")
        self._sends[order.id] = task
        task.add_done_callback(lambda _: self._sends.pop(order.id, None))

    async def _send(self, order: WorkingOrder) -> None:
        try:
            change = await self._attempt(order)
        except BaseException as error:
            change = failed(order, error, at=self._clock.now())
            self._writer.add(change)
            if not isinstance(error, Exception):
                raise
            return
        self._writer.add(change)

    async def _attempt(self, order: WorkingOrder) -> Change:
        if self._clock.now() >= order.deadline_at:
            too_late = BrokerUnreachable("Its deadline passed before it could leave.", code="deadline_passed")
            return failed(order, too_late, at=self._clock.now())
        try:
            auth_token = await self._sessions.auth_token(order.login_id)
        except SessionExpired as error:
            nothing_left = BrokerUnreachable(error.message, code="no_session")
            return failed(order, nothing_left, at=self._clock.now())
        try:
            broker_order_id = await self._broker.place_order(auth_token, order.instruction())
        except SessionExpired as error:
            is_first = order.id not in self._refused_by_session
            self._refused_by_session.add(order.id)
            change = failed(order, error, at=self._clock.now(), may_log_in_again=is_first)
            await self._report(auth_token)
            return change
        key = (order.client_id, order.trading_day, broker_order_id)
        is_id_new = self._broker_ids.setdefault(key, order.id) == order.id
        return taken(order, broker_order_id, is_id_new=is_id_new, at=self._clock.now())

    async def _report(self, auth_token: AuthToken) -> None:
        try:
            await self._sessions.report_expired(auth_token)
        except StoreUnavailable:
            log.warning("expired_session_not_recorded")  # the next answer of the broker will say so again

    def _written(self, changes: Sequence[Change]) -> None:
        now_s = self._clock.monotonic_s()
        for change in changes:
            order = change.after
            if order.id not in self.in_flight:
                continue
            self.in_flight.discard(order.id)
            if order.attempt == 0:  # proven unsent: it may take its turn again
                self._sent.discard(order.id)
                rest_s = min(_BACKOFF_S * 2 ** min(order.requeues, 8), _MAX_BACKOFF_S)
                self._not_before_s[order.id] = now_s + rest_s
            else:
                self._not_before_s.pop(order.id, None)
                self._refused_by_session.discard(order.id)


def _send_key(order: WorkingOrder) -> SendKey:
    """Sends are limited per client and exchange segment."""
    return order.client_id, order.exchange
