"""Every fault that concerns orders is injected somewhere, under a name that exists."""

from __future__ import annotations

import re
from functools import cache

import pytest

from proof.fault_points import FaultPoint
from tests.support.processes import ROOT

_ROWS = [*(f"F{number}" for number in range(1, 64)), "F69"]
_ROW = re.compile(r"^\| (F\d+) \| (.*) \| (.*) \|$", re.MULTILINE)
_NAME = re.compile(r"`([^`]+)`")


@cache
def matrix() -> dict[str, tuple[str, str]]:
    text = (ROOT / "docs/fault-matrix.md").read_text()
    return {row: (points, tests) for row, points, tests in _ROW.findall(text)}


@cache
def known_tests() -> frozenset[str]:
    texts = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset(name for text in texts for name in re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE))


def test_the_matrix_has_every_row_that_concerns_orders() -> None:
    assert list(matrix()) == _ROWS


@pytest.mark.parametrize("row", _ROWS)
def test_what_a_row_names_exists(row: str) -> None:
    points, tests = matrix()[row]
    assert set(_NAME.findall(points)) <= {point.name for point in FaultPoint}
    assert set(_NAME.findall(tests)) <= known_tests()
    assert _NAME.findall(points) or _NAME.findall(tests) or "open: " in tests


def test_every_fault_point_of_the_schedules_belongs_to_a_row() -> None:
    named = {name for points, _ in matrix().values() for name in _NAME.findall(points)}
    assert {point.name for point in FaultPoint} - named == {"REJECTED_LATER", *_OF_CANCELS_AND_RETRIES}


_OF_CANCELS_AND_RETRIES = {"CANCEL_REPLY_LOST", "CANCEL_REQUEST_LOST", "CANCEL_NOT_SENT", "RETRIED"}
