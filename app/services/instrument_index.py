"""Search over the instrument master, in process (PERFORMANCE.md section 7).

Ids are given in order of popularity, so the head of a rising list of ids is already the ranked answer. A query is
answered in tiers until the limit is full: exact symbol, symbol prefix, all words, parts of words, typos.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

import numpy as np

from app.domain.instruments import Exchange, Instrument, parse_instrument_id
from app.services.instrument_popularity import by_popularity
from app.services.instrument_postings import NONE, Ids, Postings, intersection, union, without
from app.services.instrument_terms import (
    compact,
    contract_terms,
    expiry_terms,
    query_terms,
    runs,
    strike_text,
    underlying_terms,
)
from app.services.typo_tolerance import Spelling

_LONGEST_JOIN = 3  # terms of a query that together may be one symbol: "hdfc bank", "bajaj auto"
_SHARE_OF_LONGER_SYMBOLS = 4  # one in so many places, where what was typed is a symbol itself
_REMEMBERED_ANSWERS = 2048


class InstrumentIndex:
    def __init__(
        self,
        instruments: Iterable[Instrument],
        *,
        today: date,
        reference_prices: Mapping[str, Decimal] | None = None,
    ) -> None:
        self._rows = by_popularity(instruments, today=today, reference_prices=reference_prices)
        self._ids = {(row.exchange, row.symbol_token): n for n, row in enumerate(self._rows)}
        by_symbol = _group((compact(row.symbol),) for row in self._rows)
        by_underlying = self._underlying_postings(by_symbol)
        details = _group((*contract_terms(row), *expiry_terms(row), *_strike_terms(row)) for row in self._rows)
        self._symbols = Postings(by_symbol)
        self._underlyings = Postings(by_underlying)
        self._terms = Postings(_merged(by_underlying, details))
        self._spelling = Spelling(self._underlyings.terms)
        on_exchange = _group((row.exchange.value,) for row in self._rows)
        self._on_exchange = {exchange: on_exchange.get(exchange.value, NONE) for exchange in Exchange}
        self._answers: dict[tuple[str, Exchange | None, int], tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def search(self, query: str, *, exchange: Exchange | None = None, limit: int = 20) -> list[Instrument]:
        """Return at most `limit` (> 0) instruments, best first. The same query always gives the same answer."""
        key = query.strip().upper(), exchange, limit
        answer = self._answers.get(key)
        if answer is None:
            answer = tuple(self._collect(key[0], exchange, limit))
            if len(self._answers) >= _REMEMBERED_ANSWERS:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = answer
        return [self._rows[n] for n in answer]

    def _collect(self, query: str, exchange: Exchange | None, limit: int) -> Iterable[int]:
        found: dict[int, None] = {}
        for tier in self._tiers(query, found, limit):
            if not len(tier):
                continue
            ids = tier if exchange is None else intersection((tier, self._on_exchange[exchange]))
            for n in ids[: limit + len(found)].tolist():
                found.setdefault(n)
                if len(found) == limit:
                    return found
        return found

    def _tiers(self, query: str, found: Mapping[int, None], limit: int) -> Iterator[Ids]:
        """Yield ever looser matches; `found` is what the earlier ones gave, so that good answers stay alone."""
        if ":" in query:
            yield self._by_id(query)
        typed = query_terms(query)
        if found or not typed:
            return
        if len(typed) == 1:
            yield from self._tiers_of_one(typed[0], found, limit)
            return
        wordings = [typed]
        split = self._unglued(typed)
        if split != typed:
            wordings.append(split)
        for terms in wordings:
            yield from self._symbol_tiers(terms)
            yield self._all_terms(terms)
        if found:  # every word was matched as it stands
            return
        yield from self._looser_tiers(wordings, found)

    def _tiers_of_one(self, term: str, found: Mapping[int, None], limit: int) -> Iterator[Ids]:
        """Most queries, and all of them while they are being typed: nothing is looked up that need not be."""
        exact = self._symbols.exact(term)
        beginning = NONE if term.isdigit() else self._symbols.prefix(term)
        known = self._terms.prefix(term)
        if len(exact):  # the contracts of NIFTY would fill every list: NIFTYBEES gets its share of it
            yield exact[: limit - limit // _SHARE_OF_LONGER_SYMBOLS]
            yield without(beginning, exact)[: limit // _SHARE_OF_LONGER_SYMBOLS]
            yield exact
        yield beginning
        if known is not beginning:
            yield known
        if len(beginning):
            yield self._all_contained((term,))
            return
        wordings = [[term]]
        if not len(known) and len(parts := runs(term)) > 1:
            wordings.append(parts)
            yield from self._symbol_tiers(parts)
            yield self._all_terms(parts)
        yield from self._looser_tiers(wordings, found)

    def _looser_tiers(self, wordings: Sequence[Sequence[str]], found: Mapping[int, None]) -> Iterator[Ids]:
        for terms in wordings:
            yield self._all_contained(terms)
        if found:  # what stands there means something: only the nearest other readings are added
            yield self._exactly(self._spelling.one_off(wordings[0][0]))
            return
        for terms in wordings:
            yield from self._corrected(terms)

    def _by_id(self, query: str) -> Ids:
        try:
            n = self._ids.get(parse_instrument_id(query))
        except ValueError:
            return NONE
        return NONE if n is None else np.array([n], dtype=np.int32)

    def _symbol_tiers(self, terms: Sequence[str]) -> Iterator[Ids]:
        """Terms side by side that name a symbol, then those that begin one; the other terms narrow it down."""
        splits = list(_splits(terms))
        for head, rest in splits:
            yield from self._narrowed(self._symbols.exact(head), rest)
        for head, rest in splits:
            if not head.isdigit():  # a strike or a day is not the beginning of 360ONE
                yield from self._narrowed(self._symbols.prefix(head), rest)

    def _narrowed(self, ids: Ids, rest: Sequence[str]) -> Iterator[Ids]:
        if not len(ids):
            return
        if not rest:
            yield ids
            return
        if any(term[0].isdigit() for term in rest):  # day 2 before day 29, strike 2500 before 25000
            yield intersection((ids, *(self._number_or_prefix(term) for term in rest)))
        yield intersection((ids, *(self._terms.prefix(term) for term in rest)))

    def _number_or_prefix(self, term: str) -> Ids:
        return self._terms.exact(term) if term[0].isdigit() else self._terms.prefix(term)

    def _all_terms(self, terms: Sequence[str]) -> Ids:
        return intersection([self._terms.prefix(term) for term in terms])

    def _unglued(self, terms: Sequence[str]) -> list[str]:
        return [part for term in terms for part in ([term] if len(self._terms.prefix(term)) else runs(term))]

    def _all_contained(self, terms: Sequence[str]) -> Ids:
        """Return the ids that have each of `terms` as a prefix or as a part of an underlying's words."""
        parts = [self._spelling.containing(term) if len(term) > 1 and term.isalnum() else [] for term in terms]
        if not any(parts):  # nothing but prefixes, which were looked up before
            return NONE
        if len(terms) == 1:
            return self._exactly(parts[0])
        return intersection(
            [
                union([self._terms.prefix(term), *map(self._underlyings.exact, words)])
                for term, words in zip(terms, parts, strict=True)
            ]
        )

    def _exactly(self, words: Sequence[str]) -> Ids:
        return union([ids for word in words if len(ids := self._underlyings.exact(word))])

    def _corrected(self, terms: Sequence[str]) -> Iterator[Ids]:
        """Take one term at a time, or a pair that may be one symbol, as misspelt: nearest spellings first."""
        for head, rest in _splits(terms):
            near = self._spelling.near(head)
            if not near:
                continue
            others = [self._terms.prefix(term) for term in rest]
            if all(len(ids) for ids in others):
                for distance in sorted(set(near.values())):
                    spellings = [word for word, how_far in near.items() if how_far == distance]
                    for postings in (self._symbols, self._underlyings):
                        yield intersection((union([postings.exact(word) for word in spellings]), *others))

    def _underlying_postings(self, by_symbol: Mapping[str, Ids]) -> dict[str, Ids]:
        """A derivative is found by its company's words, which only the cash rows of its symbol carry."""
        symbols_by_term: defaultdict[str, dict[str, None]] = defaultdict(dict)
        seen: set[tuple[str, str]] = set()
        for row in self._rows:
            if (row.symbol, row.full_name) in seen or (row.expiry is not None and (row.symbol, "") in seen):
                continue
            seen |= {(row.symbol, row.full_name), (row.symbol, "")}
            for term in underlying_terms(row):
                symbols_by_term[term][compact(row.symbol)] = None
        return {term: union([by_symbol[symbol] for symbol in symbols]) for term, symbols in symbols_by_term.items()}


def _splits(terms: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield (terms side by side as one word, the others): longest and leftmost first."""
    for length in range(min(_LONGEST_JOIN, len(terms)), 0, -1):
        for first in range(len(terms) - length + 1):
            yield "".join(terms[first : first + length]), (*terms[:first], *terms[first + length :])


def _strike_terms(row: Instrument) -> tuple[str, ...]:
    return () if row.strike is None else (strike_text(row.strike),)


def _group(terms_by_id: Iterable[tuple[str, ...]]) -> dict[str, Ids]:
    ids: defaultdict[str, list[int]] = defaultdict(list)
    for n, terms in enumerate(terms_by_id):
        for term in terms:
            ids[term].append(n)
    return {term: np.array(found, dtype=np.int32) for term, found in ids.items()}


def _merged(one: Mapping[str, Ids], other: Mapping[str, Ids]) -> dict[str, Ids]:
    return {**other, **{term: union([ids, other[term]]) if term in other else ids for term, ids in one.items()}}
