"""Schedules on a real database: every call is made on both stores, and a difference between them is found."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal

import pytest

from app.domain.ports.trading import RequestedOperation
from proof.database.lockstep import Ids, Lockstep
from proof.memory import Tables
from proof.virtual_time import VirtualLoop, run_virtual
from tests.proof.test_schedules import played
from tests.support.clocks import SettableClock
from tests.support.databases import TAG_EPOCH


@dataclass(frozen=True)
class Row:
    id: str
    price: Decimal
    notes: list[str]


class Store:
    """Answers every question with `answer`, or fails with it."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    async def ask(self, _wish: RequestedOperation | None = None) -> object:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def differences(in_memory: object, on_database: object) -> list[str]:
    loop, found = VirtualLoop(random.Random(1)), list[str]()
    tables = Tables(tag_epoch=TAG_EPOCH, at=SettableClock().now())
    both = Lockstep(
        Store(in_memory), Store(on_database), tables=tables, loop=loop, ids=Ids(), found=found.append
    )  # fmt: skip

    async def ask() -> None:
        try:
            await both.ask()
        except ValueError:
            assert isinstance(in_memory, ValueError)

    run_virtual(loop, ask)
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


ONE, TWO = Row("1", Decimal("412.30"), ["a"]), Row("2", Decimal("412.35"), [])


@pytest.mark.parametrize(
    ("in_memory", "on_database"),
    [
        ([ONE, TWO], (TWO, ONE)),  # no call promises an order
        (ONE, Row("1", Decimal("412.3000"), ["a"])),
        (ValueError("a sentence"), ValueError("another")),
        ({"a": [1]}, {"a": (1,)}),
        (None, None),
    ],
)
def test_answers_that_mean_the_same_are_alike(in_memory: object, on_database: object) -> None:
    assert differences(in_memory, on_database) == []


@pytest.mark.parametrize(
    ("in_memory", "on_database", "said"),
    [
        (ONE, TWO, "ask: .id is 1 in memory, and 2 on the database"),
        ([ONE], [ONE, TWO], "ask: "),
        ([ONE], [Row("1", Decimal("412.30"), [])], "ask: [0].notes is ('a',) in memory"),
        (ValueError("a sentence"), None, "ask:  is ValueError in memory, and None"),
        (None, KeyError("a"), "ask:  is None in memory, and KeyError"),
        (True, False, "ask:  is True in memory"),
    ],
)
def test_any_other_answer_is_a_difference_and_is_named(in_memory: object, on_database: object, said: str) -> None:
    (sentence,) = differences(in_memory, on_database)
    assert sentence.startswith(said)


@pytest.mark.parametrize("seed", [4, 6])
def test_a_seed_on_a_real_database_holds_and_replays_step_by_step(seed: int, database: str) -> None:
    first = played(seed, "--database", database)
    assert first[-1].startswith("0 violations in 1 schedules")
    assert played(seed, "--database", database) == first
