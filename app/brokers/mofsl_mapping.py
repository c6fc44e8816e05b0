"""MOFSL's rows as the desk's own types: pure functions, all or nothing.

Each reader takes the rows of one answer and the client they were asked for. A row that cannot be read, or one of
another client, makes the whole read fail (BrokerReadFailed): a partial book must never decide anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar

from app.brokers.mofsl_prices import (
    ORDER_PRECISION,
    PriceScale,
    could_be_scaled,
    from_paise,
    order_average_price,
    precision_of,
    trade_price,
)
from app.brokers.mofsl_scale_proof import ScaleProof
from app.core.mofsl.answers import Row
from app.core.mofsl.fields import (
    FieldError,
    count,
    folded,
    instant,
    number,
    optional_number,
    optional_text,
    raw_text,
    required_text,
    text,
    whole,
)
from app.core.mofsl.reports import MarginRow
from app.domain.broker import (
    BookOrder,
    BookStatus,
    BookTrade,
    BrokerFunds,
    BrokerHolding,
    BrokerPosition,
    BrokerProfile,
    Side,
)
from app.domain.errors import BrokerReadFailed
from app.domain.instruments import Exchange, Quote

_T = TypeVar("_T")
_STATUSES = {status.value: status for status in BookStatus if status is not BookStatus.UNRECOGNISED}
_USAGE_SRNOS = (301, 321, 340, 360, 381)
_AVAILABLE_CASH, _FREE_CASH, _NON_CASH = 102, 201, 220
_SUMMED_SRNOS = frozenset({507, 402, 403, 422, 423, 442, 443, 462, 463, 482, 483})  # repeated by design: API.md 8.18


class OrderKey(NamedTuple):
    """What an order and its executions have in common in the two books."""

    broker_order_id: str
    exchange: str
    symbol_token: int


def book_orders(rows: Iterable[Row], client_code: str, scale: PriceScale) -> tuple[BookOrder, ...]:
    return _all(rows, "order book", lambda row: _book_order(row, client_code, scale))


def book_trades(
    rows: Iterable[Row], client_code: str, scale: PriceScale, price_of: Callable[[OrderKey], Decimal | None]
) -> tuple[BookTrade, ...]:
    """`price_of`: the limit or average price of an order, where it is known, to tell scaled prices from rupees."""
    return _all(rows, "trade book", lambda row: _book_trade(row, client_code, scale, price_of))


def positions(rows: Iterable[Row], client_code: str) -> tuple[BrokerPosition, ...]:
    return _all(rows, "positions", lambda row: _position(row, client_code))


def holdings(rows: Iterable[Row], client_code: str) -> tuple[BrokerHolding, ...]:
    return _all(rows, "holdings", lambda row: _holding(row, client_code))


def _book_order(row: Row, client_code: str, scale: PriceScale) -> BookOrder:
    _require_client(row, "clientid", client_code)
    side = _side(row)
    status_text = required_text(row, "orderstatus")
    filled = count(row, "qtytradedtoday")
    price = number(row, "price")
    return BookOrder(
        client_code=client_code,
        broker_order_id=required_text(row, "uniqueorderid"),
        exchange=folded(row, "exchange"),
        symbol_token=count(row, "symboltoken"),
        side=side,
        product=folded(row, "producttype"),
        order_type=folded(row, "booktype" if optional_text(row, "booktype") else "ordertype"),
        status=_STATUSES.get(status_text.lower(), BookStatus.UNRECOGNISED),
        status_text=status_text,
        quantity=count(row, "orderqty"),
        filled=filled,
        remaining=count(row, "totalqtyremaining"),
        price=price,
        trigger_price=number(row, "triggerprice"),
        average_price=order_average_price(optional_number(row, "averageprice"), price, scale) if filled else None,
        tag=optional_text(row, "tag").upper(),
        error_text=optional_text(row, "error"),
        exchange_order_id=optional_text(row, "orderid"),
        last_modified_text=raw_text(row, "lastmodifiedtime"),
        recorded_text=_recorded_text(row),
        entered_at=instant(optional_text(row, "entrydatetime")) or instant(optional_text(row, "recordinserttime")),
        modified_at=instant(optional_text(row, "lastmodifiedtime")),
    )


def _recorded_text(row: Row) -> str:
    recorded = raw_text(row, "recordinserttime")
    return recorded if recorded.strip() not in {"", "0"} else raw_text(row, "entrydatetime")


def orders_of_scaled_trades(rows: Iterable[Row]) -> Sequence[OrderKey]:
    """Return the orders whose price tells the scale of their executions. Rows that cannot be read are left out."""
    found: list[OrderKey] = []
    for row in rows:
        with suppress(FieldError):
            if could_be_scaled(row):
                found.append(_order_of_trade(row))
    return found


def prove_averages(rows: Iterable[Row], proof: ScaleProof) -> None:
    """Take from an order book what its rows say of their scale. What cannot be read says nothing."""
    for row in rows:
        with suppress(FieldError):
            average, limit = optional_number(row, "averageprice"), number(row, "price")
            if average is None or average <= 0 or not count(row, "qtytradedtoday"):
                continue
            proof.average(average, limit)
            if _side(row) is Side.BUY:
                proof.purchase(average, ORDER_PRECISION, limit)


def prove_trades(rows: Iterable[Row], proof: ScaleProof, price_of: Callable[[OrderKey], Decimal | None]) -> None:
    """As `prove_averages`, from a trade book; `price_of` as for `book_trades`."""
    for row in rows:
        with suppress(FieldError):
            value, precision = number(row, "tradeprice"), precision_of(row)
            proof.execution(value, precision)
            limit = price_of(_order_of_trade(row))
            if limit is not None and _side(row) is Side.BUY:
                proof.purchase(value, precision, limit)


def _order_of_trade(row: Row) -> OrderKey:
    token = count({"symboltoken": text(row, "symboltoken")}, "symboltoken")
    return OrderKey(required_text(row, "uniqueorderid"), folded(row, "exchange"), token)


def _book_trade(
    row: Row, client_code: str, scale: PriceScale, price_of: Callable[[OrderKey], Decimal | None]
) -> BookTrade:
    _require_client(row, "clientid", client_code)
    order = _order_of_trade(row)
    quantity = count(row, "tradeqty")
    if not quantity:
        raise FieldError("tradeqty", "a quantity above 0")
    side = _side(row)
    return BookTrade(
        client_code=client_code,
        broker_order_id=order.broker_order_id,
        exchange=order.exchange,
        symbol_token=order.symbol_token,
        side=side,
        trade_no=required_text(row, "tradeno"),
        quantity=quantity,
        price=trade_price(row, scale, price_of(order)),
        product=folded(row, "producttype"),
        traded_at=instant(optional_text(row, "tradetime")),
    )


def _position(row: Row, client_code: str) -> BrokerPosition:
    _require_client(row, "clientcode", client_code)
    ltp = optional_number(row, "LTP")
    return BrokerPosition(
        exchange=folded(row, "exchange"),
        symbol_token=count(row, "symboltoken"),
        symbol=optional_text(row, "symbol"),
        product=folded(row, "productname"),
        buy_quantity=count(row, "buyquantity"),
        buy_amount=number(row, "buyamount"),
        sell_quantity=count(row, "sellquantity"),
        sell_amount=number(row, "sellamount"),
        day_buy_quantity=count(row, "daybuyquantity"),
        day_buy_amount=number(row, "daybuyamount"),
        day_sell_quantity=count(row, "daysellquantity"),
        day_sell_amount=number(row, "daysellamount"),
        carried_buy_quantity=count(row, "cfbuyquantity"),
        carried_buy_amount=number(row, "cfbuyamount"),
        carried_sell_quantity=count(row, "cfsellquantity"),
        carried_sell_amount=number(row, "cfsellamount"),
        ltp=ltp if ltp else None,
        mark_to_market=number(row, "marktomarket"),
        booked_profit_loss=number(row, "bookedprofitloss"),
        actual_mark_to_market=number(row, "actualmarktomarket"),
        actual_booked_profit_loss=number(row, "actualbookedprofitloss"),
    )


def _holding(row: Row, client_code: str) -> BrokerHolding:
    _require_client(row, "clientcode", client_code)
    return BrokerHolding(
        isin=folded(row, "scripisinno"),
        name=optional_text(row, "scripname"),
        nse_token=_token_or_none(row, "nsesymboltoken"),
        bse_token=_token_or_none(row, "bsescripcode"),
        quantity=count(row, "dpquantity"),
        blocked_quantity=count(row, "blockedquantity"),
        collateral_quantity=count(row, "collateralquantity"),
        t1_quantity=count(row, "btstquantity"),
        authorised_quantity=count(row, "poaquantity"),
        needs_authorisation_quantity=count(row, "tpinquantity"),
        average_price=number(row, "buyavgprice"),
    )


def funds(rows: Iterable[MarginRow]) -> BrokerFunds:
    """Read the margin summary: 102 is what the cash segment may still use, 201 the free cash (API.md 8.18).

    102 to 105 repeat one total per segment, so they are never added up. A second row under a number that is not
    repeated by design cannot be told from an error: the read fails. So does a report without 102 or 201.
    """
    amounts: dict[int, Decimal] = {}
    particulars = tuple((row.srno, row.particulars, row.amount) for row in rows)
    for srno, _, amount in particulars:
        if srno in amounts and srno not in _SUMMED_SRNOS:
            raise BrokerReadFailed(f"margin summary: row {srno} occurs twice")
        amounts[srno] = amounts.get(srno, Decimal(0)) + amount
    missing = [srno for srno in (_AVAILABLE_CASH, _FREE_CASH) if srno not in amounts]
    if missing:
        raise BrokerReadFailed(f"margin summary: row {missing[0]} is missing")
    usage = [amounts[srno] for srno in _USAGE_SRNOS if srno in amounts]
    return BrokerFunds(
        available=amounts[_AVAILABLE_CASH],
        free_cash=amounts[_FREE_CASH],
        used=sum(usage, Decimal(0)) if usage else None,
        non_cash=amounts.get(_NON_CASH),
        particulars=particulars,
    )


def profile(row: Row, client_code: str) -> BrokerProfile:
    def read(row: Row) -> BrokerProfile:
        _require_client(row, "clientcode", client_code)
        return BrokerProfile(
            client_code=client_code,
            name=optional_text(row, "name"),
            exchanges=_words(row, "exchanges"),
            products=_words(row, "products"),
            user_type=optional_text(row, "usertype"),
        )

    return _all([row], "profile", read)[0]


def quote(row: Row, exchange: Exchange, symbol_token: int, scale: PriceScale, as_of: datetime) -> Quote:
    """Read getltpdata; its prices are paise unless `scale` says rupees. 0 means "none" for all but volume."""

    def read(row: Row) -> Quote:
        if folded(row, "exchange") != exchange or count(row, "scripcode") != symbol_token:
            raise FieldError("scripcode", "the instrument that was asked for")

        def price(name: str) -> Decimal | None:
            value = optional_number(row, name)
            if value is None or value == 0:
                return None
            if value < 0:
                raise FieldError(name, "a price of at least 0")
            return from_paise(name, value) if scale is not PriceScale.RUPEES else value

        ltp = price("ltp")
        if ltp is None:
            raise FieldError("ltp", "a price above 0")
        return Quote(
            exchange=exchange,
            symbol_token=symbol_token,
            ltp=ltp,
            bid=price("bid"),
            ask=price("ask"),
            close=price("close"),
            as_of=as_of,
            open=price("open"),
            high=price("high"),
            low=price("low"),
            volume=None if row.get("volume") is None else count(row, "volume"),
        )

    return _all([row], "quote", read)[0]


def _all(rows: Iterable[Row], what: str, read: Callable[[Row], _T]) -> tuple[_T, ...]:
    try:
        return tuple([read(row) for row in rows])
    except FieldError as error:
        raise BrokerReadFailed(f"{what}: a row cannot be read ({error})") from None


def _require_client(row: Row, name: str, client_code: str) -> None:
    if folded(row, name) != client_code.strip().upper():
        raise FieldError(name, "the client that was asked for")


def _side(row: Row) -> Side:
    try:
        return Side(folded(row, "buyorsell"))
    except ValueError:
        raise FieldError("buyorsell", "Buy or Sell") from None


def _token_or_none(row: Row, name: str) -> int | None:
    value = optional_number(row, name)
    return None if value is None else whole(row, name) or None


def _words(row: Row, name: str) -> tuple[str, ...]:
    value = row.get(name)
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise FieldError(name, "a list of words")
    return tuple(word.strip().upper() for word in value if word.strip())
