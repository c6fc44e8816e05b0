"""What a client owns and owes, as the broker said it at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from app.domain.broker import BrokerFunds, BrokerHolding, BrokerPosition
from app.domain.broker_sessions import SessionStatus
from app.domain.clients import Client
from app.domain.money import PLACES
from app.domain.profit_loss import (
    FiguresTooLarge,
    Profit,
    facts_of,
    paise_from_points,
    points,
    price_points,
    rupees_from_points,
)
from app.domain.profit_views import ClientPl, PositionProfit

STALE_AFTER = timedelta(minutes=5)  # several refresh intervals missed
DEMAT_STALE_AFTER = timedelta(minutes=30)  # the same of what changes overnight, and after sales


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
class HoldingsRead:
    """What lies in one client's demat account, as asked for at `read_at`."""

    client_id: str
    holdings: tuple[BrokerHolding, ...]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class FailedHoldings:
    client_id: str
    reason: str
    failed_at: datetime


AnyReading = Reading | FailedReading | HoldingsRead | FailedHoldings


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One line of the dashboard. Amounts are None where they were never read; `session` is as it was stored."""

    id: str
    name: str
    mofsl_client_code: str
    is_active: bool
    groups: tuple[str, ...]
    available_funds: Decimal | None
    pl: Decimal | None
    as_of: datetime | None
    failed_reason: str | None
    session: SessionStatus


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """A position of one client in one product. `pl` is None where no price is known."""

    client_id: str
    product: str
    net_quantity: int
    average_price: Decimal | None
    pl: Decimal | None


@dataclass(frozen=True, slots=True)
class StoredPosition:
    """A position as the broker said it at the client's last reading."""

    client_id: str
    position: BrokerPosition
    read_at: datetime


@dataclass(frozen=True, slots=True)
class ClientReadState:
    """When a client was last read; `read_at` None means never, so what it holds is not known.

    The last two speak of its demat account, which is read apart.
    """

    client_id: str
    name: str
    mofsl_client_code: str
    read_at: datetime | None
    failed_reason: str | None
    demat_read_at: datetime | None
    demat_failed_reason: str | None


@dataclass(frozen=True, slots=True)
class StoredHolding:
    """What one client holds of one instrument in its demat account, as last read. Units, rupees."""

    client_id: str
    quantity: int
    average_price: Decimal


@dataclass(frozen=True, slots=True)
class HeldInstrument:
    """One instrument over all active clients, as last read. Units; `short_quantity` is negative.

    `symbol` is the broker's, None where only demat accounts hold it. A share that lies in demat accounts is counted
    once, under NSE where it is listed there.
    """

    exchange: str
    symbol_token: int
    symbol: str | None
    holders: int
    long_quantity: int
    short_quantity: int
    demat_quantity: int


@dataclass(frozen=True, slots=True)
class HeldInstruments:
    """`known` and `unknown` count active clients: what was never read may hold anything."""

    items: tuple[HeldInstrument, ...]
    known: int
    unknown: int


@dataclass(frozen=True, slots=True)
class DematHolding:
    """What lies in the demat account of one instrument; `quantity` is None where that was never read."""

    quantity: int | None
    average_price: Decimal | None
    read_at: datetime | None
    stale_reason: str | None


@dataclass(frozen=True, slots=True)
class TokenHolding:
    """What one client holds of one instrument. Quantities and amounts are None where that is not known."""

    client: ClientReadState
    net_quantity: int | None
    average_price: Decimal | None
    pl: Decimal | None
    products: tuple[HeldPosition, ...]
    stale_reason: str | None
    demat: DematHolding

    @property
    def is_stale(self) -> bool:
        return self.stale_reason is not None

    @property
    def is_known(self) -> bool:
        return self.net_quantity is not None

    @property
    def may_hold(self) -> bool:
        """Whether there is, or may be, anything to exit: products that cancel each other out are both open."""
        is_open = any(position.net_quantity for position in self.products)
        return not self.is_known or is_open or bool(self.demat.quantity)


@dataclass(frozen=True, slots=True)
class ValuedPosition:
    """A position at the newest price that is known, previous-close basis, rupees."""

    position: BrokerPosition
    ltp: Decimal | None
    mark_to_market: Decimal
    booked_profit_loss: Decimal

    @property
    def pl(self) -> Decimal:
        return self.mark_to_market + self.booked_profit_loss


@dataclass(frozen=True, slots=True)
class Portfolio:
    client: Client
    positions: tuple[ValuedPosition, ...]
    holdings: tuple[BrokerHolding, ...]
    funds: BrokerFunds
    as_of: datetime


_NOT_COMPUTED = "Profit is not computed just now; this is as of the last reading."


def current_profit(row: ClientRow, profits: Mapping[str, ClientPl] | None) -> ClientPl:
    """Return a client's profit as computed now or, where nobody computes it, as of the last reading."""
    found = None if profits is None else profits.get(row.id)
    if found is not None:
        return found
    if row.pl is None:
        return ClientPl(None, "The positions have not been read yet.")
    return ClientPl(paise_from_points(points(row.pl)), _NOT_COMPUTED)


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


def _profit_at(position: BrokerPosition, ltp: Decimal) -> Profit | None:
    """Return what the position has made on the previous-close basis at `ltp`; None for figures beyond reason."""
    try:
        return facts_of(position).day.profit(price_points(ltp))
    except FiguresTooLarge:
        return None


def valued(position: BrokerPosition, price: tuple[Decimal, datetime] | None, asked_at: datetime) -> ValuedPosition:
    """Value a position asked for at `asked_at`: at `price` where that came in later, else as the broker said."""
    profit = _profit_at(position, price[0]) if price is not None and price[1] > asked_at else None
    if price is None or profit is None:
        return ValuedPosition(position, position.ltp, position.mark_to_market, position.booked_profit_loss)
    return ValuedPosition(
        position, price[0], rupees_from_points(profit.unrealised), rupees_from_points(profit.realised)
    )


def held_as_read(stored: StoredPosition, price: tuple[Decimal, datetime] | None) -> HeldPosition:
    """Return a stored position at `price` (rupees, and its instant) where that is newer than the reading."""
    row = stored.position
    pl: Decimal | None = row.mark_to_market + row.booked_profit_loss
    if price is not None and price[1] > stored.read_at:
        profit = _profit_at(row, price[0])
        pl = None if profit is None else rupees_from_points(profit.total)
    return HeldPosition(stored.client_id, row.product, row.net_quantity, average_of(row), pl)


def held_now(client_id: str, position: PositionProfit) -> HeldPosition:
    pl = None if position.day is None else rupees_from_points(position.day.total)
    return HeldPosition(client_id, position.key[2], position.net_quantity, position.average_price, pl)


def average_of(row: BrokerPosition) -> Decimal | None:
    """Return the average of the side that is open, previous-close basis; None when flat."""
    return open_average(row.net_quantity, (row.buy_quantity, row.buy_amount), (row.sell_quantity, row.sell_amount))


def in_demat(client: ClientReadState, held: Sequence[StoredHolding], now: datetime) -> DematHolding:
    """Sum up `held`, the lines of the client's demat account that are this instrument."""
    if client.demat_read_at is None:
        return DematHolding(None, None, None, client.demat_failed_reason or "The demat account was not read yet.")
    quantity = sum(each.quantity for each in held)
    cost = sum((each.quantity * each.average_price for each in held), Decimal(0))
    reason = client.demat_failed_reason
    if reason is None and now - client.demat_read_at > DEMAT_STALE_AFTER:
        reason = "The demat account was not read for long."
    return DematHolding(quantity, average_price(quantity, cost), client.demat_read_at, reason)


def in_token(
    client: ClientReadState,
    held: tuple[HeldPosition, ...],
    demat: DematHolding,
    now: datetime,
    stale_reason: str | None = None,
) -> TokenHolding:
    """Sum up `held`, the client's positions in one instrument. Without any reading, nothing is known.

    `stale_reason` is why the client's profit is not current, where it is not.
    """
    if client.read_at is None:
        reason = reading_stale(None, client.failed_reason, now)
        return TokenHolding(client, None, None, None, (), reason, demat)
    net = sum(position.net_quantity for position in held)
    on_the_open_side = [p for p in held if p.net_quantity * net > 0 and p.average_price is not None]
    quantity = sum(abs(position.net_quantity) for position in on_the_open_side)
    amount = sum((abs(p.net_quantity) * (p.average_price or Decimal(0)) for p in on_the_open_side), Decimal(0))
    return TokenHolding(
        client=client,
        net_quantity=net,
        average_price=average_price(quantity, amount),
        pl=_sum_known([position.pl for position in held]),
        products=held,
        stale_reason=reading_stale(client.read_at, client.failed_reason, now) or (stale_reason if held else None),
        demat=demat,
    )


def reading_stale(read_at: datetime | None, failed_reason: str | None, now: datetime) -> str | None:
    """Return a sentence on why a reading is not current, None where it is."""
    if failed_reason is not None:
        return f"The last reading failed: {failed_reason}"
    if read_at is None:
        return "This account was not read yet."
    if now - read_at > STALE_AFTER:
        return f"This account was not read for more than {STALE_AFTER.total_seconds() / 60:.0f} minutes."
    return None


def _sum_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return None where any part is not known."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
