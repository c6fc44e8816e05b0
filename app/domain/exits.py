"""Exits: opposing orders for what is held, and a verdict that names the read behind it (ORDERS.md section 8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.domain.broker import BrokerHolding, BrokerPosition, Product, Side
from app.domain.instruments import Exchange
from app.domain.trading import Allocation

_SENDABLE = frozenset(Product)
DEMAT = "DEMAT"  # stands in the place of a product
_PRODUCT_LENGTH = 20  # as stored; before and after are compared by the same letters


class ExitVerdict(StrEnum):
    FLAT = "flat"  # a later read shows nothing
    REDUCED = "reduced"  # a later read shows a named rest
    CANNOT_TELL = "cannot_tell"  # the position could not be read: never "flat"
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

    @property
    def is_unsent(self) -> bool:
        """Whether no order stands for it: nothing is held, or it must not, or cannot, be exited from here."""
        return not self.held or self.code is not None

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
        return ExitVerdict.FLAT if self.remaining == 0 else ExitVerdict.REDUCED


def held_in(
    client_id: str,
    positions: Iterable[BrokerPosition],
    exchange: Exchange,
    symbol_token: int,
    products: frozenset[str] | None,
    *,
    read_at: datetime,
) -> tuple[HeldPosition, ...]:
    """Return the client's open positions in the instrument, one per product; `products` None means all of them.

    A product that the desk cannot send carries a code: it is shown, and no order is made for it.
    """
    net: dict[str, int] = defaultdict(int)
    for position in positions:
        if position.exchange == exchange and position.symbol_token == symbol_token:
            net[position.product[:_PRODUCT_LENGTH]] += position.net_quantity
    return tuple(
        _held(client_id, product, quantity, read_at)
        for product, quantity in net.items()
        if quantity != 0 and (products is None or product in products)
    )


def _held(client_id: str, product: str, quantity: int, read_at: datetime) -> HeldPosition:
    plain = HeldPosition(client_id, product, quantity, read_at)
    if product in _SENDABLE:
        return plain
    sentence = f"The desk does not know the product {product}; exit this position at the broker."
    return replace(plain, code="product_not_known", message=sentence)


def in_demat(
    client_id: str, holdings: Sequence[BrokerHolding], exchange: Exchange, symbol_token: int, *, read_at: datetime
) -> HeldPosition | None:
    """Return what lies in the client's demat account, which an exit of positions does not touch: never "flat"."""
    tokens = [h.nse_token if exchange is Exchange.NSE else h.bse_token for h in holdings]
    units = sum(h.quantity for h, token in zip(holdings, tokens, strict=True) if token == symbol_token)
    if units <= 0:
        return None
    sentence = f"{units} units lie in the demat account; this exit covers positions. Sell them with a DELIVERY order."
    return HeldPosition(client_id, DEMAT, None, read_at, "held_in_demat", sentence)


def exit_allocations(held: Sequence[HeldPosition]) -> tuple[Allocation, ...]:
    """Return the opposing order of each position: exactly what is held, never across to the other side."""
    return tuple(
        Allocation(
            client_id=position.client_id,
            quantity=abs(position.held),
            side=Side.SELL if position.held > 0 else Side.BUY,
            product=Product(position.product),
        )
        for position in held
        if position.held and position.code is None
    )
