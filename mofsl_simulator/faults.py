"""The fault controls: which request is hit by which fault, how often, and what was hung by it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from mofsl_simulator.endpoints import KEYS
from mofsl_simulator.fault_actions import BadFault, check_action
from mofsl_simulator.streams.vocabulary import PATHS, STREAM_OF, check_stream_action

_MATCH_FIELDS = frozenset({"path", "clientcode", "nth", "probability", "times"})


@dataclass(slots=True, eq=False)
class Fault:
    id: str
    action: str
    value: Any
    match: dict[str, Any]
    created_s: float
    """Monotonic."""
    chance: random.Random
    seen: int = 0
    """Requests that fit path and client."""
    hits: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the fault is cleared: hung requests then close."""
    turns: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Reads hit by `flap`, by client and endpoint."""
    memory: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """Answers kept by `stale_book`, by client and endpoint."""

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "match": self.match,
            "action": self.action,
            "value": self.value,
            "seen": self.seen,
            "hits": self.hits,
        }

    def fits(self, key: str, path: str, clientcode: str) -> bool:
        """Decide for one request; counts it."""
        wanted = self.match.get("path", "*")
        if wanted not in ("*", key, path):
            return False
        if "clientcode" in self.match and self.match["clientcode"] != clientcode:
            return False
        self.seen += 1
        if "nth" in self.match and self.seen != self.match["nth"]:
            return False
        if "times" in self.match and self.hits >= self.match["times"]:
            return False
        if "probability" in self.match and self.chance.random() >= self.match["probability"]:
            return False
        self.hits += 1
        return True


class Faults:
    def __init__(self, seed: int, monotonic_s: Callable[[], float]) -> None:
        self._seed = seed
        self._monotonic_s = monotonic_s
        self._numbers = count(1)
        self.active: dict[str, Fault] = {}
        self.on_add: list[Callable[[Fault], None]] = []

    def add(self, body: Any) -> Fault:
        """Register a fault from its control body; raises BadFault and changes nothing when it is malformed."""
        if not isinstance(body, dict):
            raise BadFault("expected an object with match, action and value")
        unknown = set(body) - {"match", "action", "value"}
        if unknown:
            raise BadFault(f"unknown fields: {', '.join(sorted(unknown))}")
        match = _checked_match(body.get("match", {}))
        stream = STREAM_OF.get(match.get("path", "*"))
        if stream is None:
            value = check_action(body.get("action"), body.get("value"))
        else:
            value = check_stream_action(stream, body.get("action"), body.get("value"))
        number = next(self._numbers)
        fault = Fault(
            id=f"F{number}",
            action=body["action"],
            value=value,
            match=match,
            created_s=self._monotonic_s(),
            chance=random.Random(f"{self._seed}:fault:{number}"),
        )
        self.active[fault.id] = fault
        for listener in self.on_add:
            listener(fault)
        return fault

    def matching(self, key: str, path: str, clientcode: str) -> list[Fault]:
        return [fault for fault in list(self.active.values()) if fault.fits(key, path, clientcode)]

    def on_stream(self, stream: str, actions: frozenset[str], clientcode: str) -> list[Fault]:
        """Those of `actions` that hit one connection or frame of a stream."""
        return [
            fault
            for fault in list(self.active.values())
            if fault.action in actions and fault.fits(stream, PATHS[stream], clientcode)
        ]

    def remove(self, fault_id: str) -> bool:
        fault = self.active.pop(fault_id, None)
        if fault is None:
            return False
        fault.released.set()
        return True

    def clear(self) -> int:
        """Remove all; answers how many there were."""
        ids = list(self.active)
        for fault_id in ids:
            self.remove(fault_id)
        return len(ids)


def _checked_match(match: Any) -> dict[str, Any]:
    if not isinstance(match, dict):
        raise BadFault("match must be an object")
    unknown = set(match) - _MATCH_FIELDS
    if unknown:
        raise BadFault(f"unknown fields in match: {', '.join(sorted(unknown))}")
    path = match.get("path", "*")
    if not isinstance(path, str) or not (path == "*" or path.startswith("/") or path in KEYS or path in PATHS):
        raise BadFault(f"match.path must be an endpoint name, feed, tradesocket, a full path or *, found {path!r}")
    checked = {name: value for name, value in match.items() if value is not None}
    if "clientcode" in checked:
        if not isinstance(checked["clientcode"], str):
            raise BadFault("match.clientcode must be text")
        checked["clientcode"] = checked["clientcode"].strip().upper()
    for name in ("nth", "times"):
        value = checked.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise BadFault(f"match.{name} must be a whole number of at least 1, found {value!r}")
    probability = checked.get("probability", 1)
    if isinstance(probability, bool) or not isinstance(probability, int | float) or not 0 <= probability <= 1:
        raise BadFault(f"match.probability must lie between 0 and 1, found {probability!r}")
    return checked
