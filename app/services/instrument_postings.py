"""Terms and, for each, the rising ids of the instruments that carry it; unions over a prefix are remembered."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
NONE: Ids = np.empty(0, dtype=np.int32)
_AFTER_ANY = "~"  # terms are capitals, digits and points
_NEAR = 6  # terms: most prefixes have no more, and looking for their end by halves takes longer
_FEW = 200  # up to here a set of numbers is faster than a bit for every instrument


class Postings:
    """Immutable, but for a bounded memory of prefixes already asked for."""

    def __init__(self, ids_by_term: Mapping[str, Ids], *, remembered_ids: int = 1_000_000) -> None:
        self.terms: list[str] = sorted(ids_by_term)
        self._ids = ids_by_term
        self._by_prefix: dict[str, Ids] = {}
        self._room = remembered_ids

    def exact(self, term: str) -> Ids:
        return self._ids.get(term, NONE)

    def prefix(self, prefix: str) -> Ids:
        """Return every id under a term that starts with `prefix`."""
        known = self._by_prefix.get(prefix)
        if known is not None:
            return known
        terms = self.terms
        first = last = bisect_left(terms, prefix)
        near_end = min(first + _NEAR, len(terms))
        while last < near_end and terms[last].startswith(prefix):
            last += 1
        if last == first:
            return NONE
        if last == first + 1:
            return self._ids[terms[first]]
        if last == near_end:
            last = bisect_left(terms, prefix + _AFTER_ANY, last)
        found = union([self._ids[term] for term in terms[first:last]])
        self._remember(prefix, found)
        return found

    def _remember(self, prefix: str, ids: Ids) -> None:
        cost = len(ids) + 32
        while self._by_prefix and self._room < cost:
            oldest = next(iter(self._by_prefix))
            self._room += len(self._by_prefix.pop(oldest)) + 32
        if self._room >= cost:
            self._by_prefix[prefix] = ids
            self._room -= cost


def union(parts: Sequence[Ids]) -> Ids:
    """Return the rising, distinct ids of all `parts`."""
    if not parts:
        return NONE
    if len(parts) == 1:
        return parts[0]
    everything = np.concatenate(parts)
    if len(everything) <= _FEW:
        return np.array(sorted(set(everything.tolist())), dtype=np.int32)
    seen = np.zeros(int(everything.max()) + 1 if len(everything) else 0, dtype=np.bool_)
    seen[everything] = True
    return np.flatnonzero(seen).astype(np.int32)


def intersection(parts: Iterable[Ids]) -> Ids:
    """Return the rising ids that all `parts` (rising, distinct; at least one) share: the shortest is looked up."""
    shortest, *others = sorted(parts, key=len)
    for ids in others:
        if not len(shortest):
            return shortest
        places = np.searchsorted(ids, shortest)
        places[places == len(ids)] = 0
        shortest = shortest[ids[places] == shortest]
    return shortest


def without(ids: Ids, others: Ids) -> Ids:
    """Return `ids` less `others` (rising, at least one)."""
    places = np.minimum(np.searchsorted(others, ids), len(others) - 1)
    rest: Ids = ids[others[places] != ids]
    return rest
