"""What clients own: one client live from the broker, one instrument over all clients from the latest readings."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.api.deps import CurrentDesk, PageQuery, Viewer
from app.api.strict_json import desk_router
from app.domain.broker import BrokerFunds, BrokerPosition
from app.domain.errors import NotFound
from app.domain.instruments import instrument_id, parse_instrument_id
from app.domain.portfolio import Portfolio, TokenHolding, average_price, holdings_cost, open_average, profit_loss
from app.schemas.portfolio import (
    FundsLineRead,
    FundsRead,
    HoldingRead,
    PortfolioClientRead,
    PortfolioRead,
    PortfolioTotalsRead,
    PositionRead,
    TokenPositionList,
    TokenPositionRead,
    TokenProductRead,
)

clients = desk_router(prefix="/api/v1/clients", tags=["portfolio"])
tokens = desk_router(prefix="/api/v1/tokens", tags=["portfolio"])


@clients.get("/{client_id}/portfolio")
async def client_portfolio(
    desk: CurrentDesk, _who: Viewer, client_id: Annotated[str, Path(min_length=1, max_length=64)]
) -> PortfolioRead:
    """Read positions, holdings and funds at the broker now. 502 `broker_read_failed` where any of them failed."""
    return _portfolio(await desk.accounts.portfolio.of_client(client_id))


@tokens.get("/{token_id}/positions")
async def token_positions(
    desk: CurrentDesk,
    _who: Viewer,
    paging: PageQuery,
    token_id: Annotated[str, Path(max_length=24, description="EXCHANGE:symbol_token, such as NSE:1660")],
    only_open: Annotated[bool, Query(description="Leave out clients known to be flat")] = False,
) -> TokenPositionList:
    """Return every active client's position in an instrument, as last read; clients never read are `unknown`."""
    try:
        exchange, symbol_token = parse_instrument_id(token_id)
    except ValueError as error:
        raise NotFound(str(error), code="token_not_found") from None
    everyone = await desk.accounts.portfolio.in_token(exchange, symbol_token)
    known = [holding for holding in everyone if holding.is_known]
    wanted = [holding for holding in everyone if not only_open or holding.net_quantity != 0]
    return TokenPositionList(
        token_id=token_id,
        exchange=exchange,
        symbol_token=symbol_token,
        items=[_in_token(holding) for holding in wanted[paging.offset : paging.offset + paging.limit]],
        total=len(wanted),
        known=len(known),
        unknown=len(everyone) - len(known),
        net_quantity=sum(holding.net_quantity or 0 for holding in known),
    )


router = APIRouter()
router.include_router(clients)
router.include_router(tokens)


def _portfolio(portfolio: Portfolio) -> PortfolioRead:
    positions, client = portfolio.positions, portfolio.client
    return PortfolioRead(
        client=PortfolioClientRead(id=client.id, name=client.name, mofsl_client_code=client.mofsl_client_code),
        positions=[_position(position) for position in positions],
        holdings=[HoldingRead.model_validate(holding) for holding in portfolio.holdings],
        funds=_funds(portfolio.funds),
        totals=PortfolioTotalsRead(
            pl=profit_loss(positions),
            mark_to_market=sum((p.mark_to_market for p in positions), Decimal(0)),
            booked_profit_loss=sum((p.booked_profit_loss for p in positions), Decimal(0)),
            holdings_cost=holdings_cost(portfolio.holdings),
            open_positions=sum(1 for p in positions if p.net_quantity),
            holdings=len(portfolio.holdings),
        ),
        as_of=portfolio.as_of,
        stale=False,  # read a moment ago, or there would be no answer
    )


def _position(p: BrokerPosition) -> PositionRead:
    return PositionRead(
        id=instrument_id(p.exchange, p.symbol_token),
        exchange=p.exchange,
        symbol_token=p.symbol_token,
        symbol=p.symbol,
        product=p.product,
        net_quantity=p.net_quantity,
        buy_quantity=p.buy_quantity,
        sell_quantity=p.sell_quantity,
        buy_average=average_price(p.buy_quantity, p.buy_amount),
        sell_average=average_price(p.sell_quantity, p.sell_amount),
        average_price=open_average(p.net_quantity, (p.buy_quantity, p.buy_amount), (p.sell_quantity, p.sell_amount)),
        ltp=p.ltp,
        mark_to_market=p.mark_to_market,
        booked_profit_loss=p.booked_profit_loss,
        pl=p.mark_to_market + p.booked_profit_loss,
    )


def _funds(funds: BrokerFunds) -> FundsRead:
    return FundsRead(
        available=funds.available,
        free_cash=funds.free_cash,
        used=funds.used,
        non_cash=funds.non_cash,
        particulars=[
            FundsLineRead(number=number, label=label, amount=amount) for number, label, amount in funds.particulars
        ],
    )


def _in_token(holding: TokenHolding) -> TokenPositionRead:
    client = holding.client
    return TokenPositionRead(
        client_id=client.client_id,
        client_name=client.name,
        mofsl_client_code=client.mofsl_client_code,
        state="known" if holding.is_known else "unknown",
        net_quantity=holding.net_quantity,
        average_price=holding.average_price,
        pl=holding.pl,
        products=[TokenProductRead.model_validate(product) for product in holding.products],
        read_at=client.read_at,
        stale=holding.is_stale,
        reason=client.failed_reason or (None if holding.is_known else "This account was not read yet."),
    )
