"""Whether a reading of positions can be believed: it must show at least what the order book says was executed.

The broker's order book and positions are separate answers, and either may come from a cache (FAULTS.md F19). Where the
book, read first, holds executions that the positions do not, the positions are older than the book: selling by them
would sell what was sold already, and calling them flat would hide what was just bought.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.broker import BookOrder, BrokerPosition, Side
from app.domain.instruments import Exchange

POSITIONS_BEHIND = "positions_behind"
BEHIND_SENTENCE = (
    "The broker's positions do not show yet what its order book says was executed, so what is held is not known; "
    "exit again in a moment."
)


def are_behind(
    positions: Iterable[BrokerPosition], rows: Iterable[BookOrder], exchange: Exchange, symbol_token: int
) -> bool:
    """Say whether `positions` lack executions of `rows`, the client's order book as read before them.

    All products count together: a position may have been converted. A position that is closed may be left out of the
    answer altogether, so where nothing is shown only what the book leaves open contradicts it.
    """
    executed = {Side.BUY: 0, Side.SELL: 0}
    for row in rows:
        if (row.exchange, row.symbol_token) == (exchange, symbol_token):
            executed[row.side] += row.filled
    shown = [one for one in positions if (one.exchange, one.symbol_token) == (exchange, symbol_token)]
    if not shown:
        return executed[Side.BUY] != executed[Side.SELL]
    bought, sold = sum(one.buy_quantity for one in shown), sum(one.sell_quantity for one in shown)
    return bought < executed[Side.BUY] or sold < executed[Side.SELL]
