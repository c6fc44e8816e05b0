"""Reads what each client owns (funds, positions, holdings) in turn, within the read limits, and keeps the latest."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from app.domain.broker import AuthToken
from app.domain.broker_sessions import SessionState, SessionStatus
from app.domain.errors import BrokerError, SessionExpired, StoreUnavailable
from app.domain.portfolio import AnyReading, FailedHoldings, FailedReading, HoldingsRead, ReadableClient, Reading
from app.domain.ports.broker import Broker
from app.domain.ports.clock import Clock
from app.domain.ports.portfolio import SnapshotStore
from app.domain.ports.sessions import SessionBook
from app.engine.batched_writes import BatchedWrites
from app.engine.right_of_way import at_once
from app.services.read_gate import ReadGate

log = logging.getLogger(__name__)

_TURN_S = 0.5
_CLIENTS_READ_EVERY_S = 5.0
_HOLDINGS_EVERY_S = 600.0  # they change overnight, and by what is sold or pledged
_HOLDINGS_AFTER_AN_ORDER_S = 60.0  # since the last reading of them
_AFTER_AN_ORDER_S = 1.0  # lets the broker's own books catch up, and several orders share one reading


@dataclass(slots=True)
class _Due:
    client: ReadableClient
    next_s: float
    holdings_read_s: float = float("-inf")
    is_traded: bool = False  # since the last reading of holdings

    def are_holdings_due(self, now_s: float) -> bool:
        wait_s = _HOLDINGS_AFTER_AN_ORDER_S if self.is_traded else _HOLDINGS_EVERY_S
        return now_s - self.holdings_read_s >= wait_s


class FundsRefresher:
    """`run()` is one long-lived task; `touch` and `on_session` may be called from anywhere in the engine.

    A client is read at its login, every `interval_s`, and soon after its orders; its holdings with it, but more seldom.
    A failed reading is noted beside the old one, which keeps its time. Holdings fail and succeed apart from the rest.
    """

    def __init__(
        self,
        *,
        store: SnapshotStore,
        broker: Broker,
        sessions: SessionBook,
        ready_logins: Callable[[], frozenset[str]],
        gate: ReadGate,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        interval_s: float = 60.0,
        parallel: int = 20,
        owns_shard: Callable[[int], bool] = lambda _shard: True,
        on_stored: Callable[[Sequence[str]], Awaitable[None]] | None = None,
        step_aside: Callable[[], Awaitable[None]] = at_once,
    ) -> None:
        self._store = store
        self._broker = broker
        self._sessions = sessions
        self._ready_logins = ready_logins
        self._gate = gate
        self._clock = clock
        self._sleep = sleep
        self._interval_s = interval_s
        self._parallel = parallel
        self._owns_shard = owns_shard
        self._on_stored = on_stored
        self._step_aside = step_aside
        self._due: dict[str, _Due] = {}
        self._waiting: deque[_Due] = deque()  # due at the last turn, the longest overdue first
        self._running: dict[str, asyncio.Task[None]] = {}
        self._clients_read_at_s = float("-inf")
        self._writes: BatchedWrites[AnyReading] = BatchedWrites(self._save)

    def touch(self, client_id: str) -> None:
        """Read this client soon: an order of it was sent or filled."""
        if (due := self._due.get(client_id)) is not None:
            due.is_traded = True
            due.next_s = min(due.next_s, self._clock.monotonic_s() + _AFTER_AN_ORDER_S)

    def on_session(self, login_id: str, status: SessionStatus) -> None:
        """A listener for the session keeper: a new session is a reason to read its clients now."""
        if status.state is SessionState.READY:
            now_s = self._clock.monotonic_s()
            for due in self._due.values():
                if due.client.login_id == login_id:
                    due.next_s = min(due.next_s, now_s)

    async def run(self) -> None:
        try:
            while True:
                try:
                    await self.step()
                except StoreUnavailable as error:
                    log.warning("reading funds waits for the database: %s", error)
                await self._sleep(_TURN_S)
        finally:
            tasks = list(self._running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def step(self) -> None:
        """Start the readings that are due, the longest overdue first. Raises StoreUnavailable."""
        await self._take_note()
        self._find_due()
        self._start_due()

    async def settled(self) -> None:
        """Return once no reading is running."""
        while self._running:
            await asyncio.wait(list(self._running.values()))
            await asyncio.sleep(0)

    async def _take_note(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._clients_read_at_s < _CLIENTS_READ_EVERY_S:
            return
        clients = {c.client_id: c for c in await self._store.readable_clients() if self._owns_shard(c.shard)}
        for client_id in self._due.keys() - clients.keys():
            del self._due[client_id]
        for client_id, client in clients.items():
            known = self._due.get(client_id)
            if known is None:
                self._due[client_id] = _Due(client, now_s)
            elif known.client.login_id != client.login_id:
                known.client, known.next_s = client, now_s
            else:
                known.client = client
        self._clients_read_at_s = now_s

    def _find_due(self) -> None:
        now_s, ready = self._clock.monotonic_s(), self._ready_logins()
        waiting = [due for due in self._due.values() if due.next_s <= now_s and due.client.login_id in ready]
        self._waiting = deque(sorted(waiting, key=lambda due: due.next_s))

    def _start_due(self) -> None:
        now_s = self._clock.monotonic_s()
        while self._waiting and len(self._running) < self._parallel:
            due = self._waiting.popleft()
            client_id = due.client.client_id
            if client_id in self._running or self._due.get(client_id) is not due:
                continue
            due.next_s = now_s + self._interval_s
            task = asyncio.create_task(self._read(due), name=f"read-funds-{client_id}")
            self._running[client_id] = task
            task.add_done_callback(lambda done, client_id=client_id: self._ended(client_id, done))  # type: ignore[misc]

    def _ended(self, client_id: str, task: asyncio.Task[None]) -> None:
        del self._running[client_id]
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.error("reading the funds of %s ended with %s", client_id, type(error).__name__)
        self._start_due()

    async def _read(self, due: _Due) -> None:
        client = due.client
        try:
            token = await self._sessions.auth_token(client.login_id)
        except SessionExpired:
            return  # the session's own state says why
        await self._keep(await self._account(client, token))
        if due.are_holdings_due(self._clock.monotonic_s()):
            due.holdings_read_s, due.is_traded = self._clock.monotonic_s(), False
            await self._keep(await self._holdings(client, token))

    async def _account(self, client: ReadableClient, token: AuthToken) -> AnyReading:
        try:
            return await self._reading(client, token)
        except SessionExpired as error:
            await self._sessions.report_expired(token)
            return FailedReading(client.client_id, error.message, self._clock.now())
        except BrokerError as error:
            return FailedReading(client.client_id, error.message, self._clock.now())

    async def _reading(self, client: ReadableClient, token: AuthToken) -> Reading:
        """Both or nothing: profit and funds of different moments do not belong in one row."""
        await self._step_aside()
        await self._gate.turn(client.client_code, "funds")
        funds = await self._broker.funds(token, client.client_code)
        await self._gate.turn(client.client_code, "positions")
        asked_at = self._clock.now()  # what happens while the answer is under way may be in it, or not
        positions = await self._broker.positions(token, client.client_code)
        return Reading(client.client_id, funds, positions, asked_at)

    async def _holdings(self, client: ReadableClient, token: AuthToken) -> AnyReading:
        await self._step_aside()
        await self._gate.turn(client.client_code, "holdings")
        asked_at = self._clock.now()
        try:
            return HoldingsRead(client.client_id, await self._broker.holdings(token, client.client_code), asked_at)
        except SessionExpired as error:
            await self._sessions.report_expired(token)
            return FailedHoldings(client.client_id, error.message, asked_at)
        except BrokerError as error:
            return FailedHoldings(client.client_id, error.message, asked_at)

    async def _keep(self, reading: AnyReading) -> None:
        try:
            await self._writes.write(reading)
        except StoreUnavailable as error:
            log.warning("a reading of %s was not stored: %s", reading.client_id, error)

    async def _save(self, readings: Sequence[AnyReading]) -> None:
        await self._store.save(readings)
        accounts = [one.client_id for one in readings if isinstance(one, Reading | FailedReading)]
        if accounts and self._on_stored is not None:
            await self._on_stored(accounts)
