"""What clients may sell of one share for delivery: the last readings of the broker, and our own orders since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, Table, case, func, select

from app.db.bulk import fetch_rows, is_among
from app.db.order_rows import ORDERS
from app.db.session import Database
from app.domain.broker import Side
from app.domain.delivery_sales import StockReading
from app.domain.demat import FROM_DEMAT, DematStock
from app.domain.instruments import CASH, Exchange
from app.domain.orders import FINAL
from app.domain.time import trading_day
from app.models.models import Holding, HoldingsReading, Margin, Position

_HOLDINGS: Table = Holding.__table__  # type: ignore[assignment]
_DEMAT_READINGS: Table = HoldingsReading.__table__  # type: ignore[assignment]
_MARGINS: Table = Margin.__table__  # type: ignore[assignment]
_POSITIONS: Table = Position.__table__  # type: ignore[assignment]
_CASH = [exchange.value for exchange in CASH]
_FINAL = [status.value for status in FINAL]
_PRODUCTS = sorted(FROM_DEMAT)
Listing = tuple[str, int]  # exchange and token


class SqlStock:
    """Implements the planning port `Stock`. A share counts with its listing on the other exchange."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stock(
        self, client_ids: Sequence[str], exchange: Exchange, symbol_token: int, *, at: datetime
    ) -> Mapping[str, StockReading]:
        clients = sorted(set(client_ids))
        return await self._database.look(lambda connection: _stock(connection, clients, exchange, symbol_token, at))


def _stock(
    connection: Connection, clients: Sequence[str], exchange: Exchange, symbol_token: int, at: datetime
) -> Mapping[str, StockReading]:
    demat, listings = _demat(connection, clients, exchange, symbol_token)
    read = _reading_times(connection, clients)
    traded = _traded(connection, clients, listings)
    ours = _ours(connection, clients, listings, trading_day(at))
    found = {}
    for client_id in clients:
        # The readings lag behind our own orders, and do not know of working ones; whichever saw more is right.
        bought = max(traded[client_id, Side.BUY], ours[client_id, Side.BUY][0])
        filled, working = ours[client_id, Side.SELL]
        sold = max(traded[client_id, Side.SELL], filled) + working
        in_demat = demat.get(client_id, DematStock(0, 0, 0, 0, 0))
        positions_at, holdings_at = read.get(client_id, (None, None))
        units = in_demat.for_sale(bought=bought, sold=sold)
        of_our_own = ours[client_id, Side.BUY][0] - filled - working
        found[client_id] = StockReading(units, of_our_own, in_demat, positions_at, holdings_at, at)
    return found


def _demat(
    connection: Connection, clients: Sequence[str], exchange: Exchange, symbol_token: int
) -> tuple[dict[str, DematStock], set[Listing]]:
    h = _HOLDINGS.c
    token = h.nse_token if exchange is Exchange.NSE else h.bse_token
    query = select(
        h.client_id, h.nse_token, h.bse_token, h.quantity, h.collateral_quantity, h.needs_authorisation_quantity,
        h.blocked_quantity,
    ).where(token == symbol_token, is_among(h.client_id, clients, is_sqlite=_is_sqlite(connection)))  # fmt: skip
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    listings: set[Listing] = {(exchange.value, symbol_token)}
    for client_id, nse_token, bse_token, *numbers in fetch_rows(connection, query):
        for place, number in enumerate(numbers):
            sums[client_id][place] += number
        pairs = ((Exchange.NSE.value, nse_token), (Exchange.BSE.value, bse_token))
        listings |= {(name, number) for name, number in pairs if number is not None}
    return {
        client_id: DematStock(quantity, 0, pledged, unauthorised, blocked)
        for client_id, (quantity, pledged, unauthorised, blocked) in sums.items()
    }, listings


def _reading_times(
    connection: Connection, clients: Sequence[str]
) -> dict[str, tuple[datetime | None, datetime | None]]:
    m, d = _MARGINS.c, _DEMAT_READINGS.c
    both = _MARGINS.outerjoin(_DEMAT_READINGS, d.client_id == m.client_id)
    query = select(m.client_id, m.read_at.label("positions_at"), d.read_at.label("holdings_at")).select_from(both)
    rows = fetch_rows(connection, query.where(is_among(m.client_id, clients, is_sqlite=_is_sqlite(connection))))
    return {client_id: (positions_at, holdings_at) for client_id, positions_at, holdings_at in rows}


def _traded(
    connection: Connection, clients: Sequence[str], listings: Collection[Listing]
) -> Mapping[tuple[str, Side], int]:
    """What was sold on an earlier day and still shows is not settled; what was bought then is among the holdings."""
    p = _POSITIONS.c
    query = select(p.client_id, p.exchange, p.symbol_token, p.day_buy_quantity, p.sell_quantity).where(
        is_among(p.client_id, clients, is_sqlite=_is_sqlite(connection)),
        p.exchange.in_(_CASH),
        p.symbol_token.in_([token for _, token in listings]),
        p.product.in_(_PRODUCTS),
    )
    found: dict[tuple[str, Side], int] = defaultdict(int)
    for client_id, exchange, token, bought, sold in fetch_rows(connection, query):
        if (exchange, token) in listings:
            found[client_id, Side.BUY] += bought
            found[client_id, Side.SELL] += sold
    return found


def _ours(
    connection: Connection, clients: Sequence[str], listings: Collection[Listing], day: date
) -> Mapping[tuple[str, Side], tuple[int, int]]:
    """Return what our orders of the day have filled, and what of them may still be working; unknown ones count."""
    c = ORDERS.c
    working = case((c.status.not_in(_FINAL), c.quantity - c.filled_quantity), else_=0)
    query = (
        select(
            c.client_id, c.side, c.exchange, c.symbol_token, func.sum(c.filled_quantity).label("filled"),
            func.sum(working).label("working"),
        )
        .where(
            is_among(c.client_id, clients, is_sqlite=_is_sqlite(connection)),
            c.trading_day == day,
            c.exchange.in_(_CASH),
            c.symbol_token.in_([token for _, token in listings]),
            c.product.in_(_PRODUCTS),
        )
        .group_by(c.client_id, c.side, c.exchange, c.symbol_token)
    )  # fmt: skip
    found: dict[tuple[str, Side], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for client_id, side, exchange, token, filled, rest in fetch_rows(connection, query):
        if (exchange, token) in listings:
            before = found[client_id, Side(side)]
            found[client_id, Side(side)] = (before[0] + int(filled), before[1] + int(rest))
    return found


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
