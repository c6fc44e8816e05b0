"""Reading the broker's answer: three certainties, and everything else unknown (ORDERS.md section 3)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from app.domain.answers import failed, lapsed, owner_lost, taken
from app.domain.errors import (
    BrokerReadFailed,
    BrokerRejected,
    BrokerUnreachable,
    IllegalTransition,
    OutcomeUnknown,
    SessionExpired,
)
from app.domain.orders import OrderStatus
from tests.support.orders import NOW, working

S = OrderStatus


def test_an_id_means_that_the_broker_took_it_and_no_more() -> None:
    change = taken(working(), "2300001TC0001", is_id_new=True, at=NOW)
    assert change.after.status is S.ACKNOWLEDGED
    assert change.after.broker_order_id == "2300001TC0001"
    assert change.after.filled_quantity == 0


def test_an_id_that_belongs_to_another_order_proves_nothing() -> None:
    change = taken(working(), "2300001TC0001", is_id_new=False, at=NOW)
    assert change.after.status is S.UNKNOWN
    assert change.after.broker_order_id is None
    assert change.after.attention


def test_an_id_that_names_another_client_proves_nothing() -> None:
    change = taken(working(), "2300001TC0002", is_id_new=True, at=NOW)
    assert change.after.status is S.UNKNOWN
    assert change.after.broker_order_id is None
    assert change.after.attention


def test_an_id_of_a_form_that_nobody_documented_is_believed() -> None:
    assert taken(working(), "NFO-17", is_id_new=True, at=NOW).after.status is S.ACKNOWLEDGED


def test_a_definitive_refusal_is_rejected_with_the_brokers_words_and_code() -> None:
    change = failed(working(), BrokerRejected("product not offered", broker_code="MO1084"), at=NOW)
    assert change.after.status is S.REJECTED
    assert (change.after.code, change.after.message) == ("MO1084", "product not offered")


@pytest.mark.parametrize("error", [BrokerUnreachable("refused"), SessionExpired("token lapsed")])
def test_proof_that_nothing_left_puts_it_back_into_the_queue(error: Exception) -> None:
    change = failed(working(), error, at=NOW)
    assert change.after.status is S.QUEUED
    assert change.after.attempt == 0
    assert change.after.requeues == 1


def test_proof_that_nothing_left_goes_through_the_queue_even_after_its_deadline() -> None:
    order = working(deadline_at=NOW - timedelta(seconds=1))
    queued = failed(order, BrokerUnreachable("refused"), at=NOW).after
    assert queued.status is S.QUEUED
    assert lapsed(queued, "deadline_passed", "too late", at=NOW).after.status is S.LAPSED


def test_a_second_session_refusal_is_not_believed_as_proof() -> None:
    change = failed(working(), SessionExpired("Not placed: token lapsed"), at=NOW, may_log_in_again=False)
    assert "Not placed" not in (change.after.message or "")
    assert change.after.status is S.UNKNOWN


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("no answer within 10 s"),
        BrokerReadFailed("odd"),
        RuntimeError("bug"),
        TimeoutError(),
        ConnectionResetError(),
        asyncio.CancelledError(),
        KeyboardInterrupt(),
    ],
)
def test_everything_else_is_unknown_and_counts_as_one_attempt(error: BaseException) -> None:
    change = failed(working(), error, at=NOW)
    assert change.after.status is S.UNKNOWN
    assert change.after.attempt == 1


def test_what_was_leaving_when_the_desk_died_is_unknown() -> None:
    change = owner_lost(working(), at=NOW)
    assert change.after.status is S.UNKNOWN
    assert change.after.code == "owner_lost"


@pytest.mark.parametrize("status", [S.UNKNOWN, S.ACKNOWLEDGED, S.FILLED, S.BLOCKED])
def test_what_may_be_at_the_broker_never_lapses(status: OrderStatus) -> None:
    with pytest.raises(IllegalTransition):
        lapsed(working(status), "deadline_passed", "too late", at=NOW)
