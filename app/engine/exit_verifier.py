"""Read positions again once an exit's orders are over: only a good read may say "flat"."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from app.domain.broker import AuthToken
from app.domain.demat import demat_stock, shows_a_delivery_sale
from app.domain.errors import BrokerError, SessionExpired, StoreUnavailable
from app.domain.exits import held_in
from app.domain.ports.broker import Broker
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.exits import ExitStore, OpenExit
from app.domain.ports.sessions import SessionBook
from app.domain.position_evidence import BEHIND_SENTENCE, are_behind
from app.engine.right_of_way import at_once
from app.engine.side_by_side import SideBySide
from app.services.execute_batch import ORDERS_CHANGED
from app.services.read_gate import ReadGate

log = logging.getLogger(__name__)

_IDLE_S = 1.0
_PARALLEL = 32
_TRIES = 10  # reads that may fail, a second apart; then the exit says that it cannot tell


_Key = tuple[str, str, str]


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last_at_s: float = 0.0


def _key(exit_: OpenExit) -> _Key:
    return exit_.batch_id, exit_.client.id, exit_.product


class ExitVerifier:
    def __init__(
        self,
        store: ExitStore,
        broker: Broker,
        sessions: SessionBook,
        gate: ReadGate,
        bus: Bus,
        clock: Clock,
        *,
        step_aside: Callable[[], Awaitable[None]] = at_once,
    ) -> None:
        self._store = store
        self._read_gate = gate
        self._broker = broker
        self._sessions = sessions
        self._bus = bus
        self._clock = clock
        self._step_aside = step_aside
        self._gate = asyncio.Semaphore(_PARALLEL)
        self._failures: dict[_Key, _Failures] = {}

    async def run(self) -> None:
        async with self._bus.subscribe(ORDERS_CHANGED) as hints, SideBySide("verify exit") as reads:
            while True:
                try:
                    for exit_ in await self._store.open_exits():
                        if self._is_due(exit_):
                            reads.start(_key(exit_), partial(self._verify, exit_))
                except StoreUnavailable:
                    log.warning("exits_unreadable")
                await hints.receive(_IDLE_S)

    def _is_due(self, exit_: OpenExit) -> bool:
        """However often something changes, a read that failed is not repeated before a while has passed."""
        failures = self._failures.get(_key(exit_))
        return failures is None or self._clock.monotonic_s() >= failures.last_at_s + _IDLE_S

    async def _verify(self, exit_: OpenExit) -> None:
        key = _key(exit_)
        async with self._gate:
            remaining, failure = await self._remaining(exit_)
            if failure is not None:
                failures = self._failures.setdefault(key, _Failures())
                failures.count, failures.last_at_s = failures.count + 1, self._clock.monotonic_s()
                if failures.count < _TRIES:
                    return
            await self._store.close_exit(*key, remaining=remaining, message=failure, at=self._clock.now())
            self._failures.pop(key, None)
        await self._bus.publish(ORDERS_CHANGED, {"batches": [exit_.batch_id]})

    async def _remaining(self, exit_: OpenExit) -> tuple[int | None, str | None]:
        """Return the signed units left, or None and why they cannot be told."""
        auth_token: AuthToken | None = None
        try:
            auth_token = await self._sessions.auth_token(exit_.client.login_id)
            await self._step_aside()
            await self._read_gate.turn(exit_.client.code, "orderbook")
            rows = await self._broker.order_book(auth_token, exit_.client.code)
            await self._read_gate.turn(exit_.client.code, "positions")
            positions = await self._broker.positions(auth_token, exit_.client.code)
            if are_behind(positions, rows, exit_.exchange, exit_.symbol_token):
                return None, BEHIND_SENTENCE
            stock = None
            if exit_.with_demat or shows_a_delivery_sale(positions, exit_.exchange, exit_.symbol_token):
                await self._read_gate.turn(exit_.client.code, "holdings")
                holdings = await self._broker.holdings(auth_token, exit_.client.code)
                stock = demat_stock(holdings, positions, exit_.exchange, exit_.symbol_token)
        except BrokerError as error:
            if isinstance(error, SessionExpired) and auth_token is not None:
                await self._sessions.report_expired(auth_token)
            return None, error.message[:300]
        found = held_in(
            exit_.client.id,
            positions,
            exit_.exchange,
            exit_.symbol_token,
            frozenset({exit_.product}),
            read_at=self._clock.now(),
            stock=stock,
            with_demat=exit_.with_demat,
        )
        return sum(row.held or 0 for row in found), None
