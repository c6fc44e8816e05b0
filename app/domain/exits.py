"""Exits: opposing orders for what is held, and a verdict that names the read behind it (ORDERS.md section 8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.domain.broker import BookOrder, BookStatus, BrokerPosition, Product, Side
from app.domain.demat import FROM_DEMAT, DematStock
from app.domain.instruments import Exchange
from app.domain.orders import Resolution
from app.domain.trading import Allocation
from app.domain.working import WorkingOrder

_SENDABLE = frozenset(Product)
_OVER = frozenset({BookStatus.TRADED, BookStatus.CANCEL, BookStatus.REJECTED, BookStatus.ERROR})
EXIT_RUNNING = "exit_order_live"
_PRODUCT_LENGTH = 20  # as stored; before and after are compared by the same letters


class ExitVerdict(StrEnum):
    FLAT = "flat"  # a later read shows nothing
    REDUCED = "reduced"  # a later read shows a named rest, less than was held
    CANNOT_TELL = "cannot_tell"  # it could not be read, or nothing of it was exited (see `finding`): never "flat"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """What one client held in one product, signed units; `held` None where the read failed, with `code` saying why."""

    client_id: str
    product: str
    held: int | None
    read_at: datetime
    code: str | None = None
    message: str | None = None
    remaining: int | None = None
    verified_at: datetime | None = None
    client_name: str = ""
    client_code: str | None = None
    to_exit: int | None = None  # units to trade, where that is less than is held
    with_demat: bool = False  # `held` counts what lies in the demat account

    @property
    def is_unsent(self) -> bool:
        """Whether no order stands for it: nothing is held, or it must not, or cannot, be exited from here."""
        return not self.held or self.code is not None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be learned of it; what joins an exit that runs is read again when that is over."""
        return self.is_unsent and self.code != EXIT_RUNNING

    @property
    def verdict(self) -> ExitVerdict:
        if self.held is None:
            return ExitVerdict.CANNOT_TELL
        if self.held == 0:
            return ExitVerdict.FLAT
        if self.verified_at is None:
            return ExitVerdict.RUNNING
        if self.remaining is None:
            return ExitVerdict.CANNOT_TELL
        if self.remaining == 0:
            return ExitVerdict.FLAT
        is_less = abs(self.remaining) < abs(self.held) and (self.remaining > 0) is (self.held > 0)
        return ExitVerdict.REDUCED if is_less else ExitVerdict.CANNOT_TELL

    @property
    def finding(self) -> str | None:
        """What a later read shows where nothing got less, or why there was none; None where the verdict says it all."""
        was_followed = self.verified_at is not None and self.code in (None, EXIT_RUNNING)
        if self.held is None or not was_followed or self.verdict is not ExitVerdict.CANNOT_TELL:
            return None
        if self.remaining is None:
            return f"The position could not be read again: {self.message}"
        if self.remaining == self.held:
            return f"A later read shows {abs(self.held)} units still open, as many as before."
        return f"A later read shows {self.remaining} units where {self.held} were held before."


def held_in(
    client_id: str,
    positions: Iterable[BrokerPosition],
    exchange: Exchange,
    symbol_token: int,
    products: frozenset[str] | None,
    *,
    read_at: datetime,
    stock: DematStock | None = None,
    with_demat: bool = False,
) -> tuple[HeldPosition, ...]:
    """Return the client's open positions in the instrument, one per product; `products` None means all of them.

    A product that the desk cannot send carries a code: it is shown, and no order is made for it. `stock`, where it was
    read, tells a short position from demat stock that was sold; `with_demat` counts what is left of it as held.
    """
    net: dict[str, int] = defaultdict(int)
    for position in positions:
        if position.exchange == exchange and position.symbol_token == symbol_token:
            net[position.product[:_PRODUCT_LENGTH]] += position.net_quantity
    if stock is not None:
        for product in [name for name, quantity in net.items() if quantity < 0 and name in FROM_DEMAT]:
            net[product] = -min(-net[product], stock.short)
    found = [
        _held(client_id, product, quantity, read_at)
        for product, quantity in net.items()
        if quantity != 0 and (products is None or product in products)
    ]
    if stock is None or not with_demat or not stock.left:
        return tuple(replace(row, with_demat=with_demat) for row in found)
    bought = max(0, net[Product.DELIVERY.value])
    rest = [row for row in found if row.product != Product.DELIVERY.value]
    return (*rest, _from_demat(client_id, bought, stock, read_at))


def _from_demat(client_id: str, bought: int, stock: DematStock, read_at: datetime) -> HeldPosition:
    """What was bought today and what lies in the account are sold together, as far as it may be sold."""
    held = HeldPosition(
        client_id,
        Product.DELIVERY.value,
        bought + stock.left,
        read_at,
        to_exit=bought + stock.sellable,
        with_demat=True,
    )
    if stock.sellable >= stock.left:
        return held
    code, sentence = stock.refusal
    return replace(held, message=sentence, code=None if held.to_exit else code)


def leave_to_others(
    held: Iterable[HeldPosition], rows: Iterable[BookOrder], *, own_exits: Collection[str] = ()
) -> tuple[HeldPosition, ...]:
    """Leave out what orders that work at the broker already, ours or not, would trade on the same side.

    Call it with the order book as read *before* the positions: a fill in between then makes the exit smaller, never
    larger. `own_exits` are the broker's ids of our own exits that run: they are joined (ORDERS.md section 8).
    """
    working: dict[tuple[str, Side], int] = defaultdict(int)
    own: dict[tuple[str, Side], int] = defaultdict(int)
    for row in rows:
        if row.status not in _OVER:
            left = max(0, row.quantity - row.filled)
            working[row.product, row.side] += left
            if row.broker_order_id in own_exits:
                own[row.product, row.side] += left
    return tuple(_less(position, working, own) for position in held)


def less_given_up(held: Iterable[HeldPosition], live: Iterable[WorkingOrder]) -> tuple[HeldPosition, ...]:
    """Make exits smaller by orders of unknown fate that a person gave up: they keep counting as filled."""
    taken: dict[tuple[str, Side], int] = defaultdict(int)
    for order in live:
        if order.resolution is Resolution.NOT_PLACED:
            taken[order.product.value, order.side] += order.quantity - order.filled_quantity
    return tuple(_less(position, taken, {}) for position in held)


def _less(
    position: HeldPosition, working: Mapping[tuple[str, Side], int], own: Mapping[tuple[str, Side], int]
) -> HeldPosition:
    if not position.held or position.code is not None:
        return position
    side = Side.SELL if position.held > 0 else Side.BUY
    products = FROM_DEMAT if position.product in FROM_DEMAT else {position.product}
    taken = sum(working.get((product, side), 0) for product in products)
    if not taken:
        return position
    wanted = abs(position.held) if position.to_exit is None else position.to_exit
    joined = sum(own.get((product, side), 0) for product in products)
    sentence = _already_working(joined, taken - joined)
    if wanted <= taken:
        code = EXIT_RUNNING if joined else "exit_at_broker"
        return replace(position, to_exit=0, code=code, message=sentence)
    return replace(position, to_exit=wanted - taken, message=sentence)


def _already_working(joined: int, others: int) -> str:
    parts = []
    if joined:
        parts.append(
            f"The desk's own exit of {joined} units was working already, and this one joined it; to exit on other "
            "terms, cancel that order and exit again."
        )
    if others:
        parts.append(f"Orders for {others} units on the same side already work at the broker, and were left alone.")
    return " ".join(parts)


def _held(client_id: str, product: str, quantity: int, read_at: datetime) -> HeldPosition:
    plain = HeldPosition(client_id, product, quantity, read_at)
    if product in _SENDABLE:
        return plain
    sentence = f"The desk does not know the product {product}; exit this position at the broker."
    return replace(plain, code="product_not_known", message=sentence)


def exit_allocations(held: Sequence[HeldPosition]) -> tuple[Allocation, ...]:
    """Return the opposing order of each position: exactly what is held, never across to the other side."""
    return tuple(
        Allocation(
            client_id=position.client_id,
            quantity=abs(position.held) if position.to_exit is None else position.to_exit,
            side=Side.SELL if position.held > 0 else Side.BUY,
            product=Product(position.product),
        )
        for position in held
        if position.held and position.code is None
    )
