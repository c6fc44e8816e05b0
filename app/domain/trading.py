"""What an operator asks for: one trade for many clients, in the words of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.broker import Product, Side, Validity
from app.domain.instruments import Exchange


class TradeType(StrEnum):
    DELIVERY = "DELIVERY"
    INTRADAY = "INTRADAY"
    MTF = "MTF"
    CARRYFORWARD = "CARRYFORWARD"


class OrderType(StrEnum):
    MARKET = "MARKET"  # sent as a limit at a protection price
    LIMIT = "LIMIT"
    STOP_LIMIT = "STOP_LIMIT"


PRODUCT: Mapping[TradeType, Product] = {  # MARKET.md: product names at MOFSL
    TradeType.DELIVERY: Product.DELIVERY,
    TradeType.INTRADAY: Product.VALUEPLUS,
    TradeType.MTF: Product.MTF,
    TradeType.CARRYFORWARD: Product.NORMAL,
}
TRADE_TYPE: Mapping[str, TradeType] = {product: trade_type for trade_type, product in PRODUCT.items()}


@dataclass(frozen=True, slots=True)
class Allocation:
    """One client's share of a batch, as asked. `product` and `side` differ from the trade's only in an exit."""

    client_id: str
    quantity: int  # units, > 0
    side: Side
    product: Product


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade for many clients. Prices in rupees; `price` None with MARKET, `trigger_price` only with STOP_LIMIT."""

    exchange: Exchange
    symbol_token: int
    order_type: OrderType
    price: Decimal | None
    trigger_price: Decimal | None
    validity: Validity
    is_after_market: bool
    allocations: tuple[Allocation, ...]
    is_exit: bool = False
    overrides_duplicate_of: str | None = None  # the batch that an operator has looked at and repeats on purpose
