"""Instruments and their prices, as callers see them."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from app.domain.instruments import Exchange
from app.schemas.base import InstantOut, MoneyOut, ReadModel


class TokenRead(ReadModel):
    """One instrument. `id` is `EXCHANGE:symbol_token`; `lot_size` is units a lot; prices are rupees."""

    id: str
    exchange: Exchange
    symbol_token: int
    symbol: str
    name: str
    series: str
    expiry: date | None
    strike: MoneyOut | None
    option_type: str | None
    lot_size: int
    tick_size: MoneyOut


class TokenSearchRead(ReadModel):
    items: list[TokenRead] = Field(description="Best match first")


class QuoteRead(ReadModel):
    """Rupees; null where the broker gave none, never 0. `as_of` is when the desk read it."""

    ltp: MoneyOut
    bid: MoneyOut | None
    ask: MoneyOut | None
    close: MoneyOut | None
    upper: MoneyOut | None
    lower: MoneyOut | None
    as_of: InstantOut
