"""What a client owns and owes, as the broker said it at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from app.domain.broker import BrokerFunds, BrokerHolding, BrokerPosition
from app.domain.broker_sessions import SessionStatus
from app.domain.clients import Client
from app.domain.money import PLACES

STALE_AFTER = timedelta(minutes=5)  # several refresh intervals missed


@dataclass(frozen=True, slots=True)
class ReadableClient:
    """A client whose account is read at the broker, and the login that serves it."""

    client_id: str
    name: str
    client_code: str
    login_id: str
    shard: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One client's funds and positions, read together. `read_at`: when the positions were asked for."""

    client_id: str
    funds: BrokerFunds
    positions: tuple[BrokerPosition, ...]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class FailedReading:
    client_id: str
    reason: str
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One line of the dashboard. Amounts are None where they were never read."""

    id: str
    name: str
    mofsl_client_code: str
    is_active: bool
    groups: tuple[str, ...]
    available_funds: Decimal | None
    pl: Decimal | None
    as_of: datetime | None
    session: SessionStatus


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """A stored position of one client in one product."""

    client_id: str
    product: str
    net_quantity: int
    average_price: Decimal | None
    pl: Decimal
    read_at: datetime


@dataclass(frozen=True, slots=True)
class ClientReadState:
    """When a client was last read; `read_at` None means never, so what it holds is not known."""

    client_id: str
    name: str
    mofsl_client_code: str
    read_at: datetime | None
    failed_reason: str | None


@dataclass(frozen=True, slots=True)
class TokenHolding:
    """What one client holds of one instrument. Quantities and amounts are None where that is not known."""

    client: ClientReadState
    net_quantity: int | None
    average_price: Decimal | None
    pl: Decimal | None
    products: tuple[HeldPosition, ...]
    is_stale: bool

    @property
    def is_known(self) -> bool:
        return self.net_quantity is not None


@dataclass(frozen=True, slots=True)
class Portfolio:
    client: Client
    positions: tuple[BrokerPosition, ...]
    holdings: tuple[BrokerHolding, ...]
    funds: BrokerFunds
    as_of: datetime


def profit_loss(positions: Iterable[BrokerPosition]) -> Decimal:
    """Σ (unrealised + realised), on the broker's previous-close basis. Rupees."""
    return sum((p.mark_to_market + p.booked_profit_loss for p in positions), Decimal(0))


def average_price(quantity: int, amount: Decimal) -> Decimal | None:
    """Return rupees a unit to four places; None where nothing was traded."""
    return (amount / quantity).quantize(PLACES, rounding=ROUND_HALF_EVEN) if quantity else None


def open_average(net_quantity: int, buy: tuple[int, Decimal], sell: tuple[int, Decimal]) -> Decimal | None:
    """Return the average of the side that is open: of what was bought if long, sold if short, None if flat."""
    if net_quantity == 0:
        return None
    return average_price(*(buy if net_quantity > 0 else sell))


def holdings_cost(holdings: Iterable[BrokerHolding]) -> Decimal:
    return sum((holding.quantity * holding.average_price for holding in holdings), Decimal(0))


def in_token(client: ClientReadState, held: tuple[HeldPosition, ...], now: datetime) -> TokenHolding:
    """Sum up `held`, the client's positions in one instrument. Without any reading, nothing is known."""
    if client.read_at is None:
        return TokenHolding(client, None, None, None, (), is_stale=True)
    net = sum(position.net_quantity for position in held)
    on_the_open_side = [p for p in held if p.net_quantity * net > 0 and p.average_price is not None]
    quantity = sum(abs(position.net_quantity) for position in on_the_open_side)
    amount = sum((abs(p.net_quantity) * (p.average_price or Decimal(0)) for p in on_the_open_side), Decimal(0))
    return TokenHolding(
        client=client,
        net_quantity=net,
        average_price=average_price(quantity, amount),
        pl=sum((position.pl for position in held), Decimal(0)),
        products=held,
        is_stale=now - client.read_at > STALE_AFTER,
    )
