"""Two stores that must answer alike: whatever the one in memory does, the one on a database does at the same instant.

The invariants read the rows in memory. Where every call on the database gives the same answer, they hold for it too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Any

from app.domain.ports.trading import RequestedOperation
from proof.memory import Tables
from proof.virtual_time import VirtualLoop

Found = Callable[[str], None]


class Ids:
    """The ids that orders are given on the database: those that they were given in memory a moment before."""

    def __init__(self) -> None:
        self._given: deque[str] = deque()
        self.on_database: dict[str, str] = {}  # by its id in memory, what a wish is called on the database

    def expect(self, ids: Sequence[str]) -> None:
        self._given = deque(ids)

    def next(self) -> str:
        return self._given.popleft()

    def learn(self, in_memory: Sequence[RequestedOperation], on_database: Sequence[RequestedOperation]) -> None:
        theirs = {(wish.op, wish.order.id): wish.op_id for wish in on_database}
        for wish in in_memory:
            self.on_database[wish.op_id] = theirs.get((wish.op, wish.order.id), wish.op_id)


class Lockstep:
    """A store in memory whose every call is made on the database too; `found` hears of each difference."""

    def __init__(
        self, memory: object, on_database: object, *, tables: Tables, loop: VirtualLoop, ids: Ids, found: Found
    ) -> None:
        self._memory = memory
        self._on_database = on_database
        self._tables = tables
        self._loop = loop
        self._ids = ids
        self._found = found

    def __getattr__(self, name: str) -> Any:
        async def both(*given: Any, **named: Any) -> Any:
            before = self._tables.ids_given
            result, error = await _tried(getattr(self._memory, name), given, named)
            self._ids.expect(self._tables.ids_since(before))
            own = [self._own(value) for value in given]
            other, trouble = await self._loop.outside(lambda: _tried(getattr(self._on_database, name), own, named))
            self._compare(name, error or result, trouble or other)
            if name == "requested_operations" and error is None and trouble is None:
                self._ids.learn(result, other)
            if error is not None:
                raise error
            return result

        self.__dict__[name] = both
        return both

    def _own(self, value: Any) -> Any:
        if isinstance(value, RequestedOperation):
            return replace(value, op_id=self._ids.on_database.get(value.op_id, value.op_id))
        return value

    def _compare(self, name: str, in_memory: object, on_database: object) -> None:
        first, second = self._plain(in_memory), self._plain(on_database)
        if isinstance(first, tuple) and isinstance(second, tuple):
            first, second = _sorted(first), _sorted(second)
        if first != second:
            self._found(f"{name}: {_difference(first, second)}")

    def _plain(self, value: Any) -> Any:
        """Return `value` in types that compare by what they hold; a wish's id is each store's own."""
        if isinstance(value, BaseException):
            return type(value).__name__
        if is_dataclass(value) and not isinstance(value, type):
            held = {field.name: self._plain(getattr(value, field.name)) for field in fields(value)}
            if "op_id" in held:
                held["op_id"] = held["op_id"] is not None
            return {"": type(value).__name__, **held}
        if isinstance(value, Mapping):
            return {self._plain(key): self._plain(one) for key, one in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return tuple(self._plain(one) for one in value)
        if isinstance(value, Decimal):
            return value.normalize()
        return value.value if isinstance(value, Enum) else value


async def _tried(method: Any, given: Sequence[Any], named: Mapping[str, Any]) -> tuple[Any, Exception | None]:
    try:
        return await method(*given, **named), None
    except Exception as error:  # noqa: BLE001 (both must fail alike)
        return None, error


def _sorted(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return them in an order that says nothing: few calls promise one."""
    return tuple(sorted(values, key=repr))


def _difference(first: Any, second: Any, where: str = "") -> str:
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        name = next(name for name in first if first[name] != second[name])
        return _difference(first[name], second[name], f"{where}.{name}")
    if isinstance(first, tuple) and isinstance(second, tuple) and len(first) == len(second):
        place = next(place for place in range(len(first)) if first[place] != second[place])
        return _difference(first[place], second[place], f"{where}[{place}]")
    return f"{where} is {str(first)[:200]} in memory, and {str(second)[:200]} on the database"
