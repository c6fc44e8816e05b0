"""What clients own, as the broker said it, with the time it was read. Quantities are units, amounts rupees."""

from __future__ import annotations

from pydantic import Field

from app.domain.instruments import Exchange
from app.schemas.accounts import ClientBase
from app.schemas.base import InstantOut, MoneyOut, ReadModel


class PortfolioClientRead(ClientBase):
    id: str


class PositionBase(ReadModel):
    exchange: str
    symbol_token: int
    symbol: str
    product: str


class PositionRead(PositionBase):
    """`id` is the instrument's. Averages are null where nothing was traded on that side."""

    id: str
    net_quantity: int
    buy_quantity: int
    sell_quantity: int
    buy_average: MoneyOut | None
    sell_average: MoneyOut | None
    average_price: MoneyOut | None = Field(description="Of the side that is open; null when flat")
    ltp: MoneyOut | None
    mark_to_market: MoneyOut
    booked_profit_loss: MoneyOut
    pl: MoneyOut


class HoldingRead(ReadModel):
    isin: str
    name: str
    nse_token: int | None
    bse_token: int | None
    quantity: int
    blocked_quantity: int
    collateral_quantity: int
    t1_quantity: int
    authorised_quantity: int
    needs_authorisation_quantity: int
    average_price: MoneyOut


class FundsLineRead(ReadModel):
    number: int
    label: str
    amount: MoneyOut


class FundsRead(ReadModel):
    available: MoneyOut
    free_cash: MoneyOut
    used: MoneyOut | None
    non_cash: MoneyOut | None
    particulars: list[FundsLineRead]


class PortfolioTotalsRead(ReadModel):
    pl: MoneyOut
    mark_to_market: MoneyOut
    booked_profit_loss: MoneyOut
    holdings_cost: MoneyOut
    open_positions: int
    holdings: int


class PortfolioRead(ReadModel):
    client: PortfolioClientRead
    positions: list[PositionRead]
    holdings: list[HoldingRead]
    funds: FundsRead
    totals: PortfolioTotalsRead
    as_of: InstantOut
    stale: bool


class TokenProductRead(ReadModel):
    product: str
    net_quantity: int
    average_price: MoneyOut | None
    pl: MoneyOut


class TokenPositionRead(ReadModel):
    """One client in one instrument. `unknown`: the account was never read, so what it holds is not known."""

    client_id: str
    client_name: str
    mofsl_client_code: str
    state: str = Field(pattern="^(known|unknown)$")
    net_quantity: int | None
    average_price: MoneyOut | None
    pl: MoneyOut | None
    products: list[TokenProductRead]
    read_at: InstantOut | None
    stale: bool
    reason: str | None = None


class TokenPositionList(ReadModel):
    """`known` and `unknown` count all clients, whatever the page."""

    token_id: str
    exchange: Exchange
    symbol_token: int
    items: list[TokenPositionRead]
    total: int
    known: int
    unknown: int
    net_quantity: int = Field(description="Sum over the known ones")
