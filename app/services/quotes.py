"""Prices for planning and people: fresh, checked, and read once however many ask."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from app.domain.broker import AuthToken
from app.domain.errors import DeskError, SessionExpired
from app.domain.instruments import Exchange, Instrument, Quote
from app.domain.ports import Broker, ClientLogin, Clock, SessionBook
from app.domain.quotes import QuoteUnavailable, is_fresh, usable_quote
from app.services.read_allowance import ReadAllowance

log = logging.getLogger(__name__)

_MOST_TRIES = 3
_Key = tuple[Exchange, int]


class QuoteSessions(SessionBook, Protocol):
    async def ready_logins(self) -> Sequence[ClientLogin]:
        """Return clients whose login has a live session now, one for each login; empty where none has."""


class QuoteReader:
    """Reads through any ready login, since a price is the same for all; logins take turns under their read limit."""

    def __init__(
        self,
        *,
        broker: Broker,
        sessions: QuoteSessions,
        clock: Clock,
        instrument: Callable[[Exchange, int], Instrument | None],
        reads_per_second: int = 2,
        deadline_s: float = 5.0,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._broker = broker
        self._sessions = sessions
        self._clock = clock
        self._instrument = instrument
        self._allowance = ReadAllowance(reads_per_second)
        self._deadline_s = deadline_s
        self._pause = pause
        self._last: dict[_Key, Quote] = {}
        self._flights: dict[_Key, asyncio.Task[Quote]] = {}

    async def quote(self, exchange: Exchange, symbol_token: int, *, max_age_s: float) -> Quote:
        """Return a price at most `max_age_s` old, from memory or from the broker.

        Raises QuoteUnavailable: there is no other outcome, and never a price of 0 or of another instrument.
        """
        key = exchange, symbol_token
        known = self._last.get(key)
        if known is not None and is_fresh(known, self._clock.now(), max_age_s=max_age_s):
            return known
        quote = await asyncio.shield(self._flight(key))  # a caller that goes away must not take it from the others
        if not is_fresh(quote, self._clock.now(), max_age_s=max_age_s):
            raise QuoteUnavailable(f"the price of {exchange}:{symbol_token} is older than {max_age_s:g} s")
        return quote

    def last_known(self, exchange: Exchange, symbol_token: int) -> Quote | None:
        """Return the last good price, however old: its `as_of` says so. Not for orders."""
        return self._last.get((exchange, symbol_token))

    async def close(self) -> None:
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _flight(self, key: _Key) -> asyncio.Task[Quote]:
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fetch(*key), name=f"quote {key[0]}:{key[1]}")
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return flight

    def _landed(self, key: _Key, flight: asyncio.Task[Quote]) -> None:
        del self._flights[key]
        if not flight.cancelled() and flight.exception() is None:
            self._last[key] = flight.result()

    async def _fetch(self, exchange: Exchange, symbol_token: int) -> Quote:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._try_logins(exchange, symbol_token)
        except TimeoutError as error:
            raise QuoteUnavailable(f"no price of {exchange}:{symbol_token} within {self._deadline_s:g} s") from error

    async def _try_logins(self, exchange: Exchange, symbol_token: int) -> Quote:
        failed: dict[str, str] = {}
        for _ in range(_MOST_TRIES):
            login = await self._next_login(exchange, symbol_token, failed)
            if login is None:
                break
            try:
                return await self._read(login, exchange, symbol_token)
            except QuoteUnavailable:
                raise
            except DeskError as error:
                failed[login.login_id] = error.message
                log.info("quote of %s:%d through one login failed: %s", exchange, symbol_token, error.code)
        reason = next(reversed(failed.values()), "no login has a session that can read prices")
        raise QuoteUnavailable(f"no price of {exchange}:{symbol_token}: {reason}")

    async def _next_login(self, exchange: Exchange, symbol_token: int, failed: dict[str, str]) -> ClientLogin | None:
        try:
            ready = await self._sessions.ready_logins()
        except DeskError as error:
            raise QuoteUnavailable(f"no price of {exchange}:{symbol_token}: {error.message}") from error
        logins = {login.login_id: login for login in ready if login.login_id not in failed}
        while logins:
            chosen = self._allowance.take(list(logins), self._clock.monotonic_s())
            if chosen is not None:
                return logins[chosen]
            await self._pause(max(self._allowance.wait_s(list(logins), self._clock.monotonic_s()), 0.001))
        return None

    async def _read(self, login: ClientLogin, exchange: Exchange, symbol_token: int) -> Quote:
        auth_token: AuthToken = await self._sessions.auth_token(login.login_id)
        try:
            quote = await self._broker.quote(auth_token, login.client_code, exchange, symbol_token)
        except SessionExpired:
            await self._sessions.report_expired(auth_token)
            raise
        return usable_quote(quote, exchange, symbol_token, self._instrument(exchange, symbol_token))
