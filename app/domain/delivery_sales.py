"""Sales for delivery out of the ticket: no more than the client may sell, by readings that are fresh (ADR 27).

Nobody is to sell shares that are not there: the exchange buys them in at a penalty. What was read too long ago decides
nothing, so it blocks, and says since when.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.broker import Product, Side
from app.domain.demat import FROM_DEMAT, DematStock
from app.domain.portfolio import DEMAT_STALE_AFTER, STALE_AFTER
from app.domain.time import IST
from app.domain.trading import Allocation

SOLD_FROM_DEMAT = frozenset(product for product in Product if product.value in FROM_DEMAT)


@dataclass(frozen=True, slots=True)
class StockReading:
    """What of one share a client may sell for delivery. `units` counts today's trades; None: never read.

    `of_our_own`: what our own orders of the day alone have bought and not sold again; that counts where no reading is
    current. A current one tells more: the client may have sold it on the broker's own app.
    """

    units: int
    of_our_own: int
    in_demat: DematStock
    positions_read_at: datetime | None
    holdings_read_at: datetime | None
    looked_at: datetime

    def refusal(self, quantity: int) -> tuple[str, str] | None:
        """Return why `quantity` units may not be sold; None where they may."""
        stale = self._stale()
        if stale is not None:
            return None if quantity <= self.of_our_own else stale
        if quantity <= self.units:  # what our own orders bought is in it, and so is what was sold elsewhere
            return None
        if quantity <= self.units + self.in_demat.unauthorised + self.in_demat.pledged:
            return self.in_demat.refusal
        sentence = (
            f"The client may sell {max(0, self.units)} units for delivery: what the demat account holds and what was "
            "bought today, less what is sold already or working."
        )
        return "insufficient_holdings", sentence

    def less(self, units: int) -> StockReading:
        """Return the reading where `units` more are sold."""
        return replace(self, units=self.units - units, of_our_own=self.of_our_own - units)

    def _stale(self) -> tuple[str, str] | None:
        for what, read_at, longest in (
            ("The demat account", self.holdings_read_at, DEMAT_STALE_AFTER),
            ("Today's positions", self.positions_read_at, STALE_AFTER),
        ):
            if read_at is None:
                read = "never read"
            elif self.looked_at - read_at > longest:
                read = f"last read at {read_at.astimezone(IST):%d %b %H:%M}, too long ago"
            else:
                continue
            verb = "was" if what == "The demat account" else "were"
            sentence = (
                f"{what} {verb} {read}, so what may be sold for delivery is not known. The desk reads again while the "
                "client's session is ready; an exit reads at once."
            )
            return "holdings_not_current", sentence
        return None


def sells_for_delivery(allocation: Allocation) -> bool:
    return allocation.side is Side.SELL and allocation.product in SOLD_FROM_DEMAT
