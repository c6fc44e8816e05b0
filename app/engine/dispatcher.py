"""From the queue to the broker: claim in groups, commit, then send; one wire attempt per order, ever."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.answers import failed, lapsed, taken
from app.domain.broker import AuthToken
from app.domain.errors import BrokerUnreachable, DeskError, EngineReplaced, SessionExpired, StoreUnavailable
from app.domain.instruments import Exchange
from app.domain.orders import OrderStatus
from app.domain.ports.broker import Broker
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.sessions import SessionBook
from app.domain.ports.trading import EngineStore
from app.domain.send_brake import THROTTLED, SendBrake
from app.domain.time import trading_day
from app.domain.working import Change, WorkingOrder
from app.engine.rate_limiter import SlidingWindowLimiter
from app.engine.result_writer import ResultWriter
from app.engine.right_of_way import RightOfWay
from app.services.execute_batch import ORDERS_QUEUED

log = logging.getLogger(__name__)

_LOOK_AHEAD = 20_000  # queued orders looked at in one turn
_FIRST_GROUP, _GROUP = 100, 300  # a small first group leaves soonest (PERFORMANCE.md section 4)
_AT_ONCE = 25  # sends started in one turn of the event loop
_IDLE_S = 1.0  # a hint may be lost; the queue is looked at least this often
_BACKOFF_S, _MAX_BACKOFF_S = 0.25, 5.0


_ANSWERED = frozenset({OrderStatus.ACKNOWLEDGED, OrderStatus.REJECTED})
_STOPPED = BrokerUnreachable("The desk stopped before it left.", code="desk_stopped")

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
        self._brake = SendBrake()
        self._sends: dict[str, asyncio.Task[None]] = {}
        self._sent: set[str] = set()  # orders whose attempt may have reached the wire
        self._not_started: Counter[SendKey] = Counter()  # claimed, and not yet counted by the limiter
        self._refused_by_session: set[str] = set()  # orders back in the queue because their session had ended
        self._whole_past_known: set[str] = set()  # orders whose first return to the queue was seen here
        self._not_before_s: dict[str, float] = {}  # orders proven unsent, resting before their next turn
        self._broker_ids: dict[tuple[str, date, str], str] = {}  # (client, day, broker order id) -> our order
        self._uncertain: set[str] = set()  # claims whose commit was not confirmed
        self._day: date | None = None
        self._starting: asyncio.Task[None] | None = None  # the group that is being started
        self._is_stopping = False
        self.in_flight: set[str] = set()  # claimed here, and not yet written back
        writer.listeners.append(self._written)

    async def run(self) -> None:
        async with self._bus.subscribe(ORDERS_QUEUED) as hints:
            while True:
                self._is_stopping = False
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
        """Claim and start everything that may leave now; return how long to rest before the next look.

        The next group is claimed while the one before it is being started: neither waits for the other.
        """
        try:
            first = await self._store.queued(_FIRST_GROUP)
            pause_s = await self._claim_all(first)
            if len(first) == _FIRST_GROUP:
                queued = await self._store.queued(_LOOK_AHEAD)
                pause_s = min(pause_s, await self._claim_all(queued))
        except (asyncio.CancelledError, EngineReplaced):
            self._is_stopping = True
            raise
        finally:
            await self._started()
        return pause_s

    async def _claim_all(self, queued: Sequence[WorkingOrder]) -> float:
        admitted, pause_s = self._admit(queued)
        for start in range(0, len(admitted), _GROUP):
            claimed = await self._claim(admitted[start : start + _GROUP])
            try:
                await self._started()
            except BaseException:
                self._give_back(claimed, _STOPPED)
                raise
            self._starting = asyncio.create_task(self._start_all(claimed), name="start sends")
        return pause_s

    async def _started(self) -> None:
        """Wait until the group before is on its way; never cut it short: it gives back what may not leave any more."""
        if self._starting is not None:
            await asyncio.wait([self._starting])
            starting, self._starting = self._starting, None
            starting.result()

    async def _claim(self, group: Sequence[WorkingOrder]) -> Sequence[WorkingOrder]:
        self.in_flight.update(order.id for order in group)
        try:
            claimed = await self._store.claim(group, epoch=self._settings.epoch, at=self._clock.now())
        except BaseException:
            self.in_flight.difference_update(order.id for order in group)
            self._uncertain.update(order.id for order in group)
            raise
        self._not_started.update(_send_key(order) for order in claimed)
        claimed_ids = {order.id for order in claimed}
        self.in_flight.difference_update(order.id for order in group if order.id not in claimed_ids)
        return claimed

    def _admit(self, queued: Sequence[WorkingOrder]) -> tuple[list[WorkingOrder], float]:
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        free = self._settings.max_in_flight - len(self.in_flight)
        pause_s = _IDLE_S
        admitted: list[WorkingOrder] = []
        places = self._not_started.copy()  # and what this turn takes: the limiter counts a send when it starts
        decided = self._not_started.total()
        for order in queued:
            if order.id in self.in_flight:
                continue
            if now >= order.deadline_at:
                self._lapse(order)
                continue
            key = _send_key(order)
            resting_s = self._not_before_s.get(order.id, now_s) - now_s
            held_s = self._brake.delay_s(order.client_id, now_s, decided)
            wait_s = max(self._limiter.delay_s(key, places[key]), resting_s, held_s)
            if wait_s > 0:
                pause_s = min(pause_s, wait_s)
            elif len(admitted) >= free:
                pause_s = min(pause_s, 0.02)
            else:
                places[key] += 1
                decided += 1
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
            self._not_started[_send_key(order)] -= 1
            why = error if order.id in repeated else not_sent
            self._writer.add(failed(order, why, at=self._clock.now()))
        raise error

    async def _start_in_turns(self, claimed: Sequence[WorkingOrder]) -> None:
        """Start a few at a time: bytes leave at the end of a turn of the loop; the first need not wait for the last."""
        waiting = deque(claimed)
        while waiting and not self._is_stopping:
            if self._brake.holds_all(self._clock.monotonic_s()):
                held = BrokerUnreachable("The broker is throttling: it waits for its turn.", code="held_by_throttling")
                self._give_back(waiting, held)
                return
            for _ in range(min(_AT_ONCE, len(waiting))):
                self._not_started[_send_key(waiting[0])] -= 1
                self._start(waiting.popleft())
            await asyncio.sleep(0)
        self._give_back(waiting, _STOPPED)

    def _give_back(self, claimed: Iterable[WorkingOrder], why: BrokerUnreachable) -> None:
        """Return to the queue what was claimed and surely did not leave."""
        for order in claimed:
            self._not_started[_send_key(order)] -= 1
            self._writer.add(failed(order, why, at=self._clock.now()))

    def _start(self, order: WorkingOrder) -> None:
        self._sent.add(order.id)
        self._limiter.admit(_send_key(order))
        self._brake.sent()
        self._right_of_way.take()
        task = asyncio.create_task(self._send(order), name=f"send {order.id}")
        self._sends[order.id] = task
        task.add_done_callback(lambda _: self._sends.pop(order.id, None))

    async def _send(self, order: WorkingOrder) -> None:
        try:
            change = await self._attempt(order)
        except BaseException as error:
            change = failed(order, error, at=self._clock.now())
            self._heed(change)
            self._writer.add(change)
            if not isinstance(error, Exception):
                raise
            return
        self._heed(change)
        self._writer.add(change)

    def _heed(self, change: Change) -> None:
        client_id = change.after.client_id
        if change.code == THROTTLED:
            self._brake.throttled(client_id, self._clock.monotonic_s())
        elif change.after.status in _ANSWERED:
            self._brake.answered(client_id)

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
            change = failed(order, error, at=self._clock.now(), may_log_in_again=self._may_log_in_again(order))
            self._refused_by_session.add(order.id)
            await self._report(auth_token)
            return change
        key = (order.client_id, order.trading_day, broker_order_id)
        is_id_new = self._broker_ids.setdefault(key, order.id) == order.id
        return taken(order, broker_order_id, is_id_new=is_id_new, at=self._clock.now())

    def _may_log_in_again(self, order: WorkingOrder) -> bool:
        """Once per order, ever: one that came back before a restart may have used its chance already."""
        is_past_known = order.requeues == 0 or order.id in self._whole_past_known
        return is_past_known and order.id not in self._refused_by_session

    async def _report(self, auth_token: AuthToken) -> None:
        try:
            await self._sessions.report_expired(auth_token)
        except StoreUnavailable:
            log.warning("expired_session_not_recorded")  # the next answer of the broker will say so again

    def _written(self, changes: Sequence[Change]) -> None:
        now_s = self._clock.monotonic_s()
        for change in changes:
            order = change.after
            if order.broker_order_id is not None:  # also one that a book has told
                self._broker_ids.setdefault((order.client_id, order.trading_day, order.broker_order_id), order.id)
            if order.id not in self.in_flight:
                continue
            self.in_flight.discard(order.id)
            if order.attempt == 0:  # proven unsent: it may take its turn again
                self._sent.discard(order.id)
                rest_s = min(_BACKOFF_S * 2 ** min(order.requeues, 8), _MAX_BACKOFF_S)
                self._not_before_s[order.id] = now_s + rest_s
                if order.requeues == 1:
                    self._whole_past_known.add(order.id)
            else:
                self._not_before_s.pop(order.id, None)
                self._refused_by_session.discard(order.id)
                self._whole_past_known.discard(order.id)


def _send_key(order: WorkingOrder) -> SendKey:
    """Sends are limited per client and exchange segment."""
    return order.client_id, order.exchange
