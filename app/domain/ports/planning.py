"""The facts that planning gathers before it decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from app.domain.delivery_sales import StockReading
from app.domain.instruments import Exchange, Instrument, Quote
from app.domain.planning import Refusal


class Catalogue(Protocol):
    def get(self, exchange: Exchange, symbol_token: int) -> Instrument | None: ...


class Quotes(Protocol):
    async def quote(self, exchange: Exchange, symbol_token: int, *, max_age_s: float) -> Quote:
        """Return a price no older than `max_age_s`. Raises a DeskError whose code says why there is none."""


class LoginStates(Protocol):
    async def refusals(self, login_ids: set[str]) -> dict[str, Refusal]:
        """Return, of `login_ids`, those that cannot trade now, each with a code and a sentence."""


class MarketGate(Protocol):
    def refusal(self, instrument: Instrument, *, at: datetime, is_after_market: bool) -> Refusal | None:
        """Return why the market takes no such order at `at`: closed, holiday, a stale calendar or master."""


class Stock(Protocol):
    async def stock(
        self, client_ids: Sequence[str], exchange: Exchange, symbol_token: int, *, at: datetime
    ) -> Mapping[str, StockReading]:
        """Return, for every one of `client_ids`, what is known at `at` of the share that it may sell for delivery."""
