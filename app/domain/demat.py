"""What of a share lies in a client's demat account, and how much of it may be sold now.

Units that were sold today stay in the holdings until they are settled, and show as a negative delivery position: that
is no short position, and must neither be bought back nor sold a second time, on whichever exchange it was sold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.domain.broker import BrokerHolding, BrokerPosition, Product
from app.domain.instruments import CASH, Exchange

FROM_DEMAT = frozenset({Product.DELIVERY.value, Product.SELLFROMDP.value, Product.BTST.value})


@dataclass(frozen=True, slots=True)
class DematStock:
    """Units. `quantity` is what the account holds, `sold` what of it is sold already and not settled yet."""

    quantity: int
    sold: int
    pledged: int
    unauthorised: int  # the depository's authorisation for today is missing
    blocked: int  # as the broker says: in open or executed sales

    @property
    def left(self) -> int:
        """What is still owned once today's sales are settled."""
        return max(0, self.quantity - self.sold)

    @property
    def short(self) -> int:
        """What was sold beyond what the account holds."""
        return max(0, self.sold - self.quantity)

    @property
    def sellable(self) -> int:
        """What may be sold of it now, beside what was bought today."""
        return self.for_sale(bought=0, sold=self.sold)

    def for_sale(self, *, bought: int, sold: int) -> int:
        """Return what may be sold for delivery where today `bought` units came and `sold` went, or work.

        The lower of two reckonings: by what is known to be sold, and by what the broker says is blocked.
        """
        free = self.quantity - self.pledged - self.unauthorised + bought
        return max(0, min(free - sold, free - self.blocked))

    @property
    def refusal(self) -> tuple[str, str]:
        """Why not everything that is left may be sold."""
        if self.unauthorised:
            sentence = (
                f"{self.unauthorised} of {self.quantity} units in the demat account may be sold only once the client "
                "has given today's authorisation at the depository."
            )
            return "depository_authorisation_missing", sentence
        if self.pledged:
            sentence = f"{self.pledged} of {self.quantity} units in the demat account are pledged."
            return "holdings_pledged", sentence
        sentence = f"{self.sellable} of {self.quantity} units in the demat account may be sold; the rest is blocked."
        return "insufficient_holdings", sentence


def demat_stock(
    holdings: Sequence[BrokerHolding], positions: Iterable[BrokerPosition], exchange: Exchange, symbol_token: int
) -> DematStock:
    mine = [h for h in holdings if (h.nse_token if exchange is Exchange.NSE else h.bse_token) == symbol_token]
    tokens = {(exchange.value, symbol_token)}
    tokens |= {(Exchange.NSE.value, h.nse_token) for h in mine if h.nse_token is not None}
    tokens |= {(Exchange.BSE.value, h.bse_token) for h in mine if h.bse_token is not None}
    sold = sum(
        -position.net_quantity
        for position in positions
        if (position.exchange, position.symbol_token) in tokens
        and position.product in FROM_DEMAT
        and position.net_quantity < 0
    )
    return DematStock(
        quantity=sum(h.quantity for h in mine),
        sold=sold,
        pledged=sum(h.collateral_quantity for h in mine),
        unauthorised=sum(h.needs_authorisation_quantity for h in mine),
        blocked=sum(h.blocked_quantity for h in mine),
    )


def shows_a_delivery_sale(positions: Iterable[BrokerPosition], exchange: Exchange, symbol_token: int) -> bool:
    """Whether only the holdings can tell if a negative position is a short one, or demat stock that was sold."""
    return exchange in CASH and any(
        (p.exchange, p.symbol_token) == (exchange, symbol_token) and p.product in FROM_DEMAT and p.net_quantity < 0
        for p in positions
    )
