"""One batch in which every client's broker answers in another way (ORDERS.md section 3): each row tells the truth."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.floor import Floor, FloorClient, Json

pytestmark = [pytest.mark.xdist_group("floor"), pytest.mark.timeout(180)]

UNITS = 3
_BROKEN = {
    "an HTML page": "<html><body>Bad gateway</body></html>",
    "an empty body": "",
    "a truncated answer": '{"status":"SUCCESS","message":"Order Pla',
    "not a number": '{"status":"SUCCESS","uniqueorderid":NaN}',
    "a list": "[]",
    "null": "null",
    "an id that is no text": '{"status":"SUCCESS","uniqueorderid":{"a":1},"errorcode":""}',
    "a byte order mark and nothing": "\ufeff",
}


@dataclass(frozen=True)
class Case:
    """What the broker does, and whether it took the order all the same."""

    action: str | None
    value: Any = None
    is_taken: bool = True
    expected: str = "unknown"


CASES: dict[str, Case] = {
    "answers as it should": Case(None, expected="acknowledged"),
    "hangs after taking it": Case("hang_after_accept"),
    "hangs before taking it": Case("hang_before_accept", is_taken=False),
    "closes after taking it": Case("close_after_accept"),
    "closes before taking it": Case("close_before_accept", is_taken=False),
    "resets after taking it": Case("reset_after_accept"),
    "resets before taking it": Case("reset_before_accept", is_taken=False),
    "drips": Case("drip", 400),  # would be a good answer after minutes
    "cuts the body short": Case("body", {"cut_at": 40}),
    **{f"answers {name}": Case("body", text) for name, text in _BROKEN.items()},
    "answers 502 with HTML, taken": Case("http_status", {"status": 502, "body": "<html>", "after_accept": True}),
    "answers 502 with HTML, not taken": Case("http_status", {"status": 502, "body": "<html>"}, is_taken=False),
    "answers 500, taken": Case("http_status", {"status": 500, "after_accept": True}),
    "answers 504, not taken": Case("http_status", 504, is_taken=False),
    "answers 400 although taken": Case("http_status", {"status": 400, "body": "{}", "after_accept": True}),
    "answers 429": Case("http_status", 429, is_taken=False),
    "redirects": Case("http_status", {"status": 302, "after_accept": True}),
    "answers MO5002 although taken": Case("errorcode", {"code": "MO5002", "after_accept": True}),
    "answers MO8000, not taken": Case("errorcode", "MO8000", is_taken=False),
    "answers a code nobody knows, taken": Case("errorcode", {"code": "MO9876", "after_accept": True}),
    "answers SUCCESS without an id": Case("success_without_id"),
    "answers SUCCESS with another client's id": Case("other_clients_id"),
    "refuses the product": Case(
        "errorcode", {"code": "MO1057", "message": "Invalid product type"}, is_taken=False, expected="rejected"
    ),
    "refuses market orders": Case(
        "errorcode", {"code": "M01108", "message": "Market order not allowed"}, is_taken=False, expected="rejected"
    ),
    "refuses with HTTP 400": Case(
        "errorcode",
        {"code": "MO1057", "message": "Invalid product type", "http_status": 400},
        is_taken=False,
        expected="rejected",
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What one press came to: at once, after the faults were cleared, and at the broker."""

    share: int
    clients: dict[str, FloorClient]
    first: dict[str, Json]
    settled: dict[str, Json]
    ledger: dict[str, list[Json]]


@pytest.fixture(scope="module")
def outcome(floor: Floor) -> Outcome:
    share = floor.share()
    clients = dict(zip(CASES, floor.clients, strict=False))
    for name, case in CASES.items():
        if case.action is not None:
            floor.fault(case.action, case.value, clientcode=clients[name].code)
        floor.fault("http_status", 503, path="getorderbook", clientcode=clients[name].code)
    answer = floor.press(floor.trade(share, [(client, UNITS) for client in clients.values()]))
    assert answer.status_code == 200, answer.text
    first = answer.json()
    floor.clear_faults()
    taken = {clients[name].id for name, case in CASES.items() if case.is_taken}

    def taken_ones_are_known(batch: Json) -> bool:
        return all(row["status"] == "filled" for row in batch["results"] if row["client_id"] in taken)

    with suppress(AssertionError):  # the tests below say by name what is not as it should be
        floor.batch_when(first["batch_id"], taken_ones_are_known, deadline_s=30, what="what was taken is known")
    batch = floor.batch(first["batch_id"])
    by_tag = floor.in_ledger(batch)
    return Outcome(
        share,
        clients,
        dict(zip(CASES, first["results"], strict=True)),
        dict(zip(CASES, batch["results"], strict=True)),
        {name: by_tag[row["tag"]] for name, row in zip(CASES, batch["results"], strict=True)},
    )


@pytest.mark.parametrize("name", CASES)
def test_the_row_says_what_can_be_known(outcome: Outcome, name: str) -> None:
    case, row = CASES[name], outcome.first[name]
    assert row["status"] == case.expected, row
    assert row["success"] is {"acknowledged": True, "unknown": None, "rejected": False}[case.expected]


@pytest.mark.parametrize("name", CASES)
def test_the_order_reaches_the_broker_once_or_not_at_all(outcome: Outcome, name: str) -> None:
    assert len(outcome.ledger[name]) == int(CASES[name].is_taken)
    of_client = [order for orders in outcome.ledger.values() for order in orders]
    assert sum(order["clientcode"] == outcome.clients[name].code for order in of_client) == int(CASES[name].is_taken)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.is_taken])
def test_what_was_taken_ends_on_the_ledgers_truth(outcome: Outcome, name: str) -> None:
    row, [order] = outcome.settled[name], outcome.ledger[name]
    assert (row["status"], row["success"]) == ("filled", True)
    assert (row["filled_quantity"], row["broker_order_id"]) == (order["filled"], order["uniqueorderid"])
    assert order["filled"] == UNITS


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if not case.is_taken and case.expected == "unknown"])
def test_what_may_never_have_arrived_stays_unknown(outcome: Outcome, name: str) -> None:
    assert (outcome.settled[name]["status"], outcome.settled[name]["success"]) == ("unknown", None)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.expected == "rejected"])
def test_a_definitive_refusal_carries_the_brokers_words_and_code(outcome: Outcome, name: str) -> None:
    case, row = CASES[name], outcome.first[name]
    assert row["code"] == case.value["code"]
    assert case.value["message"] in row["message"]


def test_an_order_id_that_belongs_to_another_order_is_not_believed(quiet: Floor) -> None:
    client, first, second = quiet.clients[39], quiet.share(), quiet.share()
    quiet.settled(quiet.execute(quiet.trade(first, [(client, 1)]))["batch_id"])
    quiet.fault("repeated_id", clientcode=client.code)
    quiet.fault("http_status", 503, path="getorderbook", clientcode=client.code)

    answer = quiet.execute(quiet.trade(second, [(client, 2)]))

    [row] = answer["results"]
    assert (row["status"], row["success"], row["broker_order_id"]) == ("unknown", None, None)
    assert row["attention"]
    quiet.clear_faults()
    [row] = quiet.settled(answer["batch_id"])["results"]
    [order] = quiet.of_share(second)
    assert (row["status"], row["broker_order_id"]) == ("filled", order["uniqueorderid"])


def test_an_order_refused_after_it_was_taken_turns_from_true_to_false(quiet: Floor) -> None:
    client, share = quiet.clients[39], quiet.share()
    quiet.fault("reject_later", "RMS: blocked for a reason of the broker's", clientcode=client.code)

    answer = quiet.execute(quiet.trade(share, [(client, 2)]))

    [row] = quiet.settled(answer["batch_id"])["results"]
    assert (row["status"], row["success"]) == ("rejected", False)
    assert "RMS: blocked for a reason of the broker's" in row["message"]
