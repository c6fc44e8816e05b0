"""Which known words a person may have meant: a part of one, or one spelt slightly wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

_SHORTEST_TO_CORRECT = 3
_TWO_TYPOS_FROM = 8


class Spelling:
    """Only over distinct words (symbols and company names, some ten thousand), never over all instruments."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in words if not word.isdigit()]
        self._all = "\n".join(self._words)
        by_length: defaultdict[int, list[str]] = defaultdict(list)
        for word in self._words:
            by_length[len(word)].append(word)
        self._by_length: Mapping[int, Sequence[str]] = by_length
        self._by_start: dict[int, Mapping[str, Sequence[str]]] = {}

    def containing(self, part: str) -> list[str]:
        """Return the words that hold `part` (capitals and digits) anywhere."""
        found = []
        place = self._all.find(part)
        while place != -1:
            start = self._all.rfind("\n", 0, place) + 1
            end = self._all.find("\n", place)
            end = len(self._all) if end == -1 else end
            found.append(self._all[start:end])
            place = self._all.find(part, end)
        return found

    def near(self, word: str) -> dict[str, int]:
        """Return known words by distance: letters swapped, wrong, missing or one too many; one, or two in long words.

        Where no whole word is near, words that begin nearly like `word` count too, for a query still being typed.
        """
        if len(word) < _SHORTEST_TO_CORRECT or word.isdigit():
            return {}
        most = 2 if len(word) >= _TWO_TYPOS_FROM else 1
        whole = [
            candidate for n in range(len(word) - most, len(word) + most + 1) for candidate in self._by_length.get(n, ())
        ]
        near = {known: int(distance) for known, distance, _ in _nearest(word, whole, most) if distance > 0}
        if near or len(word) <= _SHORTEST_TO_CORRECT:
            return near
        for length in (len(word), len(word) + 1, len(word) - 1):
            starts = self._starts(length)
            for start, distance, _ in _nearest(word, list(starts), 1):
                for known in starts[start]:
                    near.setdefault(known, int(distance))
        return near

    def _starts(self, length: int) -> Mapping[str, Sequence[str]]:
        known = self._by_start.get(length)
        if known is None:
            grouped: defaultdict[str, list[str]] = defaultdict(list)
            for word in self._words:
                if len(word) > length:
                    grouped[word[:length]].append(word)
            known = self._by_start[length] = grouped
        return known


def _nearest(word: str, candidates: Sequence[str], most: int) -> list[tuple[str, float, int]]:
    scorer: Any = OSA.distance  # its stub is wider than what `extract` declares
    found: list[tuple[str, float, int]] = extract(word, candidates, scorer=scorer, score_cutoff=most, limit=None)
    return found
