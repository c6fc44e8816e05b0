from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.brokers.definitive_codes import NEVER_DEFINITIVE, Proof, load_definitive_codes, parse_definitive_codes


def _document() -> dict[str, Any]:
    empty: dict[str, list[str]] = {"rejected": [], "not_placed_session": []}
    return {"endpoints": {"placeorder": {**empty, "rejected": ["mo1059 "]}, "modifyorder": empty, "cancelorder": empty}}


def test_the_shipped_list_tells_refusals_from_dead_sessions_and_from_nothing() -> None:
    codes = load_definitive_codes()
    assert codes.proof_of("placeorder", "MO1059") is Proof.REJECTED
    assert codes.proof_of("placeorder", "MO8002") is Proof.NOT_PLACED_SESSION
    assert codes.proof_of("cancelorder", "MO1059") is Proof.NONE
    assert codes.proof_of("placeorder", "MO9999") is Proof.NONE
    assert codes.proof_of("positionconversion", "MO1057") is Proof.NONE


def test_a_file_of_ones_own_replaces_the_list(tmp_path: Path) -> None:
    path = tmp_path / "codes.json"
    path.write_text(json.dumps(_document()), encoding="utf-8")
    codes = load_definitive_codes(path)
    assert codes.proof_of("placeorder", "MO1059") is Proof.REJECTED
    assert codes.proof_of("placeorder", "MO1057") is Proof.NONE


@pytest.mark.parametrize("code", sorted(NEVER_DEFINITIVE))
@pytest.mark.parametrize("name", ["rejected", "not_placed_session"])
def test_a_code_that_says_nobody_knows_can_never_be_listed(code: str, name: str) -> None:
    document = _document()
    document["endpoints"]["placeorder"] = {"rejected": [], "not_placed_session": []} | {name: [code.lower()]}
    with pytest.raises(ValueError, match="can never prove"):
        parse_definitive_codes(document)


def _drop_endpoint(document: dict[str, Any]) -> Any:
    return {"endpoints": {"placeorder": document["endpoints"]["placeorder"]}}


def _twice(document: dict[str, Any]) -> Any:
    document["endpoints"]["placeorder"]["not_placed_session"] = ["MO1059"]
    return document


def _no_list(document: dict[str, Any]) -> Any:
    document["endpoints"]["placeorder"]["rejected"] = "MO1059"
    return document


def _blank(document: dict[str, Any]) -> Any:
    document["endpoints"]["placeorder"]["rejected"] = [" "]
    return document


@pytest.mark.parametrize(
    "spoil", [_drop_endpoint, _twice, _no_list, _blank, lambda _document: [], lambda _document: {}]
)
def test_a_file_of_another_form_is_refused_with_one_sentence(spoil: Callable[[dict[str, Any]], Any]) -> None:
    with pytest.raises(ValueError, match="definitive codes: "):
        parse_definitive_codes(spoil(_document()))


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "codes.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="not JSON"):
        load_definitive_codes(path)
