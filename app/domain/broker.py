"""What the desk and a broker say to each other, free of any wire format.

Quantities are units, prices rupees (`Decimal`), instants aware UTC. Lots, paise and 1980 epochs end in the adapter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.instruments import Exchange


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class Product(StrEnum):
    """MOFSL's product names (MARKET.md)."""

    DELIVERY = "DELIVERY"
    VALUEPLUS = "VALUEPLUS"  # intraday
    MTF = "MTF"
    NORMAL = "NORMAL"  # carry forward
    SELLFROMDP = "SELLFROMDP"
    BTST = "BTST"


class WireOrderType(StrEnum):
    LIMIT = "LIMIT"
    MARKET = "MARKET"  # refused through an API since 1 April 2026; kept for a route that allows it
    STOPLOSS = "STOPLOSS"


class Validity(StrEnum):
    DAY = "DAY"
    IOC = "IOC"


@dataclass(frozen=True, slots=True)
class SealedLogin:
    """A login's credentials as the database holds them. Only the broker adapter opens them."""

    owner_id: str  # the client's or dealer's id: sealed values are bound to it and to their field
    user_id: str  # MOFSL login id, capitals
    is_dealer: bool
    encrypted_mofsl_api_key_interactive: str = field(repr=False)
    encrypted_mofsl_api_secret: str = field(repr=False)
    encrypted_mofsl_password: str = field(repr=False)
    encrypted_mofsl_two_fa: str = field(repr=False)
    encrypted_mofsl_totp_secret: str = field(repr=False)
    egress_id: str | None = None


@dataclass(frozen=True, slots=True)
class AuthToken:
    """A broker session. Everything secret is kept out of repr."""

    owner_id: str
    user_id: str
    is_dealer: bool
    value: str = field(repr=False)
    access_token: str | None = field(repr=False)  # None on the older generation
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    expires_at: datetime
    egress_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderInstruction:
    """One order as it shall reach the exchange."""

    client_code: str
    exchange: Exchange
    symbol_token: int
    side: Side
    product: Product
    order_type: WireOrderType
    validity: Validity
    quantity: int  # units
    lots: int  # quantity / lot size, exact
    price: Decimal
    trigger_price: Decimal  # 0 unless STOPLOSS
    is_after_market: bool
    tag: str


@dataclass(frozen=True, slots=True)
class ModifyInstruction:
    """A full replacement of a working order's terms; `quantity` is the new total in units."""

    client_code: str
    broker_order_id: str
    order_type: WireOrderType
    validity: Validity
    quantity: int
    lots: int
    price: Decimal
    trigger_price: Decimal
    last_modified_text: str  # the order's stamp exactly as the book showed it
    filled_today: int  # units, as the book showed it


class BookStatus(StrEnum):
    """MOFSL's order status words (API.md section 9), folded. An unlisted word is UNRECOGNISED: working, attention."""

    UNKNOWN = "unknown"
    SENT = "sent"
    CONFIRM = "confirm"
    PARTIAL = "partial"
    TRADED = "traded"
    CANCEL = "cancel"
    REJECTED = "rejected"
    ERROR = "error"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True, slots=True)
class BookOrder:
    """One row of a client's order book."""

    client_code: str
    broker_order_id: str
    exchange: str
    symbol_token: int
    side: Side
    product: str  # folded to capitals; a word of the broker's that we do not know stays readable
    order_type: str
    status: BookStatus
    status_text: str  # the broker's own word
    quantity: int  # units
    filled: int  # units
    remaining: int  # units
    price: Decimal
    trigger_price: Decimal
    average_price: Decimal | None  # None when nothing is filled
    tag: str  # stripped, upper case; empty when the broker echoed none
    error_text: str
    exchange_order_id: str
    last_modified_text: str  # exactly as sent, for modify
    recorded_text: str  # recordinserttime or entrydatetime exactly as sent
    entered_at: datetime | None
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class BookTrade:
    """One execution. It carries no tag: match it by broker order id."""

    client_code: str
    broker_order_id: str
    exchange: str
    symbol_token: int
    side: Side
    trade_no: str
    quantity: int  # units
    price: Decimal
    product: str
    traded_at: datetime | None


@dataclass(frozen=True, slots=True)
class BrokerPosition:
    """One (exchange, token, product) of a client; net = buy - sell, units. Amounts in rupees, previous-close basis."""

    exchange: str
    symbol_token: int
    symbol: str
    product: str
    buy_quantity: int
    buy_amount: Decimal
    sell_quantity: int
    sell_amount: Decimal
    day_buy_quantity: int
    day_buy_amount: Decimal
    day_sell_quantity: int
    day_sell_amount: Decimal
    carried_buy_quantity: int
    carried_buy_amount: Decimal
    carried_sell_quantity: int
    carried_sell_amount: Decimal
    ltp: Decimal | None
    mark_to_market: Decimal
    booked_profit_loss: Decimal
    actual_mark_to_market: Decimal
    actual_booked_profit_loss: Decimal

    @property
    def net_quantity(self) -> int:
        return self.buy_quantity - self.sell_quantity


@dataclass(frozen=True, slots=True)
class BrokerHolding:
    isin: str
    name: str
    nse_token: int | None
    bse_token: int | None
    quantity: int
    blocked_quantity: int
    collateral_quantity: int
    t1_quantity: int  # bought one day ago
    authorised_quantity: int  # under power of attorney
    needs_authorisation_quantity: int  # tpinquantity
    average_price: Decimal


@dataclass(frozen=True, slots=True)
class BrokerFunds:
    """From the margin summary report, rupees: `available` is srno 102 (net for cash), `free_cash` is srno 201."""

    available: Decimal
    free_cash: Decimal
    used: Decimal | None
    non_cash: Decimal | None
    particulars: tuple[tuple[int, str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class BrokerProfile:
    client_code: str
    name: str
    exchanges: tuple[str, ...]
    products: tuple[str, ...]
    user_type: str
