"""What repeats, or runs against, what is already on record (ORDERS.md sections 7 and 8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.domain.broker import Product, Side
from app.domain.conflicts import block_opposite, block_repeats, block_retried, block_unsafe_exits
from app.domain.orders import OrderStatus
from app.domain.planning import PlannedOrder, plan
from app.domain.ports.trading import OtherOrder
from tests.support.orders import NOW, client, market, trade

S = OrderStatus
SINCE = NOW - timedelta(seconds=30)


def orders(*quantities: int) -> tuple[PlannedOrder, ...]:
    return plan(trade(*quantities), {f"c{n}": client(n) for n in range(1, 6)}, market()).orders


def other(**changes: Any) -> OtherOrder:
    plain: dict[str, Any] = {
        "client_id": "c1", "batch_id": "b0", "side": Side.BUY, "product": Product.DELIVERY, "quantity": 10, "lane": 1,
        "status": S.ACKNOWLEDGED, "created_at": NOW - timedelta(seconds=5), "updated_at": NOW - timedelta(seconds=5),
    }  # fmt: skip
    return OtherOrder(**plain | changes)


def codes(found: tuple[PlannedOrder, ...]) -> list[str | None]:
    return [order.code for order in found]


def repeats(*others: OtherOrder, overridden: str | None = None) -> list[str | None]:
    return codes(block_repeats(orders(10, 20), others, since=SINCE, overridden_batch=overridden))


def test_the_same_trade_moments_ago_blocks_the_row_and_names_the_batch() -> None:
    found = block_repeats(orders(10, 20), [other()], since=SINCE, overridden_batch=None)
    assert codes(found) == ["possible_duplicate", None]
    assert "b0" in (found[0].message or "")


@pytest.mark.parametrize(
    "difference",
    [
        {"client_id": "c5"},
        {"side": Side.SELL},
        {"quantity": 11},
        {"created_at": NOW - timedelta(seconds=31)},
        {"status": S.REJECTED},
        {"status": S.LAPSED},
        {"status": S.ABSENT},
    ],
)
def test_another_trade_or_one_surely_not_placed_does_not_block(difference: dict[str, Any]) -> None:
    assert repeats(other(**difference)) == [None, None]


@pytest.mark.parametrize("status", [S.QUEUED, S.SENDING, S.UNKNOWN, S.FILLED, S.CANCELLED])
def test_whatever_may_have_reached_the_broker_blocks(status: OrderStatus) -> None:
    assert repeats(other(status=status)) == ["possible_duplicate", None]


def test_slices_count_as_the_one_quantity_they_are() -> None:
    assert repeats(other(quantity=6), other(quantity=4)) == ["possible_duplicate", None]
    assert repeats(other(quantity=6), other(quantity=4, batch_id="b9")) == [None, None]


def test_a_person_who_names_the_other_batch_may_repeat_it() -> None:
    assert repeats(other(), overridden="b0") == [None, None]
    assert repeats(other(), overridden="b7") == ["possible_duplicate", None]


def exits(*others: OtherOrder) -> list[str | None]:
    return codes(block_unsafe_exits(orders(10, 20), others, positions_read_at=NOW))


@pytest.mark.parametrize("status", [S.QUEUED, S.SENDING, S.UNKNOWN, S.ACKNOWLEDGED, S.OPEN, S.PARTIALLY_FILLED])
@pytest.mark.parametrize(("lane", "code"), [(0, "exit_order_live"), (1, "order_live")])
def test_no_exit_while_an_order_of_the_client_is_live(status: OrderStatus, lane: int, code: str) -> None:
    assert exits(other(status=status, lane=lane)) == [code, None]


def test_what_another_retry_may_have_placed_is_not_retried_again() -> None:
    assert codes(block_retried(orders(10, 20), frozenset({"c2"}))) == [None, "already_retried"]


def test_no_exit_on_a_position_that_may_have_moved_since_it_was_read() -> None:
    assert exits(other(status=S.FILLED, updated_at=NOW)) == ["position_changed", None]
    assert exits(other(status=S.FILLED, updated_at=NOW - timedelta(seconds=1))) == [None, None]


@pytest.mark.parametrize("status", [S.QUEUED, S.SENDING, S.UNKNOWN, S.ACKNOWLEDGED, S.OPEN, S.PARTIALLY_FILLED])
def test_an_order_against_one_that_may_still_work_is_blocked_and_names_it(status: OrderStatus) -> None:
    found = block_opposite(orders(10, 20), [other(side=Side.SELL, status=status, quantity=99)])
    assert codes(found) == ["opposite_order_working", None]
    assert "b0" in (found[0].message or "")


@pytest.mark.parametrize(
    "difference", [{"side": Side.BUY}, {"client_id": "c5"}, {"status": S.FILLED}, {"status": S.CANCELLED}]
)
def test_what_is_over_or_goes_the_same_way_is_no_opposite(difference: dict[str, Any]) -> None:
    found = block_opposite(orders(10, 20), [other(**{"side": Side.SELL} | difference)])
    assert codes(found) == [None, None]
