"""Orders, plans and book rows for tests of the rules, each a plain valid case to vary by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.domain.broker import BookOrder, BookStatus, Product, Side, Validity, WireOrderType
from app.domain.instruments import Exchange, Instrument, InstrumentKind, Quote
from app.domain.orders import OrderStatus
from app.domain.planning import ClientFacts, MarketFacts
from app.domain.tags import make_tag
from app.domain.trading import Allocation, OrderType, Trade
from app.domain.working import WorkingOrder

NOW = datetime(2026, 11, 23, 4, 30, 10, tzinfo=UTC)
TAG = make_tag("1", 77)

ITC = Instrument(
    exchange=Exchange.NSE,
    symbol_token=1660,
    symbol="ITC",
    name="ITC EQ",
    series="EQ",
    kind=InstrumentKind.EQUITY,
    lot_size=1,
    tick_size=Decimal("0.05"),
    freeze_quantity=None,
    expiry=None,
    strike=None,
    option_type=None,
    isin="INE154A01025",
    full_name="ITC LTD",
)
NEXT50_FUTURE = replace(
    ITC,
    exchange=Exchange.NSEFO,
    symbol_token=35001,
    symbol="NIFTYNXT50",
    name="NIFTYNXT50 29-Dec-2026",
    series="XX",
    kind=InstrumentKind.FUTURE,
    lot_size=25,
    freeze_quantity=600,
    expiry=date(2026, 12, 29),
    isin=None,
)


def client(number: int = 1, **changes: Any) -> ClientFacts:
    facts = ClientFacts(f"c{number}", f"Client {number}", f"TC{number:04d}", f"c{number}", 0, True, None)
    return replace(facts, **changes)


def quote(ltp: str = "412.30", **changes: Any) -> Quote:
    plain = Quote(Exchange.NSE, 1660, Decimal(ltp), None, None, None, NOW)
    return replace(plain, **changes)


def market(**changes: Any) -> MarketFacts:
    return replace(MarketFacts(ITC, quote(), None, None, None), **changes)


def trade(*quantities: int, **changes: Any) -> Trade:
    """A trade of clients c1, c2, ... with these quantities; `side` and `product` go to every allocation."""
    side, product = changes.pop("side", Side.BUY), changes.pop("product", Product.DELIVERY)
    allocations = tuple(Allocation(f"c{n}", units, side, product) for n, units in enumerate(quantities or (10,), 1))
    plain = Trade(Exchange.NSE, 1660, OrderType.MARKET, None, None, Validity.DAY, False, allocations)
    return replace(plain, **changes)


def working(status: OrderStatus = OrderStatus.SENDING, **changes: Any) -> WorkingOrder:
    plain = WorkingOrder(
        id="o1",
        batch_id="b1",
        client_id="c1",
        client_code="TC0001",
        login_id="c1",
        lane=1,
        exchange=Exchange.NSE,
        symbol_token=1660,
        side=Side.BUY,
        product=Product.DELIVERY,
        order_type=WireOrderType.LIMIT,
        validity=Validity.DAY,
        is_after_market=False,
        quantity=10,
        lots=10,
        price=Decimal("416.40"),
        trigger_price=Decimal(0),
        tag=TAG,
        deadline_at=NOW + timedelta(seconds=60),
        trading_day=date(2026, 11, 23),
        version=1,
        status=status,
        attempt=0 if status is OrderStatus.QUEUED else 1,
    )
    return replace(plain, **changes)


def book_row(**changes: Any) -> BookOrder:
    plain = BookOrder(
        client_code="TC0001",
        broker_order_id="2300001TC0001",
        exchange="NSE",
        symbol_token=1660,
        side=Side.BUY,
        product="DELIVERY",
        order_type="LIMIT",
        status=BookStatus.CONFIRM,
        status_text="Confirm",
        quantity=10,
        filled=0,
        remaining=10,
        price=Decimal("416.40"),
        trigger_price=Decimal(0),
        average_price=None,
        tag=TAG,
        error_text="",
        exchange_order_id="1100000000000001",
        last_modified_text="0",
        recorded_text="23-Nov-2026 10:00:10",
        entered_at=NOW,
        modified_at=None,
    )
    return replace(plain, **changes)
