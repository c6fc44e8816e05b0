"""Positions that clients hold at the simulated broker, and exits of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.domain.batches import BatchKind
from app.domain.broker import BrokerHolding, OrderInstruction, Product, Side, Validity, WireOrderType
from app.domain.ports.trading import RecordedBatch
from app.domain.trading import OrderType
from app.engine.rate_limiter import SlidingWindowLimiter
from app.services.execute_batch import Press
from app.services.read_gate import ReadGate
from app.services.square_off import ExitRequest, SquareOff
from tests.support.orders import ITC
from tests.support.trading import TradingDesk


def square_off(desk: TradingDesk) -> SquareOff:
    gate = ReadGate(SlidingWindowLimiter(1000, desk.clock.monotonic_s, waits_first=False))
    return SquareOff(desk.executor, desk.exits, desk.broker, desk.sessions, gate, desk.clock)


def exit_request(*client_ids: str, **changes: Any) -> ExitRequest:
    """Exit ITC at a limit for the named clients, or for everybody."""
    plain: dict[str, Any] = {
        "exchange": ITC.exchange,
        "symbol_token": ITC.symbol_token,
        "client_ids": client_ids or None,
        "trade_type": None,
        "order_type": OrderType.LIMIT,
        "price": Decimal("600"),  # above the simulated market: an exit rests until the test fills it
    }
    return ExitRequest(**{**plain, **changes})


async def exit_all(desk: TradingDesk, *client_ids: str, press: Press | None = None) -> RecordedBatch:
    wanted = press or desk.press(kind=BatchKind.EXIT)
    return await square_off(desk).execute(exit_request(*client_ids), wanted)


def _instruction(code: str, side: Side, quantity: int, product: Product, price: Decimal) -> OrderInstruction:
    return OrderInstruction(
        client_code=code,
        exchange=ITC.exchange,
        symbol_token=ITC.symbol_token,
        side=side,
        product=product,
        order_type=WireOrderType.LIMIT,
        validity=Validity.DAY,
        quantity=quantity,
        lots=quantity,
        price=price,
        trigger_price=Decimal(0),
        is_after_market=False,
        tag="",
    )


async def hold(desk: TradingDesk, client_id: str, quantity: int, product: Product = Product.DELIVERY) -> None:
    """Give the client `quantity` units of ITC (negative: short), traded elsewhere a while ago."""
    code = desk.sessions.codes[client_id]
    side = Side.BUY if quantity > 0 else Side.SELL
    price = Decimal("1") if side is Side.BUY else Decimal("9999")
    instruction = _instruction(code, side, abs(quantity), product, price)
    order = desk.broker.ledger.accept(instruction, desk.clock.now())
    desk.broker.ledger.fill(order.broker_order_id, abs(quantity), Decimal("400"), desk.clock.now())


def by_phone(desk: TradingDesk, client_code: str, quantity: int) -> None:
    """Let the client sell from its own phone, at a price that nobody pays yet."""
    instruction = _instruction(client_code, Side.SELL, quantity, Product.DELIVERY, Decimal("9000"))
    desk.broker.ledger.accept(instruction, desk.clock.now())


def in_demat(quantity: int, **changes: Any) -> BrokerHolding:
    """ITC in a demat account, all of it free to be sold unless changed."""
    plain = BrokerHolding(
        isin=ITC.isin or "",
        name="ITC EQ",
        nse_token=ITC.symbol_token,
        bse_token=500875,
        quantity=quantity,
        blocked_quantity=0,
        collateral_quantity=0,
        t1_quantity=0,
        authorised_quantity=quantity,
        needs_authorisation_quantity=0,
        average_price=Decimal("300"),
    )
    return replace(plain, **changes)
