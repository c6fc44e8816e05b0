"""A reading of positions that is older than the order book is no reading (F19)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.broker import BookOrder, BrokerPosition, Side
from app.domain.instruments import Exchange
from app.domain.position_evidence import are_behind
from tests.domain.test_exits import position
from tests.support.orders import book_row


def executed(side: Side, filled: int, **changes: object) -> BookOrder:
    return book_row(side=side, filled=filled, quantity=max(filled, 1), **changes)


def traded(bought: int, sold: int) -> BrokerPosition:
    return replace(position(0), buy_quantity=bought, sell_quantity=sold)


BOUGHT, SOLD = executed(Side.BUY, 30), executed(Side.SELL, 30)


@pytest.mark.parametrize(
    ("positions", "rows", "is_behind"),
    [
        ([], [], False),
        ([traded(30, 0)], [BOUGHT], False),
        ([traded(30, 0)], [BOUGHT, SOLD], True),  # sold already: another exit would turn it short
        ([traded(30, 30)], [BOUGHT, SOLD], False),
        ([], [BOUGHT], True),  # just bought: not flat
        ([], [BOUGHT, SOLD], False),  # a closed position may be left out
        ([traded(10, 0)], [BOUGHT], True),
        ([traded(130, 30)], [BOUGHT, SOLD], False),  # carried forward, or traded where no order of today tells
        ([traded(20, 0), traded(10, 0)], [BOUGHT], False),  # converted: two products
        ([traded(30, 0)], [BOUGHT, executed(Side.SELL, 0)], False),  # it works, and nothing was executed
        ([traded(30, 0)], [BOUGHT, executed(Side.SELL, 30, symbol_token=99)], False),
        ([traded(30, 0)], [BOUGHT, executed(Side.SELL, 30, exchange="BSE")], False),
    ],
)
def test_positions_show_at_least_what_the_order_book_says_was_executed(
    positions: list[BrokerPosition], rows: list[BookOrder], is_behind: bool
) -> None:
    assert are_behind(positions, rows, Exchange.NSE, 1660) is is_behind
