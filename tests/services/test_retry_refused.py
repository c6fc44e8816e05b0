"""Only what was surely not placed may be tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.errors import Conflict
from app.domain.orders import OrderStatus, success
from app.domain.views import BatchHead, BatchView, OrderView
from app.services.retry_refused import refused_rows

NOW = datetime(2026, 11, 23, 4, 30, 10, tzinfo=UTC)
S = OrderStatus


def order(client_id: str, status: OrderStatus, quantity: int = 10) -> OrderView:
    empty: dict[str, Any] = dict.fromkeys(OrderView.__dataclass_fields__)
    return OrderView(**{**empty, "requested_client_id": client_id, "status": status, "quantity": quantity})


def batch(*orders: OrderView, kind: str = "execute") -> BatchView:
    head = BatchHead("b1", kind, "trader@desk.test", "", None, "NSE", 1660, len(orders), None, NOW)
    return BatchView(head, orders, ())


@pytest.mark.parametrize("status", list(OrderStatus))
def test_a_row_is_retried_exactly_where_it_is_surely_not_placed(status: OrderStatus) -> None:
    rows = [order("c1", S.BLOCKED), order("c2", status, 20)]
    expected = [{"client_id": "c1", "quantity": 10}]
    if success(status) is False:
        expected.append({"client_id": "c2", "quantity": 20})
    assert refused_rows(batch(*rows)) == expected


def test_slices_of_one_client_are_added_up_in_the_order_asked() -> None:
    rows = [
        order("c2", S.REJECTED, 600),
        order("c1", S.LAPSED, 5),
        order("c2", S.LAPSED, 100),
        order("c2", S.FILLED, 7),
    ]
    assert refused_rows(batch(*rows)) == [{"client_id": "c2", "quantity": 700}, {"client_id": "c1", "quantity": 5}]


def test_nothing_to_retry_says_so() -> None:
    with pytest.raises(Conflict) as caught:
        refused_rows(batch(order("c1", S.UNKNOWN), order("c2", S.FILLED)))
    assert caught.value.code == "nothing_to_retry"


def test_an_exit_is_repeated_by_exiting_again() -> None:
    with pytest.raises(Conflict) as caught:
        refused_rows(batch(replace(order("c1", S.REJECTED)), kind="exit"))
    assert caught.value.code == "exit_not_retried"


def test_a_group_of_clients_is_retried_alone() -> None:
    rows = (order("c1", S.REJECTED, 10), order("c2", S.BLOCKED, 20), order("c3", S.REJECTED, 30))
    assert refused_rows(batch(*rows), {"c1", "c3"}) == [
        {"client_id": "c1", "quantity": 10},
        {"client_id": "c3", "quantity": 30},
    ]


@pytest.mark.parametrize("status", [S.UNKNOWN, S.SENDING, S.QUEUED, S.FILLED, S.OPEN])
def test_naming_a_client_that_may_be_at_the_broker_refuses_the_whole(status: OrderStatus) -> None:
    rows = (order("c1", S.REJECTED), order("c2", status))
    with pytest.raises(Conflict) as caught:
        refused_rows(batch(*rows), {"c1", "c2"})
    assert caught.value.code == "not_retriable"
