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


class HeldInstrumentRead(ReadModel):
    """One instrument over all active clients, as last read. `short_quantity` is negative.

    What lies in demat accounts is counted once, under NSE where the share is listed there.
    """

    id: str
    exchange: str
    symbol_token: int
    symbol: str = Field(description="The master's name; the broker's, or the id, where the master does not hold it")
    holders: int
    net_quantity: int = Field(description="Of positions; demat stock is apart")
    long_quantity: int
    short_quantity: int
    demat_quantity: int


class HeldInstrumentList(ReadModel):
    """`known` and `unknown` count active clients: what was never read may hold anything."""

    items: list[HeldInstrumentRead]
    total: int
    known: int
    unknown: int


class TokenProductRead(ReadModel):
    product: str
    net_quantity: int
    average_price: MoneyOut | None
    pl: MoneyOut | None = Field(description="Null where no price is known")


class TokenDematRead(ReadModel):
    """What lies in the client's demat account of this instrument; null where that was never read."""

    quantity: int | None
    average_price: MoneyOut | None
    read_at: InstantOut | None
    stale: bool
    reason: str | None


class TokenPositionRead(ReadModel):
    """One client in one instrument. `unknown`: the account was never read, so what it holds is not known.

    `reason` says why the reading or the profit is stale.
    """

    client_id: str
    client_name: str
    mofsl_client_code: str
    state: str = Field(pattern="^(known|unknown)$")
    net_quantity: int | None
    average_price: MoneyOut | None
    pl: MoneyOut | None
    products: list[TokenProductRead]
    demat: TokenDematRead
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
