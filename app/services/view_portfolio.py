"""What one client owns now, read live; and who holds an instrument, from the latest readings."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.domain.broker import AuthToken
from app.domain.errors import BrokerError, BrokerReadFailed, SessionExpired
from app.domain.instruments import Exchange
from app.domain.portfolio import HeldPosition, Portfolio, TokenHolding, in_token
from app.domain.ports.broker import Broker
from app.domain.ports.clock import Clock
from app.domain.ports.portfolio import ClientDirectory, SnapshotStore
from app.domain.ports.sessions import SessionBook
from app.services.read_gate import ReadGate

Answer = TypeVar("Answer")


class ViewPortfolio:
    def __init__(
        self,
        *,
        clients: ClientDirectory,
        snapshots: SnapshotStore,
        broker: Broker,
        sessions: SessionBook,
        gate: ReadGate,
        clock: Clock,
    ) -> None:
        self._clients = clients
        self._snapshots = snapshots
        self._broker = broker
        self._sessions = sessions
        self._gate = gate
        self._clock = clock

    async def of_client(self, client_id: str) -> Portfolio:
        """Read positions, holdings and funds at the broker, all at once.

        Raises ClientNotFound, or BrokerReadFailed naming each part that could not be read: never an empty portfolio.
        """
        client = await self._clients.get(client_id)
        if not client.is_active:
            raise BrokerReadFailed("The client is not active, so nothing is read at the broker for it.")
        try:
            token = await self._sessions.auth_token(client.login_id)
        except SessionExpired as error:
            raise BrokerReadFailed(f"There is no session at the broker to read with. {error.message}") from None
        code = client.mofsl_client_code
        answers = await asyncio.gather(
            self._read(token, code, "positions", self._broker.positions),
            self._read(token, code, "holdings", self._broker.holdings),
            self._read(token, code, "funds", self._broker.funds),
            return_exceptions=True,
        )
        positions, holdings, funds = answers
        if (
            isinstance(positions, BaseException)
            or isinstance(holdings, BaseException)
            or isinstance(funds, BaseException)
        ):
            raise await self._failure(token, answers)
        return Portfolio(client, positions, holdings, funds, as_of=self._clock.now())

    async def in_token(self, exchange: Exchange, symbol_token: int) -> tuple[TokenHolding, ...]:
        """Return one entry per active client, by name; those never read are not left out but unknown."""
        clients, positions = await self._snapshots.in_token(exchange, symbol_token)
        held: dict[str, list[HeldPosition]] = defaultdict(list)
        for position in positions:
            held[position.client_id].append(position)
        now = self._clock.now()
        return tuple(in_token(client, tuple(held[client.client_id]), now) for client in clients)

    async def _read(
        self, token: AuthToken, code: str, endpoint: str, call: Callable[[AuthToken, str], Awaitable[Answer]]
    ) -> Answer:
        await self._gate.turn(code, endpoint)
        return await call(token, code)

    async def _failure(self, token: AuthToken, answers: tuple[object, ...]) -> BaseException:
        """Return what to raise for these answers, at least one of which is an exception."""
        failed: list[str] = []
        for part, answer in zip(("positions", "holdings", "funds"), answers, strict=True):
            if not isinstance(answer, BaseException):
                continue
            if not isinstance(answer, BrokerError):
                return answer
            if isinstance(answer, SessionExpired):
                await self._sessions.report_expired(token)
            failed.append(f"{part}: {answer.message}")
        return BrokerReadFailed(f"The broker could not be read. {'; '.join(failed)}")
