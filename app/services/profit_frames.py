"""The profits that changed in one step, as columns, and their one encoding for every reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

import numpy as np
import orjson
from numpy.typing import NDArray

_PAISE = 100


class Roster:
    """Clients by number. Never changed: another set of clients is another roster."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)

    @cached_property
    def row_heads(self) -> tuple[bytes, ...]:
        return tuple(b"[" + orjson.dumps(client_id) + b"," for client_id in self.ids)

    @cached_property
    def template(self) -> bytes:
        """All rows with a gap for each number: the most frequent frame by far is that of everybody."""
        return b"[" + b",".join(head.replace(b"%", b"%%") + b"%b]" for head in self.row_heads) + b"]"


class ProfitFrame:
    """Row n of every column is the client `numbers[n]` of the roster; `pl_paise` means something where `is_known`."""

    def __init__(
        self,
        roster: Roster,
        numbers: NDArray[np.intp],
        pl_paise: NDArray[np.int64],
        is_known: NDArray[np.bool_],
        is_stale: NDArray[np.bool_],
        at: datetime,
    ) -> None:
        self._roster = roster
        self._numbers = numbers
        self.pl_paise = pl_paise
        self.is_known = is_known
        self.is_stale = is_stale
        self.at = at

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def is_of_all(self) -> bool:
        return len(self) == len(self._roster.ids)

    @cached_property
    def client_ids(self) -> Sequence[str]:
        ids = self._roster.ids
        return ids if self.is_of_all else [ids[number] for number in self._numbers.tolist()]

    @cached_property
    def encoded(self) -> bytes:
        """`[[client_id, new_pl], …]` in rupees, null where not known: the `updates` of `pl_updates`. Encoded once."""
        if not len(self):
            return b"[]"
        # a double prints two decimals exactly up to 2**53 paise; NaN becomes null
        rupees = self.pl_paise / _PAISE
        if not self.is_known.all():
            rupees[~self.is_known] = np.nan
        values = orjson.dumps(rupees, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
        if self.is_of_all:
            return self._roster.template % tuple(values)
        heads = self._roster.row_heads
        rows = [heads[number] + value for number, value in zip(self._numbers.tolist(), values, strict=True)]
        return b"[" + b"],".join(rows) + b"]]"
