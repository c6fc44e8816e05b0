"""What clients own: one client live from the broker, one instrument over all clients from the latest readings."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.api.deps import CurrentDesk, Desk, PageQuery, Viewer
from app.api.strict_json import desk_router
from app.domain.broker import BrokerFunds
from app.domain.errors import NotFound
from app.domain.instruments import Exchange, instrument_id, parse_instrument_id
from app.domain.portfolio import (
    HeldInstrument,
    Portfolio,
    TokenHolding,
    ValuedPosition,
    average_of,
    average_price,
    holdings_cost,
)
from app.schemas.portfolio import (
    FundsLineRead,
    FundsRead,
    HeldInstrumentList,
    HeldInstrumentRead,
    HoldingRead,
    PortfolioClientRead,
    PortfolioRead,
    PortfolioTotalsRead,
    PositionRead,
    TokenDematRead,
    TokenPositionList,
    TokenPositionRead,
    TokenProductRead,
)

clients = desk_router(prefix="/api/v1/clients", tags=["portfolio"])
tokens = desk_router(prefix="/api/v1/tokens", tags=["portfolio"])
positions = desk_router(prefix="/api/v1/positions", tags=["portfolio"])


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
    only_open: Annotated[bool, Query(description="Leave out clients known to hold nothing")] = False,
) -> TokenPositionList:
    """Return every active client's position in an instrument, with its profit at the newest price.

    Clients never read are `unknown`; what is not current is `stale`, with a `reason`.
    """
    try:
        exchange, symbol_token = parse_instrument_id(token_id)
    except ValueError as error:
        raise NotFound(str(error), code="token_not_found") from None
    everyone = await desk.accounts.portfolio.in_token(exchange, symbol_token)
    known = [holding for holding in everyone if holding.is_known]
    wanted = [holding for holding in everyone if not only_open or holding.may_hold]
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


@positions.get("")
async def held_instruments(desk: CurrentDesk, _who: Viewer, paging: PageQuery) -> HeldInstrumentList:
    """Return every instrument that active clients hold, as last read, the most widely held first.

    Who holds it is `GET /api/v1/tokens/{id}/positions`.
    """
    held = await desk.accounts.portfolio.held_instruments()
    page = held.items[paging.offset : paging.offset + paging.limit]
    return HeldInstrumentList(
        items=[_held_instrument(desk, item) for item in page],
        total=len(held.items),
        known=held.known,
        unknown=held.unknown,
    )


router = APIRouter()
router.include_router(clients)
router.include_router(tokens)
router.include_router(positions)


def _held_instrument(desk: Desk, held: HeldInstrument) -> HeldInstrumentRead:
    name = instrument_id(held.exchange, held.symbol_token)
    known = held.exchange in Exchange.__members__
    listed = desk.catalogue.get(Exchange(held.exchange), held.symbol_token) if known else None
    return HeldInstrumentRead(
        id=name,
        exchange=held.exchange,
        symbol_token=held.symbol_token,
        symbol=listed.name if listed is not None else held.symbol or name,
        holders=held.holders,
        net_quantity=held.long_quantity + held.short_quantity,
        long_quantity=held.long_quantity,
        short_quantity=held.short_quantity,
        demat_quantity=held.demat_quantity,
    )


def _portfolio(portfolio: Portfolio) -> PortfolioRead:
    positions, client = portfolio.positions, portfolio.client
    return PortfolioRead(
        client=PortfolioClientRead(id=client.id, name=client.name, mofsl_client_code=client.mofsl_client_code),
        positions=[_position(position) for position in positions],
        holdings=[HoldingRead.model_validate(holding) for holding in portfolio.holdings],
        funds=_funds(portfolio.funds),
        totals=PortfolioTotalsRead(
            pl=sum((p.pl for p in positions), Decimal(0)),
            mark_to_market=sum((p.mark_to_market for p in positions), Decimal(0)),
            booked_profit_loss=sum((p.booked_profit_loss for p in positions), Decimal(0)),
            holdings_cost=holdings_cost(portfolio.holdings),
            open_positions=sum(1 for p in positions if p.position.net_quantity),
            holdings=len(portfolio.holdings),
        ),
        as_of=portfolio.as_of,
        stale=False,  # read a moment ago, or there would be no answer
    )


def _position(valued: ValuedPosition) -> PositionRead:
    p = valued.position
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
        average_price=average_of(p),
        ltp=valued.ltp,
        mark_to_market=valued.mark_to_market,
        booked_profit_loss=valued.booked_profit_loss,
        pl=valued.pl,
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
        demat=TokenDematRead(
            quantity=holding.demat.quantity,
            average_price=holding.demat.average_price,
            read_at=holding.demat.read_at,
            stale=holding.demat.stale_reason is not None,
            reason=holding.demat.stale_reason,
        ),
        read_at=client.read_at,
        stale=holding.is_stale,
        reason=holding.stale_reason,
    )
