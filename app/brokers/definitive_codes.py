"""The definitive refusal list: which of the broker's codes prove that an order call had no effect.

It is data (`definitive_codes.json`; MOFSL_DEFINITIVE_CODES_FILE names another file of the same form), because only a
live account can confirm it. A few codes can never be listed: they say that the broker itself does not know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

NEVER_DEFINITIVE = frozenset({"MO5000", "MO5001", "MO5002", "MO8000", "MO1065", "MO3001"})
ORDER_CALLS = ("placeorder", "modifyorder", "cancelorder")
_LISTS = ("rejected", "not_placed_session")


class Proof(StrEnum):
    REJECTED = "rejected"
    NOT_PLACED_SESSION = "not_placed_session"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DefinitiveCodes:
    """`proofs` by endpoint and code; anything that is not in it proves nothing."""

    proofs: Mapping[tuple[str, str], Proof]

    def proof_of(self, endpoint: str, code: str) -> Proof:
        return self.proofs.get((endpoint, code), Proof.NONE)


def load_definitive_codes(path: Path | None = None) -> DefinitiveCodes:
    """Read the shipped list, or the file at `path`. Raises ValueError with one clear sentence, or OSError."""
    source = path if path is not None else files(__package__).joinpath("definitive_codes.json")
    try:
        document = json.loads(source.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"the file of definitive codes is not JSON (line {error.lineno})") from error
    return parse_definitive_codes(document)


def parse_definitive_codes(document: Any) -> DefinitiveCodes:
    """Return the lists in `document`. Raises ValueError naming what is wrong."""
    endpoints = document.get("endpoints") if isinstance(document, dict) else None
    if not isinstance(endpoints, dict) or set(endpoints) != set(ORDER_CALLS):
        raise ValueError(f"definitive codes: expected 'endpoints' with exactly {', '.join(ORDER_CALLS)}")
    proofs: dict[tuple[str, str], Proof] = {}
    for endpoint, lists in endpoints.items():
        if not isinstance(lists, dict) or set(lists) != set(_LISTS):
            raise ValueError(f"definitive codes: expected {endpoint} to have exactly {' and '.join(_LISTS)}")
        for name, codes in lists.items():
            for code in _checked(endpoint, name, codes):
                if proofs.setdefault((endpoint, code), Proof(name)) is not Proof(name):
                    raise ValueError(f"definitive codes: {code} stands in both lists of {endpoint}")
    return DefinitiveCodes(proofs)


def _checked(endpoint: str, name: str, codes: Any) -> list[str]:
    if not isinstance(codes, list) or not all(isinstance(code, str) and code.strip() for code in codes):
        raise ValueError(f"definitive codes: expected {endpoint}.{name} to be a list of codes")
    folded = [code.strip().upper() for code in codes]
    if forbidden := NEVER_DEFINITIVE.intersection(folded):
        raise ValueError(f"definitive codes: {', '.join(sorted(forbidden))} can never prove that nothing was placed")
    return folded
