"""What one client owns now, read live; and who holds an instrument, from the latest readings."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from app.domain.broker import AuthToken, BrokerPosition
from app.domain.errors import BrokerError, BrokerReadFailed, SessionExpired
from app.domain.instruments import Exchange
from app.domain.portfolio import (
    HeldInstruments,
    HeldPosition,
    Portfolio,
    StoredHolding,
    StoredPosition,
    TokenHolding,
    ValuedPosition,
    held_as_read,
    held_now,
    in_demat,
    in_token,
    valued,
)
from app.domain.ports.broker import Broker
from app.domain.ports.clock import Clock
from app.domain.ports.portfolio import ClientDirectory, SnapshotStore
from app.domain.ports.sessions import SessionBook
from app.domain.profit_views import ClientPl
from app.services.live_figures import LiveFigures
from app.services.read_gate import ReadGate

Answer = TypeVar("Answer")
_NOT_COMPUTED = ClientPl(None, "Profit is not computed just now; this is as of the last reading.")


class ViewPortfolio:
    def __init__(
        self,
        *,
        clients: ClientDirectory,
        snapshots: SnapshotStore,
        live: LiveFigures,
        broker: Broker,
        sessions: SessionBook,
        gate: ReadGate,
        clock: Clock,
    ) -> None:
        self._clients = clients
        self._snapshots = snapshots
        self._live = live
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
        code, asked_at = client.mofsl_client_code, self._clock.now()
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
        priced = await self._at_newest_prices(positions, asked_at)
        return Portfolio(client, priced, holdings, funds, as_of=self._clock.now())

    async def _at_newest_prices(
        self, positions: Sequence[BrokerPosition], asked_at: datetime
    ) -> tuple[ValuedPosition, ...]:
        """Value each at the market feed's price where that came in since, as everywhere in the desk."""
        found = []
        for position in positions:
            is_known = position.exchange in Exchange.__members__
            price = await self._live.price(Exchange(position.exchange), position.symbol_token) if is_known else None
            found.append(valued(position, price, asked_at))
        return tuple(found)

    async def in_token(self, exchange: Exchange, symbol_token: int) -> tuple[TokenHolding, ...]:
        """Return one entry per active client, by name; those never read are not left out but unknown."""
        clients, stored, in_demats = await self._snapshots.in_token(exchange, symbol_token)
        now, profits = self._clock.now(), await self._live.profits() or {}
        held = await self._held(exchange, symbol_token, stored)
        demats: dict[str, list[StoredHolding]] = defaultdict(list)
        for line in in_demats:
            demats[line.client_id].append(line)
        return tuple(
            in_token(
                client,
                held.get(client.client_id, ()),
                in_demat(client, demats.get(client.client_id, ()), now),
                now,
                profits.get(client.client_id, _NOT_COMPUTED).stale_reason,
            )
            for client in clients
        )

    async def held_instruments(self) -> HeldInstruments:
        """Return every instrument that anybody holds, as last read."""
        return await self._snapshots.held_instruments()

    async def _held(
        self, exchange: Exchange, symbol_token: int, stored: Sequence[StoredPosition]
    ) -> dict[str, tuple[HeldPosition, ...]]:
        """Return the positions by client: with every fill where the engine is at hand, else as last read."""
        price = await self._live.price(exchange, symbol_token)
        held: dict[str, tuple[HeldPosition, ...]] = {}
        for position in stored:
            held[position.client_id] = (*held.get(position.client_id, ()), held_as_read(position, price))
        in_memory = await self._live.in_instrument(exchange, symbol_token)
        for client_id, positions in (in_memory or {}).items():
            held[client_id] = tuple(held_now(client_id, position) for position in positions)
        return held

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
