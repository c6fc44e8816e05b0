"""Which known words a person may have meant: a part of one, or one spelt slightly wrong."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

_SHORTEST_TO_CORRECT = 3
_TWO_TYPOS_FROM = 8
_GRAM = 3
_FEW = 8  # words to look through, before rarer letters are looked for
_NO_WORDS: Sequence[int] = ()


class Spelling:
    """Only over distinct words (symbols and company names, some ten thousand), never over all instruments."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in words if not word.isdigit()]
        self._all = "\n".join(self._words)
        self._by_gram = _by_gram(self._words)
        self._shortened, self._shortened_of = _shortened(self._words)
        by_length: defaultdict[int, list[str]] = defaultdict(list)
        for word in self._words:
            by_length[len(word)].append(word)
        self._by_length: Mapping[int, Sequence[str]] = by_length
        self._by_start: dict[int, Mapping[str, Sequence[str]]] = {}

    def containing(self, part: str) -> list[str]:
        """Return the words that hold `part` (capitals and digits) anywhere but at their beginning."""
        if len(part) < _GRAM:
            return self._containing_short(part)
        words = self._words
        rarest = self._by_gram.get(part[:_GRAM], _NO_WORDS)
        for first in range(1, len(part) - _GRAM + 1):
            if len(rarest) < _FEW:
                break
            rarest = min(rarest, self._by_gram.get(part[first : first + _GRAM], _NO_WORDS), key=len)
        return [words[n] for n in rarest if words[n].find(part) > 0]

    def _containing_short(self, part: str) -> list[str]:
        found = []
        place = self._all.find(part)
        while place != -1:
            start = self._all.rfind("\n", 0, place) + 1
            end = self._all.find("\n", place)
            end = len(self._all) if end == -1 else end
            word = self._all[start:end]
            if word.find(part) > 0:
                found.append(word)
            place = self._all.find(part, end)
        return found

    def one_off(self, word: str) -> list[str]:
        """Return known words that are one letter away: swapped, wrong, missing or one too many. Takes microseconds.

        Two words are that near only if they become equal when at most one letter of each is left out.
        """
        if len(word) < _SHORTEST_TO_CORRECT or word.isdigit():
            return []
        hashes, candidates = self._shortened, set()
        for text in (word, *_with_one_left_out(word)):
            key = hash(text)
            place = bisect_left(hashes, key)
            while place < len(hashes) and hashes[place] == key:
                candidates.add(self._shortened_of[place])
                place += 1
        return [self._words[n] for n in sorted(candidates) if OSA.distance(word, self._words[n], score_cutoff=1) == 1]

    def near(self, word: str) -> dict[str, int]:
        """Return known words by distance: one, or two in long words. Looks at every word of about that length.

        Where no whole word is near, words that begin nearly like `word` count too, for a query still being typed.
        """
        if len(word) < _SHORTEST_TO_CORRECT or word.isdigit():
            return {}
        near = dict.fromkeys(self.one_off(word), 1)
        if len(word) >= _TWO_TYPOS_FROM:
            whole = [known for n in range(len(word) - 2, len(word) + 3) for known in self._by_length.get(n, ())]
            near |= {known: int(distance) for known, distance, _ in _nearest(word, whole, 2) if distance > 0}
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


def _by_gram(words: Sequence[str]) -> dict[str, array[int]]:
    """Return, for every three letters in a row, the numbers of the words that have them."""
    found: defaultdict[str, array[int]] = defaultdict(lambda: array("i"))
    for number, word in enumerate(words):
        for gram in {word[n : n + _GRAM] for n in range(len(word) - _GRAM + 1)}:
            found[gram].append(number)
    return dict(found)


def _shortened(words: Sequence[str]) -> tuple[array[int], array[int]]:
    """Return the rising hashes of all words and of all words with one letter left out, and whose each is."""
    hashes, numbers = array("q"), array("i")
    for number, word in enumerate(words):
        for text in (word, *_with_one_left_out(word)):
            hashes.append(hash(text))
            numbers.append(number)
    order = np.argsort(np.frombuffer(hashes, dtype=np.int64), kind="stable").tolist()
    return array("q", [hashes[n] for n in order]), array("i", [numbers[n] for n in order])


def _with_one_left_out(word: str) -> list[str]:
    return [word[:n] + word[n + 1 :] for n in range(len(word))]


def _nearest(word: str, candidates: Sequence[str], most: int) -> list[tuple[str, float, int]]:
    scorer: Any = OSA.distance  # its stub is wider than what `extract` declares
    found: list[tuple[str, float, int]] = extract(word, candidates, scorer=scorer, score_cutoff=most, limit=None)
    return found
